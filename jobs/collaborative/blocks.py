"""The matrix in blocks: who has which number, and the values of each side as compressed rows in Spark partitions."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import partial

import numpy as np
import pyarrow as pa
from pyspark import StorageLevel
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from jobs.collaborative.kernels import compressed

VALUES_PER_BLOCK = 4_000_000
"""About how many values a block holds at most: a task needs some 100 MB for it."""

PLACE_BITS = 33  # of monotonically_increasing_id: the place within the partition; the partition is above them
LARGEST_SIDE = 2**31 - 1

COMPRESSED = "block int, indptr binary, indices binary, confidence binary"


@dataclass(frozen=True)
class Side:
    """One side of the matrix: its listeners and playlists, or its tracks.

    ids : (the columns of the key, n_values long, block int, place int), cached; partition = block, in order of place
    key : the columns that tell who it is
    sizes : how many of them each block has
    values : `COMPRESSED`, cached, one row a partition and block: int64, int32 and float32 arrays as the kernels take
        them; a row of the arrays is a place, a column the number of one of the other side: blocks after blocks
    """

    ids: DataFrame
    key: tuple[str, ...]
    sizes: tuple[int, ...]
    values: DataFrame

    def __len__(self) -> int:
        return sum(self.sizes)

    def release(self) -> None:
        """Give the memory back."""
        self.ids.unpersist()
        self.values.unpersist()


def n_blocks(n_values: int, parallelism: int) -> int:
    """How many blocks: as few for each core as keeps them small, because every task of Spark has its price."""
    return parallelism * max(1, -(-n_values // (parallelism * VALUES_PER_BLOCK)))


def divide(matrix: DataFrame, rows_key: tuple[str, ...], blocks: int) -> tuple[Side, Side]:
    """The two sides of a matrix.

    matrix : (the columns of `rows_key`, track_id, value double > 0), each cell once
    Returns the rows' side and the tracks' side. Raises ValueError when a side has more than `LARGEST_SIDE`.
    """
    tracks_key = ("track_id",)
    row_ids, row_sizes = _numbered(matrix, rows_key, blocks)
    track_ids, track_sizes = _numbered(matrix, tracks_key, blocks)
    values = (
        matrix.join(_renamed(row_ids, rows_key, "row", row_sizes), list(rows_key))
        .join(_renamed(track_ids, tracks_key, "track", track_sizes), "track_id")
        .select(*(f"{side}_{what}" for side in ("row", "track") for what in ("block", "place", "number")), "value")
        .persist(StorageLevel.MEMORY_AND_DISK)
    )
    sides = (
        Side(row_ids, rows_key, row_sizes, _compress(values, "row", "track", row_sizes, sum(track_sizes))),
        Side(track_ids, tracks_key, track_sizes, _compress(values, "track", "row", track_sizes, sum(row_sizes))),
    )
    for side in sides:
        side.values.count()
    values.unpersist()
    return sides


def _numbered(matrix: DataFrame, key: tuple[str, ...], blocks: int) -> tuple[DataFrame, tuple[int, ...]]:
    """Who there is, each with a block (by a hash of the key) and a place in it (by the order of the key)."""
    ids = (
        matrix.groupBy(*key)
        .agg(F.count("*").alias("n_values"))
        .repartitionById(blocks, F.pmod(F.xxhash64(*key), F.lit(blocks)).cast("int"))
        .sortWithinPartitions(*key)
        .withColumn("#", F.monotonically_increasing_id())
        .select(
            *key,
            "n_values",
            F.shiftright("#", PLACE_BITS).cast("int").alias("block"),
            F.col("#").bitwiseAND(F.lit(2**PLACE_BITS - 1)).cast("int").alias("place"),
        )
        .persist(StorageLevel.MEMORY_AND_DISK)
    )
    counts = dict(ids.groupBy("block").count().collect())
    sizes = tuple(counts.get(block, 0) for block in range(blocks))
    if sum(sizes) > LARGEST_SIDE:
        raise ValueError(f"{sum(sizes):,} of {', '.join(key)}: numbers have 32 bits")
    return ids, sizes


def _renamed(ids: DataFrame, key: tuple[str, ...], side: str, sizes: tuple[int, ...]) -> DataFrame:
    columns = [F.col("block").alias(f"{side}_block"), F.col("place").alias(f"{side}_place")]
    return ids.select(*key, *columns, _number(sizes).alias(f"{side}_number"))


def _number(sizes: tuple[int, ...]) -> Column:
    starts = np.append(0, np.cumsum(sizes)[:-1]).tolist()
    return (F.lit(starts)[F.col("block")] + F.col("place")).cast("int")


def _compress(values: DataFrame, side: str, other: str, sizes: tuple[int, ...], n_others: int) -> DataFrame:
    triples = values.select(f"{side}_block", f"{side}_place", f"{other}_number", F.col("value").cast("float"))
    return (
        triples.repartitionById(len(sizes), f"{side}_block")
        .mapInArrow(partial(_compressed, sizes=sizes, n_others=n_others), COMPRESSED)
        .persist(StorageLevel.MEMORY_AND_DISK)
    )


def _compressed(batches: Iterable[pa.RecordBatch], sizes: tuple[int, ...], n_others: int) -> Iterator[pa.RecordBatch]:
    """One block: (block, place, other, confidence) in any order → one row of `COMPRESSED`."""
    columns = [[c.to_numpy(zero_copy_only=False) for c in batch.columns] for batch in batches if batch.num_rows]
    if columns:
        blocks, rows, others, confidence = (np.concatenate(parts) for parts in zip(*columns, strict=True))
        arrays = compressed(rows, others, confidence, sizes[blocks[0]], n_others)
        content = [pa.array([array.tobytes()], pa.binary()) for array in arrays]
        yield pa.record_batch([pa.array(blocks[:1]), *content], ["block", "indptr", "indices", "confidence"])
