"""Playlists as players keep them, matched with the library by file, identifier and name."""

import json
from contextlib import suppress
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jobs.cli import UserError
from jobs.ingest.kinds import players_playlists
from jobs.ingest.load import load_files
from jobs.ingest.playlist_files import SUFFIXES, read_playlist

MBID = "00000001-0000-4000-8000-000000000000"


@pytest.fixture
def music(lake, tmp_path):
    lake.merge("artists", pa.table({"artist_id": ["a"], "name": ["Air"]}))
    lake.merge(
        "tracks",
        pa.table(
            {
                "track_id": ["t1", "t2", "t3"],
                "artist_id": ["a"] * 3,
                "title": ["Sexy Boy", "All I Need", "Talisman"],
                "work_id": ["w1", "w2", "w3"],
                "mbid": [None, MBID, None],
                "path": [str(tmp_path / "music" / "Air" / "Moon Safari" / "02 Sexy Boy.mp3"), None, None],
            }
        ),
    )
    return lake


def load(lake, *paths, user="ann"):
    loaded = [
        load_files(lake, "playlists", kind, files, strict=False, batch_rows=100)
        for kind, files in players_playlists(lake, list(paths), user)
    ]
    rows = lake.arrow("playlists").sort_by([("playlist_id", "ascending"), ("position", "ascending")]).to_pylist()
    return loaded, [(r["name"], r["user_id"], r["position"], r["track_id"]) for r in rows]


XSPF = f"""<?xml version="1.0" encoding="UTF-8"?>
<playlist version="1" xmlns="http://xspf.org/ns/0/"><title>Evening</title><identifier>urn:x:1</identifier><trackList>
<track><location>file:///elsewhere/Air/Moon%20Safari/02%20Sexy%20Boy.mp3</location></track>
<track><identifier>https://musicbrainz.org/recording/{MBID}</identifier></track>
<track><creator>AIR</creator><title>Talisman (Live)</title></track>
<track><creator>Nobody</creator><title>Nothing</title></track>
</trackList></playlist>"""
JSPF = {
    "playlist": {
        "title": "Evening",
        "identifier": "https://listenbrainz.org/playlist/1",
        "track": [
            {"location": ["file:///elsewhere/Air/Moon%20Safari/02%20Sexy%20Boy.mp3"]},
            {"identifier": [f"https://musicbrainz.org/recording/{MBID}"], "title": "x", "creator": None},
            {"title": "Talisman", "creator": "Air", "album": "Moon Safari"},
            {"title": "Nothing", "creator": "Nobody"},
        ],
    }
}
M3U = """\ufeff#EXTM3U
#PLAYLIST:Evening
music/Air/Moon Safari/02 Sexy Boy.mp3
#EXTINF:291,Air - All I Need
http://radio.example/stream.mp3

#EXTINF:260,Air - Talisman (Remastered)
..\\old disk\\07.mp3
#EXTINF:1,Nobody - Nothing
nothing.mp3
"""


@pytest.mark.parametrize(
    ("name", "content"), [("p.xspf", XSPF), ("p.jspf", json.dumps(JSPF)), ("p.m3u8", M3U), ("p.m3u", M3U)]
)
def test_every_format_gives_the_same_playlist_and_the_place_of_what_is_missing_stays_free(
    music, tmp_path, name, content
):
    path = tmp_path / name
    path.write_text(content)
    expected = [("Evening", "ann", 1, "t1"), ("Evening", "ann", 2, "t2"), ("Evening", "ann", 3, "t3")]
    for _ in range(2):
        (loaded,), rows = load(music, path)
        assert rows == expected
    assert (loaded.added, loaded.repeated) == (0, 3)
    (reject,) = (music.config.home / "rejects").glob("*")
    assert json.loads(reject.read_text())["row"]["title"] == "Nothing"


def test_tables_and_players_playlists_come_in_by_one_command(music, tmp_path):
    (tmp_path / "a.csv").write_text("playlist_id,position,track_id,name\np,1,t3,Table\n")
    (tmp_path / "b.m3u").write_text("music/Air/Moon Safari/02 Sexy Boy.mp3\n")
    _, rows = load(music, tmp_path / "a.csv", tmp_path / "b.m3u", user=None)
    assert sorted(rows, key=str) == [("Table", None, 1, "t3"), ("b", None, 1, "t1")]


def test_a_playlist_of_before_unicode_is_read_as_windows_wrote_it(tmp_path):
    (tmp_path / "old.m3u").write_bytes("#EXTINF:1,Björk - Jóga\nx.mp3\n".encode("cp1252"))
    (entry,) = read_playlist(tmp_path / "old.m3u").entries
    assert (entry.artist, entry.title) == ("Björk", "Jóga")


ENTITY = '<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]><playlist><title>&b;</title></playlist>'
OUTSIDE = '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><playlist><title>&a;</title></playlist>'


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.xspf", ENTITY),
        ("a.xspf", OUTSIDE),
        ("a.xspf", "<html/>"),
        ("a.xspf", "not xml"),
        ("a.jspf", "[]"),
        ("a.jspf", '{"playlist": 7}'),
        ("a.jspf", "[" * 100_000),
    ],
)
def test_what_is_no_playlist_or_means_harm_is_refused_by_name(tmp_path, name, content):
    (tmp_path / name).write_text(content)
    with pytest.raises(UserError, match=rf"{name} is no (XSPF|JSPF)"):
        read_playlist(tmp_path / name)


@settings(max_examples=80, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=80), st.sampled_from(SUFFIXES))
def test_no_bytes_do_more_than_be_refused(tmp_path, noise, suffix):
    path = Path(tmp_path / f"x{suffix}")
    path.write_bytes(noise)
    with suppress(UserError):
        assert all(entry.line > 0 for entry in read_playlist(path).entries)
