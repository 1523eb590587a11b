"""Crowds: listeners who play the same cluster of taste most, and how many of each crowd stream a track."""

from datetime import date

import numpy as np
import pyarrow as pa
from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

from jobs.ranking.catalogue import Catalogue
from jobs.ranking.listeners import HALF_LIFE_WEEKS


def count(heard: DataFrame, catalogue: Catalogue, week: date) -> np.ndarray:
    """How many listeners of each crowd have streamed each track, in Spark: int32 (n_tracks, n_clusters).

    A listener's crowd is that of `clusters.main`: the plays weigh as in `listeners.played_tracks`.

    heard : as `listeners.histories` makes it
    """
    n = int(catalogue.cluster.max(initial=-1)) + 1
    found = np.zeros((len(catalogue), n), np.int32)
    known = np.flatnonzero(catalogue.cluster >= 0)
    if not len(known):
        return found
    cluster = pa.table({"track_id": pa.array(catalogue.track_ids[known], pa.string()),
                        "cluster": pa.array(catalogue.cluster[known], pa.int32())})  # fmt: skip
    clusters = heard.sparkSession.createDataFrame(cluster)
    age_weeks = F.coalesce((F.unix_date(F.lit(week)) - F.col("last_day")) / 7, F.lit(0.0))
    weight = F.log1p("plays") * F.pow(F.lit(0.5), age_weeks / HALF_LIFE_WEEKS)
    streamed = heard.where("plays > 0")
    most = Window.partitionBy("user_id").orderBy(F.desc("weight"), "cluster")
    crowds = (
        streamed.join(clusters, "track_id")
        .groupBy("user_id", "cluster")
        .agg(F.sum(weight).alias("weight"))
        .withColumn("place", F.row_number().over(most))
        .where("place = 1")
        .select("user_id", F.col("cluster").alias("crowd"))
    )
    counted = streamed.join(crowds, "user_id").groupBy("track_id", "crowd").agg(F.count("*").alias("people")).toArrow()
    at = catalogue.track_index.get_indexer(counted["track_id"].to_numpy())
    use = at >= 0
    found[at[use], counted["crowd"].to_numpy()[use]] = counted["people"].to_numpy()[use]
    return found
