"""The parts of a score, against the solution of the whole system."""

import numpy as np
import pytest

from jobs.collaborative.explain import contributions


def test_contributions_sum_to_the_score_of_the_exact_solution():
    rng = np.random.default_rng(0)
    n_tracks, d, unobserved_weight, regularization = 40, 6, 0.2, 0.03
    factors, confidence = rng.normal(size=(n_tracks, d)), np.zeros(n_tracks)
    heard = np.array([3, 8, 20, 21])
    confidence[heard] = rng.uniform(0.1, 3, 4)
    ridge = regularization * (len(heard) + unobserved_weight * n_tracks)
    # The row's problem, written out as ordinary least squares over all cells: those that have a value want 1, all want
    # 0 with weight α0, and the factors want 0 with weight ridge.
    design = np.concatenate(
        [
            np.sqrt(confidence)[:, None] * factors,
            np.sqrt(unobserved_weight) * factors,
            np.sqrt(ridge) * np.eye(d),
        ]
    )
    wanted = np.concatenate([np.sqrt(confidence), np.zeros(n_tracks + d)])
    solution = np.linalg.lstsq(design, wanted, rcond=None)[0]
    gram = unobserved_weight * factors.T @ factors
    parts = contributions(factors, factors[heard], confidence[heard], gram, ridge)
    assert parts.shape == (n_tracks, 4)
    np.testing.assert_allclose(parts.sum(axis=1), factors @ solution, rtol=1e-10, atol=1e-12)


def test_what_is_alike_contributes_and_what_has_nothing_in_common_does_not():
    rock, folk = [1.0, 0.0], [0.0, 1.0]
    parts = contributions([rock], [rock, folk, rock], [2.0, 5.0, 1.0], np.zeros((2, 2)), 0.1)[0]
    assert parts == pytest.approx([2 / 3.1, 0, 1 / 3.1])  # A = diag(3.1, 5.1)


def test_nobody_has_to_have_listened_to_anything():
    assert contributions(np.eye(2), np.zeros((0, 2)), [], np.eye(2), 1.0).shape == (2, 0)


def test_what_does_not_fit_is_refused():
    with pytest.raises(ValueError, match=r"confidences of \(1, 2\) listens"):
        contributions(np.eye(2), np.eye(2)[:1], [1.0, 2.0], np.eye(2), 1.0)
