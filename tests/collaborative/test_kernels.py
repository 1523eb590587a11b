"""The compiled loops against dense arithmetic in float64."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import csr_matrix, random_array

from jobs.collaborative.kernels import cholesky, compressed, conjugate_gradient


def problem(seed, n_rows=7, n_others=15, d=4):
    rng = np.random.default_rng(seed)
    cells = csr_matrix(random_array((n_rows, n_others), density=0.4, rng=rng, data_sampler=rng.exponential))
    others = rng.normal(size=(n_others, d)).astype(np.float32)
    gram = (0.3 * others.T @ others).astype(np.float32)
    ridge = rng.uniform(0.5, 2, n_rows).astype(np.float32)
    start = rng.normal(size=(n_rows, d)).astype(np.float32)
    arrays = cells.indptr.astype(np.int64), cells.indices.astype(np.int32), cells.data.astype(np.float32)
    return cells.toarray(), (*arrays, others, gram, ridge), start


def dense(cells, others, gram, ridge):
    """The least-squares solution of each row, and the sum of what is left."""
    y = others.astype(float)
    solved, total = [], 0.0
    for c, own in zip(cells, ridge, strict=True):
        a = gram + own * np.eye(y.shape[1]) + y.T @ (c[:, None] * y)
        x = np.linalg.solve(a, y.T @ c)
        solved.append(x)
        total += c @ (1 - y @ x) ** 2 + x @ gram @ x + own * x @ x
    return np.array(solved), total


@given(st.integers(0, 10_000))
def test_cholesky_solves_each_row_and_tells_what_is_left(seed):
    cells, arrays, factors = problem(seed)
    solved, total = dense(cells, *arrays[3:])
    assert cholesky(*arrays, factors) == pytest.approx(total, rel=1e-5)
    assert factors == pytest.approx(solved, abs=1e-4)


@given(st.integers(0, 10_000))
def test_conjugate_gradient_comes_closer_with_each_step_and_tells_what_is_left(seed):
    cells, arrays, start = problem(seed)
    solved, total = dense(cells, *arrays[3:])
    left = [conjugate_gradient(*arrays, start.copy(), steps) for steps in range(1, 9)]
    assert all(after <= before + 1e-4 for before, after in itertools.pairwise(left))
    factors = start.copy()
    assert conjugate_gradient(*arrays, factors, 12) == pytest.approx(total, rel=1e-4)
    assert factors == pytest.approx(solved, abs=1e-3)


def test_a_row_without_values_goes_to_zero():
    _, (_, indices, confidence, *rest), start = problem(0)
    empty = np.zeros(len(start) + 1, np.int64)
    for kernel, steps in ((conjugate_gradient, (8,)), (cholesky, ())):
        factors = start.copy()
        kernel(empty, indices[:0], confidence[:0], *rest, factors, *steps)
        assert np.abs(factors).max() < 1e-4


@given(st.sets(st.tuples(st.integers(0, 5), st.integers(0, 7)), max_size=30), st.randoms())
def test_triples_in_any_order_become_rows_in_the_order_of_their_columns(cells, shuffle):
    triples = [(row, column, 1.0 + row * 8 + column) for row, column in cells]
    shuffle.shuffle(triples)
    rows, columns, values = (np.array([t[i] for t in triples], k) for i, k in enumerate(("int32", "int32", "float32")))
    indptr, indices, data = compressed(rows, columns, values, 6, 8)
    expected = csr_matrix((values, (rows, columns)), shape=(6, 8))
    expected.sort_indices()
    assert indptr.tolist() == expected.indptr.tolist()
    assert indices.tolist() == expected.indices.tolist()
    assert data.tolist() == expected.data.tolist()


@pytest.mark.parametrize(("kernel", "steps"), [(conjugate_gradient, (3,)), (cholesky, ())])
@pytest.mark.parametrize("d", [8, 16, 20, 64])
def test_the_same_bits_wherever_the_arrays_lie_in_memory(kernel, steps, d):
    _, arrays, start = problem(0, d=d)
    rng, found, others = np.random.default_rng(0), set(), []
    for size in rng.integers(1, 300, 1000):
        others.append(np.empty(size, np.uint8))
        if size < 100:
            others = others[::2]  # leaves holes where the next arrays may come to lie
        factors = start.copy()
        loss = kernel(*(array.copy() for array in arrays), factors, *steps)
        found.add((loss, factors.tobytes()))
    assert len(found) == 1
