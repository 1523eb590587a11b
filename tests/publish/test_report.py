"""The report of a week: true numbers, valid pages, hostile data."""

import json
import math
from datetime import UTC, date, datetime

import pandas as pd
import pytest

from jobs.lake import ALL, APPEND
from jobs.publish.__main__ import main
from jobs.publish.report import plots
from jobs.publish.report.lists import _band
from tests.publish import html

LAST, WEEK = date(2026, 11, 16), date(2026, 11, 23)
USERS = ("ann", "bob", "cem", "dee")
HOSTILE = "<script>alert(1)</script>"


@pytest.fixture
def world(lake, home):
    """The lake below."""
    return filled(lake, home)


def filled(lake, home):
    """Two weeks of lists for four listeners, two places each; the first week is judged. Eve, who has
    no list, has played what is popular in them; t4 came out last week."""
    lake.publish("artists", pd.DataFrame({"artist_id": ["a", "b"], "name": ["A", HOSTILE]}), ALL)
    tracks = pd.DataFrame({"track_id": [f"t{n}" for n in range(6)], "title": [f"T{n}" for n in range(6)]})
    tracks = tracks.assign(artist_id=["a"] * 3 + ["b"] * 3, work_id=tracks["track_id"], released_at=None)
    tracks.loc[4, "released_at"] = date(2026, 11, 20)
    lake.publish("tracks", tracks, ALL)
    heard = [(datetime(2026, 11, 1, 12, n, tzinfo=UTC), user, "t5") for n, user in enumerate(USERS)]
    heard += [(datetime(2026, 11, 1, 13, n, tzinfo=UTC), "eve", track) for n, track in enumerate(("t0", "t2"))]
    lake.publish("listens", pd.DataFrame(heard, columns=["listened_at", "user_id", "track_id"]), APPEND)
    for week, offered, policy in ((LAST, ("t0", "t1"), "baseline"), (WEEK, ("t2", "t4"), "v1")):
        rows = [
            (user, rank, track, "popular" if rank == 1 else "first_listener", "Why", 0.5, 0.5, rank == 2, policy, {})
            for user in USERS
            for rank, track in enumerate(offered, start=1)
        ]
        names = ["user_id", "rank", "track_id", "explanation_kind", "explanation", "score", "propensity", "explored"]
        lists = pd.DataFrame(rows, columns=[*names, "policy_version", "features"])
        lake.publish("discover_weekly", lists, {"week": week})
    # Ann streams both, bob the first of two, cem the second of two, dee nothing of the one she examined.
    rewards = {"ann": (1, 1), "bob": (1, 0), "cem": (0, 1), "dee": (0, None)}
    judged = [
        (user, rank, f"t{rank - 1}", reward is not None, reward, int(reward or 0))
        for user, both in rewards.items()
        for rank, reward in enumerate(both, start=1)
    ]
    frame = pd.DataFrame(judged, columns=["user_id", "rank", "track_id", "examined", "reward", "plays"])
    lake.publish("outcomes", frame.astype({"reward": "Int32"}), {"week": LAST})
    lake.record(
        WEEK, "collaborative.evaluate", [("recall_at_30", "model=als", 0.4), ("recall_at_30", "model=popularity", 0.1)]
    )
    estimates = [("", 0.5), (", low", 0.4), (", high", 0.6)]
    rows = [("reward_a_place", f"policy=v1, estimator=snips{bound}", value) for bound, value in estimates]
    lake.record(WEEK, "ranking.evaluate", rows)
    lake.record(WEEK, "process ranking.rank", [("seconds", "", 12.5), ("peak_memory_mib", "", 900.0)])
    lake.record(WEEK, "audio.train", [("loss", f"epoch={HOSTILE}", 0.5)])
    for week, terms in ((LAST, {"dreamy": 0.1, "harsh": 0.9}), (WEEK, {"dreamy": 0.8, "harsh": 0.2, HOSTILE: 0.1})):
        rows = [("artist", "a", "word", term, weight, 1, LAST, False) for term, weight in terms.items()]
        names = ["entity_kind", "entity_id", "kind", "term", "weight", "documents", "since", "inherited"]
        lake.publish("cultural_vectors", pd.DataFrame(rows, columns=names), {"week": week})
    (home / "rejects").mkdir()
    lines = [{"reason": "no such track"}, {"reason": "no such track"}, {"reason": HOSTILE}]
    (home / "rejects" / "listens.x.jsonl").write_text("\n".join(map(json.dumps, lines)) + "\nbroken\n")
    return lake


@pytest.fixture
def page(world, home):
    """The report's file."""
    main("write", WEEK)
    return home / "output" / "reports" / f"{WEEK}" / "index.html"


def tables(page):
    """The rows of each table by its caption."""
    found = {}
    for table in html.parse(page.read_text()).iter(f"{html.NAMESPACE}table"):
        rows = [
            [" ".join("".join(cell.itertext()).split()) for cell in row] for row in table.iter(f"{html.NAMESPACE}tr")
        ]
        found.setdefault("".join(table.find(f"{html.NAMESPACE}caption").itertext()), rows[1:])
    return found


def test_the_report_and_the_indexes_are_valid_pages_that_ask_nothing_of_anybody(page, home):
    for file in (page, home / "output" / "index.html", home / "output" / f"{WEEK}" / "index.html"):
        html.check(file)
    for listener in (home / "output" / f"{WEEK}" / "listeners").iterdir():
        html.check(listener)
    assert HOSTILE not in page.read_text()
    assert html.texts(page.read_text(), "script") == []


def test_the_numbers_are_those_of_the_tables(page):
    found = tables(page)
    week = {row[0]: row[1:] for row in found["The week"]}
    assert week["Listeners with a list"] == ["4", "4"]
    assert week["of those who have listened to something"] == ["80.0 %", "80.0 %"]  # all but Eve
    assert week["Places with a new release"] == ["50.0 %", "0.0 %"]  # t4; nothing of the week before is new
    assert week["Artists reached"] == ["2", "1"]
    assert found["Share of places"] == [
        ["Played by many", "50.0 %", "50.0 %"],
        ["Nobody has played it yet", "50.0 %", "50.0 %"],
    ]
    assert found["Time of each job"] == [["ranking.rank", "12.5"]]
    assert found["Memory of each job"] == [["ranking.rank", "900"]]
    assert found["Rising"][0][0] == "dreamy"
    assert found["Falling"] == [["harsh", "0.2", "0.9", "1"]]
    aside = [(why, rows) for _, why, rows in found["Rows that could not be used"]]
    assert aside == [("no such track", "2"), (HOSTILE, "1"), ("unreadable", "1")]
    assert found["Reward a place, estimated"] == [["v1", "0.500 (0.400 to 0.600)"]]
    assert found["Collaborative: recall at 30, weeks held out"] == [["23 Nov", "0.4", "0.1"]]


def test_reward_has_the_interval_of_a_ratio_over_listeners(page):
    (row,) = tables(page)["Streams an examined place"]
    # Streams 2, 1, 1, 0 of 2, 2, 2, 1 examined places: 4/7. Residuals s - 4/7 n: 6/7, -1/7, -1/7, -4/7.
    error = math.sqrt((36 + 1 + 1 + 16) / 49 * 4 / 3) / 7
    low, high = 4 / 7 - 1.96 * error, 4 / 7 + 1.96 * error
    assert row == ["16 Nov", "Baseline", "0.571", f"{low:.3f} to {high:.3f}", "7", "4"]


def test_a_later_week_changes_nothing_of_an_earlier_report(world, home):
    main("write", LAST)
    file = home / "output" / "reports" / f"{LAST}" / "index.html"
    assert "No list has been judged yet." in html.texts(file.read_text(), "p")
    assert "Rising" not in tables(file)


def test_pictures_of_the_audio_model_are_taken_into_the_report(world, home):
    folder = home / "output" / f"{WEEK}" / "audio"
    folder.mkdir(parents=True)
    (folder / "filters.svg").write_text('<svg xmlns="http://www.w3.org/2000/svg"/>')
    listed = [
        {"file": "filters.svg", "title": "Filters", "text": "What the first layer looks for"},
        {"file": "../../secret.png", "title": "x"},
        {"file": "gone.png", "title": "x"},
        {"file": "script.html", "title": "x"},
    ]
    (folder / "index.json").write_text(json.dumps(listed))
    for _ in range(2):  # the second time the folder is one that the first run has made
        main("write", WEEK)
        page = home / "output" / "reports" / f"{WEEK}" / "index.html"
        html.check(page)
        shown = [address for name, _, address in html.references(page.read_text()) if name == "img"]
        assert shown == ["audio/filters.svg"]


def test_plots_escape_what_comes_from_data():
    drawn = plots.lines(HOSTILE, [HOSTILE], {HOSTILE: [plots.Point(0, 1.0)]}) + plots.bars("x", {HOSTILE: [1.0]})
    assert "<script>" not in drawn


def test_bands_of_popularity_cover_all_numbers_once():
    assert [_band(number) for number in range(5)] == ["nobody", "1–3", "4–9", "10–31", "32–99"]


def test_weeks_are_labelled_at_most_five_times():
    labels = [f"w{n}" for n in range(26)]
    drawn = plots.lines("x", labels, {"a": [plots.Point(n, n) for n in range(26)]})
    assert sum(f">{label}<" in drawn for label in labels) <= 6
