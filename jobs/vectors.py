"""Vectors as the tables hold them, lists of one length, and as arithmetic takes them."""

import numpy as np
import pyarrow as pa


def matrix(lists: pa.ChunkedArray) -> np.ndarray:
    """Lists of one length, without nulls, as an array [shape=(rows, length)]; without rows [shape=(0, 0)].

    >>> matrix(pa.chunked_array([[[1.0, 2.0]], [[3.0, 4.0]]]))
    array([[1., 2.],
           [3., 4.]])
    """
    if not len(lists):
        return np.zeros((0, 0), np.float32)
    rows = lists.combine_chunks()
    return rows.flatten().to_numpy(zero_copy_only=False).reshape(len(rows), -1)


def unit(vectors: np.ndarray) -> np.ndarray:
    """Rows [shape=(n, d)] scaled to length 1, of the same dtype; a row of zeros stays.

    >>> unit(np.array([[3.0, 4.0], [0.0, 0.0]]))
    array([[0.6, 0.8],
           [0. , 0. ]])
    """
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.divide(vectors, lengths, out=np.zeros_like(vectors), where=lengths > 0)
