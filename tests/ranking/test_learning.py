"""Learning from logged choices."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyspark.sql.pandas.types import from_arrow_schema
from pyspark.sql.types import IntegerType

from jobs.ranking import features, learning
from jobs.ranking.lists import SCHEMA
from jobs.ranking.reward import prior_model, sigmoid


def test_importance_weights_are_clipped_inverse_propensities():
    assert learning.importance_weights([1.0, 0.5, 0.001], most=20).tolist() == [1, 2, 20]


@pytest.mark.parametrize("propensity", [0.0, -0.1, 1.5, float("nan")])
def test_a_propensity_that_is_no_probability_is_an_error(propensity):
    with pytest.raises(ValueError, match="propensities"):
        learning.importance_weights([0.5, propensity], most=20)


@given(st.integers(0, 2**32 - 1))
def test_gradient_and_hessian_are_the_derivatives_of_the_loss(seed):
    rng = np.random.default_rng(seed)
    x, r, w, beta = rng.normal(size=(9, 3)), rng.integers(0, 2, 9), rng.random(9), rng.normal(size=3)
    _, gradient, hessian = learning.statistics(x, r, w, beta)
    step = 1e-5
    for i, e in enumerate(np.eye(3) * step):
        up, down = learning.statistics(x, r, w, beta + e), learning.statistics(x, r, w, beta - e)
        assert gradient[i] == pytest.approx((up[0] - down[0]) / (2 * step), abs=1e-4)
        assert hessian[i] == pytest.approx((up[1] - down[1]) / (2 * step), abs=1e-4)


def test_a_single_weight_is_found_where_its_likelihood_peaks():
    # 30 of 40 rewarded, and a prior that is worth next to nothing: the log-odds of 3/4.
    x, reward = np.ones((40, 1)), np.repeat([1, 0], [30, 10])
    beta = learning.fit(lambda b: learning.statistics(x, reward, np.ones(40), b), np.zeros(1), 1e-9)
    assert beta == pytest.approx([np.log(3)], abs=1e-6)


def test_a_weight_of_two_is_as_good_as_two_rows():
    rng = np.random.default_rng(0)
    x, reward = rng.normal(size=(20, 2)), rng.integers(0, 2, 20)
    twice = np.r_[x, x[:5]], np.r_[reward, reward[:5]]
    once = learning.fit(lambda b: learning.statistics(x, reward, np.r_[[2] * 5, [1] * 15], b), np.zeros(2), 1)
    assert once == pytest.approx(
        learning.fit(lambda b: learning.statistics(*twice, np.ones(25), b), np.zeros(2), 1), abs=1e-6
    )


def judged(spark, rewards_of, n, seed=0):
    """Logged choices of many listeners: random features, reward drawn from `rewards_of(features)`."""
    import pyarrow as pa

    rng = np.random.default_rng(seed)
    matrix = features.matrix({f.name: rng.uniform(f.low, f.high, n) for f in features.FEATURES})
    reward = (rng.random(n) < rewards_of(matrix)).astype(np.int32)
    table = pa.table(
        {
            "user_id": [f"u{i % 97}" for i in range(n)],
            "features": features.to_log(matrix),
            "propensity": rng.choice([0.9, 0.01], n),
            "reward": reward,
        }
    )
    return spark.createDataFrame(table.to_pandas(maps_as_pydicts="strict"), from_arrow_schema(table.schema))


def weight(model, name):
    return model.weights[features.DESIGN_NAMES.index(name)]


def test_without_feedback_the_model_is_the_prior(spark):
    nothing = spark.createDataFrame([], from_arrow_schema(SCHEMA).add("reward", IntegerType()))
    learned = learning.learn(nothing, 20, 20)
    assert learned.model == prior_model()
    assert learned.rows == 0


def test_little_feedback_leaves_the_model_close_to_the_prior(spark):
    learned = learning.learn(judged(spark, lambda x: np.ones(len(x)), 5), 20, 20)
    assert learned.rows == 5
    assert np.abs(np.array(learned.model.weights) - features.prior()).max() < 0.2
    assert weight(learned.model, "intercept") > features.PRIOR_INTERCEPT  # all five were streamed


def test_learning_moves_the_weight_that_the_feedback_speaks_of(spark):
    # The truth is the prior, but for listeners who follow critics' words far more than it thinks.
    truth = features.prior()
    at = features.DESIGN_NAMES.index("described_as")
    truth[at] += 3
    learned = learning.learn(judged(spark, lambda x: sigmoid(features.design(x) @ truth), 6000), 20, 20)
    moved = np.array(learned.model.weights) - features.prior()
    assert np.abs(moved).argmax() == at
    assert 1 < moved[at] < 4
    loss = {name: learned.metrics["held_out_log_loss", f"model={name}"] for name in ("learned", "prior", "constant")}
    assert loss["learned"] < loss["constant"] < loss["prior"]
    assert 0 < learned.metrics["held_out_judgements", ""] < 6000
    assert 1 < learned.metrics["effective_sample_size", ""] < 6000


def test_the_partitions_do_not_change_what_is_learned(spark):
    rows = judged(spark, lambda x: np.full(len(x), 0.4), 500)
    one, many = (learning.learn(rows.repartition(n), 20, 20).model for n in (1, 5))
    assert np.abs(np.array(one.weights) - np.array(many.weights)).max() <= 10.0**-learning.DECIMALS
