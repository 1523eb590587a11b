"""A list on a music server, over the Subsonic API: one playlist, whatever happens."""

from datetime import date, timedelta

import pandas as pd
import pytest

from jobs import subsonic
from jobs.cli import UserError
from jobs.lake import ALL
from jobs.publish.__main__ import main
from jobs.settings import settings
from tests.ingest.subsonic_server import World, serving

WEEK = date(2026, 11, 23)
NEXT = WEEK + timedelta(weeks=1)


@pytest.fixture
def world(monkeypatch):
    """A server with four songs."""
    monkeypatch.setattr(subsonic, "PAUSE", 0.0)
    monkeypatch.setenv("DISCOVER_SUBSONIC_PASSWORD", "sesame é")
    settings.cache_clear()
    return World({"al": [{"id": f"s{n}", "title": f"T{n}"} for n in range(4)]})


@pytest.fixture
def server(world, lake):
    """Its address; it is in the lake. t4 is not on it, t1 is there twice. Ann has lists of two weeks."""
    lake.publish("artists", pd.DataFrame({"artist_id": ["a"], "name": ["A"]}), ALL)
    tracks = pd.DataFrame({"track_id": [f"t{n}" for n in range(5)], "artist_id": "a", "title": "T"})
    lake.publish("tracks", tracks.assign(work_id=tracks["track_id"]), ALL)
    for week, offered in ((WEEK, ("t1", "t4", "t0")), (NEXT, ("t2",))):
        rows = [
            ("ann", rank, track, "first_listener", "Why", 0.5, 0.5, False, "v1", {})
            for rank, track in enumerate(offered, start=1)
        ]
        names = ["user_id", "rank", "track_id", "explanation_kind", "explanation", "score", "propensity", "explored"]
        frame = pd.DataFrame(rows, columns=[*names, "policy_version", "features"])
        lake.publish("discover_weekly", frame, {"week": week})
    with serving(world) as url:
        songs = pd.DataFrame({"song_id": ["s0", "s1", "s2", "s3"], "track_id": ["t0", "t1", "t2", "t1"]})
        lake.merge("server_songs", songs.assign(server=url))
        yield url


def push(url, week=WEEK):
    main("push", week, user="ann", url=url)


def held(world):
    return [(entry["name"], [song["id"] for song in entry["entry"]]) for entry in world.playlists.values()]


def test_a_list_becomes_a_playlist_of_what_the_server_has(world, server):
    push(server)
    assert held(world) == [("Discover Weekly", ["s1", "s0"])]
    (playlist,) = world.playlists.values()
    assert playlist["comment"] == "Written by the weekly pipeline, 2026-11-23"
    assert playlist["public"] is False


def test_again_and_a_week_later_it_is_the_same_playlist(world, server):
    push(server)
    push(server)
    assert held(world) == [("Discover Weekly", ["s1", "s0"])]
    push(server, NEXT)
    assert held(world) == [("Discover Weekly", ["s2"])]


def test_an_answer_that_was_lost_makes_no_second_copy(world, server):
    answer = world.answer

    def lose_the_first(method, query):
        content = answer(method, query)
        if method == "createPlaylist" and len(world.playlists) == 1:
            answer(method, query)  # the request came twice
        return content

    world.answer = lose_the_first
    push(server)
    assert held(world) == [("Discover Weekly", ["s1", "s0"])]


def test_a_run_that_was_killed_before_the_comment_is_taken_up(world, server):
    world.broken["updatePlaylist"] = b"no"
    with pytest.raises(UserError):
        push(server)
    assert len(world.playlists) == 1
    world.broken.clear()
    push(server)
    assert held(world) == [("Discover Weekly", ["s1", "s0"])]


def test_a_playlist_of_that_name_that_is_not_ours_is_not_touched(world, server):
    world.playlists["p"] = {"id": "p", "name": "Discover Weekly", "owner": "ann", "entry": [{"id": "s3"}]}
    with pytest.raises(UserError, match="another playlist"):
        push(server)
    assert held(world) == [("Discover Weekly", ["s3"])]


def test_the_playlists_of_others_are_not_touched(world, server):
    world.playlists["p"] = {"id": "p", "name": "Discover Weekly", "owner": "bob", "entry": [{"id": "s3"}]}
    push(server)
    assert held(world) == [("Discover Weekly", ["s3"]), ("Discover Weekly", ["s1", "s0"])]


def test_what_is_missing_is_said(world, server):
    with pytest.raises(UserError, match="has no list for week 2026-11-16"):
        push(server, date(2026, 11, 16))
    with pytest.raises(UserError, match="has no song of this list"), serving(world) as elsewhere:
        push(elsewhere)
    assert world.playlists == {}


def test_the_weekly_run_pushes_when_it_is_set(world, server, monkeypatch):
    monkeypatch.setenv("DISCOVER_SUBSONIC_PUSH_URL", server)
    monkeypatch.setenv("DISCOVER_SUBSONIC_PUSH_USER", "ann")
    settings.cache_clear()
    main("write", WEEK)
    main("write", WEEK)
    assert held(world) == [("Discover Weekly", ["s1", "s0"])]
