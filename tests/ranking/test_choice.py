"""The draw: propensities are what they say, and the rules of a list hold in every draw."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import chisquare

from jobs.ranking import choice
from jobs.ranking.reward import sigmoid
from tests.ranking.worlds import exploration

NO = -np.inf
DRAWS = 100_000


def rules(**changed):
    given = {"length": 2, "max_per_artist": 9, "max_per_album": 9, "new_release_share": 0.0, "cluster_spread": 0.0}
    return choice.Rules(**{**given, **changed})


def actions(
    log_odds, *, works=None, credits=None, albums=None, fresh=None, clusters=None, quotas=(), complete=True, repeat=1
):
    """The same actions for `repeat` listeners; by default each candidate is another work by another artist."""
    log_odds = np.array(log_odds, float)
    n = len(log_odds)
    works = np.arange(n) if works is None else np.array(works)
    credits = np.arange(n)[:, None] if credits is None else np.array(credits)
    albums = np.full(n, -1) if albums is None else np.array(albums)
    fresh = np.zeros(n, bool) if fresh is None else np.array(fresh, bool)
    clusters = np.full(n, -1) if clusters is None else np.array(clusters)
    same = (log_odds, works, credits, albums, fresh, clusters, np.array(quotas, int))
    flags = np.full(repeat, complete)
    return choice.Actions(*(np.repeat(a[None], repeat, 0) for a in same), flags, flags, np.full(repeat, True))


def listeners(n):
    return [f"user {i}" for i in range(n)]


def draw(offered, how=None, *, seed=0, begun=None, **changed):
    how, length = how or exploration(epsilon=0.0), changed.get("length", 2)
    uniforms = choice.uniforms_of(listeners(len(offered.log_odds)), length, seed)
    return choice.draw(offered, uniforms, rules(**changed), how, begun)


# Candidate 1 has two reasons, candidate 2 is another version of candidate 0, candidate 3 is not among the best three.
FOUR = {"log_odds": [[0.9, NO], [0.5, 0.6], [0.4, NO], [NO, 0.1]], "works": [0, 1, 0, 2]}


def shares(weights):
    """Probabilities in proportion to exp(log-odds / 0.5)."""
    odds = {action: np.exp(value / 0.5) for action, value in weights.items()}
    return {action: value / sum(odds.values()) for action, value in odds.items()}


# (candidate, kind) -> probability, of the first place, and of the second by the candidate at the first: after 0 or 2
# only 1 is left of the explorable; after 1 only 0 and 2.
CASES = {
    "epsilon_greedy": (
        {(0, 0): 0.6 + 0.1, (1, 0): 0.1, (1, 1): 0.1, (2, 0): 0.1},
        {0: {(1, 1): 0.6 + 0.2, (1, 0): 0.2}, 1: {(0, 0): 0.6 + 0.2, (2, 0): 0.2}},
    ),
    "softmax": (
        shares({(0, 0): 0.9, (1, 0): 0.5, (1, 1): 0.6, (2, 0): 0.4}),
        {0: shares({(1, 0): 0.5, (1, 1): 0.6}), 1: shares({(0, 0): 0.9, (2, 0): 0.4})},
    ),
}


@pytest.mark.parametrize("method", choice.METHODS)
def test_choices_occur_as_often_as_their_propensities_say(method):
    how = exploration(method=method, epsilon=0.4, temperature=0.5, explore_tracks=3)
    lists = draw(actions(**FOUR, repeat=DRAWS), how, seed=1)
    first, second = CASES[method]

    def check(rows, place, expected):
        drawn = list(zip(lists.candidate[rows, place], lists.kind[rows, place], strict=True))
        assert set(drawn) == set(expected)
        logged = dict(zip(drawn, lists.propensity[rows, place], strict=True))
        assert logged == pytest.approx(expected)
        counts = [drawn.count(action) for action in expected]
        assert chisquare(counts, [p * len(drawn) for p in expected.values()]).pvalue > 1e-4

    check(np.arange(DRAWS), 0, first)
    for candidate, expected in {**second, 2: second[0]}.items():
        check(np.flatnonzero(lists.candidate[:, 0] == candidate), 1, expected)


@pytest.mark.parametrize("method", choice.METHODS)
def test_whole_lists_occur_as_often_as_the_product_of_their_propensities_says(method):
    # All rules at once: a cap, two versions of a work, new releases, two clusters of taste, one explored place at most.
    offered = actions(
        [[0.9, 0.2], [0.8, NO], [0.7, 0.6], [0.1, NO], [0.0, NO]],
        works=[0, 1, 2, 3, 3],
        credits=[[0, 1], [0, -1], [2, -1], [3, -1], [4, -1]],
        albums=[0, 1, 2, 2, -1],
        fresh=[0, 0, 0, 1, 0],
        clusters=[0, 0, 1, 1, -1],
        quotas=[0, 1],
        repeat=DRAWS,
    )
    how = exploration(method=method, epsilon=0.5, temperature=0.7, most_explored=1)
    lists = draw(offered, how, length=3, max_per_artist=1, max_per_album=1, new_release_share=0.3)
    whole = np.stack([lists.candidate, lists.kind], axis=2).reshape(DRAWS, -1)
    found, first, counts = np.unique(whole, axis=0, return_index=True, return_counts=True)
    chances = lists.propensity[first].prod(axis=1)
    assert len(found) > 4
    assert chances.sum() == pytest.approx(1)  # no list that can be drawn is missing
    assert chisquare(counts, chances * DRAWS).pvalue > 1e-4


def test_a_replay_gives_the_propensities_that_were_logged():
    offered = actions([[0.9, 0.2], [0.8, NO], [0.7, 0.6], [0.1, NO]], repeat=500)
    for method in choice.METHODS:
        how = exploration(method=method, epsilon=0.5, most_explored=1)
        lists = draw(offered, how, length=3)
        again, _ = choice.replay(offered, lists, offered.log_odds, np.zeros(3), rules(length=3), how)
        assert again == pytest.approx(lists.propensity)


def test_a_replay_says_what_another_policy_would_have_done_and_earned():
    offered = actions([[0.9], [0.8], [0.7]])
    lists = choice.Lists(np.array([[1, 0]]), np.zeros((1, 2), int), np.ones((1, 2)), np.zeros((1, 2), bool))
    values = np.array([[[2.0], [1.0], [0.0]]])
    half = exploration(epsilon=0.5)
    probability, expected = choice.replay(offered, lists, values, np.array([0.0, -1.0]), rules(), half)
    assert probability == pytest.approx(np.array([[0.5 / 3, 0.5 + 0.5 / 2]]))
    chances = sigmoid(np.array([2.0, 1.0, 0.0]))
    one = 0.5 * chances[0] + 0.5 * chances.mean()
    two = 0.75 * sigmoid(np.array(1.0)) + 0.25 * sigmoid(np.array(-1.0))
    assert expected == pytest.approx(np.array([[one, two]]))
    greedy, _ = choice.replay(offered, lists, values, np.zeros(2), rules(), exploration(epsilon=0.0))
    assert greedy.tolist() == [[0.0, 1.0]]


def test_a_replayed_list_ends_where_it_ends():
    offered = actions([[0.9], [0.8], [0.7]])
    lists = choice.Lists(np.array([[0, -1]]), np.zeros((1, 2), int), np.ones((1, 2)), np.zeros((1, 2), bool))
    probability, expected = choice.replay(offered, lists, offered.log_odds, np.zeros(2), rules(), exploration())
    assert probability[0, 1] == 1
    assert expected[0, 1] == 0


@pytest.mark.parametrize("method", choice.METHODS)
def test_a_replay_goes_on_where_the_rules_leave_nothing(method):
    offered = actions([[0.9], [0.8]], works=[0, 0])  # a list of both breaks the rules
    lists = choice.Lists(np.array([[0, 1]]), np.zeros((1, 2), int), np.ones((1, 2)), np.zeros((1, 2), bool))
    how = exploration(method=method, epsilon=0.5, temperature=1e9)
    probability, expected = choice.replay(offered, lists, np.zeros((1, 2, 1)), np.zeros(2), rules(), how)
    assert probability == pytest.approx(np.array([[0.75 if method == "epsilon_greedy" else 0.5, 0.0]]))
    assert expected == pytest.approx(np.array([[0.5, 0.0]]))


def test_without_exploration_the_list_is_the_best_in_order_with_certainty():
    lists = draw(actions([[0.2], [0.9], [0.5]]))
    assert lists.candidate.tolist() == [[1, 2]]
    assert lists.propensity.tolist() == [[1.0, 1.0]]
    assert not lists.explored.any()


@pytest.mark.parametrize("method", choice.METHODS)
def test_who_does_not_explore_gets_the_best_in_order_whatever_the_policy(method):
    offered = actions([[0.2], [0.9], [0.5]], repeat=200)
    offered.explores[::2] = False
    lists = draw(offered, exploration(method=method, epsilon=1.0, temperature=9.0))
    assert (lists.candidate[::2] == [1, 2]).all()
    assert (lists.propensity[::2] == 1).all()
    assert (lists.candidate[1::2, 0] != 1).any()


@pytest.mark.parametrize("method", choice.METHODS)
def test_exploration_stays_within_its_budget(method):
    offered = actions([[s] for s in np.linspace(1, 0, 12)], repeat=300)
    lists = draw(offered, exploration(method=method, epsilon=1.0, temperature=9.0, most_explored=2), length=8)
    assert (lists.explored.sum(axis=1) == 2).all()
    spent = np.cumsum(lists.explored, axis=1) - lists.explored >= 2
    assert (lists.propensity[spent] == 1).all()
    assert (lists.propensity[~spent] < 1).all()


def test_exploration_falls_back_on_all_allowed_when_none_of_the_best_is_left():
    # Only candidate 0 may be explored, and it is taken at the first place.
    lists = draw(actions([[0.9], [0.5], [0.4]], repeat=500), exploration(epsilon=1.0, explore_tracks=1))
    assert (lists.candidate[:, 0] == 0).all()
    assert set(lists.candidate[:, 1]) == {1, 2}
    assert (lists.propensity[:, 1] == 0.5).all()


def test_a_collaborator_counts_for_the_cap():
    # Artist 7 made 0 and features on 1; artist 8 made 1 and 2.
    offered = actions([[0.9], [0.8], [0.1]], credits=[[7, -1], [8, 7], [8, -1]])
    assert draw(offered, max_per_artist=1).candidate.tolist() == [[0, 2]]


def test_the_cap_gives_way_only_where_nothing_else_is_left_and_then_by_one():
    # Artist 1 has three tracks, artist 2 two.
    offered = actions([[0.9], [0.8], [0.7], [0.6], [0.5]], credits=[[1], [1], [1], [2], [2]])
    assert draw(offered, length=5, max_per_artist=1).candidate.tolist() == [[0, 3, 1, 4, 2]]


def test_an_album_has_its_places_and_no_more_while_there_is_anything_else():
    offered = actions([[s] for s in (0.9, 0.8, 0.7, 0.6)], albums=[0, 0, -1, -1], credits=[[0], [0], [1], [2]])
    assert draw(offered, length=4, max_per_album=1).candidate.tolist() == [[0, 2, 3, 1]]


def test_where_there_are_more_tracks_than_candidates_the_list_waits_for_them():
    begun = draw(actions([[0.9], [0.8]], credits=[[1], [1]], complete=False), length=3, max_per_artist=1)
    assert begun.candidate.tolist() == [[0, -1, -1]]
    whole = actions([[0.9], [0.8], [0.1]], credits=[[1], [1], [2]])
    assert draw(whole, begun=begun, length=3, max_per_artist=1).candidate.tolist() == [[0, 2, 1]]


def test_places_for_new_releases_are_spread_over_the_list():
    offered = actions([[s] for s in (0.9, 0.8, 0.7, 0.6, 0.2, 0.1)], fresh=[0, 0, 0, 0, 1, 1])
    assert draw(offered, length=4, new_release_share=0.5).candidate.tolist() == [[0, 4, 1, 5]]


def test_places_for_clusters_of_taste_are_spread_over_the_list():
    # Two of four places are owed to cluster 1, whose best track is the fifth.
    offered = actions([[s] for s in (0.9, 0.8, 0.7, 0.6, 0.2, 0.1)], clusters=[0, 0, 0, -1, 1, 1], quotas=[0, 2])
    assert draw(offered, length=4).candidate.tolist() == [[0, 4, 1, 5]]


def test_a_cluster_of_taste_that_has_no_track_left_does_not_end_the_list():
    offered = actions([[0.9], [0.8], [0.1]], clusters=[0, 0, 1], quotas=[0, 3])
    assert draw(offered, length=3).candidate.tolist() == [[2, 0, 1]]


@pytest.mark.parametrize("worse", [-300, -2000])
def test_what_a_rule_put_aside_has_its_weight_again_when_the_rule_no_longer_holds(worse):
    # The second and the fourth place are owed to cluster 1, which softmax would never choose beside the others.
    offered = actions([[0.0], [0.0], [0.0], [worse], [worse]], clusters=[0, 0, 0, 1, 1], quotas=[0, 2], repeat=50)
    how = exploration(method="softmax", temperature=0.5, epsilon=0.0, most_explored=4)
    lists = draw(offered, how, length=4)
    assert np.isin(lists.candidate, (0, 1, 2)).tolist() == [[True, False, True, False]] * 50
    np.testing.assert_allclose(lists.propensity, [[1 / 3, 1 / 2, 1 / 2, 1]] * 50)


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


@pytest.mark.parametrize("caps", [(0, 1), (1, 0)])
def test_caps_that_leave_an_artist_or_an_album_no_place_are_refused(caps):
    with pytest.raises(ValueError, match="without a place"):
        choice.Rules(30, *caps, new_release_share=0.2, cluster_spread=0.5)


def test_arrays_that_do_not_fit_are_named():
    good = actions([[0.5], [0.4]])
    fields = list(vars(good).values())
    with pytest.raises(ValueError, match="works does not fit"):
        choice.Actions(fields[0], fields[1][:, :1], *fields[2:])
    with pytest.raises(ValueError, match="clusters holds one that has no quota"):
        actions([[0.5]], clusters=[0])
    with pytest.raises(ValueError, match="uniforms of shape"):
        choice.draw(good, np.zeros((1, 3, 2)), rules(), exploration())
    with pytest.raises(ValueError, match="values of shape"):
        choice.replay(good, draw(good), np.zeros((1, 1, 1)), np.zeros(2), rules(), exploration())
    with pytest.raises(ValueError, match="effects of shape"):
        choice.replay(good, draw(good), good.log_odds, np.zeros(3), rules(), exploration())


@pytest.mark.parametrize(
    "wrong", [{"method": "guess"}, {"epsilon": 1.1}, {"temperature": 0}, {"explore_tracks": 0}, {"most_explored": -1}]
)
def test_exploration_that_means_nothing_is_named(wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        exploration(**wrong)


@given(
    st.integers(0, 2**32 - 1),
    st.integers(1, 25),
    st.integers(1, 12),
    st.integers(1, 3),
    st.booleans(),
    st.sampled_from(list(choice.METHODS)),
    st.integers(0, 12),
)
def test_the_rules_hold_in_every_list(seed, n_candidates, length, cap, complete, method, budget):
    rng = np.random.default_rng(seed)
    n = 4
    log_odds = np.where(rng.random((n, n_candidates, 3)) < 0.5, rng.normal(size=(n, n_candidates, 3)), NO)
    works = rng.integers(0, n_candidates, (n, n_candidates))
    credits = rng.integers(0, 6, (n, n_candidates, 2))
    alone = (rng.random((n, n_candidates)) < 0.6) | (credits[:, :, 0] == credits[:, :, 1])
    credits[:, :, 1] = np.where(alone, -1, credits[:, :, 1])
    albums, of_album = rng.integers(-1, 4, (n, n_candidates)), int(rng.integers(1, 3))
    fresh = rng.random((n, n_candidates)) < 0.3
    clusters, quotas = rng.integers(-1, 3, (n, n_candidates)), rng.integers(0, length // 3 + 1, (n, 3))
    flags, explores = np.full(n, complete), rng.random(n) < 0.8
    how = rules(length=length, max_per_artist=cap, max_per_album=of_album, new_release_share=rng.random() / 2)
    policy = exploration(method=method, epsilon=rng.random(), explore_tracks=8, most_explored=budget)
    offered = choice.Actions(log_odds, works, credits, albums, fresh, clusters, quotas, flags, flags, explores)
    lists = choice.draw(offered, choice.uniforms_of(listeners(n), length, seed), how, policy)
    wanted_new = int(np.ceil(how.new_release_share * length - 1e-9))

    for row in range(n):
        chosen, kinds = lists.candidate[row][: lists.lengths[row]], lists.kind[row]
        assert (lists.candidate[row][len(chosen) :] == -1).all()
        assert np.isfinite(log_odds[row, chosen, kinds[: len(chosen)]]).all()
        assert ((lists.propensity[row, : len(chosen)] > 0) & (lists.propensity[row, : len(chosen)] <= 1)).all()
        assert lists.explored[row].sum() <= (budget if explores[row] else 0)
        left, places, new = set(np.flatnonzero(np.isfinite(log_odds[row]).any(1))), {}, 0
        of_cluster = np.zeros(3, int)

        on_album = dict.fromkeys(range(-1, 4), 0)

        def beyond(c, row=row, places=places, on_album=on_album):  # the caps, if c came next
            artists = max(places.get(a, 0) for a in credits[row, c] if a >= 0)
            return max(0, artists + 1 - cap, (on_album[albums[row, c]] + 1 - of_album) * (albums[row, c] >= 0))

        for place, c in enumerate(chosen):
            most = min(beyond(other) for other in left) if complete else 0
            under_cap = {other for other in left if beyond(other) <= most}
            assert c in under_cap
            if new < wanted_new * (place + 1) // length and any(fresh[row, other] for other in under_cap):
                assert fresh[row, c]
                under_cap = {other for other in under_cap if fresh[row, other]}
            owed = set(np.flatnonzero(of_cluster < quotas[row] * (place + 1) // length))
            if any(clusters[row, other] in owed for other in under_cap):
                assert clusters[row, c] in owed
                under_cap = {other for other in under_cap if clusters[row, other] in owed}
            assert lists.explored[row, place] == (
                log_odds[row, c, kinds[place]] < max(log_odds[row, other].max() for other in under_cap)
            )
            left = {other for other in left if works[row, other] != works[row, c]}
            for artist in {a for a in credits[row, c] if a >= 0}:
                places[artist] = places.get(artist, 0) + 1
            on_album[albums[row, c]] += 1
            new += fresh[row, c]
            of_cluster[clusters[row, c]] += clusters[row, c] >= 0
        if complete and len(chosen) < length:
            assert not left
