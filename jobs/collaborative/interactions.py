"""From listens, play counts and playlists to one sparse matrix of confidences.

A row is a listener or a playlist (a pseudo-listener, so that tracks which people put together end up close), a column
is a track, and the value grows with how much, and how lately, it was played. Columns are tracks as they are: versions
of one song sound different, and what is learned about a track is what its sound has to predict. That a listener who
knows the song gets none of its versions is a rule of the list, and of the evaluation.
"""

import math
from dataclasses import dataclass
from datetime import date

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from jobs import weeks
from jobs.streams import shortest, streamed

LONGEST_DAY = 720  # streams of one listener on a UTC day: one each two minutes, day and night; more is no person
OLDEST = date(2000, 1, 1)  # before it there was no streaming: the clock was wrong
NEGLIGIBLE = 1e-6  # decayed plays that are as good as none
LISTENER, PLAYLIST = "listener", "playlist"
ALBUM, ARTIST = "album", "artist"  # what stands in for a community in a household
LARGEST_SHELF = 200  # tracks; a folder or an artist with more says little about any two of them

SET_ASIDE = ("unavailable", "clock_errors", "skips", "duplicates", "bot_plays")
"""Why a listen does not count, in the order in which it is asked: the track is not in the catalogue or not released
before the week; the clock was wrong; it was too short for a stream; the same track had begun less than a stream's
length before, so that two sources report one listen; no person streams as much on one day."""


@dataclass(frozen=True)
class Weights:
    """What a play is worth.

    half_life_weeks : age at which a play counts half, weeks > 0
    playlist_weight : what a playlist entry is worth, in plays of this week, ≥ 0; 0: playlists take no part
    """

    half_life_weeks: float
    playlist_weight: float


def released(tracks: DataFrame, week: date) -> DataFrame:
    """The rows of `tracks` that exist when the week begins: released before it, or nobody knows when."""
    return tracks.where(F.col("released_at").isNull() | (F.col("released_at") < F.lit(week)))


def plays(listens: DataFrame, tracks: DataFrame, opted_out: DataFrame, week: date, half_life_weeks: float) -> DataFrame:
    """What listeners have played, and how many of their listens do not count.

    listens: listened_at, user_id, track_id, ms_played, all of them from before `week`; tracks: rows of `released`;
    opted_out: user_id, who take no part.

    Returns one row for each listener and track with a listen: user_id, track_id, plays (double, Σ 2^(-age / half-life)
    over the streams that count, as `jobs.streams.streamed` tells them; 0: none does) and a column for each of
    `SET_ASIDE` (long: listens that do not count for this reason).
    """
    listener_day = Window.partitionBy("user_id", F.to_date("listened_at"))
    known = tracks.select("track_id", "duration_ms", F.lit(True).alias("available"))
    # One shuffle by listener serves both windows and the sums.
    marked = (
        listens.join(opted_out.select("user_id"), "user_id", "left_anti")
        .join(known, "track_id", "left")
        .repartition("user_id")
        .withColumn("reason", _reason())
        .withColumn("reason", F.when(_repeated(), "duplicates").otherwise(F.col("reason")))
        .withColumn("streams", F.count_if(F.col("reason").isNull()).over(listener_day))
        .withColumn("reason", F.coalesce("reason", F.when(F.col("streams") > LONGEST_DAY, "bot_plays")))
    )
    age = F.lit(int(weeks.start(week).timestamp())) - F.unix_timestamp("listened_at")
    return marked.groupBy("user_id", "track_id").agg(
        F.sum(F.when(F.col("reason").isNull(), _decay(age, half_life_weeks)).otherwise(0.0)).alias("plays"),
        *(F.count_if(F.col("reason") == reason).alias(reason) for reason in SET_ASIDE),
    )


def interactions(
    played: DataFrame,
    play_counts: DataFrame,
    playlists: DataFrame,
    tracks: DataFrame,
    opted_out: DataFrame,
    week: date,
    weights: Weights,
) -> DataFrame:
    """The matrix, as rows (kind, row_id, track_id, value), each cell once; those that are `usable` take part.

    played: user_id, track_id, plays (from `plays`); play_counts: user_id, track_id, plays, as_of; playlists:
    playlist_id, track_id, user_id; tracks: rows of `released`; opted_out: user_id. All of them from before `week`.

    value, double: log(1 + plays), the confidence that the row likes the track. A play count has the age of the day on
    which it was read (none, where that is not known) and counts where single listens give less, because it includes
    them; a playlist entry is worth `playlist_weight` plays at any age. kind is "listener" or "playlist": a playlist
    may have the id of a listener.
    """
    left = opted_out.select("user_id")
    age = F.coalesce(F.datediff(F.lit(week), F.col("as_of")), F.lit(0)) * 86_400
    counted = (
        play_counts.join(left, "user_id", "left_anti")
        .join(tracks.select("track_id"), "track_id", "left_semi")
        .select("user_id", "track_id", (F.col("plays") * _decay(age, weights.half_life_weeks)).alias("plays"))
    )
    listeners = (
        played.select("user_id", "track_id", "plays")
        .unionByName(counted)
        .groupBy("user_id", "track_id")
        .agg(F.max("plays").alias("plays"))
        .select(F.lit(LISTENER).alias("kind"), F.col("user_id").alias("row_id"), "track_id", "plays")
    )
    listed = (
        playlists.join(left, "user_id", "left_anti")
        .join(tracks.select("track_id"), "track_id", "left_semi")
        .select(F.lit(PLAYLIST).alias("kind"), F.col("playlist_id").alias("row_id"), "track_id")
        .distinct()
        .withColumn("plays", F.lit(float(weights.playlist_weight)))
    )
    return listeners.unionByName(listed).select("kind", "row_id", "track_id", F.log1p("plays").alias("value"))


def shelves(tracks: DataFrame, weight: float) -> DataFrame:
    """Albums and artists as rows of the matrix, for where there is nobody to compare a listener with: (kind, row_id,
    track_id, value), each track of a row worth `weight` plays.

    tracks: rows of `released`. An album is a folder of files, or where there are none, the tracks that an artist has
    under its title. Of one track alone, or of more than LARGEST_SHELF, nothing is learned.
    """
    folder = F.regexp_extract("path", "^(.*)/[^/]*$", 1)
    album = F.coalesce(F.when(folder != "", folder), F.concat_ws("/", "artist_id", F.nullif("album", F.lit(""))))
    by_album = tracks.where("path IS NOT NULL OR album IS NOT NULL").select(F.lit(ALBUM), album, "track_id")
    everybody = F.array_union(F.array("artist_id"), F.coalesce("featured_artist_ids", F.array().cast("array<string>")))
    by_artist = tracks.select(F.lit(ARTIST), F.explode(everybody), "track_id")
    rows = by_album.union(by_artist).toDF("kind", "row_id", "track_id")
    size = F.count(F.lit(1)).over(Window.partitionBy("kind", "row_id"))
    fitting = rows.withColumn("size", size).where(F.col("size").between(2, LARGEST_SHELF))
    return fitting.select("kind", "row_id", "track_id", F.log1p(F.lit(float(weight))).alias("value"))


def usable() -> Column:
    """Whether the value of a cell is a confidence: more than next to nothing, and finite. The others take no part."""
    return (F.col("value") > math.log1p(NEGLIGIBLE)) & (F.col("value") < math.inf)  # NaN is the largest, for Spark


def _reason() -> Column:
    return (
        F.when(F.col("available").isNull(), "unavailable")
        .when(F.col("listened_at") < F.lit(OLDEST), "clock_errors")
        .when(~streamed(), "skips")
    )


def _repeated() -> Column:
    """Whether a stream begins before the one of the same track before it can have been a stream."""
    streams = Window.partitionBy("user_id", "track_id", F.col("reason").isNull()).orderBy("listened_at")
    gap_ms = F.unix_millis("listened_at") - F.unix_millis(F.lag("listened_at").over(streams))
    return F.col("reason").isNull() & (gap_ms < shortest())


def _decay(age_seconds: Column, half_life_weeks: float) -> Column:
    return F.pow(F.lit(0.5), F.greatest(age_seconds, F.lit(0)) / (half_life_weeks * 7 * 86_400))
