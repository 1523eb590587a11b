"""The solver: Spark MLlib's ALS for implicit feedback.

Hu, Koren, Volinsky, "Collaborative Filtering for Implicit Feedback Datasets" (ICDM 2008): preference 1 for each value
above zero, with confidence 1 + α · value, and 0 with confidence 1 for all others.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd
    from pyspark.sql import DataFrame


@dataclass(frozen=True)
class Parameters:
    """factors: length of a vector; iterations: epochs; regularization: λ ≥ 0, scaled by the number of a row's values as
    MLlib does; alpha: α ≥ 0; seed: of the first factors."""

    factors: int
    iterations: int
    regularization: float
    alpha: float
    seed: int


def factorize(matrix: "DataFrame", parameters: Parameters) -> "tuple[DataFrame, DataFrame]":
    """Factors of the rows and of the tracks of a matrix (kind, row_id, track_id, value > 0).

    Returns ((kind, row_id, factors), (track_id, factors)), factors as array<float>. The same matrix and seed give the
    same factors whatever order the values come in, up to the rounding of sums taken in another order (differences of
    about 1e-5 of a vector's length). Rows and tracks without values have no factors.
    """
    from pyspark.ml.recommendation import ALS
    from pyspark.sql import functions as F

    rows = numbered(matrix.select("kind", "row_id").distinct(), ["kind", "row_id"], "row")
    tracks = numbered(matrix.select("track_id").distinct(), ["track_id"], "track")
    partitions = matrix.sparkSession.sparkContext.defaultParallelism
    values = (
        matrix.join(rows, ["kind", "row_id"])
        .join(tracks, "track_id")
        .select("row", "track", F.col("value").cast("float"))
        .repartition(partitions, "row")
        .sortWithinPartitions("row", "track")  # sums are taken in this order
    )
    als = ALS(
        userCol="row",
        itemCol="track",
        ratingCol="value",
        implicitPrefs=True,
        rank=parameters.factors,
        maxIter=parameters.iterations,
        regParam=parameters.regularization,
        alpha=parameters.alpha,
        seed=parameters.seed,
        numUserBlocks=partitions,
        numItemBlocks=partitions,
        checkpointInterval=-1,
    )
    model = als.fit(values)
    row_factors = model.userFactors.withColumnsRenamed({"id": "row", "features": "factors"})
    track_factors = model.itemFactors.withColumnsRenamed({"id": "track", "features": "factors"})
    return (
        row_factors.join(rows, "row").select("kind", "row_id", "factors"),
        track_factors.join(tracks, "track").select("track_id", "factors"),
    )


def numbered(frame: "DataFrame", by: list[str], name: str) -> "DataFrame":
    """The distinct rows with a column `name`: 0, 1, 2, ... (int) in the order of the columns `by`.

    Nothing but the size of each partition goes through the driver.
    """
    from pyspark import StorageLevel
    from pyspark.sql import functions as F
    from pyspark.sql.types import IntegerType, StructField, StructType

    ordered = (
        frame.repartitionByRange(*by)
        .sortWithinPartitions(*by)
        .withColumn("#partition", F.spark_partition_id())
        .persist(StorageLevel.MEMORY_AND_DISK)
    )
    sizes = {row["#partition"]: row["count"] for row in ordered.groupBy("#partition").count().collect()}
    starts, total = {}, 0
    for partition in sorted(sizes):
        starts[partition], total = total, total + sizes[partition]
    if total >= 2**31:
        raise ValueError(f"{total:,} {name}s; MLlib numbers them with 32 bits")

    def number(batches: "Iterator[pd.DataFrame]") -> "Iterator[pd.DataFrame]":
        import numpy as np

        done = 0
        for batch in batches:
            if len(batch):
                first = starts[int(batch["#partition"].iloc[0])] + done
                done += len(batch)
                yield batch.drop(columns="#partition").assign(
                    **{name: np.arange(first, first + len(batch), dtype="int32")}
                )

    schema = StructType([*frame.schema.fields, StructField(name, IntegerType())])
    return ordered.mapInPandas(number, schema)
