"""The draw: propensities are what they say, and the rules of a list hold in every draw."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import chisquare

from jobs.ranking import choice

NO = -np.inf
DRAWS = 20_000


def rules(**changed):
    return choice.Rules(
        **{"length": 2, "epsilon": 0.3, "explore_tracks": 10, "max_per_artist": 9, "new_release_share": 0.0, **changed}
    )


def actions(scores, *, works=None, credits=None, fresh=None, complete=True, repeat=1):
    """The same actions for `repeat` listeners; by default each candidate is another work by another artist."""
    scores = np.array(scores, float)
    n = len(scores)
    works = np.arange(n) if works is None else np.array(works)
    credits = np.arange(n)[:, None] if credits is None else np.array(credits)
    fresh = np.zeros(n, bool) if fresh is None else np.array(fresh)
    flags = np.full(repeat, complete)
    return choice.Actions(*(np.repeat(a[None], repeat, 0) for a in (scores, works, credits, fresh)), flags, flags)


def listeners(n):
    return [f"user {i}" for i in range(n)]


def test_choices_occur_as_often_as_their_propensities_say():
    # Candidate 1 has two reasons, candidate 2 is another version of candidate 0, candidate 3 is not among the best
    # three that exploration draws from.
    offered = actions([[0.9, NO], [0.5, 0.6], [0.4, NO], [NO, 0.1]], works=[0, 1, 0, 2], repeat=DRAWS)
    how = rules(epsilon=0.4, explore_tracks=3)
    lists = choice.draw(offered, choice.uniforms_of(listeners(DRAWS), 2, seed=1), how)

    first = {(0, 0): 0.6 + 0.1, (1, 0): 0.1, (1, 1): 0.1, (2, 0): 0.1}
    # After 0 or 2 only candidate 1 is left of the explorable; after 1 it is 0 and 2.
    second = {0: {(1, 1): 0.6 + 0.2, (1, 0): 0.2}, 1: {(0, 0): 0.6 + 0.2, (2, 0): 0.2}}
    second[2] = second[0]

    def check(rows, place, expected):
        drawn = list(zip(lists.candidate[rows, place], lists.kind[rows, place], strict=True))
        assert set(drawn) == set(expected)
        logged = dict(zip(drawn, lists.propensity[rows, place], strict=True))
        assert logged == pytest.approx(expected)
        counts = [drawn.count(action) for action in expected]
        assert chisquare(counts, [p * len(drawn) for p in expected.values()]).pvalue > 1e-4

    check(np.arange(DRAWS), 0, first)
    for candidate, expected in second.items():
        check(np.flatnonzero(lists.candidate[:, 0] == candidate), 1, expected)


def test_without_exploration_the_list_is_the_best_in_order_with_certainty():
    lists = choice.draw(actions([[0.2], [0.9], [0.5]]), choice.uniforms_of(["a"], 2, 0), rules(epsilon=0.0))
    assert lists.candidate.tolist() == [[1, 2]]
    assert lists.propensity.tolist() == [[1.0, 1.0]]
    assert not lists.explored.any()


def test_exploration_falls_back_on_all_allowed_when_none_of_the_best_is_left():
    # Only candidate 0 may be explored, and it is taken at the first place.
    lists = choice.draw(actions([[0.9], [0.5], [0.4]], repeat=500), choice.uniforms_of(listeners(500), 2, 0),
                        rules(epsilon=1.0, explore_tracks=1))  # fmt: skip
    assert (lists.candidate[:, 0] == 0).all()
    assert set(lists.candidate[:, 1]) == {1, 2}
    assert (lists.propensity[:, 1] == 0.5).all()


def test_a_collaborator_counts_for_the_cap():
    # Artist 7 made 0 and features on 1; artist 8 made 1 and 2.
    offered = actions([[0.9], [0.8], [0.1]], credits=[[7, -1], [8, 7], [8, -1]])
    lists = choice.draw(offered, choice.uniforms_of(["a"], 2, 0), rules(epsilon=0.0, max_per_artist=1))
    assert lists.candidate.tolist() == [[0, 2]]


def test_the_cap_gives_way_only_where_nothing_else_is_left_and_then_by_one():
    # Artist 1 has three tracks, artist 2 two.
    offered = actions([[0.9], [0.8], [0.7], [0.6], [0.5]], credits=[[1], [1], [1], [2], [2]])
    lists = choice.draw(offered, choice.uniforms_of(["a"], 5, 0), rules(length=5, epsilon=0.0, max_per_artist=1))
    assert lists.candidate.tolist() == [[0, 3, 1, 4, 2]]


def test_where_there_are_more_tracks_than_candidates_the_list_waits_for_them():
    part = actions([[0.9], [0.8]], credits=[[1], [1]], complete=False)
    uniforms = choice.uniforms_of(["a"], 3, 0)
    begun = choice.draw(part, uniforms, rules(length=3, epsilon=0.0, max_per_artist=1))
    assert begun.candidate.tolist() == [[0, -1, -1]]
    whole = actions([[0.9], [0.8], [0.1]], credits=[[1], [1], [2]])
    lists = choice.draw(whole, uniforms, rules(length=3, epsilon=0.0, max_per_artist=1), begun)
    assert lists.candidate.tolist() == [[0, 2, 1]]


def test_places_for_new_releases_are_spread_over_the_list():
    offered = actions([[s] for s in (0.9, 0.8, 0.7, 0.6, 0.2, 0.1)], fresh=[0, 0, 0, 0, 1, 1])
    lists = choice.draw(offered, choice.uniforms_of(["a"], 4, 0), rules(length=4, epsilon=0.0, new_release_share=0.5))
    assert lists.candidate.tolist() == [[0, 4, 1, 5]]


def test_a_listener_draws_the_same_numbers_in_any_company():
    alone = choice.uniforms_of(["b"], 30, seed=5)
    assert (choice.uniforms_of(["a", "b"], 30, seed=5)[1] == alone[0]).all()
    assert (choice.uniforms_of(["b"], 30, seed=6) != alone).all()


def test_the_numbers_are_uniform_and_independent():
    numbers = choice.uniforms_of(listeners(5000), 30, seed=0)
    assert (numbers >= 0).all()
    assert (numbers < 1).all()
    assert chisquare(np.histogram(numbers, 50, (0, 1))[0]).pvalue > 1e-4
    flat = numbers.reshape(-1, 60)
    assert np.abs(np.corrcoef(flat.T) - np.eye(60)).max() < 0.08  # 5.6 standard errors of 5,000 listeners


def test_arrays_that_do_not_fit_are_named():
    good = actions([[0.5], [0.4]])
    with pytest.raises(ValueError, match="works does not fit"):
        choice.Actions(good.scores, good.works[:, :1], good.credits, good.fresh, good.complete, good.complete)
    with pytest.raises(ValueError, match="uniforms of shape"):
        choice.draw(good, np.zeros((1, 3, 2)), rules())


@given(st.integers(0, 2**32 - 1), st.integers(1, 25), st.integers(1, 12), st.integers(1, 3), st.booleans())
def test_the_rules_hold_in_every_list(seed, n_candidates, length, cap, complete):
    rng = np.random.default_rng(seed)
    n = 4
    scores = np.where(rng.random((n, n_candidates, 3)) < 0.5, rng.random((n, n_candidates, 3)), NO)
    works = rng.integers(0, n_candidates, (n, n_candidates))
    credits = rng.integers(0, 6, (n, n_candidates, 2))
    credits[:, :, 1] = np.where(rng.random((n, n_candidates)) < 0.6, -1, credits[:, :, 1])
    fresh = rng.random((n, n_candidates)) < 0.3
    flags = np.full(n, complete)
    how = rules(length=length, max_per_artist=cap, epsilon=rng.random(), new_release_share=rng.random())
    offered = choice.Actions(scores, works, credits, fresh, flags, flags)
    lists = choice.draw(offered, choice.uniforms_of(listeners(n), length, seed), how)

    for row in range(n):
        chosen = lists.candidate[row][: lists.lengths[row]]
        assert (lists.candidate[row][len(chosen) :] == -1).all()
        assert np.isfinite(scores[row, chosen, lists.kind[row, : len(chosen)]]).all()
        assert ((lists.propensity[row, : len(chosen)] > 0) & (lists.propensity[row, : len(chosen)] <= 1)).all()
        left, used, places, new = set(np.flatnonzero(np.isfinite(scores[row]).any(1))), set(), {}, 0

        def busiest(c, row=row, places=places):
            return max(places.get(a, 0) for a in credits[row, c] if a >= 0)

        for c in chosen:
            assert works[row, c] not in used
            over = busiest(c)
            assert over < cap or (complete and over == min(busiest(other) for other in left))
            used.add(works[row, c])
            left = {other for other in left if works[row, other] not in used}
            for artist in {a for a in credits[row, c] if a >= 0}:
                places[artist] = places.get(artist, 0) + 1
            new += fresh[row, c]
        if complete and len(chosen) < length:
            assert not left
        quota = int(np.ceil(how.new_release_share * length - 1e-9))
        if complete and len(chosen) == length and new < quota:
            assert not [c for c in left if fresh[row, c] and busiest(c) < cap]
