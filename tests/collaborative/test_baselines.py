"""What is offered without factors, by hand."""

import numpy as np
import pandas as pd
from scipy.sparse import csc_matrix, csr_matrix

from jobs.collaborative import baselines
from jobs.collaborative.retrieval import Lists

HIDDEN = Lists.of_pairs(np.array([0, 0, 2]), np.array([1, 0, 1]), 3)


def test_everybody_gets_the_most_popular_tracks_that_are_not_hidden():
    found = baselines.popular(np.array([5, 9, 1, 7], np.float32), 2, HIDDEN)
    assert found.tolist() == [[3, 2], [1, 3], [3, 0]]


def test_chance_hides_what_is_hidden_and_is_the_same_each_time():
    found = baselines.random(["u", "v", "w"], 4, 3, HIDDEN, seed=0)
    assert sorted(found[0]) == [-1, 2, 3]
    assert 1 not in found[2]
    assert baselines.random(["w"], 4, 3, Lists.of_pairs(np.zeros(1, int), np.ones(1, int), 1), 0).tolist() == [
        found[2].tolist()
    ]


def test_cosine_adds_up_neighbours_and_offers_only_those_that_are_near():
    similar = csr_matrix(np.array([[0, 0.5, 0.1, 0], [0.5, 0, 0.4, 0], [0.1, 0.4, 0, 0], [0, 0, 0, 0]], np.float32))
    history = csr_matrix(np.array([[1, 2, 0, 0], [0, 0, 1, 0], [0, 1, 0, 3]], np.float32))
    found = baselines.cosine(history, similar, 3, HIDDEN)
    assert found.tolist() == [[2, -1, -1], [1, 0, -1], [0, 2, -1]]


def test_neighbours_are_those_of_a_dense_product(spark, monkeypatch):
    monkeypatch.setattr(baselines, "BLOCK_BYTES", 4 * 7 * 3)  # three tracks at a time
    rng = np.random.default_rng(0)
    values = rng.random((30, 7)) * (rng.random((30, 7)) < 0.4)
    values[:, 5] = 0  # nobody has it
    lengths = np.linalg.norm(values, axis=0)
    wanted = np.divide(
        values.T @ values, np.outer(lengths, lengths), out=np.zeros((7, 7)), where=lengths[:, None] * lengths > 0
    )
    np.fill_diagonal(wanted, 0)
    for row in wanted:
        row[np.argsort(-row)[3:]] = 0
    found = baselines.neighbours(spark, csc_matrix(values), 3)
    np.testing.assert_allclose(found.toarray(), wanted, atol=1e-6)


def test_a_sample_has_whole_rows_and_about_as_many_values_as_wanted(spark):
    rows = [
        ("listener" if r % 2 else "playlist", f"r{r // 2}", f"t{c}", r + c / 10) for r in range(400) for c in range(3)
    ]
    matrix = spark.createDataFrame(rows, "kind string, row_id string, track_id string, value double")
    tracks = pd.Index(["t0", "t2", "t1"])
    whole = baselines.sample(matrix, tracks, len(rows))
    assert whole.shape == (400, 3)
    np.testing.assert_allclose(np.sort(whole.toarray()[:, 1]), np.arange(400) + 0.2, rtol=1e-6)
    part = baselines.sample(matrix, tracks, len(rows), most=300).toarray()
    assert 200 < part.size < 400
    assert (part[1:] > 0).all(), "all values of a row are there"
    np.testing.assert_allclose(part[:, 2] - part[:, 0], 0.1, atol=1e-4)


def test_of_an_empty_matrix_there_is_an_empty_sample(spark):
    empty = spark.createDataFrame([], "kind string, row_id string, track_id string, value double")
    assert baselines.sample(empty, pd.Index(["t0"]), 0).shape == (0, 1)
    assert baselines.neighbours(spark, csc_matrix((0, 2), dtype=np.float32)).nnz == 0
