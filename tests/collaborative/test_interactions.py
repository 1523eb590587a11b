"""What a listen, a play count and a playlist entry are worth."""

import math
from datetime import UTC, date, datetime, timedelta

import pytest

from jobs.collaborative.interactions import LONGEST_DAY, Weights, clean_listens, interactions

WEEK = date(2026, 11, 23)
START = datetime(2026, 11, 23, tzinfo=UTC)
WEIGHTS = Weights(half_life_weeks=13.0, playlist_weight=0.5)
LISTENS = "listened_at timestamp, user_id string, track_id string, ms_played long"
COUNTS = "user_id string, track_id string, plays long, as_of date"
PLAYLISTS = "playlist_id string, track_id string, user_id string"


def ago(weeks, **more):
    return START - timedelta(weeks=weeks, **more)


@pytest.fixture
def make(spark):
    def make(listens=(), counts=(), playlists=(), opted_out=(), weights=WEIGHTS):
        out = spark.createDataFrame([(u,) for u in opted_out], "user_id string")
        plays, aside = clean_listens(spark.createDataFrame(list(listens), LISTENS), out)
        matrix = interactions(
            plays,
            spark.createDataFrame(list(counts), COUNTS),
            spark.createDataFrame(list(playlists), PLAYLISTS),
            out,
            WEEK,
            weights,
        )
        return {(r.kind, r.row_id, r.track_id): r.value for r in matrix.collect()}, aside.first().asDict()

    return make


def test_a_play_counts_half_after_each_half_life(make):
    matrix, _ = make([(ago(0), "u", "now", 60_000), (ago(13), "u", "old", 60_000), (ago(26), "u", "older", None)])
    assert matrix == {
        ("listener", "u", "now"): pytest.approx(math.log(2)),
        ("listener", "u", "old"): pytest.approx(math.log(1.5)),
        ("listener", "u", "older"): pytest.approx(math.log(1.25)),
    }


def test_plays_add_up_before_the_logarithm(make):
    matrix, _ = make([(ago(0, seconds=n), "u", "t", 60_000) for n in range(7)])
    assert matrix["listener", "u", "t"] == pytest.approx(math.log(8), rel=1e-4)


def test_what_says_nothing_for_a_track_is_set_aside_and_counted(make):
    noon = START - timedelta(hours=12)
    bot = [(noon + timedelta(seconds=n), "bot", "t", 60_000) for n in range(LONGEST_DAY + 1)]
    listens = [
        (ago(1), "u", "skipped", 29_999),
        (ago(1), "u", "heard", 30_000),
        (datetime(1970, 1, 1, tzinfo=UTC), "u", "clock", 60_000),
        *bot,
    ]
    matrix, aside = make(listens)
    assert {key[1:] for key in matrix} == {("u", "heard")}
    assert aside == {"skips": 1, "clock_errors": 1, "bot_plays": LONGEST_DAY + 1}


def test_a_play_count_counts_where_single_listens_give_less(make):
    counts = [("u", "t", 7, None), ("v", "t", 3, WEEK - timedelta(weeks=13)), ("u", "zero", 0, None)]
    matrix, _ = make([(ago(0), "u", "t", None)], counts)
    assert matrix == {
        ("listener", "u", "t"): pytest.approx(math.log(8)),
        ("listener", "v", "t"): pytest.approx(math.log(2.5)),
    }


def test_a_playlist_is_a_row_of_its_own_even_with_the_name_of_a_listener(make):
    playlists = [("u", "a", None), ("u", "a", None), ("u", "b", "v")]
    matrix, _ = make([(ago(0), "u", "a", None)], playlists=playlists)
    assert matrix == {
        ("listener", "u", "a"): pytest.approx(math.log(2)),
        ("playlist", "u", "a"): 0.5,
        ("playlist", "u", "b"): 0.5,
    }
    assert make(playlists=playlists, weights=Weights(13.0, 0.0))[0] == {}


def test_who_has_opted_out_takes_no_part_with_listens_counts_or_playlists(make):
    matrix, aside = make(
        [(ago(0), "gone", "t", 1_000), (ago(0), "here", "t", None)],
        [("gone", "t", 9, None)],
        [("p", "t", "gone")],
        opted_out=["gone"],
    )
    assert set(matrix) == {("listener", "here", "t")}
    assert aside["skips"] == 0
