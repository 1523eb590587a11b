"""What is computed from spectrograms and kept in a table of its own: only what is new is computed, in Spark."""

from collections.abc import Callable, Iterator

import pandas as pd
import pyarrow as pa

from jobs.lake import Lake

BATCH_TRACKS = 64  # spectrograms in an Arrow batch: 16 MB of 90 s each

Function = Callable[[Iterator[pa.RecordBatch]], Iterator[pa.RecordBatch]]


def out_of_date(lake: Lake, table: str, recipe: str, version: str | None = None) -> tuple[list[str], list[str]]:
    """Tracks with a usable spectrogram that have no row made from it, and tracks whose row is made from another one.

    table : with the columns track_id, audio_sha256, recipe, and version where `version` is given
    """
    of_version = "" if version is None else "WHERE version = $version"
    rows = lake.sql(
        "SELECT coalesce(s.track_id, d.track_id) AS track_id, s.track_id IS NULL AS gone FROM "
        "(SELECT track_id, audio_sha256, recipe FROM spectrograms WHERE error IS NULL AND recipe = $recipe) s FULL "
        f"JOIN (SELECT track_id, audio_sha256, recipe FROM {table} {of_version}) d "
        "ON s.track_id = d.track_id AND s.audio_sha256 = d.audio_sha256 AND s.recipe = d.recipe "
        "WHERE s.track_id IS NULL OR d.track_id IS NULL ORDER BY track_id",
        {"recipe": recipe} | ({} if version is None else {"version": version}),
    ).to_pandas()
    new, old = (rows.loc[rows["gone"] == gone, "track_id"].tolist() for gone in (False, True))
    return new, old


def computed(lake: Lake, name: str, track_ids: list[str], function: Function, schema: pa.Schema) -> pa.Table:
    """What a function for mapInArrow makes of the spectrograms (track_id, audio_sha256, recipe, seconds, frames, bands,
    log_mel) of some tracks, in the order of track_id.

    name : of the Spark session; schema : of the result, which has a column track_id
    """
    from pyspark.sql import functions as F
    from pyspark.sql.pandas.types import from_arrow_schema

    from jobs.spark import session

    with session(name) as spark:
        spark.conf.set("spark.sql.execution.arrow.maxRecordsPerBatch", BATCH_TRACKS)
        wanted = spark.createDataFrame(pd.DataFrame({"track_id": track_ids}))
        sound = lake.spark(spark, "spectrograms").join(F.broadcast(wanted), "track_id")
        sound = sound.select("track_id", "audio_sha256", "recipe", "seconds", "frames", "bands", "log_mel")
        tasks = spark.sparkContext.defaultParallelism
        if sound.rdd.getNumPartitions() < tasks:  # few files
            sound = sound.repartition(tasks)
        return sound.mapInArrow(function, from_arrow_schema(schema)).toArrow().cast(schema).sort_by("track_id")
