"""The matrix in blocks: who has which number, and which task holds which values."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from pyspark import StorageLevel
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from jobs.collaborative.exchange import ROWS, TRACKS
from jobs.collaborative.kernels import compressed

PLACE_BITS = 33  # of monotonically_increasing_id: the place within the partition; the partition is above them
LARGEST_SIDE = 2**31 - 1


@dataclass(frozen=True)
class Side:
    """One side of the matrix: its listeners and playlists, or its tracks.

    ids : (the columns of the key, n_values long, block int, place int), cached; partition = block, in order of place
    key : the columns that tell who it is
    sizes : how many of them each block has
    """

    ids: DataFrame
    key: tuple[str, ...]
    sizes: tuple[int, ...]

    def __len__(self) -> int:
        return sum(self.sizes)

    def release(self) -> None:
        """Give the memory back."""
        self.ids.unpersist()


@dataclass(frozen=True)
class Block:
    """The values of one block of a side as compressed rows, as the kernels take them.

    indptr : int64 (n + 1,), indices : int32 (n_values,), confidence : float32 (n_values,); a row of the arrays is a
        place, a column the number of one of the other side: blocks after blocks
    """

    indptr: np.ndarray
    indices: np.ndarray
    confidence: np.ndarray

    @property
    def n_values(self) -> np.ndarray:
        """How many values each row has, int64 (n,)."""
        return np.diff(self.indptr)


def divide(matrix: DataFrame, rows_key: tuple[str, ...], blocks: int) -> tuple[Side, Side, DataFrame]:
    """The two sides of a matrix, and its values by block.

    matrix : (the columns of `rows_key`, track_id, value double > 0), each cell once
    Returns the rows' side, the tracks' side, and what `gather` takes: every value twice, once for the block of its row
    and once for that of its track; partition = block.
    Raises ValueError when a side has more than `LARGEST_SIDE`.
    """
    tracks_key = ("track_id",)
    rows, tracks = (_side(matrix, key, blocks) for key in (rows_key, tracks_key))
    values = matrix.join(_numbered(rows, "row"), list(rows_key)).join(_numbered(tracks, "track"), "track_id")
    twice = [
        F.struct(
            F.lit(mine == "row").alias("of_row"),
            F.col(f"{mine}_block").alias("block"),
            F.col(f"{mine}_place").alias("place"),
            F.col(f"{other}_number").alias("number"),
            F.col("value").cast("float").alias("value"),
        )
        for mine, other in (("row", "track"), ("track", "row"))
    ]
    cells = values.select(F.inline(F.array(*twice)))
    return rows, tracks, cells.repartitionById(blocks, "block")


def gather(batches: Iterable[pa.RecordBatch], sizes: dict[str, tuple[int, ...]], block: int) -> dict[str, Block]:
    """The block of each side whose values a partition of `divide` holds; sizes : by side, how many each block has."""
    columns = [[column.to_numpy(zero_copy_only=False) for column in batch.columns] for batch in batches]
    empty = (np.empty(0, bool), *(np.empty(0, np.int32) for _ in range(3)), np.empty(0, np.float32))
    of_row, _, places, numbers, values = (np.concatenate(parts) for parts in zip(*columns, empty, strict=True))
    found = {}
    for side, other, mine in ((ROWS, TRACKS, of_row), (TRACKS, ROWS, ~of_row)):
        found[side] = Block(
            *compressed(places[mine], numbers[mine], values[mine], sizes[side][block], sum(sizes[other]))
        )
    return found


def _side(matrix: DataFrame, key: tuple[str, ...], blocks: int) -> Side:
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
    return Side(ids, key, sizes)


def _numbered(side: Side, name: str) -> DataFrame:
    columns = [F.col("block").alias(f"{name}_block"), F.col("place").alias(f"{name}_place")]
    return side.ids.select(*side.key, *columns, _number(side.sizes).alias(f"{name}_number"))


def _number(sizes: tuple[int, ...]) -> Column:
    starts = np.append(0, np.cumsum(sizes)[:-1]).tolist()
    return (F.lit(starts)[F.col("block")] + F.col("place")).cast("int")
