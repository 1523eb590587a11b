import numpy as np

from jobs.audio.ridge import ridge_predictions


def test_a_linear_relation_is_found():
    generator = np.random.default_rng(0)
    features, weights = generator.normal(size=(200, 5)), generator.normal(size=(5, 3))
    predicted = ridge_predictions(features[:150], features[:150] @ weights + 4, features[150:])
    np.testing.assert_allclose(predicted, features[150:] @ weights + 4, atol=0.05)


def test_where_there_is_nothing_to_learn_it_predicts_nearly_the_mean():
    # 60 tracks, 80 features, all noise: without a penalty the predictions would be as large as the targets
    generator = np.random.default_rng(1)
    features, targets = generator.normal(size=(100, 80)), generator.normal(size=(100, 4)) + 10
    predicted = ridge_predictions(features[:60], targets[:60], features[60:])
    assert np.abs(predicted - targets[:60].mean(axis=0)).mean() < 0.2


def test_a_constant_feature_does_no_harm():
    generator = np.random.default_rng(2)
    features = np.hstack([generator.normal(size=(50, 1)), np.ones((50, 1))])
    predicted = ridge_predictions(features[:40], features[:40, :1], features[40:])
    np.testing.assert_allclose(predicted, features[40:, :1], atol=0.05)
