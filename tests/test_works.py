import pyarrow as pa

from jobs.works import with_recordings


def songs(tracks, recordings):
    columns = {"track_id": list(tracks), "title": ["t"] * len(tracks), "work_id": list(tracks.values())}
    table = pa.table(columns)
    named = pa.table({"track_id": list(recordings), "recording_id": list(recordings.values())})
    named = named.cast(pa.schema({"track_id": pa.string(), "recording_id": pa.string()}))
    merged = with_recordings(table, named)
    assert merged.schema == table.schema
    assert merged["track_id"].equals(table["track_id"])
    return dict(zip(tracks, merged["work_id"].to_pylist(), strict=True))


def test_tracks_of_one_recording_are_one_song_and_so_are_their_versions():
    works = {"a": "w2", "live": "w2", "upload": "w1", "other": "w3"}
    # "upload" is the recording "a", of which "live" is another version
    merged = songs(works, {"a": "a", "upload": "a", "no longer there": "a"})
    assert merged == {"a": "w1", "live": "w1", "upload": "w1", "other": "w3"}


def test_without_recordings_nothing_changes():
    assert songs({"a": "w1", "b": "w2"}, {}) == {"a": "w1", "b": "w2"}
    assert songs({"a": "w1", "b": "w2"}, {"gone": "gone"}) == {"a": "w1", "b": "w2"}
