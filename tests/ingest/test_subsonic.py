"""A music server over the Subsonic API: everything it knows comes in once, and the password stays where it is."""

import logging
import os
import subprocess
import sys

import pytest

from jobs import subsonic
from jobs.cli import UserError
from jobs.ingest.library import load_library
from jobs.ingest.subsonic import load_server
from jobs.settings import settings
from jobs.subsonic import Subsonic, SubsonicError
from tests.ingest.subsonic_server import World, serving
from tests.ingest.test_tags import RECORDING, audio, tag_vorbis

PASSWORD = "sesame é"


def song(number, title, **more):
    return {
        "id": f"s{number}",
        "parent": "al1",
        "isDir": False,
        "title": title,
        "album": "Moon Safari",
        "artist": "Air",
        "artistId": "ar1",
        "year": 1998,
        "duration": 296,
        "path": f"Air/Moon Safari/{number:02d} {title}.flac",
        "type": "music",
        **more,
    }


@pytest.fixture
def world(monkeypatch):
    monkeypatch.setattr(subsonic, "PAUSE", 0.0)
    monkeypatch.setenv("DISCOVER_SUBSONIC_PASSWORD", PASSWORD)
    settings.cache_clear()
    world = World(
        {
            "al1": [
                song(1, "La femme d'argent", playCount=3, starred="2026-01-05T10:00:00Z"),
                song(2, "Sexy Boy", playCount=5, musicBrainzId=RECORDING, isrc=["FRAAA9800001"]),
                song(3, "All I Need (feat. Beth Hirsch)"),
            ],
            "al2": [
                song(4, "Sexy Boy", musicBrainzId=RECORDING, playCount=2),
                {"id": "s5"},
                song(6, "A talk", type="podcast"),
            ],
        }
    )
    world.starred = [world.albums["al1"][0]]
    world.playlists = {
        "p1": {
            "id": "p1",
            "name": "Evening",
            "owner": "bob",
            "changed": "2026-02-01T00:00:00Z",
            "entry": [world.songs()[i] for i in ("s2", "s1", "s4")] + [{"id": "gone"}],
        }
    }
    return world


def rows(lake, table):
    return lake.arrow(table).to_pylist()


def test_library_counts_stars_and_playlists_come_in_once(lake, world):
    with serving(world) as url:
        for _ in range(2):
            load_server(lake, url + "/rest/", "ann", None)
    tracks = {row["title"]: row for row in rows(lake, "tracks")}
    assert set(tracks) == {"La femme d'argent", "Sexy Boy", "All I Need (feat. Beth Hirsch)"}
    boy = tracks["Sexy Boy"]
    assert (boy["track_id"], boy["mbid"], boy["isrc"]) == (RECORDING, RECORDING, "FRAAA9800001")
    assert boy["duration_ms"] == 296_000
    assert sorted(row["name"] for row in rows(lake, "artists")) == ["Air", "Beth Hirsch"]
    assert {row["track_id"]: row["plays"] for row in rows(lake, "play_counts")} == {
        tracks["La femme d'argent"]["track_id"]: 3,
        RECORDING: 7,  # two songs of the server are one recording
    }
    lists = [(r["name"], r["user_id"], r["position"], r["track_id"]) for r in rows(lake, "playlists")]
    assert sorted(lists) == [
        ("Evening", "bob", 1, RECORDING),
        ("Evening", "bob", 2, tracks["La femme d'argent"]["track_id"]),
        ("Evening", "bob", 3, RECORDING),
        ("Starred", "ann", 1, tracks["La femme d'argent"]["track_id"]),
    ]
    assert {(r["song_id"], r["track_id"]) for r in rows(lake, "server_songs")} >= {("s2", RECORDING), ("s4", RECORDING)}
    assert len(lake.snapshots("tracks")) == 1
    rejected = next((lake.config.home / "rejects").glob("subsonic.*")).read_text()
    assert "without identifier or title" in rejected


def test_a_folder_and_the_server_that_plays_it_are_one_library_with_audio(lake, world, tmp_path):
    file = audio(tmp_path / "Air" / "Moon Safari" / "01 La femme d'argent.flac")
    tag_vorbis(file, artist="Air", title="La femme d'argent", album="Moon Safari", date="1998-01-16")
    load_library(lake, tmp_path / "Air", strict=False)
    (before,) = rows(lake, "tracks")
    with serving(world) as url:
        load_server(lake, url, "ann", tmp_path)
    after = {row["track_id"]: row for row in rows(lake, "tracks")}
    assert after[before["track_id"]]["path"] == str(file)
    assert after[before["track_id"]]["released_at"] == before["released_at"]  # the server knows the year alone
    assert len(after) == 3


def test_albums_come_page_by_page(lake, world, monkeypatch):
    monkeypatch.setattr(subsonic, "ALBUMS", 1)
    with serving(world) as url:
        load_server(lake, url, "ann", None)
    assert world.requests.count("getAlbumList2") == 3
    assert len(rows(lake, "tracks")) == 3


def test_a_wrong_password_is_told_without_it_and_nothing_is_written(lake, world, monkeypatch):
    monkeypatch.setenv("DISCOVER_SUBSONIC_PASSWORD", "wrong-secret")
    settings.cache_clear()
    with serving(world) as url, pytest.raises(SubsonicError, match="Wrong username or password") as error:
        load_server(lake, url, "ann", None)
    assert "wrong-secret" not in str(error.value)
    assert world.requests == ["ping"]
    assert lake.is_empty("tracks")


def test_a_busy_server_is_asked_again_and_one_that_stays_busy_is_named(world):
    with serving(world) as url, Subsonic(url, "ann", PASSWORD) as server:
        world.failures = 2
        assert server.ask("ping")["status"] == "ok"
        world.failures = 99
        with pytest.raises(SubsonicError, match=r"no answer \(HTTP status 503") as error:
            server.ask("ping")
    assert "t=" not in str(error.value)


def test_no_token_gets_into_an_error_when_nobody_listens(monkeypatch):
    monkeypatch.setattr(subsonic, "PAUSE", 0.0)
    with pytest.raises(SubsonicError, match=r"no answer \(ConnectionError") as error:
        Subsonic("http://127.0.0.1:9", "ann", PASSWORD).ask("ping")
    assert "t=" not in str(error.value)
    assert error.value.__cause__ is None


@pytest.mark.parametrize("answer", [b"<html>", b"{}", b"[]", b'{"subsonic-response": 3}', b"\xff"])
def test_what_is_no_answer_of_the_api_is_refused(world, answer):
    world.broken["ping"] = answer
    with (
        serving(world) as url,
        Subsonic(url, "ann", PASSWORD) as server,
        pytest.raises(SubsonicError, match="right address"),
    ):
        server.ask("ping")


def test_every_request_has_a_salt_of_its_own(world):
    with serving(world) as url, Subsonic(url, "ann", PASSWORD) as server:
        for _ in range(3):
            server.ask("ping")
    assert len({address.partition("&s=")[2][:16] for address in world.seen}) == 3


@pytest.mark.parametrize("url", ["localhost:4533", "file:///etc", "http://ann:secret@host", "http://"])
def test_an_address_that_is_none_or_holds_a_password_is_refused(url):
    with pytest.raises(UserError, match="no address of a server"):
        Subsonic(url, "ann", PASSWORD)


def test_the_command_keeps_the_password_to_itself(world, home, caplog):
    caplog.set_level(logging.DEBUG)
    with serving(world) as url:
        command = [sys.executable, "-m", "jobs.ingest", "subsonic", url, "--user", "ann"]
        done = subprocess.run(command, capture_output=True, text=True, env=dict(os.environ), stdin=subprocess.DEVNULL)
        assert done.returncode == 0, done.stderr
        environment = {k: v for k, v in os.environ.items() if k != "DISCOVER_SUBSONIC_PASSWORD"}
        without = subprocess.run(command, capture_output=True, text=True, env=environment, stdin=subprocess.DEVNULL)
    assert without.returncode == 2
    assert "DISCOVER_SUBSONIC_PASSWORD" in without.stderr
    assert "sesame" not in done.stdout + done.stderr
    stored = [file for file in home.rglob("*") if file.is_file() and b"sesame" in file.read_bytes()]
    assert stored == []
