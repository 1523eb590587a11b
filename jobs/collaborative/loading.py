"""From the lake to a matrix, from a matrix to factors: what the commands share."""

import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from jobs import cli, weeks
from jobs.collaborative import baselines
from jobs.collaborative.als import Factorization, Parameters, factorize
from jobs.collaborative.evaluation import Candidates, discoveries, evaluate
from jobs.collaborative.interactions import (
    LISTENER,
    PLAYLIST,
    Weights,
    interactions,
    plays,
    released,
    shelves,
    usable,
)
from jobs.progress import bar
from jobs.settings import CollaborativeSettings, settings

if TYPE_CHECKING:
    from jobs.lake import Lake

MADE_FROM = ("listens", "play_counts", "playlists", "tracks", "exclusions")
"""The tables that a matrix is made from."""


@dataclass(frozen=True)
class Past:
    """What was before a week.

    played : what listeners have played (`interactions.plays`), cached
    cells : the cells of the matrix (`interactions.interactions`), cached
    tracks : rows of the catalogue
    """

    played: DataFrame
    cells: DataFrame
    tracks: DataFrame

    @property
    def matrix(self) -> DataFrame:
        """The cells that take part."""
        return self.cells.where(usable())

    def with_playlists_worth(self, weight: float) -> "Past":
        """The same where a playlist entry is worth so many plays; of one with a weight above 0."""
        value = F.when(F.col("kind") == PLAYLIST, F.log1p(F.lit(weight))).otherwise(F.col("value"))
        return Past(self.played, self.cells.withColumn("value", value), self.tracks)

    def release(self) -> None:
        """Give the memory back."""
        for frame in (self.played, self.cells):
            frame.unpersist()


def past(
    lake: "Lake",
    spark: SparkSession,
    week: date,
    weights: Weights,
    judged_in: date | None = None,
    listener: str | None = None,
) -> Past:
    """The past of a week, of all or of one listener.

    judged_in : for the evaluation of a later week: only what is known to be from before `week` (a play count or
        playlist without a date may be from the weeks to predict), without who has left until that week
    listener : a user_id, whose listens and play counts alone are read; no playlists
    """
    undated = "{0} IS NULL OR " if judged_in is None else ""
    tracks = released(lake.spark(spark, "tracks"), week)
    left = opted_out(lake, spark, judged_in or week)
    own = F.lit(True) if listener is None else F.col("user_id") == listener
    listens = lake.spark(spark, "listens", f"listened_at < '{weeks.start(week).isoformat()}'").where(own)
    counts = lake.spark(spark, "play_counts", undated.format("as_of") + f"as_of < '{week}'").where(own)
    playlists = lake.spark(spark, "playlists", undated.format("updated_at") + f"updated_at < '{week}'")
    if listener is not None:
        playlists = playlists.limit(0)
    played = plays(listens, tracks, left, week, weights.half_life_weeks).cache()
    cells = interactions(played, counts, playlists, tracks, left, week, weights).cache()
    if listener is None and is_household(cells):
        cells = cells.unionByName(shelves(tracks, settings().collaborative.shelf_weight)).cache()
    return Past(played, cells, tracks)


def is_household(cells: DataFrame) -> bool:
    """Whether so few listen that nobody has a listener of like taste to be compared with."""
    config = settings().collaborative
    listeners = cells.where(usable() & (F.col("kind") == LISTENER)).select("row_id").distinct()
    return config.shelf_weight > 0 and 0 < listeners.limit(config.household).count() < config.household


def opted_out(lake: "Lake", spark: SparkSession, week: date) -> DataFrame:
    """Who has opted out before the week: user_id."""
    holds = lake.spark(spark, "exclusions", f"since IS NULL OR since < '{week}'")
    return holds.where("kind = 'opt_out'").select("user_id").distinct()


def within(moment: date, week: date) -> str:
    """The filter of the listens in the weeks from `moment` to `week`."""
    return f"listened_at >= '{weeks.start(moment).isoformat()}' AND listened_at < '{weeks.start(week).isoformat()}'"


def discovered(lake: "Lake", spark: SparkSession, before: Past, moment: date, week: date) -> DataFrame:
    """What listeners discover in the weeks from `moment` to `week`, as `evaluation.discoveries`.

    before : the past of `moment`, judged in `week`
    """
    listens = lake.spark(spark, "listens", within(moment, week))
    # Whether there is a play is what counts, at any half-life.
    future = plays(listens, before.tracks, opted_out(lake, spark, week), week, half_life_weeks=1.0).where("plays > 0")
    counted = lake.spark(spark, "play_counts", f"as_of IS NULL OR as_of < '{moment}'").where("plays > 0")
    # Whatever was met before is no discovery: skipped tracks, and totals without a date, too.
    met = before.played.select("user_id", "track_id").union(counted.select("user_id", "track_id"))
    return discoveries(met, future, before.tracks)


def snapshots(lake: "Lake") -> list[int]:
    """The snapshots that a matrix is made from."""
    return [state["snapshot_id"] for name in MADE_FROM for state in lake.snapshots(name) if state["current"]]


@contextmanager
def factorized(
    matrix: DataFrame, week: date, job: str, config: CollaborativeSettings, **more
) -> Iterator[Factorization]:
    """The factors of a matrix, with progress shown.

    job : its name, for the seed and for the folder that the tasks share; more : as `als.factorize` takes it
    """
    parameters = Parameters(
        factors=config.factors,
        epochs=config.epochs,
        regularization=config.regularization,
        unobserved_weight=config.unobserved_weight,
        seed=cli.job_seed(week, job),
        solver=config.solver,
        tolerance=config.tolerance,
    )
    base = config.exchange or str(settings().home / "tmp" / "als")
    address = f"{base if '://' in base else Path(base).absolute().as_uri()}/{job}-{week}"
    with bar(f"factors for {week}", parameters.epochs, "epochs") as progress:
        note = lambda epoch, loss: progress.advance(note=f"loss {loss:,.1f}")  # noqa: E731
        with factorize(matrix, parameters, address, on_epoch=note, **more) as found:
            yield found


def measured(
    before: Past, found_in_future: DataFrame, week: date, job: str, config: CollaborativeSettings, models: Sequence[str]
) -> list[tuple[str, str, float]]:
    """Factorize a past, and measure what is found of the future; see `evaluation.evaluate`.

    before : of which the matrix is not empty; found_in_future : as `discovered` gives it
    """
    matrix = before.matrix
    is_listener = F.col("kind") == LISTENER
    known = matrix.groupBy("track_id").agg(
        F.sum("value").alias("popularity"), F.count_if(is_listener).alias("listeners")
    )
    listeners = matrix.where(is_listener)
    history = listeners.groupBy(F.col("row_id").alias("user_id")).agg(
        F.collect_list(F.struct("track_id", "value")).alias("history")
    )
    with factorized(matrix, week, job, config, key=uuid.uuid4().hex) as found:
        tracks = found.tracks.select("track_id", "factors").join(known, "track_id")
        works = before.tracks.select("track_id", "work_id", "artist_id")
        candidates = Candidates.of(tracks.join(works, "track_id"), listeners.select("row_id").distinct().count())
        if "cosine" in models:
            values = baselines.sample(matrix, candidates.track_ids, matrix.count())
            candidates = replace(candidates, similar=baselines.neighbours(matrix.sparkSession, values))
        users = found.rows.where(is_listener).select(F.col("row_id").alias("user_id"), "factors")
        judged = users.join(found_in_future, "user_id").join(history, "user_id", "left")
        return evaluate(judged, candidates, cli.job_seed(week, f"{job}.random"), models)
