"""What a listen, a play count and a playlist entry are worth."""

import math
from datetime import UTC, date, datetime, timedelta

import pytest

from jobs.collaborative.interactions import (
    LONGEST_DAY,
    SET_ASIDE,
    Weights,
    interactions,
    plays,
    released,
    shelves,
    usable,
)

WEEK = date(2026, 11, 23)
WEIGHTS = Weights(half_life_weeks=13.0, playlist_weight=0.5)
START = datetime(2026, 11, 23, tzinfo=UTC)
LISTENS = "listened_at timestamp, user_id string, track_id string, ms_played long"
COUNTS = "user_id string, track_id string, plays long, as_of date"
PLAYLISTS = "playlist_id string, track_id string, user_id string"
TRACKS = "track_id string, duration_ms long, released_at date"
CATALOGUE = [
    *((track, 200_000, None) for track in ("a", "b", "c", "d")),
    ("jingle", 10_000, WEEK - timedelta(days=1)),
    ("tomorrow's", 200_000, WEEK),  # comes out on the day of the list
]


def ago(weeks, **more):
    return START - timedelta(weeks=weeks, **more)


@pytest.fixture
def make(spark):
    def make(listens=(), counts=(), playlists=(), opted_out=(), weights=WEIGHTS):
        out = spark.createDataFrame([(u,) for u in opted_out], "user_id string")
        tracks = released(spark.createDataFrame(CATALOGUE, TRACKS), WEEK)
        played = plays(spark.createDataFrame(list(listens), LISTENS), tracks, out, WEEK, weights.half_life_weeks)
        matrix = interactions(
            played,
            spark.createDataFrame(list(counts), COUNTS),
            spark.createDataFrame(list(playlists), PLAYLISTS),
            tracks,
            out,
            WEEK,
            weights,
        )
        matrix = matrix.where(usable()).collect()
        values = {(r.kind, r.row_id, r.track_id): r.value for r in matrix}
        assert len(values) == len(matrix), "each cell once"
        aside = [{reason: r[reason] for reason in SET_ASIDE} for r in played.collect()]
        return values, {reason: sum(row[reason] for row in aside) for reason in SET_ASIDE}

    return make


def nothing(**but):
    return dict.fromkeys(SET_ASIDE, 0) | but


def test_a_play_counts_half_after_each_half_life(make):
    matrix, aside = make([(ago(0), "u", "a", 60_000), (ago(13), "u", "b", 60_000), (ago(26), "u", "c", None)])
    assert matrix == {
        ("listener", "u", "a"): pytest.approx(math.log(2)),
        ("listener", "u", "b"): pytest.approx(math.log(1.5)),
        ("listener", "u", "c"): pytest.approx(math.log(1.25)),
    }
    assert aside == nothing()


def test_plays_add_up_before_the_logarithm(make):
    matrix, _ = make([(ago(0, minutes=4 * n), "u", "a", 60_000) for n in range(7)])
    assert matrix["listener", "u", "a"] == pytest.approx(math.log(8), rel=1e-3)


def test_what_says_nothing_for_a_track_is_set_aside_and_counted(make):
    listens = [
        (ago(1), "u", "a", 30_000),
        (ago(1, hours=1), "u", "b", 29_999),
        (ago(1, hours=2), "u", "jingle", 9_000),  # nine tenths of it
        (ago(1, hours=3), "v", "jingle", 8_999),
        (datetime(1970, 1, 1, tzinfo=UTC), "u", "c", 60_000),
        (ago(1, hours=4), "u", "tomorrow's", 60_000),
        (ago(1, hours=5), "u", "never imported", 60_000),
    ]
    matrix, aside = make(listens)
    assert {key[1:] for key in matrix} == {("u", "a"), ("u", "jingle")}
    assert aside == nothing(skips=2, clock_errors=1, unavailable=2)


def test_one_listen_reported_twice_counts_once_and_a_repeat_counts_again(make):
    listens = [
        (ago(1), "u", "a", None),
        (ago(1, seconds=-29), "u", "a", 150_000),  # no stream lasts less than 30 s
        (ago(1, seconds=-29), "u", "b", None),  # another track
        (ago(1, seconds=-29), "v", "a", None),  # another listener
        (ago(1, hours=2), "u", "c", None),
        (ago(1, hours=2, seconds=-30), "u", "c", None),
        (ago(1, hours=3), "u", "jingle", None),
        (ago(1, hours=3, seconds=-9), "u", "jingle", None),  # a short track can end within 9 s
        (ago(1, hours=4), "u", "d", 100),
        (ago(1, hours=4, seconds=-1), "u", "d", None),  # a skip before it is not the same listen
    ]
    matrix, aside = make(listens)
    assert aside == nothing(skips=1, duplicates=1)
    once, twice = math.log1p(0.5 ** (1 / 13)), math.log1p(2 * 0.5 ** (1 / 13))
    assert {key[1:]: value for key, value in matrix.items()} == {
        ("u", "a"): pytest.approx(once, rel=1e-3),
        ("u", "b"): pytest.approx(once, rel=1e-3),
        ("v", "a"): pytest.approx(once, rel=1e-3),
        ("u", "c"): pytest.approx(twice, rel=1e-3),
        ("u", "jingle"): pytest.approx(twice, rel=1e-3),
        ("u", "d"): pytest.approx(once, rel=1e-3),
    }


def test_a_day_that_no_person_can_have_does_not_count_and_the_other_days_do(make):
    day = START - timedelta(days=3)
    busy = [(day + timedelta(seconds=100 * n), "busy", "a", 60_000) for n in range(LONGEST_DAY)]
    bot = [(day + timedelta(seconds=100 * n), "bot", "a", 60_000) for n in range(LONGEST_DAY + 1)]
    skips = [(day + timedelta(seconds=100 * n + 50), "busy", "b", 1_000) for n in range(20)]
    matrix, aside = make([*busy, *bot, *skips, (day - timedelta(days=1), "bot", "b", None)])
    assert {key[1:] for key in matrix} == {("busy", "a"), ("bot", "b")}
    assert aside == nothing(bot_plays=LONGEST_DAY + 1, skips=20)


def test_a_play_count_counts_where_single_listens_give_less(make):
    counts = [
        ("u", "a", 7, None),
        ("v", "a", 3, WEEK - timedelta(weeks=13)),
        ("u", "b", 0, None),
        ("u", "tomorrow's", 5, None),
    ]
    matrix, _ = make([(ago(0), "u", "a", None)], counts)
    assert matrix == {
        ("listener", "u", "a"): pytest.approx(math.log(8)),
        ("listener", "v", "a"): pytest.approx(math.log(2.5)),
    }


def test_a_playlist_is_a_row_of_its_own_even_with_the_id_of_a_listener(make):
    playlists = [("u", "a", None), ("u", "a", None), ("u", "b", "v"), ("u", "tomorrow's", None)]
    matrix, _ = make([(ago(0), "u", "a", None)], playlists=playlists)
    assert matrix == {
        ("listener", "u", "a"): pytest.approx(math.log(2)),
        ("playlist", "u", "a"): pytest.approx(math.log(1.5)),
        ("playlist", "u", "b"): pytest.approx(math.log(1.5)),
    }
    assert make(playlists=playlists, weights=Weights(13.0, 0.0))[0] == {}


def test_who_has_opted_out_takes_no_part_with_listens_counts_or_playlists(make):
    matrix, aside = make(
        [(ago(0), "gone", "a", 1_000), (ago(0), "here", "a", None)],
        [("gone", "a", 9, None)],
        [("p", "a", "gone")],
        opted_out=["gone"],
    )
    assert set(matrix) == {("listener", "here", "a")}
    assert aside == nothing()


def test_listens_so_old_that_they_vanish_make_no_cell(make):
    matrix, aside = make([(datetime(2001, 1, 1, tzinfo=UTC), "u", "a", None)])
    assert matrix == {}
    assert aside == nothing()


def test_a_cell_that_is_no_confidence_takes_no_part(spark):
    values = [("none", 0.0), ("next to none", 1e-9), ("not a number", math.nan), ("endless", math.inf), ("one", 0.7)]
    cells = spark.createDataFrame(values, "track_id string, value double")
    assert [row.track_id for row in cells.where(usable()).collect()] == ["one"]


def test_folders_and_artists_are_rows_of_a_household(spark):
    columns = "track_id string, artist_id string, featured_artist_ids array<string>, album string, path string"
    rows = [
        ("a", "x", None, "One", "/m/one/1.flac"),
        ("b", "y", ["x"], "One", "/m/one/2.flac"),  # a compilation: the folder is the album
        ("c", "x", None, "Two", None),
        ("d", "x", ["x"], "Two", None),
        ("e", "z", None, "Two", None),  # another artist's album of that title, alone
        ("f", "w", None, None, None),
    ]
    found = shelves(spark.createDataFrame(rows, columns), 0.3).collect()
    tracks = {}
    for row in found:
        assert row.value == pytest.approx(math.log1p(0.3))
        tracks.setdefault((row.kind, row.row_id), set()).add(row.track_id)
    assert tracks == {("album", "/m/one"): {"a", "b"}, ("album", "x/Two"): {"c", "d"}, ("artist", "x"): set("abcd")}
