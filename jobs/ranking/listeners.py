"""Listeners and what each has heard: one row a listener, from Spark; blocks of them as arrays, for NumPy."""

from dataclasses import dataclass
from datetime import date

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from jobs.ranking.catalogue import Catalogue
from jobs.ranking.features import KINDS
from jobs.settings import settings
from jobs.streams import streamed

ANCHORS = 40
"""Played tracks of a listener, the weightiest, whose neighbourhoods are looked at."""

HALF_LIFE_WEEKS = 13.0
"""Age of the last listen at which a played track weighs half."""


def histories(listens: DataFrame, play_counts: DataFrame, tracks: DataFrame) -> DataFrame:
    """What each listener has heard before the week.

    Parameters
    ----------
    listens, play_counts, tracks : rows of these tables, the first two from before the week only

    Returns
    -------
    DataFrame: user_id, track_id, plays (long: streams; 0 when it was only ever skipped), last_day (int: days since
    1970 of the last listen; null: not known). One row for each listener and track.
    """
    listened = (
        listens.join(F.broadcast(tracks.select("track_id", "duration_ms")), "track_id")
        .groupBy("user_id", "track_id")
        .agg(
            F.sum(streamed().cast("long")).alias("plays"),
            F.max(F.unix_date(F.col("listened_at").cast("date"))).alias("last_day"),
        )
    )
    counted = play_counts.where("plays > 0").select("user_id", "track_id", "plays", F.lit(None).cast("int"))
    return (
        listened.unionAll(counted)
        .groupBy("user_id", "track_id")
        .agg(F.sum("plays").alias("plays"), F.max("last_day").alias("last_day"))
    )


def profiles(
    history: DataFrame, served: DataFrame, exclusions: DataFrame, factors: DataFrame, answers: DataFrame
) -> DataFrame:
    """One row for each listener who is to get a list: all that has heard something and has not opted out.

    Parameters
    ----------
    history : as `histories` makes it
    served : user_id, track_id of what listeners know otherwise; exclusions, factors (user_factors) : rows of these
        tables
    answers : what became of earlier lists: user_id, explanation_kind, score, reward (0 or 1), plays

    Returns
    -------
    DataFrame: user_id; heard array<struct<track_id, plays, last_day>>; served array<string>; banned_tracks and
    banned_artists array<string>; steady boolean, whether the listener wants no place that explores; factors
    array<float>; answers array<struct<kind, surplus, judged, played>>, by kind of reason the sum of reward - score, of
    how many judgements, and how many of those were played at all. What is not there is null.
    """
    heard = history.groupBy("user_id").agg(
        F.sort_array(F.collect_list(F.struct("track_id", "plays", "last_day"))).alias("heard")
    )
    offered = served.groupBy("user_id").agg(F.sort_array(F.collect_set("track_id")).alias("served"))
    bans = exclusions.groupBy("user_id").agg(
        F.collect_set(F.when(F.col("kind") == "track", F.col("excluded_id"))).alias("banned_tracks"),
        F.collect_set(F.when(F.col("kind") == "artist", F.col("excluded_id"))).alias("banned_artists"),
        F.max(F.col("kind") == "exploration").alias("steady"),
    )
    answered = (
        answers.groupBy("user_id", F.col("explanation_kind").alias("kind"))
        .agg(
            F.round(F.sum(F.col("reward") - F.col("score")), 9).alias("surplus"),  # the same in any order of the rows
            F.count("*").alias("judged"),
            F.sum((F.col("plays") > 0).cast("long")).alias("played"),
        )
        .groupBy("user_id")
        .agg(F.sort_array(F.collect_list(F.struct("kind", "surplus", "judged", "played"))).alias("answers"))
    )
    left = exclusions.where("kind = 'opt_out'").select("user_id")
    return (
        heard.join(left, "user_id", "left_anti")
        .join(offered, "user_id", "left")
        .join(bans, "user_id", "left")
        .join(factors.select("user_id", "factors"), "user_id", "left")
        .join(answered, "user_id", "left")
    )


def in_order(profiles: DataFrame) -> DataFrame:
    """The same rows, always in the same partitions and order, so that blocks are made of the same listeners: sums of
    floating-point numbers depend on who is in a block."""
    return profiles.repartition(settings().spark.shuffle_partitions, "user_id").sortWithinPartitions("user_id")


@dataclass(frozen=True)
class Block:
    """Some listeners, as arrays. Pairs (row, track) and (row, artist) hold positions in the block and the catalogue.

    user_ids : str (n,)
    played : (row, track, weight), each (n_played,): streamed tracks, the weightiest of a listener first; the weight
        in (0, 1] grows with the log of plays and halves every `HALF_LIFE_WEEKS`, 1 for the listener's first
    heard : (row, track): all that was listened to, skipped or not
    kept : bool, aligned with `heard`: whether it was streamed
    served : (row, track): all that earlier lists offered, and what is on playlists of the listener's own
    banned_tracks : (row, track); banned_artists : (row, artist)
    explores : bool (n,), whether the list of a listener may explore
    factors : float32 (n, n_factors), 0 for who has none
    answers : (surplus, judged, played), each float64 (n, n_kinds): by kind of reason, how many more of earlier offers
        were streamed than was expected, how many were judged, and how many of those were played at all
    """

    user_ids: np.ndarray
    played: tuple[np.ndarray, np.ndarray, np.ndarray]
    heard: tuple[np.ndarray, np.ndarray]
    kept: np.ndarray
    served: tuple[np.ndarray, np.ndarray]
    banned_tracks: tuple[np.ndarray, np.ndarray]
    banned_artists: tuple[np.ndarray, np.ndarray]
    explores: np.ndarray
    factors: np.ndarray
    answers: tuple[np.ndarray, np.ndarray, np.ndarray]

    def __len__(self) -> int:
        return len(self.user_ids)

    @classmethod
    def from_arrow(cls, batch: pa.RecordBatch, catalogue: Catalogue, week: date) -> "Block":
        """The block of some rows of `profiles`."""
        n = batch.num_rows
        rows, heard = _flat(batch.column("heard"))
        tracks = catalogue.track_index.get_indexer(heard.field("track_id").to_numpy(zero_copy_only=False))
        known = tracks >= 0
        plays = heard.field("plays").to_numpy(zero_copy_only=False)
        last_day = heard.field("last_day").to_numpy(zero_copy_only=False).astype(np.float64)  # nan: not known
        return cls(
            user_ids=np.asarray(batch.column("user_id").to_numpy(zero_copy_only=False), object),
            played=played_tracks(rows[known], tracks[known], plays[known], last_day[known], week),
            heard=(rows[known], tracks[known]),
            kept=plays[known] > 0,
            served=_pairs(batch.column("served"), catalogue.track_index),
            banned_tracks=_pairs(batch.column("banned_tracks"), catalogue.track_index),
            banned_artists=_pairs(batch.column("banned_artists"), catalogue.artist_index),
            explores=~batch.column("steady").fill_null(False).to_numpy(zero_copy_only=False),
            factors=_factors(batch.column("factors"), n, catalogue.factors.shape[1]),
            answers=_answers(batch.column("answers")),
        )

    def anchors(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """The `ANCHORS` weightiest tracks of each listener, as `played`."""
        rows, tracks, weights = self.played
        starts = np.searchsorted(rows, np.arange(len(self)))
        use = np.arange(len(rows)) - starts[rows] < ANCHORS
        return rows[use], tracks[use], weights[use]


def played_tracks(
    rows: np.ndarray, tracks: np.ndarray, plays: np.ndarray, last_day: np.ndarray, week: date
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """`Block.played` from each listener's tracks: rows, tracks, plays (streams), last_day (days since 1970, nan: not
    known), each (n,)."""
    age_weeks = (np.datetime64(week).astype("datetime64[D]").astype(int) - np.nan_to_num(last_day, nan=np.inf)) / 7
    age_weeks = np.where(np.isfinite(age_weeks), age_weeks, 0)  # a total without a date does not age
    weight = np.log1p(plays) * 0.5 ** (age_weeks / HALF_LIFE_WEEKS)
    use = plays > 0
    rows, tracks, weight = rows[use], tracks[use], weight[use]
    order = np.lexsort((tracks, -weight, rows))
    rows, tracks, weight = rows[order], tracks[order], weight[order]
    first = np.searchsorted(rows, rows)
    return rows, tracks, weight / weight[first] if len(rows) else weight


def _flat(lists: pa.ListArray) -> tuple[np.ndarray, pa.Array]:
    """The values of a list column, and the row that each belongs to."""
    counts = lists.value_lengths().fill_null(0).to_numpy(zero_copy_only=False)
    return np.repeat(np.arange(len(lists)), counts), lists.flatten()


def _pairs(lists: pa.ListArray, index) -> tuple[np.ndarray, np.ndarray]:
    """(row, position) of the values of a list column that `index` knows."""
    rows, values = _flat(lists)
    at = index.get_indexer(values.to_numpy(zero_copy_only=False))
    return rows[at >= 0], at[at >= 0]


def _answers(lists: pa.ListArray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """`Block.answers` from the column of that name; a kind that is no longer known is left out."""
    rows, values = _flat(lists)
    kinds = pc.index_in(values.field("kind"), pa.array(KINDS)).fill_null(-1).to_numpy(zero_copy_only=False)
    found = np.zeros((3, len(lists), len(KINDS)))
    for of, name in zip(found, ("surplus", "judged", "played"), strict=True):
        np.add.at(
            of, (rows[kinds >= 0], kinds[kinds >= 0]), values.field(name).to_numpy(zero_copy_only=False)[kinds >= 0]
        )
    return tuple(found)


def _factors(lists: pa.ListArray, n: int, width: int) -> np.ndarray:
    """Factor lists as a matrix (n, width). A vector of another length is from another space, and counts as none."""
    matrix = np.zeros((n, width), np.float32)
    counts = lists.value_lengths().fill_null(0).to_numpy(zero_copy_only=False)
    fits = (counts == width) & (width > 0)
    values = lists.flatten().to_numpy(zero_copy_only=False)
    matrix[fits] = values[np.repeat(fits, counts)].reshape(-1, width) if width else 0
    return matrix
