"""Which artists are spoken of alike: cosine similarity of their cultural vectors."""

from collections.abc import Iterator

import numpy as np
import pandas as pd
import pyarrow as pa
from scipy import sparse

BLOCK = 256  # artists at a time: a block needs BLOCK × artists × 8 bytes
SHARED_TERMS = 8
# Every text about an artist names the artist: with this term in the vector, who is mentioned in somebody's texts is
# similar to them, and not only who is mentioned in the same places.
OWN_NAME = 1.0

SCHEMA = pa.schema(
    [
        ("artist_id", pa.string()),
        ("rank", pa.int32()),
        ("similar_artist_id", pa.string()),
        ("similarity", pa.float64()),
        ("shared_terms", pa.list_(pa.string())),
    ]
)


def similar_artists(vectors: pd.DataFrame, neighbours: int) -> Iterator[pa.Table]:
    """The most similar artists of each, in blocks of artists.

    vectors: the rows of all artists, with columns entity_id, kind, term, weight.
    neighbours: int >= 1, the most to list for each; only those with a similarity above 0 are listed.

    Yields tables of `SCHEMA`; similarity is the cosine, in [0, 1], with six decimals.
    """
    if vectors.empty:
        return
    artists, rows = np.unique(vectors["entity_id"].to_numpy(str), return_inverse=True)
    matrix, terms, readable = _matrix(vectors, artists, rows)
    for first in range(0, len(artists), BLOCK):
        block = (matrix[first : first + BLOCK] @ matrix.T).toarray().round(6)
        ids = np.arange(first, first + len(block))
        block[np.arange(len(block)), ids] = 0.0
        left, rank, right = _largest(block, neighbours)
        left_ids = left + first
        shared = _shared(matrix[left_ids].multiply(matrix[right]).tocsr(), terms, readable)
        columns = [artists[left_ids], rank, artists[right], np.minimum(block[left, right], 1.0), shared]
        yield pa.table([pa.array(c, f.type) for c, f in zip(columns, SCHEMA, strict=True)], schema=SCHEMA)


def _matrix(
    vectors: pd.DataFrame, artists: np.ndarray, rows: np.ndarray
) -> tuple[sparse.csr_matrix, np.ndarray, np.ndarray]:
    """The vectors at unit length, shape=(artists, terms); the terms; and which of them are words, not names."""
    own = pd.DataFrame({"kind": "artist", "term": artists, "weight": OWN_NAME})
    every = pd.concat([vectors[["kind", "term", "weight"]], own], ignore_index=True)
    columns, keys = pd.factorize(every["kind"] + ":" + every["term"], sort=True)
    at = np.concatenate([rows, np.arange(len(artists))])
    matrix = sparse.csr_matrix((every["weight"].to_numpy(float), (at, columns)), shape=(len(artists), len(keys)))
    # What is said of one artist alone makes nobody similar; it would only shrink the cosines of who has long articles.
    used = np.bincount(matrix.indices, minlength=len(keys)) > 1
    matrix, keys = matrix[:, used], keys[used]
    length = np.sqrt(matrix.multiply(matrix).sum(axis=1)).A1
    length[length == 0] = 1.0
    kinds, terms = np.array([key.split(":", 1) for key in keys], dtype=str).reshape(-1, 2).T
    return sparse.diags(1 / length).dot(matrix).tocsr(), terms, kinds != "artist"


def _largest(block: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The k largest positive values of each row: row, rank from 1, column; equal ones in the order of columns."""
    k = min(k, block.shape[1])
    # The column breaks ties before the partition, so that which of two equal ones is left out is no matter of chance.
    keyed = block - np.arange(block.shape[1]) * (1e-7 / block.shape[1])
    top = np.argpartition(-keyed, k - 1, axis=1)[:, :k]
    top = np.take_along_axis(top, np.argsort(-np.take_along_axis(keyed, top, axis=1), axis=1), axis=1)
    row, place = np.nonzero(np.take_along_axis(block, top, axis=1) > 0)
    return row, place + 1, top[row, place]


def _shared(products: sparse.csr_matrix, terms: np.ndarray, readable: np.ndarray) -> list[list[str]]:
    """For each pair the words that contribute most, none of which lies within another."""
    return [
        _distinct(terms[kept[np.lexsort((kept, -weights))[: 4 * SHARED_TERMS]]])
        for kept, weights in _readable_rows(products, readable)
    ]


def _readable_rows(products: sparse.csr_matrix, readable: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    for first, last in zip(products.indptr[:-1], products.indptr[1:], strict=True):
        columns, weights = products.indices[first:last], products.data[first:last]
        words = readable[columns]
        yield columns[words], weights[words].round(9)


def _distinct(ordered: np.ndarray) -> list[str]:
    """The first terms, each in the longest form that there is."""
    chosen: dict[str, frozenset[str]] = {}
    for term in ordered:
        words = frozenset(term.split())
        if not any(words <= other for other in chosen.values()):
            kept = {other: theirs for other, theirs in chosen.items() if not theirs < words}
            if len(kept) < SHARED_TERMS:
                chosen = {**kept, str(term): words}
    return list(chosen)
