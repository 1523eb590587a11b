"""What a factorization has to beat: chance, popularity, and neighbours by item-item cosine.

Neighbours: Sarwar, Karypis, Konstan, Riedl, "Item-based collaborative filtering recommendation algorithms" (WWW 2001)
and Deshpande, Karypis, "Item-based top-N recommendation algorithms" (TOIS 2004). Two tracks are as near as the columns
of confidences that they are in the matrix; a listener's score for a track is the sum over what they know of confidence
× cosine.
"""

from collections.abc import Iterable, Iterator, Sequence

import numpy as np
import pandas as pd
import pyarrow as pa
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from scipy.sparse import csc_matrix, csr_matrix, diags_array

from jobs.collaborative.retrieval import Lists, Tracks, best
from jobs.collaborative.selection import top

NEIGHBOURS = 100
"""Neighbours kept of each track."""

SAMPLE_VALUES = 10_000_000
"""About how many values of the matrix cosines are computed from at most: those of a sample of its rows. 160 MB."""

BLOCK_BYTES = 32 * 2**20
"""Most memory for the cosines of one block of tracks."""


def popular(popularity: np.ndarray, k: int, hidden: Lists) -> np.ndarray:
    """The same tracks for everybody, but what is hidden: the most popular ones.

    popularity : float32 (n_tracks,), ≥ 0. Returns int32 (n_listeners, up to k), -1 behind the last, as all here do.
    """
    everybody = np.ones((len(hidden.ends) - 1, 1), np.float32)
    return best(everybody, Tracks.of(popularity[:, None]), k, hidden)[0]


def random(ids: Sequence[str], n_tracks: int, k: int, hidden: Lists, seed: int) -> np.ndarray:
    """Tracks by lot, each list drawn from the listener's id and the seed alone."""
    places = np.full((len(ids), min(k, n_tracks)), -1, np.int32)
    for row, listener in enumerate(ids):
        known = np.unique(hidden.positions[hidden.ends[row] : hidden.ends[row + 1]])
        lots = np.random.default_rng([seed, *listener.encode()])
        drawn = lots.choice(n_tracks, min(n_tracks, k + len(known)), replace=False)
        drawn = drawn[~np.isin(drawn, known)][:k]
        places[row, : len(drawn)] = drawn
    return places


def cosine(history: csr_matrix, similar: csr_matrix, k: int, hidden: Lists) -> np.ndarray:
    """The tracks that are nearest to what a listener knows; only such that are near at all.

    history : float32 (n_listeners, n_tracks), similar : as `neighbours` gives it
    """
    scores = (history @ similar).toarray()
    scores[np.repeat(np.arange(len(scores)), np.diff(hidden.ends)), hidden.positions] = 0
    return top(np.where(scores > 0, scores, -np.inf), k)[0]


def sample(matrix: DataFrame, track_ids: pd.Index, n_values: int, most: int = SAMPLE_VALUES) -> csc_matrix:
    """The rows of a matrix, or about as many of them as have `most` values, chosen by a hash of their ids.

    matrix : (kind, row_id, track_id, value) with `n_values` rows. Returns float32 (n_rows, n_tracks).
    """
    spark = matrix.sparkSession
    numbers = pd.DataFrame({"track_id": track_ids, "track": np.arange(len(track_ids), dtype=np.int32)})
    row = F.xxhash64("kind", "row_id")
    share = int(min(1.0, most / max(n_values, 1)) * 1_000_000)
    chosen = matrix.where(F.pmod(row, F.lit(1_000_000)) < share)
    numbered = chosen.join(F.broadcast(spark.createDataFrame(numbers)), "track_id")
    cells = numbered.select(row.alias("row"), "track", F.col("value").cast("float")).toArrow()
    rows, _ = pd.factorize(cells["row"].to_numpy())
    shape = (int(rows.max(initial=-1)) + 1, len(track_ids))
    return csc_matrix((cells["value"].to_numpy(), (rows, cells["track"].to_numpy())), shape=shape)


def neighbours(spark: SparkSession, values: csc_matrix, k: int = NEIGHBOURS) -> csr_matrix:
    """The `k` tracks with the largest cosine to each track, in Spark: float32 (n_tracks, n_tracks), by row.

    values : float32 (n_rows, n_tracks), ≥ 0
    """
    n = values.shape[1]
    lengths = np.sqrt(np.asarray(values.power(2).sum(axis=0)).ravel())
    scale = np.divide(1, lengths, out=np.zeros(n), where=lengths > 0)
    unit = (values @ diags_array(scale)).astype(np.float32).tocsc()
    size = max(1, BLOCK_BYTES // (4 * n))
    shared = spark.sparkContext.broadcast((unit, unit.tocsr()))

    def search(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        columns, rows = shared.value
        for batch in batches:
            for start in batch.column("id").to_numpy():
                block = (columns[:, start : start + size].T @ rows).toarray()
                own = np.arange(len(block))
                block[own, start + own] = 0
                found, strength = top(np.where(block > 0, block, -np.inf), k)
                there = found >= 0
                track = np.repeat(start + own, there.sum(axis=1)).astype(np.int32)
                yield pa.record_batch([track, found[there], strength[there]], ["track", "neighbour", "strength"])

    found = spark.range(0, n, size).mapInArrow(search, "track int, neighbour int, strength float").toArrow()
    shared.destroy()
    track, neighbour, strength = (found[c].to_numpy() for c in ("track", "neighbour", "strength"))
    return csr_matrix((strength, (track, neighbour)), shape=(n, n))
