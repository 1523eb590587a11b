"""Compiled kernels of the reward model: log-odds, loss and gradient of a factorization machine.

The log-odds of features x (Rendle, "Factorization Machines", ICDM 2010; third order as in Blondel et al.,
"Higher-Order Factorization Machines", NIPS 2016) are

    b + Σ_i w_i x_i + Σ_(i,j) w_ij x_i x_j + Σ_f Σ_(i<j) v_if v_jf x_i x_j + Σ_f Σ_(i<j<k) u_if u_jf u_kf x_i x_j x_k

where the second sum is over declared products alone. Without factors v and u it is a logistic regression. Rows are
taken many at a time with their features in columns, so that processors do the same for several of them at once; each
has sums of its own in a fixed order, so that it does not matter which rows are beside it.
"""

import numpy as np
from numba import njit, prange

ROWS = 256  # that are taken at a time: long loops, and what they need stays in a core's own cache
CHUNKS = 64  # of rows, each with a gradient of its own: sums do not depend on the number of threads
LARGEST = 30.0  # log-odds beyond are as good as certain


@njit(cache=True, nogil=True)
def log_odds(x, weights, left, right, pairs, triples):
    """The log-odds of each row, float64 (n,).

    Parameters
    ----------
    x : float (n, n_features)
    weights : float64 (1 + n_features + n_products,): intercept, features, products
    left, right : int (n_products,), columns of x
    pairs : float64 (n_features, order-2 rank); triples : float64 (n_features, order-3 rank); a rank may be 0
    """
    out = np.empty(len(x))
    columns, z, of_pairs, of_triples, squares = _space(x.shape[1], pairs.shape[1], triples.shape[1])
    for begin in range(0, len(x), ROWS):
        n = _turn(x[begin : begin + ROWS], columns)
        _sum(columns, weights, left, right, pairs, triples, z, of_pairs, of_triples, squares)
        out[begin : begin + n] = z[:n]
    return out


@njit(cache=True, nogil=True, parallel=True)
def loss_and_gradient(x, reward, weight, weights, left, right, pairs, triples):
    """Weighted log loss in nats, a sum, and its gradient.

    Parameters
    ----------
    x : float (n, n_features); reward : float (n,), 0 or 1; weight : float (n,), of each row in the loss
    weights, left, right, pairs, triples : as in `log_odds`

    Returns
    -------
    (loss, gradient by weights, by pairs, by triples), the gradients of the shapes of these.
    """
    losses = np.zeros(CHUNKS)
    by_weights = np.zeros((CHUNKS, len(weights)))
    by_pairs = np.zeros((CHUNKS, pairs.shape[0], pairs.shape[1]))
    by_triples = np.zeros((CHUNKS, triples.shape[0], triples.shape[1]))
    size = -(-len(x) // CHUNKS)
    for chunk in prange(CHUNKS):
        begin, end = chunk * size, min((chunk + 1) * size, len(x))
        if begin < end:
            losses[chunk] = _add(
                x[begin:end], reward[begin:end], weight[begin:end], weights, left, right, pairs, triples,
                by_weights[chunk], by_pairs[chunk], by_triples[chunk],
            )  # fmt: skip
    return losses.sum(), by_weights.sum(axis=0), by_pairs.sum(axis=0), by_triples.sum(axis=0)


@njit(cache=True, nogil=True)
def _add(x, reward, weight, weights, left, right, pairs, triples, by_weights, by_pairs, by_triples):
    """Add the gradient of some rows to the last three arguments; returns their loss."""
    columns, z, of_pairs, of_triples, squares = _space(x.shape[1], pairs.shape[1], triples.shape[1])
    error, loss = np.empty(ROWS), 0.0
    for begin in range(0, len(x), ROWS):
        n = _turn(x[begin : begin + ROWS], columns)
        _sum(columns, weights, left, right, pairs, triples, z, of_pairs, of_triples, squares)
        error[:] = 0
        for row in range(n):
            odds, r = min(max(z[row], -LARGEST), LARGEST), reward[begin + row]
            small = np.exp(-abs(odds))
            chance = (1 if odds >= 0 else small) / (1 + small)
            # log(1 + exp(odds)) − r·odds, without overflow
            loss += weight[begin + row] * (max(odds, 0.0) + np.log1p(small) - r * odds)
            error[row] = weight[begin + row] * (chance - r)
        _descend(
            columns, error, left, right, pairs, triples, of_pairs, of_triples, squares,
            by_weights, by_pairs, by_triples,
        )  # fmt: skip
    return loss


@njit(cache=True, nogil=True)
def _space(n_features, rank, triple_rank):
    """Arrays to work in: features in columns, log-odds, sums of the terms of each factor of pairs, of triples, and of
    the squares of the latter."""
    return (
        np.empty((n_features, ROWS)), np.empty(ROWS),
        np.empty((rank, ROWS)), np.empty((triple_rank, ROWS)), np.empty((triple_rank, ROWS)),
    )  # fmt: skip


@njit(cache=True, nogil=True)
def _turn(x, columns):
    """Write at most `ROWS` rows into columns, and zeros behind them; returns how many."""
    n = len(x)
    for i in range(x.shape[1]):
        for row in range(n):
            columns[i, row] = x[row, i]
        columns[i, n:] = 0
    return n


@njit(cache=True, nogil=True)
def _sum(columns, weights, left, right, pairs, triples, z, of_pairs, of_triples, squares):
    """Fill the last four arguments, as `_space` has them."""
    n_features = len(columns)
    z[:] = weights[0]
    for i in range(n_features):
        # (Σ_i v_i x_i)² holds each pair twice, and squares that are no pairs: taken off here, of all factors at once.
        column, w, own = columns[i], weights[1 + i], 0.5 * (pairs[i] ** 2).sum()
        for row in range(ROWS):
            z[row] += (w - own * column[row]) * column[row]
    for p in range(len(left)):
        one, other, w = columns[left[p]], columns[right[p]], weights[1 + n_features + p]
        for row in range(ROWS):
            z[row] += w * one[row] * other[row]
    for f in range(pairs.shape[1]):
        first = of_pairs[f]
        first[:] = 0
        for i in range(n_features):
            column, v = columns[i], pairs[i, f]
            for row in range(ROWS):
                first[row] += v * column[row]
        for row in range(ROWS):
            z[row] += 0.5 * first[row] * first[row]
    third = np.empty(ROWS)
    for f in range(triples.shape[1]):
        first, square = of_triples[f], squares[f]
        first[:], square[:], third[:] = 0, 0, 0
        for i in range(n_features):
            column, u = columns[i], triples[i, f]
            for row in range(ROWS):
                term = u * column[row]
                first[row] += term
                square[row] += term * term
                third[row] += term * term * term
        for row in range(ROWS):
            z[row] += (first[row] ** 3 - 3 * first[row] * square[row] + 2 * third[row]) / 6


@njit(cache=True, nogil=True, fastmath={"reassoc"})
def _descend(
    columns, error, left, right, pairs, triples, of_pairs, of_triples, squares, by_weights, by_pairs, by_triples
):  # fmt: skip
    """Add the gradient of the rows in `columns`, by their log-odds `error`, to the last three arguments."""
    n_features = len(columns)
    by_weights[0] += error.sum()
    of_errors = of_pairs * error
    for i in range(n_features):
        column, linear, squared = columns[i], 0.0, 0.0
        for row in range(ROWS):
            linear += error[row] * column[row]
            squared += error[row] * column[row] * column[row]
        by_weights[1 + i] += linear
        for f in range(pairs.shape[1]):
            of_error, along = of_errors[f], 0.0
            for row in range(ROWS):
                along += of_error[row] * column[row]
            by_pairs[i, f] += along - pairs[i, f] * squared
        for f in range(triples.shape[1]):
            first, square, u, along = of_triples[f], squares[f], triples[i, f], 0.0
            for row in range(ROWS):
                term = u * column[row]
                rest = first[row] - term
                along += error[row] * column[row] * 0.5 * (rest * rest - (square[row] - term * term))
            by_triples[i, f] += along
    for p in range(len(left)):
        one, other, along = columns[left[p]], columns[right[p]], 0.0
        for row in range(ROWS):
            along += error[row] * one[row] * other[row]
        by_weights[1 + n_features + p] += along
