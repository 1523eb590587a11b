"""Files into tables: what is new goes in, what is known does not, what is broken is kept aside."""

import json
from datetime import UTC, date, datetime

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from jobs import weeks
from jobs.cli import UserError
from jobs.ingest.kinds import KINDS
from jobs.ingest.load import Loaded, load_files


def load(lake, kind, *paths, strict=False, batch_rows=2):
    return load_files(lake, kind, KINDS[kind], list(paths), strict=strict, batch_rows=batch_rows)


def rejects(lake):
    """(line, reason) of everything set aside, in the order of lines."""
    entries = [json.loads(line) for file in (lake.config.home / "rejects").glob("*") for line in file.open()]
    return sorted((entry["line"], entry["reason"]) for entry in entries)


def write(path, *lines):
    path.write_text("\n".join(lines) + "\n")
    return path


@pytest.fixture
def catalogue(lake):
    """Two artists, three tracks; t1 and t2 are one song."""
    lake.merge("artists", pa.table({"artist_id": ["a1", "a2"], "name": ["Air", "Beck"]}))
    tracks = {"track_id": ["t1", "t2", "t3"], "artist_id": ["a1", "a1", "a2"], "title": ["S", "S (Live)", "L"]}
    lake.merge("tracks", pa.table(tracks | {"work_id": ["w1", "w1", "w2"]}))
    return lake


def test_listens_come_in_once_whatever_their_format_and_broken_ones_are_set_aside(catalogue, tmp_path):
    lake = catalogue
    first = write(
        tmp_path / "a.csv",
        "user_id,listened_at,track_id,ms_played",
        "u1,2026-01-05T10:00:00Z,t1,1000",
        "u1,2026-01-05T10:00:00Z,t1,2000",  # the same listen again: the first one counts
        "u1,2026-01-05T10:00:00Z,t2,",  # another track at the same time is another listen
        "u1,2026-01-05,t9,5",  # no such track
        "u2,never,t1,5",
        "u2,2026-02-01T00:00:00Z",
    )
    assert load(lake, "listens", first) == Loaded(added=2, changed=0, repeated=1)
    assert lake.arrow("listens").sort_by("track_id").to_pylist() == [
        {"listened_at": datetime(2026, 1, 5, 10, tzinfo=UTC), "user_id": "u1", "track_id": "t1", "ms_played": 1000},
        {"listened_at": datetime(2026, 1, 5, 10, tzinfo=UTC), "user_id": "u1", "track_id": "t2", "ms_played": None},
    ]
    assert rejects(lake) == [
        (5, "track_id is not in tracks.track_id"),
        (6, "listened_at: never is not a time like 2026-11-23T10:00:00Z, or unix seconds or milliseconds"),
        (7, "2 columns where the header has 4"),
    ]
    counts = {
        (row["metric"], row["dimension"]): row["value"]
        for row in lake.arrow("metrics", {"week": weeks.newest(), "stage": "ingest"}).to_pylist()
    }
    assert counts["rows_read", f"listens/{first}"] == 6
    assert counts["rows_rejected", f"listens/{first}"] == 3
    assert counts["rows_added", "listens"] == 2

    second = tmp_path / "b.parquet"  # one listen that is known, one that is not
    times = pa.array([datetime(2026, 1, 5, 10), datetime(2026, 3, 1)], pa.timestamp("ms"))
    pq.write_table(pa.table({"listened_at": times, "track_id": ["t1", "t1"], "user_id": ["u1", "u1"]}), second)
    assert load(lake, "listens", first, second) == Loaded(added=1, changed=0, repeated=4)
    assert load(lake, "listens", first, second) == Loaded(added=0, changed=0, repeated=5)
    assert len(lake.snapshots("listens")) == 2


def test_strict_stops_at_the_first_broken_row_and_leaves_nothing(catalogue, tmp_path):
    path = write(tmp_path / "a.csv", "user_id,listened_at,track_id", "u1,2026-01-05,t1", "u1,2026-01-05,t9")
    with pytest.raises(UserError, match=r"a\.csv:3: track_id is not in tracks"):
        load(catalogue, "listens", path, strict=True)
    assert catalogue.is_empty("listens")
    assert catalogue.is_empty("metrics")
    assert list((catalogue.config.home / "rejects").glob("*")) == []


def test_a_missing_column_in_the_last_file_stops_before_anything_is_written(catalogue, tmp_path):
    good = write(tmp_path / "a.csv", "user_id,listened_at,track_id", "u1,2026-01-05,t1", "u1,x,t1")
    bad = write(tmp_path / "b.csv", "user_id,track_id", "u1,t1")
    with pytest.raises(UserError, match=r"b\.csv lacks the column 'listened_at'"):
        load(catalogue, "listens", good, bad)
    assert catalogue.is_empty("listens")
    assert list((catalogue.config.home / "rejects").glob("*")) == []


def test_tracks_get_their_work_and_the_path_of_their_audio(lake, tmp_path):
    lake.merge("artists", pa.table({"artist_id": ["a1"], "name": ["Air"]}))
    (tmp_path / "music").mkdir()
    (tmp_path / "music" / "one.flac").touch()
    path = write(
        tmp_path / "tracks.csv",
        "track_id,artist_id,title,path,featured_artist_ids,work_id",
        "t1,a1,Song,music/one.flac,a2; a3,",
        "t2,a1,Song (Remastered 2011),music/none.flac,,",
        "t3,a1,Song,,,given",
        "t4,nobody,Song,,,",
    )
    assert load(lake, "tracks", path).added == 3
    one, two, three = lake.arrow("tracks").sort_by("track_id").to_pylist()
    assert one["path"] == str(tmp_path / "music" / "one.flac")
    assert one["featured_artist_ids"] == ["a2", "a3"]
    assert two["path"] is None
    assert two["work_id"] == one["work_id"]
    assert three["work_id"] == "given"
    assert rejects(lake) == [(5, "artist_id is not in artists.artist_id")]
    missing = lake.arrow("metrics", {"metric": "paths_missing"}).to_pylist()
    assert [row["value"] for row in missing] == [1]

    changed = write(tmp_path / "titles.csv", "track_id,artist_id,title", "t1,a1,Other")
    assert load(lake, "tracks", changed) == Loaded(added=0, changed=1, repeated=0)
    assert lake.arrow("tracks", {"track_id": "t1"})["path"].to_pylist() == [one["path"]]  # no column, no change


def test_a_playlist_is_replaced_as_a_whole_and_others_stay(catalogue, tmp_path):
    lake = catalogue
    header = "playlist_id,position,track_id,name"
    load(lake, "playlists", write(tmp_path / "a.csv", header, "p,1,t1,Mix", "p,2,t2,Mix", "p,3,t3,Mix", "q,1,t1,Mine"))
    shorter = write(tmp_path / "b.csv", header, "p,1,t1,Mix", "p,2,t3,Mix")
    assert load(lake, "playlists", shorter) == Loaded(added=0, changed=1, repeated=1)
    rows = lake.arrow("playlists").sort_by([("playlist_id", "ascending"), ("position", "ascending")]).to_pylist()
    assert [(r["playlist_id"], r["position"], r["track_id"]) for r in rows] == [
        ("p", 1, "t1"),
        ("p", 2, "t3"),
        ("q", 1, "t1"),
    ]
    before = len(lake.snapshots("playlists"))
    load(lake, "playlists", shorter)
    assert len(lake.snapshots("playlists")) == before


def test_a_newer_total_replaces_an_older_one_and_not_the_other_way_round(catalogue, tmp_path):
    lake = catalogue
    header = "user_id,track_id,plays,as_of"
    load(lake, "play-counts", write(tmp_path / "new.csv", header, "u,t1,10,2026-02-01", "u,t2,4,2026-02-01"))
    old = write(tmp_path / "old.csv", header, "u,t1,3,2026-01-01", "u,t2,5,2026-03-01", "u,t3,1,", "u,t3,-1,")
    assert load(lake, "play-counts", old) == Loaded(added=1, changed=1, repeated=0)
    rows = {r["track_id"]: (r["plays"], r["as_of"]) for r in lake.arrow("play_counts").to_pylist()}
    assert rows == {"t1": (10, date(2026, 2, 1)), "t2": (5, date(2026, 3, 1)), "t3": (1, None)}


def test_an_opt_out_needs_no_name_and_a_ban_does(lake, tmp_path):
    path = write(
        tmp_path / "e.jsonl",
        '{"user_id": "u1", "kind": "opt_out"}',
        '{"user_id": "u2", "kind": "track", "excluded_id": "t1"}',
        '{"user_id": "u3", "kind": "artist"}',
        '{"user_id": "u4", "kind": "opt_out", "excluded_id": "t1"}',
        '{"user_id": "u5", "kind": "exploration"}',
    )
    assert load(lake, "exclusions", path).added == 3
    rows = lake.arrow("exclusions").sort_by("user_id").to_pylist()
    assert [(r["user_id"], r["excluded_id"]) for r in rows] == [("u1", ""), ("u2", "t1"), ("u5", "")]
    assert rejects(lake) == [
        (3, "excluded_id is missing"),
        (4, "an opt_out names nothing, a ban names something"),
    ]


def test_files_of_one_import_must_have_the_same_columns(lake, tmp_path):
    full = write(tmp_path / "a.csv", "artist_id,name,mbid", "a1,Air,m")
    short = write(tmp_path / "b.csv", "artist_id,name", "a2,Beck")
    with pytest.raises(UserError, match=r"differ in their columns \(mbid\)"):
        load(lake, "artists", full, short)


def test_sources_and_artists_take_the_last_row_of_a_key(lake, tmp_path):
    path = write(tmp_path / "s.csv", "url,kind,delay_seconds", "http://a,feed,1", "http://a,site,0.5")
    assert load(lake, "sources", path) == Loaded(added=1, changed=0, repeated=0)
    (row,) = lake.arrow("sources").to_pylist()
    assert (row["kind"], row["delay_seconds"]) == ("site", 0.5)


def test_an_import_without_broken_rows_takes_the_old_rejects_away(lake, tmp_path):
    path = write(tmp_path / "a.csv", "artist_id,name", "a1,Air", "a2,")
    load(lake, "artists", path)
    assert rejects(lake) == [(3, "name is missing")]
    write(path, "artist_id,name", "a1,Air", "a2,Beck")
    load(lake, "artists", path)
    assert rejects(lake) == []


@pytest.mark.parametrize("name", ["listens", "playlists", "play-counts", "tracks"])
def test_every_kind_takes_an_empty_file(lake, tmp_path, name):
    path = tmp_path / "empty.csv"
    path.write_text(",".join(column.name for column in KINDS[name].contract.columns) + "\n")
    assert load(lake, name, path) == Loaded(0, 0, 0)
    assert lake.is_empty(KINDS[name].table)
