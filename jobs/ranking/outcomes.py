"""What listeners did with each recommendation within its week.

A recommendation is answered when its track was played, banned (itself, another version, or an artist of it) or saved to
a playlist of the listener's own. Which others were seen and passed over, nobody tells; a model of examination says:

- cascade (Craswell et al., "An Experimental Comparison of Click Position-Bias Models", WSDM 2008, for any number of
  answers): a listener goes through the list from the top, so all places down to the lowest one answered were seen
- opened: who answered one place saw the whole list
- answered: nothing was seen but what was answered

The reward of what was seen is 1 for a stream, whatever else was played of it, and for what was saved; 0 for the rest;
and 0 for what was banned in any case.
"""

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Literal

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from jobs.streams import streamed

Examination = Literal["cascade", "opened", "answered"]
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


def outcomes(
    lists: DataFrame,
    listens: DataFrame,
    tracks: DataFrame,
    exclusions: DataFrame,
    playlists: DataFrame,
    examination: Examination,
) -> DataFrame:
    """The reward of each recommendation.

    Parameters
    ----------
    lists : rows of discover_weekly (week, user_id, rank, track_id), of any number of weeks
    listens, exclusions, playlists : rows of these tables; what is not from [week, week + 7 days) does not count
    tracks : rows of tracks

    Returns
    -------
    DataFrame with the columns of the table `outcomes`, one row for each of `lists`.
    """
    key = ["week", "user_id", "track_id"]
    offers = lists.select(*key)
    judged = (
        lists.select("week", "user_id", "rank", "track_id")
        .join(_plays(offers, listens, tracks), key, "left")
        .join(_bans(offers, exclusions, tracks), key, "left")
        .join(_saves(offers, playlists), key, "left")
        .withColumn("banned", F.coalesce("banned", F.lit(False)))
        .withColumn("saved", F.coalesce("saved", F.lit(False)))
        .withColumn("plays", F.coalesce("plays", F.lit(0)))
    )
    answered = (F.col("plays") > 0) | F.col("banned") | F.col("saved")
    lowest = F.max(F.when(answered, F.col("rank"))).over(Window.partitionBy("week", "user_id"))
    examined = {
        "cascade": F.coalesce(F.col("rank") <= lowest, F.lit(False)),
        "opened": lowest.isNotNull(),
        "answered": answered,
    }[examination]
    pleased = (F.coalesce("streamed", F.lit(False)) | F.col("saved")) & ~F.col("banned")
    return judged.withColumn("examined", examined).select(
        "week",
        "user_id",
        "rank",
        "track_id",
        "examined",
        F.when(F.col("examined"), pleased.cast("int")).alias("reward"),
        "plays",
        "ms_played",
        "first_listened_at",
        "banned",
        "saved",
    )


def _plays(offers: DataFrame, listens: DataFrame, tracks: DataFrame) -> DataFrame:
    """plays, ms_played, first_listened_at and streamed of the offers that were played in their week."""
    played = listens.join(F.broadcast(tracks.select("track_id", "duration_ms")), "track_id").select(
        "user_id", "track_id", "listened_at", "ms_played", streamed().alias("streamed")
    )
    begin = F.col("week").cast("timestamp")
    in_week = (F.col("listened_at") >= begin) & (F.col("listened_at") < begin + F.expr("INTERVAL 7 DAYS"))
    return (
        offers.join(played, ["user_id", "track_id"])
        .where(in_week)
        .groupBy("week", "user_id", "track_id")
        .agg(
            F.count_distinct("listened_at").cast("int").alias("plays"),
            F.max("ms_played").alias("ms_played"),
            F.min("listened_at").alias("first_listened_at"),
            F.max("streamed").alias("streamed"),
        )
    )


def _bans(offers: DataFrame, exclusions: DataFrame, tracks: DataFrame) -> DataFrame:
    """The offers that were banned in their week, and `banned`."""
    of_work = tracks.select(F.col("track_id").alias("excluded_id"), "work_id", F.lit("track").alias("kind"))
    credits = F.explode(
        F.concat(F.array("artist_id"), F.coalesce("featured_artist_ids", F.array().cast("array<string>")))
    )
    named = (
        tracks.select("track_id", "work_id")
        .join(of_work, "work_id")
        .select("track_id", "kind", "excluded_id")
        .unionAll(tracks.select("track_id", F.lit("artist"), credits))
    )
    bans = exclusions.where("kind IN ('track', 'artist')").select("user_id", "kind", "excluded_id", "since")
    return (
        offers.join(bans, "user_id")
        .where(_in_week("since"))
        .join(named, ["track_id", "kind", "excluded_id"])
        .select("week", "user_id", "track_id", F.lit(True).alias("banned"))
        .distinct()
    )


def _saves(offers: DataFrame, playlists: DataFrame) -> DataFrame:
    """The offers that are on a playlist of the listener's own, changed in their week, and `saved`."""
    own = playlists.where("user_id IS NOT NULL").select("user_id", "track_id", "updated_at")
    return (
        offers.join(own, ["user_id", "track_id"])
        .where(_in_week("updated_at"))
        .select("week", "user_id", "track_id", F.lit(True).alias("saved"))
        .distinct()
    )


def _in_week(day: str) -> Column:
    return (F.col(day) >= F.col("week")) & (F.col(day) < F.date_add("week", 7))
