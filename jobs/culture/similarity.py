"""Which artists are spoken of alike.

The similarity of two artists is a mean of two cosines, of their sparse and of their dense vectors
(`jobs.culture.space`), in which each has the same say: it is weighed by the inverse of its standard deviation over
pairs of artists.
"""

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pyarrow as pa
from scipy import sparse

from jobs.culture.lexicon import GENRES
from jobs.culture.space import Space

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

BLOCK = 256  # artists at a time: a block needs BLOCK × artists × 4 bytes
CANDIDATES = 200  # the nearest by dense vectors, among which the sparse ones choose
SAMPLE = 1_000  # artists over whose pairs the spread of the cosines is taken
SHARED_TERMS = 8

SCHEMA = pa.schema(
    [
        ("artist_id", pa.string()),
        ("rank", pa.int32()),
        ("similar_artist_id", pa.string()),
        ("similarity", pa.float64()),
        ("shared_terms", pa.list_(pa.string())),
    ]
)
_COLUMNS = "artist_id string, rank int, similar_artist_id string, similarity double, shared_terms array<string>"


class Neighbours(NamedTuple):
    """What it takes to find the neighbours of any block of artists."""

    space: Space
    dense_share: float  # of the dense cosine in the similarity, in [0, 1]
    terms: np.ndarray  # str, by column of `space.sparse`
    readable: np.ndarray  # bool: which of them describe: adjectives, noun phrases, styles of music

    @classmethod
    def of(cls, space: Space) -> "Neighbours":
        """Prepare a space."""
        kinds, terms = np.array([key.split(":", 1) for key in space.keys], dtype=str).reshape(-1, 2).T
        describes = np.isin(kinds, ("adjective", "noun_phrase")) | ((kinds != "artist") & np.isin(terms, list(GENRES)))
        return cls(space, dense_share(space), terms, describes)

    def block(self, first: int, neighbours: int) -> pa.Table:
        """The rows of `SCHEMA` of the artists from `first` on, `BLOCK` of them at most.

        neighbours: int >= 1, the most to list for each; only those with a term in common and a similarity above 0
        are listed.
        """
        space = self.space
        rows = np.arange(first, min(first + BLOCK, len(space.artists)))
        near = space.dense[rows] @ space.dense.T
        near[np.arange(len(rows)), rows] = -np.inf
        left, _, right = _largest(near.astype(float), min(CANDIDATES, len(space.artists) - 1))
        direct = np.asarray(space.sparse[left + first].multiply(space.sparse[right]).sum(axis=1)).ravel()
        latent = near[left, right].astype(float)
        similarity = ((1 - self.dense_share) * direct + self.dense_share * latent).round(6)
        listed = (direct > 0) & (similarity > 0)
        among = np.full(near.shape, -np.inf)
        among[left[listed], right[listed]] = similarity[listed]
        left, rank, right = _largest(among, neighbours)
        ids = left + first
        products = space.sparse[ids].multiply(space.sparse[right]).tocsr()
        shared = _shared(products, self.terms, self.readable)
        columns = [space.artists[ids], rank, space.artists[right], np.minimum(among[left, right], 1.0), shared]
        return pa.table([pa.array(c, f.type) for c, f in zip(columns, SCHEMA, strict=True)], schema=SCHEMA)


def similar_artists(spark: "SparkSession", space: Space, neighbours: int) -> "DataFrame":
    """The most similar artists of each, columns as in `SCHEMA`; similarity is in [0, 1], with six decimals."""
    shared = spark.sparkContext.broadcast(Neighbours.of(space))
    blocks = -(-len(space.artists) // BLOCK)

    def find(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            for block in batch.column(0).to_pylist():
                yield from shared.value.block(block * BLOCK, neighbours).to_batches()

    partitions = min(blocks, 4 * spark.sparkContext.defaultParallelism)
    return spark.range(0, blocks, 1, partitions).mapInArrow(find, _COLUMNS)


def dense_share(space: Space) -> float:
    """The share of the dense cosine that gives both cosines the same spread over pairs of artists."""
    sample = np.unique(np.linspace(0, len(space.artists) - 1, min(SAMPLE, len(space.artists))).astype(int))
    pairs = np.triu_indices(len(sample), 1)
    direct = (space.sparse[sample] @ space.sparse[sample].T).toarray()[pairs]
    latent = (space.dense[sample].astype(float) @ space.dense[sample].T.astype(float))[pairs]
    spread, latent_spread = (float(cosines.std()) if len(cosines) else 0.0 for cosines in (direct, latent))
    return spread / (spread + latent_spread) if spread and latent_spread else 0.0


def _largest(block: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The k largest finite values of each row: row, rank from 1, column; equal ones in the order of columns."""
    k = min(k, block.shape[1])
    # The column breaks ties before the partition, so that which of two equal ones is left out is no matter of chance.
    keyed = block - np.arange(block.shape[1]) * (1e-7 / block.shape[1])
    top = np.argpartition(-keyed, k - 1, axis=1)[:, :k]
    top = np.take_along_axis(top, np.argsort(-np.take_along_axis(keyed, top, axis=1), axis=1), axis=1)
    row, place = np.nonzero(np.isfinite(np.take_along_axis(block, top, axis=1)))
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
