"""Exports of services: what each tells comes in once, what is broken is told by file and line, what is hostile does no
harm. Samples follow each format's documentation, made by hand."""

import io
import json
import struct
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jobs.cli import UserError
from jobs.ingest import archive, history, records
from jobs.ingest.feedback import load_feedback
from jobs.ingest.kinds import history_kind
from jobs.ingest.load import Loaded, load_files
from jobs.ingest.spotify import Stream

ONE, TWO, MAPPED = (f"{n:08x}-0000-4000-8000-000000000000" for n in (1, 2, 3))


def listen(at, artist, title, **more):
    """A line of ListenBrainz's listens, as its documentation has them."""
    info = {"submission_client": "navidrome", "tags": [], **more.pop("info", {})}
    track = {"artist_name": artist, "track_name": title, "release_name": "LP", "additional_info": info, **more}
    return json.dumps({"listened_at": at, "recording_msid": "x", "track_metadata": track, "inserted_at": at})


def zipped(path, **files):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in files.items():
            file.writestr(name, content)
    return path


@pytest.fixture
def music(lake):
    """Four tracks, two of one song."""
    lake.merge("artists", pa.table({"artist_id": ["a", "b"], "name": ["Air", "Björk"]}))
    lake.merge(
        "tracks",
        pa.table(
            {
                "track_id": ["t1", "t2", "t3", "t4"],
                "artist_id": ["a", "a", "b", "b"],
                "title": ["Sexy Boy", "Sexy Boy (Remastered 2008)", "Jóga", "Human Behaviour"],
                "album": ["Moon Safari", "Best", "Homogenic", "Debut"],
                "work_id": ["w1", "w1", "w3", "w4"],
                "mbid": [ONE, None, None, MAPPED],
                "isrc": [None, None, "GBAAA9700001", None],
            }
        ),
    )
    return lake


def load(lake, service, *paths, user=None, strict=False):
    return load_files(lake, service, history_kind(service, user), list(paths), strict=strict, batch_rows=2)


def rejects(lake):
    entries = [json.loads(line) for file in (lake.config.home / "rejects").glob("*") for line in file.open()]
    return sorted((entry["file"], entry["line"], entry["reason"]) for entry in entries)


def rows(lake, table="history", *columns):
    return lake.arrow(table, columns=columns or None).to_pylist()


@pytest.fixture
def listenbrainz(tmp_path):
    return zipped(
        tmp_path / "listenbrainz_ann.zip",
        **{
            "user.json": json.dumps({"user_id": 7, "username": "ann"}),
            "listens/2023/12.jsonl": "\n".join(
                [
                    listen(1701000000, "AIR", "Sexy Boy", info={"recording_mbid": ONE}),
                    listen(1701000300, "Bjork", "Human Behavior", mbid_mapping={"recording_mbid": MAPPED}),
                    "{broken",
                    listen(1701000600, None, "Nameless"),
                    json.dumps({"listened_at": 5}),
                ]
            ),
            "listens/2024/1.jsonl": listen(1704100000, "Bjork feat. Somebody", "Joga (Live)")
            + "\n"
            + listen(1704100400, "Nobody Here", "Unknown Song", info={"isrc": "us-abc-20-12345", "duration_ms": 1})
            + "\n",
            "feedback.jsonl": "\n".join(
                json.dumps({"score": s, "recording_mbid": m, "recording_msid": "x", "created": 1700000000})
                for s, m in ((1, ONE), (-1, MAPPED), (1, TWO), (0, ONE))
            ),
            "pinned_recording.jsonl": "{}\n",
        },
    )


def test_an_archive_of_listenbrainz_comes_in_and_what_the_library_lacks_waits_for_it(music, listenbrainz):
    lake = music
    assert load(lake, "listenbrainz", listenbrainz) == Loaded(added=4, changed=0, repeated=0)
    found = {r["title"]: r for r in rows(lake)}
    assert {t: (r["track_id"], r["matched_by"]) for t, r in found.items()} == {
        "Sexy Boy": ("t1", "mbid"),
        "Human Behavior": ("t4", "mbid"),  # ListenBrainz's own mapping
        "Joga (Live)": ("t3", "same/version"),
        "Unknown Song": (None, None),
    }
    assert found["Unknown Song"]["isrc"] == "USABC2012345"
    assert {r["user_id"] for r in found.values()} == {"ann"}
    heard = {r["track_id"]: r for r in rows(lake, "listens")}
    assert set(heard) == {"t1", "t3", "t4"}
    assert heard["t1"] == {
        "listened_at": datetime.fromtimestamp(1701000000, UTC),
        "user_id": "ann",
        "track_id": "t1",
        "ms_played": None,
    }
    december = f"{listenbrainz}/listens/2023/12.jsonl"
    assert [(f, n) for f, n, _ in rejects(lake)] == [(december, 3), (december, 4), (december, 5)]
    assert rejects(lake)[1][2] == "artist is missing"
    assert load(lake, "listenbrainz", listenbrainz) == Loaded(added=0, changed=0, repeated=4)
    assert [r["title"] for r in history.unmatched(lake)] == ["Unknown Song"]

    lake.merge("artists", pa.table({"artist_id": ["c"], "name": ["The Nobody Here"]}))
    lake.merge(
        "tracks", pa.table({"track_id": ["t5"], "artist_id": ["c"], "title": ["Unknown Song"], "work_id": ["w"]})
    )
    assert history.rematch(lake, 2) == 1
    assert {r["track_id"] for r in rows(lake, "listens")} == {"t1", "t3", "t4", "t5"}
    assert len(rows(lake)) == 4
    assert history.unmatched(lake) == []
    assert history.rematch(lake, 2) == 0
    assert len(lake.snapshots("history")) == 3  # append, then delete and append in one commit: nothing since


def test_the_unpacked_folder_and_single_files_come_in_like_the_archive(music, listenbrainz, tmp_path):
    with zipfile.ZipFile(listenbrainz) as file:
        file.extractall(tmp_path / "folder")
    assert load(music, "listenbrainz", tmp_path / "folder").added == 4
    single = tmp_path / "folder" / "listens" / "2024" / "1.jsonl"
    assert load(music, "listenbrainz", single, user="ann") == Loaded(0, 0, repeated=2)
    with pytest.raises(UserError, match="--user"):
        load(music, "listenbrainz", single)


def test_loved_tracks_become_a_playlist_and_hated_ones_bans(music, listenbrainz):
    load(music, "listenbrainz", listenbrainz)
    for _ in range(2):
        load_feedback(music, listenbrainz, None)
    (loved,) = rows(music, "playlists")
    assert (loved["playlist_id"], loved["track_id"], loved["user_id"]) == ("listenbrainz:ann:loved", "t1", "ann")
    (ban,) = rows(music, "exclusions")
    assert (ban["user_id"], ban["kind"], ban["excluded_id"]) == ("ann", "track", "t4")


def test_an_import_that_died_between_its_two_commits_is_made_whole_by_the_next(music, listenbrainz, monkeypatch):
    publish = type(music).publish

    def die(self, name, *arguments):
        if name == "history":
            raise KeyboardInterrupt
        return publish(self, name, *arguments)

    monkeypatch.setattr(type(music), "publish", die)
    with pytest.raises(KeyboardInterrupt):
        load(music, "listenbrainz", listenbrainz)
    monkeypatch.undo()
    assert (len(rows(music, "listens")), len(rows(music))) == (3, 0)
    load(music, "listenbrainz", listenbrainz)
    assert (len(rows(music, "listens")), len(rows(music))) == (3, 4)


# Last.fm

GHAN = (
    "uts,utc_time,artist,artist_mbid,album,album_mbid,track,track_mbid\n"
    f'"1701000000","26 Nov 2023, 12:00","Air","","Moon Safari","","Sexy Boy","{ONE}"\n'
    '"","","Air","","","","now playing",""\n'
)
LEGACY = 'Air,Moon Safari,Sexy Boy,26 Nov 2023 12:00\n"Björk","Homogenic","Jóga","26 Nov 2023, 12:05"\n'
STATS = 'Artist;Album;AlbumId;Track;Date#ann\n"Air";"Moon Safari";"";"Sexy Boy";"1701000000000"\n'
SCROBBLE = {
    "artist": {"mbid": "", "#text": "Air"},
    "mbid": ONE,
    "album": {"mbid": "", "#text": "Moon Safari"},
    "name": "Sexy Boy",
    "image": [{"size": "small", "#text": "x"}, {"size": "large", "#text": "y"}],
    "date": {"uts": "1701000000", "#text": "26 Nov 2023, 12:00"},
}
PLAYING = {**SCROBBLE, "@attr": {"nowplaying": "true"}, "date": None}
PAGE = {"track": [PLAYING, SCROBBLE], "@attr": {"user": "ann", "page": "1", "totalPages": "1"}}
LATER = {**SCROBBLE, "date": {"uts": "1701000600"}}


@pytest.mark.parametrize(
    ("name", "content", "user", "listens", "rejected"),
    [
        ("ghan.csv", GHAN, "ann", 1, 1),
        ("legacy.csv", LEGACY, "ann", 2, 0),
        ("stats.csv", STATS, None, 1, 0),
        ("api.json", json.dumps({"recenttracks": PAGE}), None, 1, 0),
        ("pages.json", json.dumps([PAGE, {**PAGE, "track": [LATER]}]), None, 2, 0),
        ("nested.json", json.dumps([[SCROBBLE], [LATER, 7]]), "ann", 2, 1),
        ("tracks.json", json.dumps([PLAYING, SCROBBLE, LATER], indent=1), "ann", 2, 0),
        (
            "stats.json",
            json.dumps(
                {"username": "ann", "scrobbles": [{"track": "Sexy Boy", "artist": "Air", "date": 1701000000000}]}
            ),
            None,
            1,
            0,
        ),
    ],
)
def test_scrobbles_come_in_from_the_files_of_all_usual_tools(music, tmp_path, name, content, user, listens, rejected):
    path = tmp_path / name
    path.write_text(content)
    assert load(music, "lastfm", path, user=user).added == listens
    first = min(rows(music), key=lambda r: r["listened_at"])
    assert (first["artist"], first["title"], first["track_id"], first["user_id"]) == ("Air", "Sexy Boy", "t1", "ann")
    assert first["listened_at"] == datetime(2023, 11, 26, 12, tzinfo=UTC)
    assert len(rejects(music)) == rejected


def test_a_file_that_says_not_whose_it_is_or_when_is_refused(music, tmp_path):
    path = tmp_path / "a.csv"
    path.write_text(GHAN)
    with pytest.raises(UserError, match="--user"):
        load(music, "lastfm", path)
    path.write_text("artist,track,plays\nAir,Sexy Boy,3\n")
    with pytest.raises(UserError, match="lacks a column for listened_at; the columns there are: artist, track, plays"):
        load(music, "lastfm", path, user="ann")
    assert music.is_empty("history")


# Spotify


def stream(end="2023-11-26T12:00:00Z", ms=180_000, **more):
    """A record of the extended history, with all its fields."""
    return {
        "ts": end,
        "username": "ann",
        "platform": "android",
        "ms_played": ms,
        "conn_country": "NL",
        "ip_addr_decrypted": "192.0.2.7",
        "user_agent_decrypted": "unknown",
        "master_metadata_track_name": "Sexy Boy",
        "master_metadata_album_artist_name": "Air",
        "master_metadata_album_album_name": "Moon Safari",
        "spotify_track_uri": "spotify:track:3xRue8c0zDkTWZ9fdDdz0u",
        "episode_name": None,
        "reason_start": "trackdone",
        "reason_end": "fwdbtn",
        "skipped": True,
        "incognito_mode": False,
        **more,
    }


def test_spotifys_history_tells_the_start_of_a_listen_how_long_and_how_it_ended(music, tmp_path):
    nobody = dict.fromkeys(("master_metadata_track_name", "master_metadata_album_artist_name", "spotify_track_uri"))
    entries = [stream(), stream("2023-11-26T13:00:00Z", 4000, **nobody, episode_name="A talk"), stream("never")]
    path = zipped(
        tmp_path / "my_spotify_data.zip",
        **{
            "Spotify Extended Streaming History/Streaming_History_Audio_2023_0.json": json.dumps(entries),
            "Spotify Extended Streaming History/Streaming_History_Video_2023.json": json.dumps(entries),
            "Spotify Extended Streaming History/ReadMeFirst.pdf": b"%PDF",
        },
    )
    assert load(music, "spotify", path).added == 1
    (row,) = rows(music)
    assert row["listened_at"] == datetime(2023, 11, 26, 11, 57, tzinfo=UTC)
    assert (row["ms_played"], row["skipped"], row["reason_end"]) == (180_000, True, "fwdbtn")
    assert (row["track_id"], row["user_id"], row["uri"]) == ("t1", "ann", "spotify:track:3xRue8c0zDkTWZ9fdDdz0u")
    assert rows(music, "listens")[0]["ms_played"] == 180_000
    ((_, _, reason),) = rejects(music)
    assert reason.startswith("listened_at: never is not a time")
    stored = b"".join(f.read_bytes() for f in (music.config.home / "warehouse").rglob("*.parquet"))
    assert b"192.0.2.7" not in stored


def test_spotifys_short_history_comes_in_too(music, tmp_path):
    path = tmp_path / "StreamingHistory_music_0.json"
    path.write_text(
        json.dumps([{"endTime": "2023-11-26 12:00", "artistName": "Air", "trackName": "Sexy Boy", "msPlayed": 60_000}])
    )
    assert load(music, "spotify", path, user="ann").added == 1
    assert rows(music)[0]["listened_at"] == datetime(2023, 11, 26, 11, 59, tzinfo=UTC)


# Records and archives that mean harm

objects = st.lists(st.dictionaries(st.sampled_from(["ts", "endTime", "x"]), st.text() | st.integers() | st.none()))


@settings(max_examples=60)
@given(objects, st.integers(1, 40), st.sampled_from([None, 0, 2]), st.booleans())
def test_an_array_comes_back_whole_wherever_it_is_cut(entries, chunk, indent, ascii_only):
    data = json.dumps(entries, indent=indent, ensure_ascii=ascii_only).encode(errors="surrogatepass")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(records, "CHUNK", chunk)
        parts = list(records.read_array(io.BufferedReader(io.BytesIO(data)), Stream))
    assert [(v.ts, v.endTime) for p in parts for v in p.values] == [(e.get("ts"), e.get("endTime")) for e in entries]
    assert [n for p in parts for n in p.numbers] == list(range(1, len(entries) + 1))
    assert [b for p in parts for b in p.broken] == []


@settings(max_examples=60)
@given(st.binary(max_size=60), st.integers(1, 40))
def test_no_bytes_behind_the_good_records_cost_one_of_them(noise, chunk):
    data = b'[{"ts": "1"}, {"ts": "2"}, ' + noise
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(records, "CHUNK", chunk)
        parts = list(records.read_array(io.BufferedReader(io.BytesIO(data)), Stream))
    assert [v.ts for p in parts for v in p.values][:2] == ["1", "2"]


def test_a_file_that_was_cut_off_gives_what_is_before_the_cut_and_says_so(music, tmp_path):
    path = tmp_path / "endsong_0.json"
    path.write_text(json.dumps([stream(), stream("2023-11-27T12:00:00Z")])[:-40])
    assert load(music, "spotify", path).added == 1
    ((_, line, reason),) = rejects(music)
    assert line == 2
    assert "cut off" in reason


def test_an_archive_that_unfolds_to_too_much_is_refused_and_leaves_nothing(music, tmp_path, monkeypatch):
    monkeypatch.setattr(archive, "SMALL", 1 << 20)
    monkeypatch.setattr(archive, "MOST_RATIO", 100)
    bomb = zipped(
        tmp_path / "bomb.zip", **{"user.json": '{"username": "a"}', "listens/2023/1.jsonl": b"x" * (20 << 20)}
    )
    assert bomb.stat().st_size < 1 << 20
    with pytest.raises(UserError, match=r"1\.jsonl decompresses to more than any export holds"):
        load(music, "listenbrainz", bomb)
    assert music.is_empty("history")


def test_an_archive_that_lies_about_sizes_gives_no_more_than_it_says_or_is_damaged(music, tmp_path):
    line = listen(1701000000, "Air", "Sexy Boy").encode()
    path = zipped(tmp_path / "liar.zip", **{"listens/2023/1.jsonl": line + b"\n" + b"x" * 10_000})
    data = bytearray(path.read_bytes())
    for signature, offset in ((b"PK\x01\x02", 24), (b"PK\x03\x04", 22)):
        at = data.index(signature) + offset
        data[at : at + 4] = struct.pack("<I", len(line))
    path.write_bytes(data)
    with pytest.raises(UserError, match=r"liar\.zip is damaged or was cut off"):  # the checksum is of all of it
        load(music, "listenbrainz", path, user="u")
    assert music.is_empty("history")


def test_names_that_lead_out_of_an_archive_are_left_alone(music, tmp_path):
    line = listen(1701000000, "Air", "Sexy Boy")
    names = ("../listens/2023/1.jsonl", "/listens/2023/1.jsonl", "a/../../listens/2023/1.jsonl")
    path = zipped(tmp_path / "e.zip", **dict.fromkeys(names, line), **{"listens/2023/2.jsonl": line})
    assert load(music, "listenbrainz", path, user="u") == Loaded(1, 0, 0)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["e.zip", "home"]


@pytest.mark.parametrize("content", [b"PK\x03\x04 no archive", b"", b"<html>"])
def test_what_is_no_archive_is_refused_by_name(music, tmp_path, content):
    path = tmp_path / "x.zip"
    path.write_bytes(content)
    for service in ("listenbrainz", "spotify"):
        with pytest.raises(UserError, match=r"x\.zip"):
            load(music, service, path, user="u")


def test_an_encrypted_archive_says_what_to_do(music, tmp_path):
    path = zipped(tmp_path / "x.zip", **{"listens/2023/1.jsonl": b"x"})
    data = bytearray(path.read_bytes())
    for signature, offset in ((b"PK\x01\x02", 8), (b"PK\x03\x04", 6)):
        data[data.index(signature) + offset] |= 1
    path.write_bytes(data)
    with pytest.raises(UserError, match="encrypted; unpack it"):
        load(music, "listenbrainz", path, user="u")


def test_another_archive_says_what_was_looked_for(music, tmp_path):
    path = zipped(tmp_path / "photos.zip", **{"beach.jpg": b"x"})
    with pytest.raises(UserError, match=r"holds no Streaming_History_Audio_"):
        load(music, "spotify", path, user="u")
    with pytest.raises(UserError, match="no such file"):
        load(music, "spotify", Path(tmp_path / "none.zip"), user="u")
