"""Outcomes: known answers."""

from datetime import UTC, date, datetime, timedelta

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

# For each listener, who is offered t1 to t4: listens as (track, days after the beginning of the week, ms played).
HEARD = {
    "goes on to the third": [("t3", 1, 40_000), ("t1", 2, 5_000)],
    "plays nothing": [],
    "tells no lengths": [("t1", 0, None)],
    "knows thirty seconds": [("t1", 0, 29_999), ("t2", 1, 1_000), ("t2", 2, 30_000)],
    "plays short tracks": [("short", 0, 18_000), ("shorter", 0, 17_999), ("no length", 0, 100)],
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
def answers(spark):
    """(examined, reward, plays, ms_played) of each place, by listener."""
    lists = [
        (WEEK, user, rank, track)
        for user in HEARD
        for rank, track in enumerate(OFFERED.get(user, ["t1", "t2", "t3", "t4"]), start=1)
    ]
    listens = [(MONDAY + timedelta(days=d), user, t, ms) for user, heard in HEARD.items() for t, d, ms in heard]
    tracks = [(track, DURATIONS.get(track)) for track in {row[3] for row in lists}]
    rows = outcomes.outcomes(
        spark.createDataFrame(lists, "week date, user_id string, rank int, track_id string"),
        spark.createDataFrame(listens, LISTENS),
        spark.createDataFrame(tracks, "track_id string, duration_ms long"),
    )
    found = {}
    for row in rows.orderBy("user_id", "rank").collect():
        found.setdefault(row["user_id"], []).append((row["examined"], row["reward"], row["plays"], row["ms_played"]))
    return found


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


def test_complete_lists_without_outcomes_are_pending_and_the_last_one_again():
    one, two, three, four = (date(2026, 11, day) for day in (2, 9, 16, 23))
    assert outcomes.pending([one, two, three, four], [], four) == [one, two, three]
    assert outcomes.pending([one, two, three, four], [one, two, three], four) == [three]
    assert outcomes.pending([one, two, three, four], [two], three) == [one, two]
    assert outcomes.pending([four], [], four) == []
