"""Outcomes: known answers."""

from datetime import UTC, date, datetime, timedelta
from typing import get_args

import pytest
from pyspark.sql.types import LongType, StringType, StructField, StructType, TimestampType

from jobs.ranking import outcomes

WEEK = date(2026, 11, 16)
MONDAY = datetime(2026, 11, 16, tzinfo=UTC)
MICROSECOND = 1 / 86_400e6  # in days
LISTENS = StructType(
    [
        StructField("listened_at", TimestampType()),
        StructField("user_id", StringType()),
        StructField("track_id", StringType()),
        StructField("ms_played", LongType()),
    ]
)

BANS = {  # by listener: kind, what, days after the beginning of the week
    "bans what pleased": [("track", "t1", 1)],
    "bans another version": [("track", "t2 live", 6)],
    "bans a guest": [("artist", "guest", 2)],
    "banned before and after": [("track", "t1", -1), ("track", "t2", 7)],
}
SAVES = {"saves": [("t2", 3)], "bans and saves": [("t1", 1)], "saved before and after": [("t1", -1), ("t2", 7)]}
BANS["bans and saves"] = [("track", "t1", 2)]

# For each listener, who is offered t1 to t4: listens as (track, days after the beginning of the week, ms played).
HEARD = {
    "goes on to the third": [("t3", 1, 40_000), ("t1", 2, 5_000)],
    "plays nothing": [],
    "tells no lengths": [("t1", 0, None)],
    "knows thirty seconds": [("t1", 0, 29_999), ("t2", 1, 1_000), ("t2", 2, 30_000)],
    "plays short tracks": [("short", 0, 18_000), ("shorter", 0, 17_999), ("no length", 0, 100)],
    "tells the same twice": [("t1", 1, 40_000), ("t1", 1, 40_000)],
    "plays what was not offered": [("else", 1, 40_000), ("no such track", 1, 40_000)],
    "bans what pleased": [("t1", 0, 60_000)],
    "bans another version": [],
    "bans a guest": [],
    "banned before and after": [],
    "saves": [("t2", 3, 1_000)],
    "bans and saves": [],
    "saved before and after": [],
    "plays around the week": [
        ("t1", -MICROSECOND, None),
        ("t2", 0, None),
        ("t3", 7 - MICROSECOND, None),
        ("t4", 7, None),
    ],
}
OFFERED = {"plays short tracks": ["short", "shorter", "no length"]}
DURATIONS = {"short": 20_000, "shorter": 20_000, "no length": 0}  # milliseconds


@pytest.fixture(scope="module")
def answered(spark):
    """By model of examination: (examined, reward, plays, ms_played) of each place, by listener."""
    lists = [
        (WEEK, user, rank, track)
        for user in HEARD
        for rank, track in enumerate(OFFERED.get(user, ["t1", "t2", "t3", "t4"]), start=1)
    ]
    listens = [(MONDAY + timedelta(days=d), user, t, ms) for user, heard in HEARD.items() for t, d, ms in heard]
    names = {row[3] for row in lists} | {"t2 live", "else"}
    tracks = [(t, DURATIONS.get(t), t.removesuffix(" live"), "artist", ["guest"] if t == "t3" else None) for t in names]
    bans = [(user, kind, what, WEEK + timedelta(days=d)) for user, of in BANS.items() for kind, what, d in of]
    bans += [(user, "opt_out", "", WEEK) for user in HEARD]
    saves = [(user, track, WEEK + timedelta(days=d)) for user, of in SAVES.items() for track, d in of]
    saves += [(None, "t1", WEEK), ("somebody", "t1", WEEK)]
    given = (
        spark.createDataFrame(lists, "week date, user_id string, rank int, track_id string"),
        spark.createDataFrame(listens, LISTENS),
        spark.createDataFrame(
            tracks,
            "track_id string, duration_ms long, work_id string, artist_id string, featured_artist_ids array<string>",
        ),
        spark.createDataFrame(bans, "user_id string, kind string, excluded_id string, since date"),
        spark.createDataFrame(saves, "user_id string, track_id string, updated_at date"),
    )
    found = {model: {} for model in get_args(outcomes.Examination)}
    for model, by_user in found.items():
        for row in outcomes.outcomes(*given, model).orderBy("user_id", "rank").collect():
            place = (row["examined"], row["reward"], row["plays"], row["ms_played"])
            by_user.setdefault(row["user_id"], []).append(place)
    return found


@pytest.fixture
def answers(answered):
    """Those of the cascade."""
    return answered["cascade"]


def test_the_places_down_to_the_lowest_one_played_were_examined(answers):
    assert answers["goes on to the third"] == [
        (True, 0, 1, 5_000),  # skipped
        (True, 0, 0, None),  # passed over
        (True, 1, 1, 40_000),  # streamed
        (False, None, 0, None),
    ]


def test_who_played_nothing_judged_nothing(answers):
    assert answers["plays nothing"] == [(False, None, 0, None)] * 4


def test_a_listen_without_a_length_counts_as_a_stream(answers):
    assert answers["tells no lengths"][0] == (True, 1, 1, None)


def test_thirty_seconds_are_a_stream_and_the_longest_listen_counts(answers):
    assert answers["knows thirty seconds"][:2] == [(True, 0, 1, 29_999), (True, 1, 2, 30_000)]


def test_a_track_below_thirty_seconds_is_streamed_by_hearing_nearly_all_of_it(answers):
    # A length of 0 is no length.
    assert [reward for _, reward, _, _ in answers["plays short tracks"]] == [1, 0, 0]


def test_only_the_week_of_the_list_counts(answers):
    assert [plays for _, _, plays, _ in answers["plays around the week"]] == [0, 1, 1, 0]


def test_who_opens_a_list_may_be_taken_to_have_seen_all_of_it_or_what_was_answered_alone(answered):
    third = "goes on to the third"
    assert [reward for _, reward, _, _ in answered["opened"][third]] == [0, 0, 1, 0]
    assert [reward for _, reward, _, _ in answered["answered"][third]] == [0, None, 1, None]
    for model in answered.values():
        assert model["plays nothing"] == [(False, None, 0, None)] * 4


def test_what_is_told_twice_counts_once(answers):
    assert answers["tells the same twice"][0] == (True, 1, 1, 40_000)


def test_listens_of_what_was_not_offered_judge_nothing(answers):
    assert answers["plays what was not offered"] == answers["plays nothing"]


def rewards(answers, user):
    return [reward for _, reward, _, _ in answers[user]]


def test_a_ban_of_the_track_another_version_or_an_artist_of_it_is_a_no_whatever_was_played(answers):
    assert rewards(answers, "bans what pleased") == [0, None, None, None]
    assert rewards(answers, "bans another version") == [0, 0, None, None]
    assert rewards(answers, "bans a guest") == [0, 0, 0, None]
    assert rewards(answers, "banned before and after") == [None] * 4


def test_a_save_is_a_yes_unless_it_was_banned(answers):
    assert rewards(answers, "saves") == [0, 1, None, None]
    assert rewards(answers, "bans and saves") == [0, None, None, None]
    assert rewards(answers, "saved before and after") == [None] * 4


def test_complete_lists_without_outcomes_are_pending_and_the_last_one_again():
    one, two, three, four = (date(2026, 11, day) for day in (2, 9, 16, 23))
    assert outcomes.pending([one, two, three, four], [], four) == [one, two, three]
    assert outcomes.pending([one, two, three, four], [one, two, three], four) == [three]
    assert outcomes.pending([one, two, three, four], [two], three) == [one, two]
    assert outcomes.pending([four], [], four) == []
