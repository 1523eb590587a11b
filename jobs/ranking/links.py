"""Neighbourhoods: which tracks are near which, by factors, by sound and on playlists."""

from collections.abc import Iterable, Iterator

import numpy as np
import pyarrow as pa
from pyspark.sql import DataFrame, SparkSession, Window
from pyspark.sql import functions as F
from scipy.sparse import csr_matrix
from threadpoolctl import threadpool_limits

from jobs.collaborative.retrieval import Lists, Tracks, best
from jobs.ranking.catalogue import Catalogue
from jobs.vectors import unit

NEIGHBOURS = 40
"""Tracks in a neighbourhood."""

BLOCK = 4096
"""Tracks whose neighbourhoods are looked for at a time."""

PLAYLIST_REACH = 10
"""Entries up to this far apart in a playlist are neighbours there."""


def nearest(vectors: np.ndarray, rows: np.ndarray, candidates: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
    """The `k` candidates with the largest positive cosine to each of some rows, exactly, by a matrix product.

    Parameters
    ----------
    vectors : float32 (n, n_factors) of length 1 (`unit`), or 0: such a row has and is no neighbour
    rows : int (n_rows,), candidates : int (n_candidates,): positions in `vectors`

    Returns
    -------
    (neighbour int32, cosine float32), each (n_rows, min(k, n_candidates)), the nearest first; cosine 0: no neighbour. A
    row is not its own neighbour.
    """
    own = np.full(len(vectors), -1)
    own[candidates] = np.arange(len(candidates))
    itself = np.flatnonzero(own[rows] >= 0)
    hidden = Lists.of_pairs(itself, own[rows[itself]], len(rows))
    found, cosines = best(vectors[rows], Tracks.of(vectors[candidates]), k, hidden)
    return candidates[found].astype(np.int32), np.clip(cosines, 0, 1)


def nearest_tracks(spark: SparkSession, catalogue: Catalogue, factors: np.ndarray, k: int = NEIGHBOURS) -> csr_matrix:
    """For every track that somebody plays the `k` nearest available ones, in Spark: csr (n_tracks, n_tracks), cosine.

    factors : float32 (n_tracks, n_factors), 0 for a track without
    """
    n = len(catalogue)
    present = factors.any(axis=1) if factors.shape[1] else np.zeros(n, bool)
    queries = np.flatnonzero(present & (catalogue.listeners > 0))
    candidates = np.flatnonzero(present & catalogue.available)
    if not len(queries) or not len(candidates):
        return csr_matrix((n, n), dtype=np.float32)
    shared = spark.sparkContext.broadcast((unit(factors), queries, candidates))

    def search(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        vectors, queries, candidates = shared.value
        for batch in batches:
            for start in batch.column("id").to_numpy():
                rows = queries[start : start + BLOCK]
                with threadpool_limits(1):  # a core has a task of its own
                    neighbours, cosines = nearest(vectors, rows, candidates, k)
                owner = np.repeat(rows, neighbours.shape[1])
                use = cosines.ravel() > 0
                yield pa.record_batch(
                    {
                        "track": pa.array(owner[use], pa.int32()),
                        "neighbour": pa.array(neighbours.ravel()[use], pa.int32()),
                        "strength": pa.array(cosines.ravel()[use], pa.float32()),
                    }
                )

    blocks = spark.range(0, len(queries), BLOCK)
    found = blocks.mapInArrow(search, "track int, neighbour int, strength float").toArrow()
    shared.destroy()
    return _matrix(found, n)


def playlist_neighbours(playlists: DataFrame, catalogue: Catalogue, k: int = NEIGHBOURS) -> csr_matrix:
    """For every track the `k` that stand next to it on most playlists, in Spark: csr (n_tracks, n_tracks).

    The strength of a pair is the cosine: playlists that hold the two within `PLAYLIST_REACH` entries of each other,
    over the geometric mean of the playlists that hold either.

    playlists : rows of the table, from before the week
    """
    entries = playlists.select("playlist_id", "position", "track_id")
    order = Window.partitionBy("playlist_id").orderBy("position")
    entries = entries.select("playlist_id", "track_id", F.row_number().over(order).alias("position")).cache()
    sizes = entries.groupBy("track_id").agg(F.count_distinct("playlist_id").alias("size"))
    reach = F.explode(F.sequence(F.lit(-PLAYLIST_REACH), F.lit(PLAYLIST_REACH))).alias("step")
    other = entries.select("playlist_id", "position", F.col("track_id").alias("neighbour"))
    pairs = (
        entries.select("playlist_id", "track_id", "position", reach)
        .select("playlist_id", "track_id", (F.col("position") + F.col("step")).alias("position"))
        .join(other, ["playlist_id", "position"])
        .where("track_id <> neighbour")
        .groupBy("track_id", "neighbour")
        .agg(F.count_distinct("playlist_id").alias("together"))
        .join(sizes, "track_id")
        .join(sizes.select(F.col("track_id").alias("neighbour"), F.col("size").alias("other_size")), "neighbour")
        .withColumn("strength", (F.col("together") / F.sqrt(F.col("size") * F.col("other_size"))).cast("float"))
    )
    strongest = Window.partitionBy("track_id").orderBy(F.desc("strength"), "neighbour")
    found = (
        pairs.withColumn("place", F.row_number().over(strongest))
        .where(F.col("place") <= k)
        .select("track_id", "neighbour", "strength")
        .toArrow()
    )
    entries.unpersist()
    positions = [catalogue.track_index.get_indexer(found[c].to_numpy()) for c in ("track_id", "neighbour")]
    table = pa.table({"track": positions[0], "neighbour": positions[1], "strength": found["strength"]})
    known = (positions[0] >= 0) & (positions[1] >= 0)
    return _matrix(table.filter(pa.array(known)), len(catalogue))


def _matrix(found: pa.Table, n: int) -> csr_matrix:
    """Rows of (track, neighbour, strength) as a matrix in canonical order."""
    matrix = csr_matrix(
        (
            found["strength"].to_numpy().astype(np.float32),
            (found["track"].to_numpy(), found["neighbour"].to_numpy()),
        ),
        shape=(n, n),
    )
    matrix.sort_indices()
    return matrix


def follow(rows: np.ndarray, sources: np.ndarray, links: csr_matrix) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Follow every link from pairs of (listener, source).

    rows, sources : int (n_pairs,)
    Returns (row, position, pair), each (n_links,), of every link, in the order of the pairs: the listener, where in
    the matrix the link is (`links.indices[position]` is its target, `links.data[position]` its strength), and the
    number of the pair that it starts from.
    """
    counts = np.diff(links.indptr)[sources]
    pair = np.repeat(np.arange(len(sources)), counts)
    within = np.arange(len(pair)) - np.repeat(np.cumsum(counts) - counts, counts)
    return rows[pair], links.indptr[sources][pair] + within, pair
