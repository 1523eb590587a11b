"""Learning from logged choices."""

from itertools import pairwise

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyspark.sql.pandas.types import from_arrow_schema

from jobs.ranking import features, fitting, learning, machine
from jobs.ranking.fitting import Judged, Method
from jobs.ranking.learning import Sample
from jobs.ranking.reward import sigmoid
from tests.ranking.worlds import WEEK

LOGISTIC = Method("logistic_regression", 0, 0, prior_strength=20, factor_strength=1)
MACHINE = Method("factorization_machine", 3, 0, prior_strength=20, factor_strength=2)


def test_importance_weights_are_clipped_inverse_propensities():
    assert learning.importance_weights([1.0, 0.5, 0.001], most=20).tolist() == [1, 2, 20]


@pytest.mark.parametrize("propensity", [0.0, -0.1, 1.5, float("nan")])
def test_a_propensity_that_is_no_probability_is_an_error(propensity):
    with pytest.raises(ValueError, match="propensities"):
        learning.importance_weights([0.5, propensity], most=20)


@settings(max_examples=20)
@given(st.integers(0, 2**32 - 1))
def test_the_gradient_is_the_derivative_of_the_loss(seed):
    rng = np.random.default_rng(seed)
    x = (rng.normal(size=(9, 4)) * (rng.random((9, 4)) < 0.8)).astype(np.float32)
    reward, weight = rng.integers(0, 2, 9), rng.random(9)
    left, right = np.array([0, 1]), np.array([2, 1])
    shapes = [(1 + 4 + 2,), (4, 2), (4, 3)]
    cuts = np.cumsum([np.prod(shape) for shape in shapes])[:-1]

    def at(parameters):
        parts = [part.reshape(shape) for part, shape in zip(np.split(parameters, cuts), shapes, strict=True)]
        arguments = (x, reward.astype(float), weight, parts[0], left, right, parts[1], parts[2])
        loss, *gradients = machine.loss_and_gradient(*arguments)
        log_odds = machine.log_odds(x, parts[0], left, right, parts[1], parts[2])
        return loss, np.concatenate([g.ravel() for g in gradients]), log_odds

    parameters = rng.normal(size=sum(np.prod(shape) for shape in shapes)) / 2
    loss, gradient, log_odds = at(parameters)
    p = sigmoid(log_odds)
    assert loss == pytest.approx(-(weight * np.log(np.where(reward == 1, p, 1 - p))).sum())
    for i, step in enumerate(np.eye(len(parameters)) * 1e-6):
        slope = (at(parameters + step)[0] - at(parameters - step)[0]) / 2e-6
        assert gradient[i] == pytest.approx(slope, abs=1e-4, rel=1e-4)


def random_features(n, rng):
    return features.matrix({f.name: rng.uniform(f.low, f.high, n) for f in features.FEATURES})


def judged(x, chances, rng):
    return Judged(x, (rng.random(len(x)) < chances).astype(float), np.ones(len(x)))


def weight(model, name):
    return model.weights[features.DESIGN_NAMES.index(name)]


def test_a_single_weight_is_found_where_its_likelihood_peaks():
    # 30 of 40 rewarded, nothing but the intercept, and a prior that is worth next to nothing: the log-odds of 3/4.
    rows = Judged(np.zeros((40, len(features.NAMES))), np.repeat([1.0, 0.0], [30, 10]), np.ones(40))
    method = Method("logistic_regression", 0, 0, prior_strength=1e-6, factor_strength=1)
    model = fitting.fit(rows, np.zeros(len(features.DESIGN_NAMES)), method, 0)
    assert weight(model, "intercept") == pytest.approx(np.log(3), abs=1e-4)


def test_a_weight_of_two_is_as_good_as_two_rows():
    rng = np.random.default_rng(0)
    x = random_features(40, rng)
    once = judged(x, 0.5, rng)
    twice = once.of(np.r_[np.arange(40), np.arange(10)])
    weighted = Judged(x, once.reward, np.repeat([2.0, 1.0], [10, 30]))
    # Weights count relative to their mean; the prior is scaled so that it counts alike.
    methods = [Method("logistic_regression", 0, 0, s, 1.0) for s in (1.0, 1.0 * 40 / 50)]
    one, other = (
        fitting.fit(rows, features.prior(), how, 0) for rows, how in zip((twice, weighted), methods, strict=True)
    )
    assert one.weights == pytest.approx(other.weights, abs=1e-3)


def test_without_feedback_the_model_is_the_prior():
    nothing = Judged(np.zeros((0, len(features.NAMES))), np.zeros(0), np.zeros(0))
    prior = features.prior() + 0.25
    for method in (LOGISTIC, MACHINE):
        learned = learning.learn(Sample(nothing, np.zeros(0, bool)), prior, method, 0)
        assert learned.rows == 0
        assert learned.model.weights == pytest.approx(prior)
        assert np.abs(np.array(learned.model.pairs)).max(initial=0) < 1e-3


def test_little_feedback_leaves_the_model_close_to_the_prior():
    rng = np.random.default_rng(0)
    sample = Sample(judged(random_features(5, rng), 1.0, rng), np.zeros(5, bool))
    learned = learning.learn(sample, features.prior(), LOGISTIC, 0)
    assert learned.rows == 5
    assert np.abs(np.array(learned.model.weights) - features.prior()).max() < 0.2
    assert weight(learned.model, "intercept") > features.PRIOR_INTERCEPT  # all five were streamed


def a_sample(truth, n=6000, seed=0):
    rng = np.random.default_rng(seed)
    x = random_features(n, rng)
    return Sample(judged(x, truth(x), rng), np.arange(n) % 5 == 0)


def test_learning_moves_the_weight_that_the_feedback_speaks_of():
    # The truth is the prior, but for listeners who follow critics' words far more than it thinks.
    truth = features.prior()
    at = features.DESIGN_NAMES.index("described_as")
    truth[at] += 3
    learned = learning.learn(a_sample(lambda x: sigmoid(features.design(x) @ truth)), features.prior(), LOGISTIC, 0)
    moved = np.array(learned.model.weights) - features.prior()
    assert np.abs(moved).argmax() == at
    assert 1 < moved[at] < 4
    loss = {name: learned.metrics["held_out_log_loss", f"model={name}"] for name in ("learned", "prior", "constant")}
    assert loss["learned"] < min(loss["constant"], loss["prior"]) - 0.05
    assert learned.metrics["held_out_judgements", ""] == 1200
    assert learned.metrics["effective_sample_size", ""] == pytest.approx(6000)


def test_a_machine_learns_whom_a_reason_works_for_and_a_regression_cannot():
    # Sound persuades those who like new things and puts off the others: a product that nobody has declared.
    def truth(x):
        new, audio = x[:, features.COLUMN["match_audio"]], x[:, features.COLUMN["age"]]
        return sigmoid(12 * (new - 0.5) * (audio - 0.5))

    sample = a_sample(truth, 8000)
    losses = {
        method.kind: learning.learn(sample, features.prior(), method, 0).metrics["held_out_log_loss", "model=learned"]
        for method in (LOGISTIC, MACHINE)
    }
    assert losses["factorization_machine"] < losses["logistic_regression"] - 0.05


def test_the_chances_of_a_calibrated_model_are_those_that_come_true():
    # The prior is far too hopeful and far too sure, and strong enough to stay so.
    stubborn = Method("logistic_regression", 0, 0, prior_strength=1e6, factor_strength=1)
    hopeful = 3 * features.prior() + np.eye(len(features.prior()))[0] * 4
    sample = a_sample(lambda x: sigmoid(features.design(x) @ features.prior()), 8000)
    learned = learning.learn(sample, hopeful, stubborn, 0)
    fresh = a_sample(lambda x: sigmoid(features.design(x) @ features.prior()), 8000, seed=1).judged
    chances = learned.model.predict(fresh.features)
    assert learned.model.slope == pytest.approx(1 / 3, abs=0.1)
    for low, high in pairwise(np.quantile(chances, [0, 0.25, 0.5, 0.75, 1])):
        rows = (chances >= low) & (chances <= high)
        assert chances[rows].mean() == pytest.approx(fresh.reward[rows].mean(), abs=0.05)
    assert fitting.log_loss(learned.partial.predict(fresh.features), fresh) > fitting.log_loss(chances, fresh)


def test_arrays_that_do_not_fit_are_named():
    x = np.zeros((2, len(features.NAMES)))
    with pytest.raises(ValueError, match="features of shape"):
        Judged(x[:, 1:], np.zeros(2), np.ones(2))
    with pytest.raises(ValueError, match="weight must hold"):
        Judged(x, np.zeros(2), np.array([1.0, 0.0]))
    with pytest.raises(ValueError, match="reward must hold 0 and 1"):
        Judged(x, np.array([0.0, 0.5]), np.ones(2))


@pytest.fixture(scope="module")
def logged(spark):
    """Logged choices of 97 listeners, and their features."""
    rng = np.random.default_rng(0)
    matrix = random_features(500, rng)
    table = pa.table(
        {
            "week": [WEEK] * 500,
            "user_id": [f"u{i % 97}" for i in range(500)],
            "rank": pa.array([1 + i // 97 for i in range(500)], pa.int32()),
            "features": features.to_log(matrix),
            "propensity": rng.choice([0.9, 0.01], 500),
            "reward": rng.integers(0, 2, 500).astype(np.int32),
        }
    )
    return spark.createDataFrame(table.to_pandas(maps_as_pydicts="strict"), from_arrow_schema(table.schema)), table


def test_the_judgements_are_gathered_alike_from_any_partitions(logged):
    rows, table = logged
    one, many = (learning.gather(rows.repartition(n), 20, 10_000) for n in (1, 5))
    assert (one.judged.features == many.judged.features).all()
    assert (one.judged.weight == many.judged.weight).all()
    assert (one.held_out == many.held_out).all()
    assert len(one) == 500
    assert set(one.judged.weight) == {1 / 0.9, 20.0}
    assert one.judged.reward.sum() == sum(table["reward"].to_pylist())
    assert 0 < one.held_out.sum() < 500


def test_of_too_many_judgements_those_of_some_listeners_are_learned_from(logged):
    rows, _ = logged
    some = learning.gather(rows, 20, 250)
    assert 100 < len(some) < 400
    again = learning.gather(rows.repartition(3), 20, 250)
    assert (some.judged.features == again.judged.features).all()
