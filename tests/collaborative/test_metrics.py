"""The metrics, by hand and within their bounds."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from jobs.collaborative.metrics import METRICS, list_metrics


def test_metrics_are_what_a_hand_computes():
    measured = list_metrics([[False, True, False, True]], [3])  # hits in places 2 and 4, of three relevant
    assert measured["recall"] == pytest.approx([2 / 3])
    best = 1 + 1 / math.log2(3) + 1 / math.log2(4)
    assert measured["ndcg"] == pytest.approx([(1 / math.log2(3) + 1 / math.log2(5)) / best])
    assert measured["map"] == pytest.approx([(1 / 2 + 2 / 4) / 3])


def test_a_perfect_list_scores_one_even_where_more_is_relevant_than_it_has_places():
    measured = list_metrics([[True, True], [True, False]], [4, 1])
    assert all(values.tolist() == [1, 1] for values in measured.values())


@given(arrays(bool, array_shapes(min_dims=2, max_dims=2, max_side=12)), st.integers(0, 20))
def test_metrics_are_within_zero_and_one_and_zero_only_without_hits(hits, missed):
    n_relevant = np.maximum(hits.sum(axis=1) + missed, 1)
    for values in list_metrics(hits, n_relevant).values():
        assert ((values >= 0) & (values <= 1 + 1e-12)).all()
        assert ((values > 0) == hits.any(axis=1)).all()


@given(st.lists(st.booleans(), min_size=2, max_size=12), st.integers(1, 12), st.data())
def test_a_hit_that_moves_up_never_makes_a_list_worse(hits, missed, data):
    place = data.draw(st.integers(1, len(hits) - 1))
    better = [*hits]
    if hits[place] and not hits[place - 1]:
        better[place - 1], better[place] = True, False
    n_relevant = [sum(hits) + missed]
    before, after = list_metrics([hits], n_relevant), list_metrics([better], n_relevant)
    assert all(after[name] >= before[name] - 1e-12 for name in METRICS)


@pytest.mark.parametrize(("hits", "n_relevant"), [([[True]], [0]), ([[False]], [0]), ([[True, True]], [1])])
def test_fewer_relevant_tracks_than_hits_or_none_at_all_are_refused(hits, n_relevant):
    with pytest.raises(ValueError, match="n_relevant"):
        list_metrics(hits, n_relevant)
