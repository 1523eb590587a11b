"""`python -m jobs.collaborative [train|evaluate] --week YYYY-MM-DD`; see the help."""

import argparse
import logging
from datetime import date, timedelta
from typing import TYPE_CHECKING

from jobs import cli, weeks
from jobs.progress import step as logged
from jobs.settings import settings

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

    from jobs.lake import Lake

log = logging.getLogger("discover")


def arg_parser() -> argparse.ArgumentParser:
    """The command line."""
    parser = argparse.ArgumentParser(
        prog="python -m jobs.collaborative",
        description="Learn where listeners and tracks stand to each other from listens, play counts and playlists.",
        epilog="train writes user_factors and track_factors of the week; evaluate predicts the last weeks from the "
        "ones before and writes how well into metrics.\nexample: python -m jobs.collaborative train --week 2026-11-23",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("step", nargs="?", choices=("train", "evaluate"), default="train", help="default: %(default)s")
    cli.add_week(parser)
    return parser


def main(step: str, week: date) -> None:
    """Run one step for one week."""
    {"train": train, "evaluate": evaluate}[step](week)


def train(week: date) -> None:
    """Publish `user_factors` and the collaborative part of `track_factors`."""
    from pyspark.sql import functions as F

    from jobs.collaborative.interactions import LISTENER
    from jobs.lake import Lake
    from jobs.spark import session

    lake = Lake()
    with session("discover collaborative train") as spark, logged("collaborative factors"):
        matrix, aside = _matrix(lake, spark, week)
        shape = _shape(matrix)
        if not shape["values"]:
            log.info("no listens, play counts or playlists before %s: no factors", week)
            lake.publish("user_factors", [], {"week": week})
            lake.publish("track_factors", [], {"week": week, "origin": "collaborative"})
        else:
            log.info(
                "%s listeners and %s playlists x %s tracks, %s values",
                *(f"{shape[name]:,}" for name in ("listeners", "playlists", "tracks", "values")),
            )
            rows, tracks = _factorize(matrix, week, "collaborative.train")
            heard = matrix.where(F.col("kind") == LISTENER).groupBy("row_id").agg(F.count("*").alias("tracks_heard"))
            users = rows.where(F.col("kind") == LISTENER).join(heard, "row_id")
            lake.publish(
                "user_factors",
                users.select(F.col("row_id").alias("user_id"), "factors", "tracks_heard").orderBy("user_id"),
                {"week": week},
            )
            listeners = matrix.groupBy("track_id").agg(F.count("*").alias("listeners"))
            lake.publish(
                "track_factors",
                tracks.join(listeners, "track_id").orderBy("track_id"),
                {"week": week, "origin": "collaborative"},
            )
        lake.record(week, "collaborative.train", [(name, "", value) for name, value in {**shape, **aside}.items()])


def evaluate(week: date) -> None:
    """Train on what was before the last weeks, predict these, and record how well."""
    from rich.console import Console
    from rich.table import Table

    from jobs.collaborative import evaluation
    from jobs.collaborative.interactions import LISTENER, clean_listens
    from jobs.lake import Lake
    from jobs.spark import session

    lake = Lake()
    moment = week - timedelta(weeks=settings().collaborative.holdout_weeks)
    with session("discover collaborative evaluate") as spark, logged(f"predicting {moment} to {week}"):
        matrix, _ = _matrix(lake, spark, moment)
        opted_out = _opted_out(lake, spark, week)
        later = (
            f"listened_at >= '{weeks.start(moment).isoformat()}' AND listened_at < '{weeks.start(week).isoformat()}'"
        )
        future, _ = clean_listens(lake.spark(spark, "listens", later), opted_out)
        if matrix.isEmpty() or future.isEmpty():
            log.info("nothing to evaluate: listens are needed both before and after %s", moment)
            lake.record(week, "collaborative.evaluate", [])
            return
        rows, tracks = _factorize(matrix, moment, "collaborative.evaluate")
        listeners = matrix.where(matrix.kind == LISTENER)
        measured = evaluation.evaluate(
            rows.where(rows.kind == LISTENER).withColumnRenamed("row_id", "user_id"),
            tracks.join(
                listeners.groupBy("track_id").count().withColumnRenamed("count", "listeners"), "track_id", "left"
            ).fillna({"listeners": 0}),
            _heard(lake, spark, moment),
            future.select("user_id", "track_id"),
            cli.job_seed(week, "collaborative.evaluate.random"),
        )
        lake.record(week, "collaborative.evaluate", measured)
    values = {(metric, dimension): value for metric, dimension, value in measured}
    table = Table(title=f"Tracks new to the listener, {moment} to {week}, first {evaluation.CUT} places")
    names = [*(f"{name}_at_{evaluation.CUT}" for name in evaluation.METRICS), "coverage", "users"]
    for name in ("model", *names):
        table.add_column(name, justify="left" if name == "model" else "right")
    for model in evaluation.MODELS:
        cells = [values.get((name, f"model={model}")) for name in names]
        table.add_row(model, *("" if c is None else f"{c:,.0f}" if c > 1 else f"{c:.4f}" for c in cells))
    Console().print(table)


def _matrix(lake: "Lake", spark: "SparkSession", week: date) -> "tuple[DataFrame, dict[str, int]]":
    """The matrix as it stood at the beginning of a week, and how many rows were set aside and why."""
    from jobs.collaborative.interactions import Weights, clean_listens, interactions

    config = settings().collaborative
    opted_out = _opted_out(lake, spark, week)
    listens = lake.spark(spark, "listens", f"listened_at < '{weeks.start(week).isoformat()}'")
    plays, aside = clean_listens(listens, opted_out)
    matrix = interactions(
        plays,
        lake.spark(spark, "play_counts", f"as_of IS NULL OR as_of < '{week}'"),
        lake.spark(spark, "playlists", f"updated_at IS NULL OR updated_at < '{week}'"),
        opted_out,
        week,
        Weights(config.half_life_weeks, config.playlist_weight),
    )
    return matrix.cache(), aside.first().asDict()


def _heard(lake: "Lake", spark: "SparkSession", week: date) -> "DataFrame":
    """Everything that listeners have met before the week, skipped or not: (user_id, track_id)."""
    listens = lake.spark(spark, "listens", f"listened_at < '{weeks.start(week).isoformat()}'")
    counts = lake.spark(spark, "play_counts", f"as_of IS NULL OR as_of < '{week}'").where("plays > 0")
    return listens.select("user_id", "track_id").union(counts.select("user_id", "track_id"))


def _opted_out(lake: "Lake", spark: "SparkSession", week: date) -> "DataFrame":
    holds = lake.spark(spark, "exclusions", f"since IS NULL OR since < '{week}'")
    return holds.where("kind = 'opt_out'").select("user_id").distinct()


def _shape(matrix: "DataFrame") -> dict[str, int]:
    from pyspark.sql import functions as F

    from jobs.collaborative.interactions import LISTENER, PLAYLIST

    def distinct(kind: str) -> "F.Column":
        return F.count_distinct(F.when(F.col("kind") == kind, F.col("row_id")))

    return (
        matrix.agg(
            distinct(LISTENER).alias("listeners"),
            distinct(PLAYLIST).alias("playlists"),
            F.count_distinct("track_id").alias("tracks"),
            F.count("*").alias("values"),
        )
        .first()
        .asDict()
    )


def _factorize(matrix: "DataFrame", week: date, job: str) -> "tuple[DataFrame, DataFrame]":
    from jobs.collaborative.als import Parameters, factorize

    config = settings().collaborative
    return factorize(
        matrix,
        Parameters(
            factors=config.factors,
            iterations=config.iterations,
            regularization=config.regularization,
            alpha=config.alpha,
            seed=cli.job_seed(week, job),
        ),
    )


if __name__ == "__main__":
    cli.run(arg_parser(), main)
