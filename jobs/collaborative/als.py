"""The solver: Spark MLlib's ALS for implicit feedback.

Hu, Koren, Volinsky, "Collaborative Filtering for Implicit Feedback Datasets" (ICDM 2008): preference 1 for each value
above zero, with confidence 1 + α · value, and 0 with confidence 1 for all others.
"""

from dataclasses import dataclass

from pyspark import StorageLevel
from pyspark.ml.recommendation import ALS
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

PARTITION_BITS = 33  # monotonically_increasing_id: the partition above these bits, the place within it below


@dataclass(frozen=True)
class Parameters:
    """What the solver needs to know.

    factors : length of a vector, ≥ 1
    iterations : epochs, ≥ 1
    regularization : λ > 0, times the number of a row's (a track's) values, as MLlib weighs it
    alpha : α ≥ 0
    blocks : parts of the matrix that are solved side by side, ≥ 1; the first factors are drawn block by block
    seed : of the first factors
    """

    factors: int
    iterations: int
    regularization: float
    alpha: float
    blocks: int
    seed: int


def factorize(matrix: DataFrame, parameters: Parameters) -> tuple[DataFrame, DataFrame]:
    """Factors of the rows and of the tracks of a matrix (kind, row_id, track_id, value > 0) that is not empty.

    Returns (kind, row_id, n_values, factors) and (track_id, n_values, factors), one row for each row and track of the
    matrix: factors as array<float>, n_values how many values it has. Factors are finite; those of rows and tracks that
    nothing links to the rest (one listener of one track that nobody else plays) may shrink to 0.

    The same matrix and parameters give the same factors in whatever order and files the rows come, up to the rounding
    of sums that Spark takes in the order of arrival: within 1e-5 of each other. In local mode they are equal.
    """
    n_values = F.count("*").alias("n_values")
    rows = numbered(matrix.groupBy("kind", "row_id").agg(n_values), ["kind", "row_id"], "row")
    tracks = numbered(matrix.groupBy("track_id").agg(n_values), ["track_id"], "track")
    values = (
        matrix.join(rows, ["kind", "row_id"])
        .join(tracks, "track_id")
        .select("row", "track", F.col("value").cast("float"))
        .repartition(parameters.blocks, "row")
        .sortWithinPartitions("row", "track")  # sums are taken in this order
    )
    model = ALS(
        userCol="row",
        itemCol="track",
        ratingCol="value",
        implicitPrefs=True,
        rank=parameters.factors,
        maxIter=parameters.iterations,
        regParam=parameters.regularization,
        alpha=parameters.alpha,
        seed=parameters.seed,
        numUserBlocks=parameters.blocks,
        numItemBlocks=parameters.blocks,
    ).fit(values)
    row_factors = model.userFactors.withColumnsRenamed({"id": "row", "features": "factors"})
    track_factors = model.itemFactors.withColumnsRenamed({"id": "track", "features": "factors"})
    return (
        row_factors.join(rows, "row").select("kind", "row_id", "n_values", "factors"),
        track_factors.join(tracks, "track").select("track_id", "n_values", "factors"),
    )


def numbered(frame: DataFrame, by: list[str], name: str) -> DataFrame:
    """The rows with a column `name`: 0, 1, 2, ... (int) in the order of the columns `by`, which are unique.

    Nothing but the size of each partition goes through the driver. Raises ValueError when MLlib, which numbers with 32
    bits, cannot hold so many.
    """
    place, partition = F.col("#") % 2**PARTITION_BITS, F.shiftright("#", PARTITION_BITS)
    ordered = (
        frame.repartitionByRange(*by)
        .sortWithinPartitions(*by)
        .withColumn("#", F.monotonically_increasing_id())
        .persist(StorageLevel.MEMORY_AND_DISK)
    )
    starts, total = [], 0
    for row in ordered.groupBy(partition.alias("partition")).count().orderBy("partition").collect():
        starts.append((row["partition"], total))
        total += row["count"]
    if total >= 2**31:
        raise ValueError(f"{total:,} {name}s; MLlib's ALS takes at most {2**31 - 1:,}")
    starts = frame.sparkSession.createDataFrame(starts, "partition long, start long")
    return ordered.join(F.broadcast(starts), partition == starts["partition"]).select(
        *frame.columns, (F.col("start") + place).cast("int").alias(name)
    )
