"""The best tracks of each listener, against a full sort of all products."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from jobs.collaborative import retrieval
from jobs.collaborative.retrieval import Lists, Tracks, best, recommend
from jobs.collaborative.selection import top


def sorted_whole(scores, k):
    """All scores in order, the lower position first of equals; -1 and -inf where only -inf is left."""
    order = np.argsort(-scores, axis=1, kind="stable")[:, :k]
    values = np.take_along_axis(scores, order, axis=1)
    return np.where(np.isneginf(values), -1, order), values


def check(found, scores, k):
    positions, values = sorted_whole(scores, k)
    assert found[0].tolist() == positions.tolist()
    assert found[1].tolist() == values.tolist()


# Whole numbers: their products are exact in float32, whatever the order of the sum, and many are equal.
whole = st.integers(-4, 4).map(float)


@st.composite
def problems(draw):
    n_listeners, n_tracks, d = draw(st.integers(1, 5)), draw(st.integers(1, 150)), draw(st.integers(1, 3))
    listeners = draw(arrays(np.float32, (n_listeners, d), elements=whole))
    tracks = draw(arrays(np.float32, (n_tracks, d), elements=whole))
    pair = st.tuples(st.integers(0, n_listeners - 1), st.integers(0, n_tracks - 1))
    return listeners, tracks, draw(st.integers(0, 170)), draw(st.lists(pair, max_size=200))


@given(problems())
def test_the_best_are_those_of_a_full_sort_with_what_is_excluded_gone_before_the_cut(problem):
    listeners, tracks, k, pairs = problem
    rows, columns = np.array(pairs, int).reshape(-1, 2).T
    scores = listeners @ tracks.T
    scores[rows, columns] = -np.inf
    check(best(listeners, Tracks.of(tracks), k, Lists.of_pairs(rows, columns, len(listeners))), scores, k)


@pytest.mark.parametrize("k", [1, 40, 900])
def test_the_best_are_the_same_over_many_blocks_and_tiles(k, monkeypatch):
    monkeypatch.setattr(retrieval, "BLOCK", 16)
    monkeypatch.setattr(retrieval, "TILE", 128)
    rng = np.random.default_rng(0)
    listeners, tracks = rng.integers(-9, 9, (50, 6)), rng.integers(-9, 9, (3001, 6))
    tracks[::7] *= 20  # a few long vectors, so that the short ones end up in tiles that are never looked at
    rows, columns = rng.integers(0, 50, 40_000), rng.integers(0, 3001, 40_000)
    scores = (listeners @ tracks.T).astype(np.float32)
    scores[rows, columns] = -np.inf
    check(best(listeners, Tracks.of(tracks), k, Lists.of_pairs(rows, columns, 50)), scores, k)


def test_tiles_of_which_nothing_can_be_among_the_best_are_not_multiplied(monkeypatch):
    monkeypatch.setattr(retrieval, "TILE", 64)
    rng = np.random.default_rng(0)
    tracks = rng.normal(size=(640, 4)).astype(np.float32)
    tracks[64:] *= 1e-3
    tiles, offer = [], retrieval.offer
    monkeypatch.setattr(
        retrieval, "offer", lambda products, first, *more: (tiles.append(first), offer(products, first, *more))
    )
    positions, _ = best(np.ones((3, 4)), Tracks.of(tracks), 5)
    assert (positions < 64).all()
    assert len(tiles) < 4


def test_a_listener_who_knows_nearly_all_tracks_gets_all_of_the_others():
    tracks = Tracks.of(np.arange(1.0, 2001.0)[:, None])
    known = np.arange(3, 2000)  # the 1,997 best of 2,000
    positions, scores = best([[1.0]], tracks, 30, Lists.of_pairs(np.zeros(1997, int), known, 1))
    assert positions[0, :4].tolist() == [2, 1, 0, -1]
    assert scores[0, :4].tolist() == [3, 2, 1, -np.inf]


def test_more_tracks_than_there_are_cannot_be_had_and_none_can():
    tracks = Tracks.of(np.eye(3))
    assert best(np.eye(3), tracks, 10)[0].shape == (3, 3)
    assert best(np.eye(3), tracks, 0)[0].shape == (3, 0)
    assert best(np.zeros((0, 3)), tracks, 2)[0].shape == (0, 2)
    assert best(np.zeros((2, 3)), Tracks.of(np.zeros((0, 3))), 5)[0].shape == (2, 0)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_numbers_that_are_not_finite_are_refused(value):
    with pytest.raises(ValueError, match="tracks: some factors are not finite"):
        Tracks.of([[1.0, value]])
    with pytest.raises(ValueError, match="listeners: some factors are not finite"):
        best([[1.0, value]], Tracks.of([[1.0, 1.0]]), 1)


@pytest.mark.parametrize(
    ("listeners", "excluded", "message"),
    [
        ([[1.0]], None, "length 1, those of tracks 2"),
        ([1.0, 1.0], None, "a matrix of factors"),
        ([[3e38, 3e38]], None, "too large"),
        ([[1.0, 1.0]], Lists.none(2), "2 lists for 1"),
        ([[1.0, 1.0]], Lists(np.array([0, 1]), np.array([1], np.int32)), "from 0 to 0"),
        ([[1.0, 1.0]], Lists(np.array([0, 1]), np.array([-1], np.int32)), "from 0 to 0"),
    ],
)
def test_what_does_not_fit_is_named(listeners, excluded, message):
    with pytest.raises(ValueError, match=message):
        best(listeners, Tracks.of([[3e38, 3e38]]), 1, excluded)


def test_of_equals_the_first_comes_first_and_what_is_masked_is_no_item():
    positions, values = top(np.array([[0.5, -np.inf, 0.5, 0.9]]), 4)
    assert positions.tolist() == [[3, 0, 2, -1]]
    assert values[0] == pytest.approx([0.9, 0.5, 0.5, -np.inf])
    assert top(np.array([[-0.0, 0.0]]), 2)[0].tolist() == [[0, 1]], "there is one zero"


@given(
    arrays(np.float32, (3, 200), elements=st.sampled_from([-np.inf, -1.5, 0, 0.25, 1e-40, 3e38])), st.integers(0, 220)
)
def test_top_is_what_a_full_sort_gives(scores, k):
    check(top(scores, k), scores, k)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_top_refuses_scores_without_an_order(value):
    with pytest.raises(ValueError, match="scores"):
        top(np.array([[1.0, value]]), 1)


def test_in_spark_every_listener_gets_the_best_tracks_whatever_the_partitions(spark):
    rng = np.random.default_rng(1)
    factors, tracks = rng.integers(-9, 9, (40, 5)), rng.integers(-9, 9, (300, 5))
    hidden = [rng.integers(0, 300, rng.integers(0, 299)).tolist() or None for _ in range(39)] + [list(range(298))]
    users = pd.DataFrame(
        {"user_id": [f"u{n}" for n in range(40)], "factors": factors.astype(float).tolist(), "excluded": hidden}
    )
    schema = "user_id string, factors array<float>, excluded array<int>"
    scores = (factors @ tracks.T).astype(np.float32)
    for row, positions in enumerate(hidden):
        scores[row, positions or []] = -np.inf
    wanted, values = sorted_whole(scores, 20)
    for partitions in (1, 3):
        frame = spark.createDataFrame(users, schema).repartition(partitions)
        found = {r.user_id: r for r in recommend(frame, Tracks.of(tracks), 20).collect()}
        for row in range(40):
            there = wanted[row] >= 0
            assert found[f"u{row}"].tracks == wanted[row][there].tolist()
            assert found[f"u{row}"].scores == values[row][there].tolist()
    assert len(found["u39"].tracks) == 2
    assert recommend(spark.createDataFrame([], schema), Tracks.of(tracks), 5).collect() == []
