"""What of a week is alerted about, and what is not."""

from datetime import UTC, date, datetime, timedelta

import pandas as pd
import pytest

from jobs.cli import UserError
from jobs.lake import ALL, APPEND
from jobs.publish.__main__ import main
from jobs.publish.watch import alerts
from jobs.settings import AlertSettings, settings

WEEK = date(2026, 11, 23)
LENGTH = 2
OPTIONS = AlertSettings(short_lists=0.1, coverage_drop=0.25, reward_drop=0.25, silent_days=21)


@pytest.fixture
def stocked(lake, monkeypatch):
    """Ten listeners who have heard something; nobody has a list yet. A full list has two tracks."""
    monkeypatch.setenv("DISCOVER_RANKING_PLAYLIST_LENGTH", f"{LENGTH}")
    settings.cache_clear()
    lake.publish("artists", pd.DataFrame({"artist_id": ["a"], "name": ["A"]}), ALL)
    tracks = pd.DataFrame({"track_id": [f"t{n}" for n in range(12)], "artist_id": "a", "title": "T"})
    lake.publish("tracks", tracks.assign(work_id=tracks["track_id"]), ALL)
    heard = [(datetime(2026, 9, 1, 12, n, tzinfo=UTC), f"u{n}", "t0") for n in range(10)]
    lake.publish("listens", pd.DataFrame(heard, columns=["listened_at", "user_id", "track_id"]), APPEND)
    return lake


def publish(lake, week, lengths, rewards=None):
    """Lists of these lengths for u0, u1, ...; each week offers two tracks of its own."""
    first = 1 + 2 * ((WEEK - week).days // 7)
    rows = [
        (f"u{user}", rank, f"t{first + rank - 1}", "first_listener", "Why", 0.5, 0.5, False, "v1", {})
        for user, length in enumerate(lengths)
        for rank in range(1, length + 1)
    ]
    names = ["user_id", "rank", "track_id", "explanation_kind", "explanation", "score", "propensity", "explored"]
    lake.publish("discover_weekly", pd.DataFrame(rows, columns=[*names, "policy_version", "features"]), {"week": week})
    if rewards is not None:
        judged = [(f"u{user}", 1, "t1", True, reward, reward) for user, reward in enumerate(rewards)]
        frame = pd.DataFrame(judged, columns=["user_id", "rank", "track_id", "examined", "reward", "plays"])
        lake.publish("outcomes", frame, {"week": week})


def found(lake, options=OPTIONS):
    with lake.connect() as connection:
        return [(alert.kind, alert.text) for alert in alerts(connection, WEEK, LENGTH, options)]


def weeks_ago(number):
    return WEEK - timedelta(weeks=number)


def test_a_good_week_alerts_nobody(stocked):
    publish(stocked, weeks_ago(2), [2] * 10, rewards=[1, 0] * 5)
    publish(stocked, weeks_ago(1), [2] * 10, rewards=[1, 0] * 5)
    publish(stocked, WEEK, [2] * 10)
    assert found(stocked) == []
    main("watch", WEEK)


def test_lists_that_could_not_be_filled_are_told_beyond_the_setting(stocked):
    begun = [(datetime(2026, 9, 2, 12, n, tzinfo=UTC), u, f"t{n}", 9) for u in ("u8", "u9") for n in range(2, 12)]
    columns = ["listened_at", "user_id", "track_id", "ms_played"]  # heard, and not streamed
    stocked.publish("listens", pd.DataFrame(begun, columns=columns), APPEND)
    publish(stocked, WEEK, [2] * 8 + [1, 1])
    assert found(stocked) == [("short_lists", "2 of 10 lists have fewer than 2 tracks")]
    assert found(stocked, OPTIONS.model_copy(update={"short_lists": 0.2})) == []


def test_listeners_without_a_list_are_told_and_those_who_have_left_are_not_missed(stocked):
    publish(stocked, WEEK, [2] * 6)
    assert found(stocked) == [("short_lists", "4 listeners have no list at all; 6 have one")]
    left = [(f"u{n}", "opt_out", "") for n in range(6, 10)]
    stocked.publish("exclusions", pd.DataFrame(left, columns=["user_id", "kind", "excluded_id"]), ALL)
    assert found(stocked) == []


def test_a_drop_in_coverage_is_told(stocked):
    publish(stocked, weeks_ago(1), [2] * 10)
    publish(stocked, WEEK, [2] * 7)
    told = dict(found(stocked, OPTIONS.model_copy(update={"short_lists": 1.0})))
    assert told == {"coverage": "7 listeners have a list; in the weeks before it were 10"}


def test_a_week_without_any_list_is_told(stocked):
    publish(stocked, weeks_ago(1), [2] * 10)
    kinds = [kind for kind, _ in found(stocked)]
    assert kinds == ["short_lists", "coverage", "coverage"]


def test_a_drop_in_reward_is_told(stocked):
    for number in (4, 3, 2):
        publish(stocked, weeks_ago(number), [2] * 10, rewards=[1] * 5 + [0] * 5)
    publish(stocked, weeks_ago(1), [2] * 10, rewards=[1] * 3 + [0] * 7)
    publish(stocked, WEEK, [2] * 10)
    assert found(stocked) == [
        ("reward", "0.300 of the examined places of 2026-11-16 were streamed; in the weeks before it were 0.500")
    ]
    with pytest.raises(UserError, match="alerts, 1 of them"):
        main("watch", WEEK)


def test_a_source_that_went_silent_is_told_once(stocked):
    publish(stocked, WEEK, [2] * 10)
    url = "https://example.org/feed"
    stocked.publish("sources", pd.DataFrame({"url": [url], "kind": ["feed"]}), ALL)

    def read(days_before_the_end, outcome):
        at = datetime(2026, 11, 30, tzinfo=UTC) - timedelta(days=days_before_the_end)
        row = {"fetched_at": [at], "url": [f"{url}/{days_before_the_end}"], "source_url": [url], "outcome": [outcome]}
        stocked.publish("crawl_log", pd.DataFrame(row).assign(bytes=0), APPEND)

    read(40, "index")
    read(24, "article")
    read(2, "index")
    assert found(stocked) == [("silent_source", f"{url} has brought no article since 2026-11-06")]
    assert found(stocked, OPTIONS.model_copy(update={"silent_days": 14})) == [], "that was told a week ago"
    read(20, "article")
    assert found(stocked) == []
