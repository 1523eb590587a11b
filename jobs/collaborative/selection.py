"""The compiled inner loops of retrieval: the largest of many scores, kept while they stream by.

What is kept of a row is one number for each score and position, ordered by both, in a buffer twice as long as the
list. When it is full a quickselect leaves the best of it, and the least of these is what a further score has to reach:
nearly all are turned away by comparisons of many at a time.
"""

import numpy as np
from numba import njit

LANES = 64
"""Products that are looked at together: most times none of them is large enough to be looked at one by one."""

LOWEST = np.float32(np.finfo(np.float32).min)


def top(scores: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
    """The `k` largest scores of each row; -inf is none.

    scores : float32 (n_rows, n_columns)

    Returns (column int32, score float32), each (n_rows, min(k, n_columns)), the largest first and of equals the lower
    column first; -1 and -inf behind the last. Raises ValueError where a score is NaN or inf.
    """
    scores = np.ascontiguousarray(scores, np.float32)
    if not (scores < np.inf).all():
        raise ValueError("scores: some are NaN or inf")
    n, k = len(scores), min(k, scores.shape[1])
    columns, values = np.full((n, k), -1, np.int32), np.full((n, k), -np.inf, np.float32)
    if n and k:
        kept, filled, least = empty(n, k)
        offer(scores, 0, np.arange(scores.shape[1], dtype=np.int32), kept, filled, least, k)
        finish(kept, filled, k, columns, values)
    return columns, values


def empty(n: int, k: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """What is kept of n rows before anything is: keys uint64 (n, 2 k and some), how many, and the least that counts."""
    return np.empty((n, 2 * k + LANES), np.uint64), np.zeros(n, np.int64), np.full(n, LOWEST)


@njit(cache=True, nogil=True)
def offer(scores, first, positions, kept, filled, least, k):
    """Keep of each row the scores that may be among its `k` largest.

    scores : float32 (n, width), of the tracks `positions[first : first + width]`; -inf: hidden
    kept : uint64 (n, capacity > k), `key_of` of the first `filled` of a row; least : float32 (n,), what is below it is
        not among the k largest
    """
    n, width = scores.shape
    whole = width - width % LANES
    large = np.empty(LANES + 1, np.int64)
    for row in range(n):
        products, keys, count, bound = scores[row], kept[row], filled[row], least[row]
        for start in range(0, whole, LANES):
            if _any(products, start, start + LANES, bound):
                count, bound = _keep(products, start, start + LANES, first, positions, keys, count, bound, large, k)
        if _any(products, whole, width, bound):
            count, bound = _keep(products, whole, width, first, positions, keys, count, bound, large, k)
        filled[row], least[row] = count, bound


@njit(inline="always")
def _any(products, start, stop, bound):
    """Whether one is at least the bound. A sum, because compilers make one instruction of many comparisons of it."""
    n = np.int32(0)
    for j in range(start, stop):
        n += np.int32(products[j] >= bound)
    return n > 0


@njit(inline="always")
def _keep(products, start, stop, first, positions, keys, count, bound, large, k):
    """Add what is at least the bound to the keys of a row. Returns how many there are, and the new bound."""
    if count + LANES > len(keys):
        _select(keys, count, k)
        count, bound = k, _score(_smallest(keys, k))
    n_large = 0
    for j in range(start, stop):  # without a branch, which would be guessed wrong too often
        large[n_large] = j
        n_large += np.int64(products[j] >= bound)
    for i in range(n_large):
        keys[count + i] = key_of(products[large[i]], positions[first + large[i]])
    return count + n_large, bound


@njit(cache=True, nogil=True)
def finish(kept, filled, k, columns, values):
    """The `k` largest of each row in order, into columns int32 (n, k) and values float32 (n, k).

    kept, filled : as `offer` leaves them
    """
    for row in range(len(kept)):
        count = filled[row]
        if count > k:
            _select(kept[row], count, k)
            count = k
        keys = np.sort(kept[row, :count])
        for place in range(count):
            key = keys[count - 1 - place]
            columns[row, place] = np.int32(np.uint64(0xFFFFFFFF) - (key & np.uint64(0xFFFFFFFF)))
            values[row, place] = _score(key)


@njit(cache=True, nogil=True)
def _select(keys, count, k):
    """Bring the `k` largest of the first `count` > k keys, no two of them the same, to the front.

    Quickselect, with a partition that has no branch on the keys (Lomuto's).
    """
    low, high = 0, count - 1
    while low < high:
        a, b, c = keys[low], keys[(low + high) // 2], keys[high]
        pivot = max(min(a, b), min(max(a, b), c))
        at = high if pivot == c else (low if pivot == a else (low + high) // 2)
        keys[at], keys[high] = c, pivot
        split = low
        for j in range(low, high):
            key = keys[j]
            keys[j] = keys[split]
            keys[split] = key
            split += key > pivot
        keys[high], keys[split] = keys[split], pivot
        if split == k or split == k - 1:
            return
        if split > k:
            high = split - 1
        else:
            low = split + 1


@njit(cache=True, nogil=True)
def _smallest(keys, k):
    least = keys[0]
    for j in range(1, k):
        least = min(least, keys[j])
    return least


@njit(cache=True, nogil=True)
def hide(products, first, hidden, seen, ends):
    """Set to -inf what is hidden in a tile.

    products : float32 (n, width), of places from `first`; hidden : int32, sorted places by row, of row r
    hidden[ends[r] : ends[r + 1]]; seen : int64 (n,), how far each row has been read, and moves on
    """
    n, width = products.shape
    for row in range(n):
        while seen[row] < ends[row + 1] and hidden[seen[row]] < first + width:
            products[row, hidden[seen[row]] - first] = -np.inf
            seen[row] += 1


@njit(cache=True, nogil=True)
def sort_rows(ends, values):
    """Sort each row of int values, in place: row r is values[ends[r] : ends[r + 1]]. Returns them."""
    for row in range(len(ends) - 1):
        values[ends[row] : ends[row + 1]].sort()
    return values


@njit(inline="always")
def key_of(score, position):
    """One number for both: larger for a larger score and, of equal ones, for the lower position."""
    bits = np.uint64(np.float32(score + np.float32(0)).view(np.uint32))  # + 0: there is one zero
    ordered = bits ^ np.uint64(0x80000000) if bits < np.uint64(0x80000000) else bits ^ np.uint64(0xFFFFFFFF)
    return (ordered << np.uint64(32)) | (np.uint64(0xFFFFFFFF) - np.uint64(position))


@njit(inline="always")
def _score(key):
    ordered = key >> np.uint64(32)
    bits = ordered ^ np.uint64(0x80000000) if ordered >= np.uint64(0x80000000) else ordered ^ np.uint64(0xFFFFFFFF)
    return np.uint32(bits).view(np.float32)
