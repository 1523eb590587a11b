"""The compiled inner loops of the solver: one side of the matrix is solved against the other, row by row.

Each row of one side (a listener, a playlist or, of the transposed matrix, a track) is a least-squares problem of its
own, and `factors` is its x:

    f(x) = Σ_k c_k (1 − x·y_k)² + x·(α0 YᵀY)·x + ridge ‖x‖²        over the values k of the row

All functions are compiled when they are first called, kept on disk by Numba, and release the GIL.
"""

import numpy as np
from numba import njit

CONVERGED = 1e-20
"""Squared length of a gradient below which a row counts as solved: far below what float32 tells from 0."""
APART = 128
"""Numbers between vectors that are worked on. Compiled loops take another path, with other rounding, where what they
write begins close before what they read (within 4 vector registers); so the result would depend on the addresses."""


@njit(cache=True, nogil=True, fastmath=True)
def conjugate_gradient(indptr, indices, confidence, others, gram, ridge, factors, steps):
    """Improve the factors of each row by some steps of conjugate gradient from where they are.

    The steps of Takács, Pilászy, Tikk, "Applications of the Conjugate Gradient Method for Implicit Feedback
    Collaborative Filtering" (RecSys 2011): a row of n values costs O(n · d + d²) a step, and the sum over its values
    is never written down as a matrix.

    Parameters
    ----------
    indptr : int64 (n_rows + 1,), where the values of a row begin
    indices : int32 (n_values,), rows of `others`
    confidence : float32 (n_values,), c > 0
    others : float32 (n_others, d), the y
    gram : float32 (d, d), α0 YᵀY
    ridge : float32 (n_rows,), > 0
    factors : float32 (n_rows, d), changed in place
    steps : int ≥ 1

    Returns
    -------
    float: the sum of f over the rows, afterwards. It comes out of the steps themselves: each lowers f by step length ×
    squared gradient.
    """
    n_rows, d = factors.shape
    work = np.empty((4, d + 2 * APART), np.float32)[:, APART:-APART]
    x, residual, direction, image = work[0], work[1], work[2], work[3]
    total = 0.0
    for row in range(n_rows):
        first, last = indptr[row], indptr[row + 1]
        for a in range(d):
            x[a] = factors[row, a]
        _regularized(gram, ridge[row], x, image)
        loss = 0.0
        for a in range(d):
            loss += image[a] * x[a]
            residual[a] = -image[a]
        loss += _add_values(indices, confidence, others, first, last, np.float32(1), np.float32(-1), x, residual)
        squared = np.float32(0)
        for a in range(d):
            direction[a] = residual[a]
            squared += residual[a] * residual[a]
        for _ in range(steps):
            if squared < CONVERGED:
                break
            _regularized(gram, ridge[row], direction, image)
            _add_values(indices, confidence, others, first, last, np.float32(0), np.float32(1), direction, image)
            length = squared / _dot(direction, image)
            loss -= length * squared
            before, squared = squared, np.float32(0)
            for a in range(d):
                x[a] += length * direction[a]
                residual[a] -= length * image[a]
                squared += residual[a] * residual[a]
            turn = squared / before
            for a in range(d):
                direction[a] = residual[a] + turn * direction[a]
        for a in range(d):
            factors[row, a] = x[a]
        total += loss
    return total


@njit(cache=True, nogil=True, fastmath=True)
def cholesky(indptr, indices, confidence, others, gram, ridge, factors):
    """Solve each row exactly, in float64. The same parameters and result as `conjugate_gradient`; what the factors
    are before does not matter. A row of n values costs O(n · d² + d³).
    """
    n_rows, d = factors.shape
    matrix, x = np.empty((d, d)), np.empty(d)
    total = 0.0
    for row in range(n_rows):
        loss = 0.0
        for a in range(d):
            x[a] = 0.0
            for b in range(a + 1):
                matrix[a, b] = gram[a, b]
            matrix[a, a] += ridge[row]
        for k in range(indptr[row], indptr[row + 1]):
            y, c = others[indices[k]], np.float64(confidence[k])
            loss += c
            for a in range(d):
                weighted = c * y[a]
                x[a] += weighted
                for b in range(a + 1):
                    matrix[a, b] += weighted * y[b]
        for a in range(d):  # matrix = L Lᵀ, and x becomes L⁻¹ x on the way
            for b in range(a + 1):
                value = matrix[a, b]
                for e in range(b):
                    value -= matrix[a, e] * matrix[b, e]
                matrix[a, b] = np.sqrt(value) if a == b else value / matrix[b, b]
            for b in range(a):
                x[a] -= matrix[a, b] * x[b]
            x[a] /= matrix[a, a]
            loss -= x[a] * x[a]  # the least f is Σc − bᵀA⁻¹b
        for a in range(d - 1, -1, -1):
            for b in range(a + 1, d):
                x[a] -= matrix[b, a] * x[b]
            x[a] /= matrix[a, a]
            factors[row, a] = x[a]
        total += loss
    return total


@njit(cache=True, nogil=True)
def compressed(rows, columns, values, n_rows, n_columns):
    """Triples as compressed sparse rows, the values of a row in the order of their columns.

    rows : int32 (n,) in [0, n_rows), columns : int32 (n,) in [0, n_columns), values : float32 (n,), in any order, each
    (row, column) once

    Returns (indptr int64 (n_rows + 1,), indices int32 (n,), values float32 (n,)).
    """
    by_column, _ = _sorted(columns, np.arange(len(columns)), n_columns)
    order, indptr = _sorted(rows, by_column, n_rows)
    return indptr, columns[order], values[order]


@njit(cache=True, nogil=True)
def _sorted(keys, order, n_keys):
    """`order` sorted by the keys that it points to, equal ones as they were; and where each key begins."""
    starts = np.zeros(n_keys + 1, np.int64)
    for key in keys:
        starts[key + 1] += 1
    for key in range(n_keys):
        starts[key + 1] += starts[key]
    place, result = starts[:-1].copy(), np.empty_like(order)
    for k in order:
        result[place[keys[k]]] = k
        place[keys[k]] += 1
    return result, starts


@njit(inline="always", fastmath=True)
def _dot(left, right):
    total = np.float32(0)
    for a in range(len(left)):
        total += left[a] * right[a]
    return total


@njit(inline="always", fastmath=True)
def _add_values(indices, confidence, others, first, last, constant, sign, x, image):
    """image += Σ c (constant + sign · x·y) y over the values of a row; returns Σ c (constant + sign · x·y)².

    Four values at a time, so that x and image are read once for four of them.
    """
    d, total, k = len(x), 0.0, first
    while k + 4 <= last:
        y0, y1, y2, y3 = others[indices[k]], others[indices[k + 1]], others[indices[k + 2]], others[indices[k + 3]]
        s0, s1, s2, s3 = np.float32(0), np.float32(0), np.float32(0), np.float32(0)
        for a in range(d):
            s0 += x[a] * y0[a]
            s1 += x[a] * y1[a]
            s2 += x[a] * y2[a]
            s3 += x[a] * y3[a]
        e0, e1, e2, e3 = constant + sign * s0, constant + sign * s1, constant + sign * s2, constant + sign * s3
        w0, w1, w2, w3 = (
            confidence[k] * e0,
            confidence[k + 1] * e1,
            confidence[k + 2] * e2,
            confidence[k + 3] * e3,
        )
        total += w0 * e0 + w1 * e1 + w2 * e2 + w3 * e3
        for a in range(d):
            image[a] += w0 * y0[a] + w1 * y1[a] + w2 * y2[a] + w3 * y3[a]
        k += 4
    for rest in range(k, last):
        y = others[indices[rest]]
        error = constant + sign * _dot(x, y)
        weighted = confidence[rest] * error
        total += weighted * error
        for a in range(d):
            image[a] += weighted * y[a]
    return total


@njit(inline="always", fastmath=True)
def _regularized(gram, ridge, x, image):
    """image = (gram + ridge · I) x"""
    d = len(x)
    for a in range(d):
        image[a] = ridge * x[a]
    b = 0
    while b + 4 <= d:
        x0, x1, x2, x3 = x[b], x[b + 1], x[b + 2], x[b + 3]
        g0, g1, g2, g3 = gram[b], gram[b + 1], gram[b + 2], gram[b + 3]
        for a in range(d):
            image[a] += x0 * g0[a] + x1 * g1[a] + x2 * g2[a] + x3 * g3[a]
        b += 4
    for rest in range(b, d):
        weight, row = x[rest], gram[rest]
        for a in range(d):
            image[a] += weight * row[a]
