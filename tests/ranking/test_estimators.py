"""Off-policy estimators: known answers, and the truth of synthetic logs."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.estimators import World
from jobs.ranking import bootstrap, estimators, list_estimators
from jobs.ranking.estimators import Rounds, Tuning
from jobs.ranking.list_estimators import LoggedLists


def values(terms, weight, replicates=0):
    keys = bootstrap.keys_of(range(len(weight)), 0)
    return bootstrap.estimates(bootstrap.totals(terms, weight, keys, replicates))


def of_rounds(rounds, tuning=None):
    return {name: e.value for name, e in values(estimators.terms(rounds, tuning), rounds.weight).items()}


def of_lists(lists):
    found = values(list_estimators.terms(lists), lists.weight.cumprod(axis=1)[:, -1])
    return {name: e.value for name, e in found.items()}


# Two rounds with weights 2 and 0.5; the predictions are off by 0.6 and -0.4.
TWO = {
    "reward": [1.0, 0.0],
    "logged_probability": [0.25, 0.5],
    "probability": [0.5, 0.25],
    "predicted": [0.4, 0.4],
    "expected": [0.3, 0.5],
}


def test_each_estimator_is_its_formula():
    found = of_rounds(Rounds(**TWO), Tuning(clip=1.5, switch=1.0, shrinkage=4.0))
    assert found == pytest.approx(
        {
            "observed": 0.5,
            "DM": 0.4,
            "IPS": (2 * 1 + 0) / 2,
            "clipped IPS": 1.5 / 2,
            "SNIPS": 2 / 2.5,
            "DR": (0.3 + 2 * 0.6 + 0.5 - 0.5 * 0.4) / 2,
            "SNDR": 0.4 + (2 * 0.6 - 0.5 * 0.4) / 2.5,
            "Switch-DR": (0.3 + 0.5 - 0.5 * 0.4) / 2,
            "DRos": (0.3 + 8 / 8 * 0.6 + 0.5 - 2 / 4.25 * 0.4) / 2,
        }
    )


def test_each_estimator_of_lists_is_its_formula():
    # Weights of the places: 2 and 3, so 6 for the second place given the first; then 0.5 and 1.
    lists = LoggedLists(
        reward=[[1, 0], [0, 1]],
        logged_probability=[[0.25, 0.25], [0.5, 0.5]],
        probability=[[0.5, 0.75], [0.25, 0.5]],
        predicted=[[0.9, 0.3], [0.8, 0.6]],
        expected=[[1.0, 0.4], [0.7, 0.5]],
    )
    assert of_lists(lists) == pytest.approx(
        {
            "observed": 1.0,
            "IIPS": (2 * 1 + 1 * 1) / 2,
            "RIPS": (2 * 1 + 0.5 * 1) / 2,
            "SNRIPS": 2 * 1 / 2.5 + 0.5 * 1 / 6.5,
            "cascade-DR": (
                (1.0 + 2 * (1 - 0.9) + 2 * 0.4 + 6 * (0 - 0.3)) + (0.7 + 0.5 * (0 - 0.8) + 0.5 * 0.5 + 0.5 * (1 - 0.6))
            )
            / 2,
        }
    )


@given(st.integers(0, 2**32 - 1), st.integers(1, 30))
def test_a_policy_judged_on_its_own_log_earns_what_was_observed(seed, n):
    rng = np.random.default_rng(seed)
    own, predicted = rng.uniform(0.01, 1, n), rng.random(n)
    rounds = Rounds(rng.integers(0, 2, n), own, own, predicted, predicted)
    # An average prediction that equals the logged one, as for a policy that always does the same.
    found = of_rounds(rounds)
    for name in ("IPS", "clipped IPS", "SNIPS", "DR", "SNDR", "Switch-DR"):
        assert found[name] == pytest.approx(found["observed"]), name


def test_with_true_predictions_doubly_robust_needs_no_true_probabilities():
    world, rng = World.make(3), np.random.default_rng(3)
    log = world.log(20_000, 3)
    contexts = np.random.default_rng(3).normal(size=(20_000, 5))  # those of the log: drawn first, by the same seed
    log["predictions"] = world.chances(contexts)
    log["logged_probability"] = np.clip(log["logged_probability"] * rng.uniform(0.5, 1.0, 20_000), 1e-6, 1)
    found, truth = of_rounds(Rounds.of_actions(**log)), world.truth(200_000)
    assert found["DR"] == pytest.approx(truth, rel=0.02)
    assert abs(found["IPS"] - truth) > 0.1 * truth


def test_synthetic_logs_tell_the_truth():
    # Ten worlds of 10,000 rounds and 10 actions. Ridge regressions a little off the truth: DR better than IPS.
    found = {name: [] for name in ("observed", *estimators.ESTIMATORS)}
    for seed in range(10):
        world = World.make(seed)
        truth, estimated = world.truth(200_000), of_rounds(Rounds.of_actions(**world.log(10_000, seed)))
        for name in found:
            found[name].append(abs(estimated[name] / truth - 1))
    error = {name: np.mean(errors) for name, errors in found.items()}
    assert error["observed"] > 0.1  # the two policies differ
    assert error["IPS"] < 0.03
    assert all(error[name] < 0.015 for name in ("DR", "SNDR", "Switch-DR", "DRos", "SNIPS"))
    assert error["DR"] < error["IPS"]


def test_intervals_hold_the_truth_as_often_as_they_say():
    world = World.make(0)
    truth, hits, n = world.truth(400_000), 0, 150
    for repetition in range(n):
        rounds = Rounds.of_actions(**world.log(1000, repetition))
        keys = bootstrap.keys_of(range(1000), repetition)
        found = bootstrap.estimates(bootstrap.totals({"DR": estimators.doubly_robust(rounds, Tuning())},
                                                     rounds.weight, keys, 300))["DR"]  # fmt: skip
        hits += found.low <= truth <= found.high
    assert 0.95 - 3 * np.sqrt(0.95 * 0.05 / n) < hits / n  # three standard errors


def test_parts_of_a_log_add_up_to_the_whole():
    log = World.make(1).log(500, 1)
    keys = bootstrap.keys_of([f"listener {i % 40}" for i in range(500)], 7)

    def part(rows):
        rounds = Rounds.of_actions(**{name: array[rows] for name, array in log.items()})
        return bootstrap.totals(estimators.terms(rounds), rounds.weight, keys[rows], 50)

    whole, added = part(slice(0, 500)), part(slice(0, 123)) + part(slice(123, 500))
    assert added.sums == pytest.approx(whole.sums)
    assert bootstrap.overlap(added) == pytest.approx(bootstrap.overlap(whole)) or added.largest == whole.largest


def test_rounds_of_one_listener_are_counted_together():
    # Forty listeners whose 25 rounds each are all the same: the interval is that of 40 rounds, five times as wide.
    rng = np.random.default_rng(0)
    reward = np.repeat(rng.integers(0, 2, 40), 25).astype(float)
    terms = {"mean": bootstrap.Terms(plain=reward)}
    alone = bootstrap.totals(terms, np.ones(1000), bootstrap.keys_of(range(1000), 0))
    together = bootstrap.totals(terms, np.ones(1000), bootstrap.keys_of(np.repeat(np.arange(40), 25), 0))
    width = [e.high - e.low for e in (bootstrap.estimates(t)["mean"] for t in (alone, together))]
    assert 4 < width[1] / width[0] < 6


def test_a_unit_is_counted_a_poisson_number_of_times():
    counts = bootstrap.poisson_counts(bootstrap.keys_of(range(2000), 3), 201)
    assert counts.shape == (2000, 201)
    assert counts.mean() == pytest.approx(1, abs=0.01)
    assert counts.var() == pytest.approx(1, abs=0.02)
    assert np.abs(np.corrcoef(counts[:, :40].T) - np.eye(40)).max() < 0.1


def test_two_policies_are_compared_on_the_same_draws():
    log = World.make(2).log(4000, 2)
    keys = bootstrap.keys_of(range(4000), 0)

    def judged(policy):
        rounds = Rounds.of_actions(**{**log, "policy": policy})
        return bootstrap.totals(estimators.terms(rounds), rounds.weight, keys)

    uniform = np.full_like(log["policy"], 0.1)
    better, same = judged(log["policy"]), judged(uniform)
    assert bootstrap.difference(same, same, "DR") == bootstrap.Estimate(0, 0, 0)
    assert bootstrap.difference(better, same, "DR").low > 0


def test_poor_overlap_is_warned_of():
    def warned(probability, logged, n=1000):
        weight = np.full(n, 0.0)
        weight[:] = np.array(probability) / np.array(logged)
        keys = bootstrap.keys_of(range(n), 0)
        return bootstrap.overlap(bootstrap.totals({}, weight, keys, 200)).warnings()

    assert warned(0.5, 0.5) == []
    assert "mean of the importance weights is 0.50" in warned(0.25, 0.5)[0]
    rare = np.where(np.arange(1000) == 0, 1.0, 0.001)
    (few, *_), many = warned(rare, 0.001), warned(rare, 0.001)
    assert "as little as" in few
    assert "one round has" in many[-1]


def test_an_empty_log_says_nothing_and_does_not_fail():
    nothing = np.zeros(0)
    found = bootstrap.totals(estimators.terms(Rounds(*[nothing] * 5)), nothing, np.zeros(0, np.uint64), 10)
    assert all(np.isnan(e.value) for e in bootstrap.estimates(found).values())
    assert bootstrap.overlap(found).rounds == 0


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"reward": [1.0]}, "logged_probability of shape"),
        ({"reward": [1.0, np.nan]}, "reward has values that are not finite"),
        ({"logged_probability": [0.0, 1.0]}, r"logged_probability must lie in \(0, 1\]"),
        ({"probability": [-0.1, 1.0]}, r"probability must lie in \[0, 1\]"),
        ({"expected": [[0.1], [0.2]]}, "expected of shape"),
    ],
)
def test_a_wrong_array_of_rounds_is_named(changed, message):
    with pytest.raises(ValueError, match=message):
        Rounds(**{**TWO, **changed})


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"policy": [[0.5, 0.6], [0.5, 0.5]]}, "policy must hold probabilities"),
        ({"policy": [[0.5, 0.5]]}, "policy of shape"),
        ({"predictions": [[0.5], [0.5]]}, "predictions of shape"),
        ({"action": [0, 2]}, "action must hold integers from 0 to 1"),
        ({"action": [0.0, 1.0]}, "action must hold integers"),
    ],
)
def test_a_wrong_distribution_is_named(changed, message):
    good = {
        "reward": [1.0, 0.0],
        "action": [0, 1],
        "logged_probability": [0.5, 0.5],
        "policy": [[0.5, 0.5]] * 2,
        "predictions": [[0.5, 0.5]] * 2,
    }
    with pytest.raises(ValueError, match=message):
        Rounds.of_actions(**{**good, **changed})


def test_a_wrong_array_of_lists_is_named():
    good = np.full((2, 3), 0.5)
    with pytest.raises(ValueError, match="predicted of shape"):
        LoggedLists(good, good, good, good[:, :2], good)
    with pytest.raises(ValueError, match="logged_probability must lie"):
        LoggedLists(good, good * 0, good, good, good)


def test_a_tuning_that_means_nothing_is_named():
    with pytest.raises(ValueError, match="shrinkage is 0"):
        Tuning(shrinkage=0)
