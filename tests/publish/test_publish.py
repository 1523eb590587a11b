"""The whole stage on a small lake: three listeners, one of them hostile, two places each."""

import json
from datetime import date

import pandas as pd
import pytest

from jobs.cli import UserError
from jobs.lake import ALL
from jobs.publish.__main__ import main
from jobs.publish.names import file_name
from jobs.settings import settings

WEEK = date(2026, 11, 23)
HOSTILE = "../../<b>Eve</b>\n" + "x" * 300


@pytest.fixture
def served(lake, tmp_path):
    """The lake with the lists of a week; the audio of track `heard-of` is there."""
    audio = tmp_path / "music" / "one.flac"
    audio.parent.mkdir()
    audio.write_bytes(b"fLaC")
    lake.publish("artists", pd.DataFrame({"artist_id": ["a", "b"], "name": ["Björk", "<script>\nTwo"]}), ALL)
    tracks = [
        ("heard-of", "a", "Jóga", "w1", date(2001, 1, 1), 305_400, str(audio)),
        ("silent", "b", "No [red]file[/red]\x1b[2J", "w2", date(2026, 11, 20), None, None),
    ]
    names = ["track_id", "artist_id", "title", "work_id", "released_at", "duration_ms", "path"]
    lake.publish("tracks", pd.DataFrame(tracks, columns=names), ALL)
    lists = pd.DataFrame(
        [
            (user, rank, track, "first_listener", f"Popular number {rank}", 0.25, 0.5, rank == 2, "v1", {"bias": 1.0})
            for user in ("ann", "Ann", HOSTILE)
            for rank, track in ((1, "heard-of"), (2, "silent"))
        ],
        columns=["user_id", "rank", "track_id", "explanation_kind", "explanation", "score", "propensity", "explored",
                 "policy_version", "features"],
    )  # fmt: skip
    lake.publish("discover_weekly", lists, {"week": WEEK})
    lake.record(WEEK, "audio.train", [("loss", "epoch=1 <i>", 0.5)])
    return lake


def published(home, folder="2026-11-23"):
    folder = home / "output" / folder
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def summary(home):
    return json.loads(published(home, "reports/2026-11-23")["summary.json"])


def test_every_listener_gets_a_playlist_that_opens_the_audio_there_is(served, home, tmp_path):
    main("write", WEEK)
    folder = home / "output" / "2026-11-23" / "playlists"
    index = [json.loads(line) for line in (folder.parent / "index.jsonl").read_text().splitlines()]
    assert {row["user_id"]: row["file"] for row in index} == {u: file_name(u) for u in ("ann", "Ann", HOSTILE)}
    suffixes = (".m3u8", ".xspf", ".jspf")
    assert {path.name for path in folder.iterdir()} == {file_name(row["user_id"], s) for row in index for s in suffixes}
    for row in index:
        lines = (folder / row["file"]).read_text(encoding="utf-8").splitlines()
        (opened,) = [line for line in lines if line and not line.startswith("#")]
        assert (folder / opened).resolve() == tmp_path / "music" / "one.flac"
        assert not opened.startswith("/")
        assert lines[1] == "#PLAYLIST:Discover Weekly 2026-11-23"
        assert "# 2. Popular number 2" in lines
        assert (row["tracks"], row["playable"]) == (2, 1)


def test_publishing_twice_gives_the_same_files_and_what_is_gone_from_the_lists_is_gone(served, home):
    main("write", WEEK)
    first = published(home), published(home, "reports/2026-11-23")
    main("write", WEEK)
    assert (published(home), published(home, "reports/2026-11-23")) == first
    served.publish("discover_weekly", [], {"week": WEEK})
    main("write", WEEK)
    assert set(published(home)) == {"index.jsonl", "index.html", "style.css", "player.js"}


def test_the_summary_counts_what_there_is(served, home):
    (home / "rejects").mkdir()
    (home / "rejects" / "listens.jsonl").write_text("{}\n{}\n")
    main("write", WEEK)
    told = summary(home)
    assert told["figures"] == {
        "listeners": 3,
        "short_lists": 3,  # of two places
        "tracks_offered": 6,
        "different_tracks": 2,
        "new_release_share": 0.5,  # "silent" came out three days before
        "explored_share": 0.5,
        "playable_share": 0.5,
        "expected_stream_rate": 0.25,
    }
    assert told["reasons"] == {"first_listener": 1.0}
    assert told["set_aside"] == {"listens.jsonl": 2}
    assert {"stage": "audio.train", "metric": "loss", "dimension": "epoch=1 <i>", "value": 0.5} in told["metrics"]


def test_the_stage_reports_how_many_files_it_wrote(served):
    main("write", WEEK)
    rows = served.arrow("metrics", {"week": WEEK, "stage": "publish"}).to_pylist()
    assert {row["metric"]: row["value"] for row in rows} == {"playlists": 3.0, "tracks_playable": 3.0}


def test_without_lists_nothing_but_a_report_is_published(lake, home, caplog):
    caplog.set_level("INFO")
    main("write", WEEK)
    assert "no lists for week 2026-11-23" in caplog.text
    assert summary(home)["figures"]["listeners"] == 0


def test_a_person_is_shown_one_list_with_reasons_and_where_everything_lies(served, home, capsys):
    main("write", WEEK)
    main("show", WEEK)
    shown = capsys.readouterr().out
    assert "3 listeners got a playlist" in shown
    assert "<script> Two" in shown
    assert "No [red]file[/red] [2J" in shown, "markup is text, an escape character is gone"
    assert "\x1b[2J" not in shown
    assert str(home / "output" / "2026-11-23" / "index.html") in shown
    assert 'jobs.query "SELECT' in shown
    main("show", WEEK, "ann")
    assert "for ann" in capsys.readouterr().out


def test_who_has_no_list_is_told_so(served):
    with pytest.raises(UserError, match="'nobody' has no list"):
        main("show", WEEK, "nobody")
    with pytest.raises(UserError, match="no lists for week 2026-11-16"):
        main("show", date(2026, 11, 16))


def test_lists_of_older_weeks_go_and_reports_stay(served, home, monkeypatch):
    last = date(2026, 11, 16)
    served.publish("discover_weekly", served.pandas("discover_weekly").head(0), {"week": last})
    main("write", last)
    main("write", WEEK)
    output = home / "output"
    assert not (output / "2026-11-16").exists()
    assert (output / "2026-11-23").is_dir()
    assert (output / "reports" / "2026-11-16" / "index.html").is_file()
    index = (output / "index.html").read_text()
    assert "reports/2026-11-16/index.html" in index
    assert '"2026-11-23/index.html"' in index
    assert '"2026-11-16/index.html"' not in index
    monkeypatch.setenv("DISCOVER_PUBLISH_KEEP_WEEKS", "2")
    settings.cache_clear()
    main("write", last)
    main("write", WEEK)
    assert (output / "2026-11-16" / "index.html").is_file()
