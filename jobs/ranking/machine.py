"""Compiled kernels of the reward model: log-odds, loss and gradient of a factorization machine.

The log-odds of features x (Rendle, "Factorization Machines", ICDM 2010; third order as in Blondel et al.,
"Higher-Order Factorization Machines", NIPS 2016) are

    b + Σ_i w_i x_i + Σ_(i,j) w_ij x_i x_j + Σ_f Σ_(i<j) v_if v_jf x_i x_j + Σ_f Σ_(i<j<k) u_if u_jf u_kf x_i x_j x_k

where the second sum is over declared products alone. Without factors v and u it is a logistic regression. A row is
computed by itself in a fixed order, so that it does not matter which rows are beside it.
"""

import numpy as np
from numba import njit, prange

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
    row, n = np.empty(x.shape[1]), x.shape[1]
    of_products = weights[1 + n :]
    seconds, thirds = np.ascontiguousarray(pairs.T), np.ascontiguousarray(triples.T)
    for at in range(len(x)):
        row[:] = x[at]
        z = weights[0] + _dot(weights[1 : 1 + n], row)
        for p in range(len(left)):
            z += of_products[p] * row[left[p]] * row[right[p]]
        for f in range(len(seconds)):
            one, two, _ = _powers(seconds[f], row)
            z += 0.5 * (one * one - two)
        for f in range(len(thirds)):
            one, two, three = _powers(thirds[f], row)
            z += (one**3 - 3 * one * two + 2 * three) / 6
        out[at] = z
    return out


@njit(cache=True, nogil=True, fastmath={"reassoc"})
def _dot(a, b):
    total = 0.0
    for i in range(len(a)):
        total += a[i] * b[i]
    return total


@njit(cache=True, nogil=True, fastmath={"reassoc"})
def _powers(factors, row):
    """The sums of the terms, of their squares and of their cubes; sums may be taken in lanes."""
    one, two, three = 0.0, 0.0, 0.0
    for i in range(len(row)):
        term = factors[i] * row[i]
        one += term
        two += term * term
        three += term * term * term
    return one, two, three


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
    support = np.empty(x.shape[1], np.int64)
    first, second = np.zeros(pairs.shape[1]), np.zeros(triples.shape[1])
    squares = np.zeros(triples.shape[1])
    loss = 0.0
    for row in range(len(x)):
        n = _support(x[row], support)
        z = _linear(x[row], support[:n], weights, left, right)
        for f in range(pairs.shape[1]):
            sum_, square = 0.0, 0.0
            for at in range(n):
                term = x[row, support[at]] * pairs[support[at], f]
                sum_ += term
                square += term * term
            first[f] = sum_
            z += 0.5 * (sum_ * sum_ - square)
        for f in range(triples.shape[1]):
            sum_, square, cube = 0.0, 0.0, 0.0
            for at in range(n):
                term = x[row, support[at]] * triples[support[at], f]
                sum_ += term
                square += term * term
                cube += term * term * term
            second[f], squares[f] = sum_, square
            z += (sum_**3 - 3 * sum_ * square + 2 * cube) / 6
        z = min(max(z, -LARGEST), LARGEST)
        # log(1 + exp(z)) − r·z, without overflow
        loss += weight[row] * (max(z, 0.0) + np.log1p(np.exp(-abs(z))) - reward[row] * z)
        error = weight[row] * (1 / (1 + np.exp(-z)) - reward[row])
        by_weights[0] += error
        for at in range(n):
            i = support[at]
            value = x[row, i]
            by_weights[1 + i] += error * value
            for f in range(pairs.shape[1]):
                by_pairs[i, f] += error * value * (first[f] - value * pairs[i, f])
            for f in range(triples.shape[1]):
                term = value * triples[i, f]
                rest, rest_squares = second[f] - term, squares[f] - term * term
                by_triples[i, f] += error * value * 0.5 * (rest * rest - rest_squares)
        for p in range(len(left)):
            by_weights[1 + x.shape[1] + p] += error * x[row, left[p]] * x[row, right[p]]
    return loss


@njit(cache=True, nogil=True, inline="always")
def _support(x, support):
    """Write the columns that are not 0 into `support`; returns how many."""
    n = 0
    for i in range(len(x)):
        if x[i] != 0:
            support[n] = i
            n += 1
    return n


@njit(cache=True, nogil=True)
def _linear(x, support, weights, left, right):
    z = weights[0]
    for i in support:
        z += weights[1 + i] * x[i]
    for p in range(len(left)):
        z += weights[1 + len(x) + p] * x[left[p]] * x[right[p]]
    return z
