"""From listens, play counts and playlists to one sparse matrix of confidences.

A row is a listener or a playlist (a pseudo-listener, so that tracks which people put together end up close), a column
is a track, and the value grows with how much, and how lately, it was played.
"""

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from jobs import weeks

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

HEARD_MS = 30_000  # a listen shorter than this is a skip, and says nothing for the track
LONGEST_DAY = 2_880  # plays of 30 s that a day has room for: who has more on one day is no person
OLDEST = date(2000, 1, 1)  # before it there was no streaming: the clock was wrong
NEGLIGIBLE = 1e-6  # a decayed play below this is left out
LISTENER, PLAYLIST = "listener", "playlist"


@dataclass(frozen=True)
class Weights:
    """What a play is worth.

    half_life_weeks : age at which a play counts half, weeks > 0
    playlist_weight : value of a playlist entry, ≥ 0; that of a track played once this week is log 2
    """

    half_life_weeks: float
    playlist_weight: float


def clean_listens(listens: "DataFrame", opted_out: "DataFrame") -> "tuple[DataFrame, DataFrame]":
    """The plays that count, and how many listens were set aside.

    listens: listened_at, user_id, track_id, ms_played. opted_out: user_id.
    Returns (the listens that count, one row with the columns skips, clock_errors, bot_plays). The listens of people
    who have opted out are in neither.
    """
    from pyspark.sql import Window
    from pyspark.sql import functions as F

    there = listens.join(opted_out.select("user_id"), "user_id", "left_anti")
    day = Window.partitionBy("user_id", F.to_date("listened_at"))
    marked = there.select(
        "*",
        (F.coalesce("ms_played", F.lit(HEARD_MS)) < HEARD_MS).alias("skip"),
        (F.col("listened_at") < F.lit(OLDEST)).alias("clock_error"),
        (F.count("*").over(day) > LONGEST_DAY).alias("bot"),
    )
    aside = marked.agg(
        F.count_if("skip").alias("skips"),
        F.count_if(~F.col("skip") & F.col("clock_error")).alias("clock_errors"),
        F.count_if(~F.col("skip") & ~F.col("clock_error") & F.col("bot")).alias("bot_plays"),
    )
    good = marked.where(~F.col("skip") & ~F.col("clock_error") & ~F.col("bot"))
    return good.select("listened_at", "user_id", "track_id"), aside


def interactions(
    plays: "DataFrame",
    play_counts: "DataFrame",
    playlists: "DataFrame",
    opted_out: "DataFrame",
    week: date,
    weights: Weights,
) -> "DataFrame":
    """The matrix, as rows (kind, row_id, track_id, value).

    plays: listened_at, user_id, track_id (from `clean_listens`); play_counts: user_id, track_id, plays, as_of;
    playlists: playlist_id, track_id, user_id; opted_out: user_id. All of them from before `week`.

    value, double > 0: log(1 + Σ plays · 2^(-age / half-life)) for listeners, where a play count is as old as the day
    on which it was read, and counts where single listens give less; `playlist_weight` for playlists. kind is
    "listener" or "playlist".
    """
    from pyspark.sql import functions as F

    day = 24 * 3600
    end = int(weeks.start(week).timestamp())

    def decayed(seconds_ago: "F.Column") -> "F.Column":
        return F.pow(F.lit(0.5), F.greatest(seconds_ago, F.lit(0)) / (weights.half_life_weeks * 7 * day))

    listened = plays.groupBy("user_id", "track_id").agg(
        F.sum(decayed(F.lit(end) - F.unix_timestamp("listened_at"))).alias("listened")
    )
    known = play_counts.join(opted_out.select("user_id"), "user_id", "left_anti").where("plays > 0")
    age = F.coalesce(F.datediff(F.lit(week), F.col("as_of")), F.lit(0)) * day
    counted = known.select("user_id", "track_id", (F.col("plays") * decayed(age)).alias("counted"))
    listeners = (
        listened.join(counted, ["user_id", "track_id"], "full")
        .select(
            F.lit(LISTENER).alias("kind"),
            F.col("user_id").alias("row_id"),
            "track_id",
            F.greatest("listened", "counted").alias("plays"),
        )
        .where(F.col("plays") > NEGLIGIBLE)
        .select("kind", "row_id", "track_id", F.log1p("plays").alias("value"))
    )
    if weights.playlist_weight == 0:
        return listeners
    listed = (
        playlists.join(opted_out.select("user_id"), "user_id", "left_anti")
        .select(F.lit(PLAYLIST).alias("kind"), F.col("playlist_id").alias("row_id"), "track_id")
        .distinct()
        .withColumn("value", F.lit(float(weights.playlist_weight)))
    )
    return listeners.unionByName(listed)
