"""What listeners did with each recommendation within its week."""

from collections.abc import Iterable
from datetime import date, timedelta

from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

from jobs.streams import streamed

WEEK = timedelta(days=7)


def pending(listed: Iterable[date], known: Iterable[date], week: date) -> list[date]:
    """The weeks whose outcomes are to be written by the run for `week`: those of complete lists without outcomes,
    and the last complete one in any case, because listens may arrive late.

    listed : weeks that have lists; known : weeks that have outcomes

    >>> pending([date(2026, 11, 2), date(2026, 11, 9), date(2026, 11, 16)], [date(2026, 11, 2)], date(2026, 11, 16))
    [datetime.date(2026, 11, 9)]
    """
    complete = sorted(w for w in listed if w + WEEK <= week)
    known = set(known)
    return [w for w in complete if w not in known or w == complete[-1]]


def outcomes(lists: DataFrame, listens: DataFrame, tracks: DataFrame) -> DataFrame:
    """The reward of each recommendation, by the cascade assumption: a listener goes through the list from the top,
    so every place down to the lowest one played was examined; what was not examined was not judged.

    Parameters
    ----------
    lists : rows of discover_weekly (week, user_id, rank, track_id), of any number of weeks
    listens : rows of listens; those outside [week, week + 7 days) do not count
    tracks : rows of tracks

    Returns
    -------
    DataFrame with the columns of the table `outcomes`, one row for each of `lists`.
    """
    played = listens.join(F.broadcast(tracks.select("track_id", "duration_ms")), "track_id").select(
        "user_id", "track_id", "listened_at", "ms_played", streamed().alias("streamed")
    )
    begin = F.col("week").cast("timestamp")
    in_week = (F.col("listened_at") >= begin) & (F.col("listened_at") < begin + F.expr("INTERVAL 7 DAYS"))
    answers = (
        lists.select("week", "user_id", "track_id")
        .join(played, ["user_id", "track_id"])
        .where(in_week)
        .groupBy("week", "user_id", "track_id")
        .agg(
            F.count("*").cast("int").alias("plays"),
            F.max("ms_played").alias("ms_played"),
            F.min("listened_at").alias("first_listened_at"),
            F.max("streamed").alias("streamed"),
        )
    )
    judged = (
        lists.select("week", "user_id", "rank", "track_id")
        .join(answers, ["week", "user_id", "track_id"], "left")
        .withColumn(
            "lowest_played",
            F.max(F.when(F.col("plays") > 0, F.col("rank"))).over(Window.partitionBy("week", "user_id")),
        )
    )
    examined = F.coalesce(F.col("rank") <= F.col("lowest_played"), F.lit(False))
    return judged.select(
        "week",
        "user_id",
        "rank",
        "track_id",
        examined.alias("examined"),
        F.when(examined, F.coalesce(F.col("streamed"), F.lit(False)).cast("int")).alias("reward"),
        F.coalesce("plays", F.lit(0)).alias("plays"),
        "ms_played",
        "first_listened_at",
    )
