"""The metrics, by hand; and what counts as found."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs.collaborative.evaluation import evaluate, ranking_metrics, top


def test_metrics_are_what_a_hand_computes():
    recommended = np.array([[7, 1, 8, 2]])  # hits in places 2 and 4, of three relevant
    recall, ndcg, average_precision = ranking_metrics(recommended, [np.array([1, 2, 3])])[0]
    assert recall == pytest.approx(2 / 3)
    assert ndcg == pytest.approx((1 / math.log2(3) + 1 / math.log2(5)) / (1 + 1 / math.log2(3) + 1 / math.log2(4)))
    assert average_precision == pytest.approx((1 / 2 + 2 / 4) / 3)


def test_a_perfect_list_scores_one_even_where_more_is_relevant_than_it_has_places():
    assert ranking_metrics(np.array([[3, 1]]), [np.array([1, 2, 3, 4])]).tolist() == [[1, 1, 1]]


@given(st.data())
def test_metrics_are_bounded_and_a_better_place_is_never_worse(data):
    items = data.draw(st.permutations(range(10)))
    relevant = np.array(sorted(data.draw(st.sets(st.integers(0, 14), min_size=1))))
    place = data.draw(st.integers(1, 9))
    before = ranking_metrics(np.array([items]), [relevant])[0]
    assert (before >= 0).all()
    assert (before <= 1 + 1e-12).all()
    if items[place] in relevant and items[place - 1] not in relevant:
        items[place - 1], items[place] = items[place], items[place - 1]
        assert (ranking_metrics(np.array([items]), [relevant])[0] >= before - 1e-12).all()


def test_a_list_without_relevant_items_is_refused():
    with pytest.raises(ValueError, match="relevant"):
        ranking_metrics(np.array([[1]]), [np.array([])])


def test_the_first_of_equals_comes_first_and_what_is_masked_is_no_item():
    assert top(np.array([[0.5, -np.inf, 0.5, 0.9]]), 4).tolist() == [[3, 0, 2, -1]]


def test_only_tracks_that_are_new_to_the_listener_count_as_found(spark):
    factors = {"old": [1.0, 0.0], "new": [0.9, 0.1], "other": [0.0, 1.0]}
    users = spark.createDataFrame([("u", [1.0, 0.0]), ("replays", [1.0, 0.0])], "user_id string, factors array<float>")
    tracks = spark.createDataFrame(
        [(t, f, n) for n, (t, f) in enumerate(factors.items())], "track_id string, factors array<float>, listeners int"
    )
    past = spark.createDataFrame([("u", "old"), ("replays", "old")], "user_id string, track_id string")
    future = spark.createDataFrame(
        # "old" is no discovery, "later" came out after the training and can only be missed
        [("u", "old"), ("u", "new"), ("u", "later"), ("replays", "old"), ("stranger", "new")],
        "user_id string, track_id string",
    )
    measured = {(m, d): v for m, d, v in evaluate(users, tracks, past, future, seed=0)}
    assert measured["users", "model=als"] == 1
    assert measured["recall_at_30", "model=als"] == pytest.approx(1 / 2)
    assert measured["map_at_30", "model=als"] == pytest.approx(1 / 2)
    assert measured["map_at_30", "model=popularity"] == pytest.approx(1 / 2 / 2), "popularity puts the other one first"
    assert measured["coverage", "model=als"] == pytest.approx(2 / 3), "what is known to the listener is not offered"
