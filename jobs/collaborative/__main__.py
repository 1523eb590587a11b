"""`python -m jobs.collaborative [train|evaluate] --week YYYY-MM-DD`; see the help."""

import argparse
import logging
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from jobs import cli, weeks
from jobs.progress import bar
from jobs.progress import step as logged
from jobs.settings import settings

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

    from jobs.collaborative.als import Factorization
    from jobs.lake import Lake

SOURCES = ("listens", "play_counts", "playlists")

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
    from jobs.lake import Lake
    from jobs.spark import session

    lake = Lake()
    if all(lake.is_empty(source) for source in SOURCES):
        _publish_nothing(lake, week, [])
        return
    with session("discover collaborative train") as spark, logged("collaborative factors"):
        past = _past(lake, spark, week)
        shape = _shape(past.matrix)
        counts = [*((metric, "", n) for metric, n in shape.items()), *_set_aside(lake, past, week)]
        if not shape["values"]:
            _publish_nothing(lake, week, counts)
        else:
            log.info("%s listeners and %s playlists x %s tracks, %s values", *(f"{n:,}" for n in shape.values()))
            losses = _publish(lake, spark, week, past.matrix)
            epochs = [("loss", f"epoch={n}", loss) for n, loss in enumerate(losses[1::2], start=1)]
            lake.record(week, "collaborative.train", counts + epochs)
        past.release()


def evaluate(week: date) -> None:
    """Train on what was before the last weeks, predict these, and record how well."""
    from jobs.lake import Lake
    from jobs.spark import session

    lake = Lake()
    moment = week - timedelta(weeks=settings().collaborative.holdout_weeks)
    holdout = f"listened_at >= '{weeks.start(moment).isoformat()}' AND listened_at < '{weeks.start(week).isoformat()}'"
    measured: list[tuple[str, str, float]] = []
    if not lake.is_empty("listens", holdout):
        with session("discover collaborative evaluate") as spark, logged(f"predicting {moment} to {week}"):
            measured = _measure(lake, spark, moment, week, holdout)
    lake.record(week, "collaborative.evaluate", measured)
    if measured:
        _show(measured, f"Tracks new to the listener, {moment} to {week}")
    else:
        log.info(
            "nothing to evaluate: nobody discovered a track from %s to %s, or nothing is known before", moment, week
        )


class _Past(NamedTuple):
    """What was before a week: what listeners have played (`interactions.plays`), the cells of the matrix
    (`interactions.interactions`), the tracks there were."""

    played: "DataFrame"
    cells: "DataFrame"
    tracks: "DataFrame"

    @property
    def matrix(self) -> "DataFrame":
        from jobs.collaborative.interactions import usable

        return self.cells.where(usable())

    def release(self) -> None:
        for frame in (self.played, self.cells):
            frame.unpersist()


def _past(lake: "Lake", spark: "SparkSession", week: date, judged_in: date | None = None) -> _Past:
    """The past of a week. For the evaluation of a later week, `judged_in`: only what is known to be from before
    `week` (a play count or playlist without a date may be from the weeks to predict), without who has left since."""
    from jobs.collaborative.interactions import Weights, interactions, plays, released

    config = settings().collaborative
    weights = Weights(config.half_life_weeks, config.playlist_weight)
    undated = "{0} IS NULL OR " if judged_in is None else ""
    tracks = released(lake.spark(spark, "tracks"), week)
    opted_out = _opted_out(lake, spark, judged_in or week)
    listens = lake.spark(spark, "listens", f"listened_at < '{weeks.start(week).isoformat()}'")
    played = plays(listens, tracks, opted_out, week, weights.half_life_weeks).cache()
    cells = interactions(
        played,
        lake.spark(spark, "play_counts", undated.format("as_of") + f"as_of < '{week}'"),
        lake.spark(spark, "playlists", undated.format("updated_at") + f"updated_at < '{week}'"),
        tracks,
        opted_out,
        week,
        weights,
    )
    return _Past(played, cells.cache(), tracks)


def _opted_out(lake: "Lake", spark: "SparkSession", week: date) -> "DataFrame":
    holds = lake.spark(spark, "exclusions", f"since IS NULL OR since < '{week}'")
    return holds.where("kind = 'opt_out'").select("user_id").distinct()


def _shape(matrix: "DataFrame") -> dict[str, int]:
    """How many listeners, playlists, tracks and values the matrix has."""
    from pyspark.sql import functions as F

    from jobs.collaborative.interactions import LISTENER, PLAYLIST

    rows = {
        name: F.count_distinct(F.when(F.col("kind") == kind, F.col("row_id"))).alias(name)
        for name, kind in (("listeners", LISTENER), ("playlists", PLAYLIST))
    }
    tracks = F.count_distinct("track_id").alias("tracks")
    return matrix.agg(*rows.values(), tracks, F.count("*").alias("values")).first().asDict()


def _set_aside(lake: "Lake", past: _Past, week: date) -> list[tuple[str, str, float]]:
    """How many listens and cells do not count, and why, as rows of metrics."""
    from pyspark.sql import functions as F

    from jobs.collaborative.interactions import SET_ASIDE, usable

    sums = (F.coalesce(F.sum(reason), F.lit(0)).alias(reason) for reason in SET_ASIDE)
    totals = past.played.agg(*sums).first().asDict()
    later = lake.sql("SELECT count(*) AS n FROM listens WHERE listened_at >= ?", [weeks.start(week)])
    totals["after_the_week_began"] = later["n"][0].as_py()
    log.info("listens that do not count: %s", ", ".join(f"{reason} {n:,}" for reason, n in totals.items()))
    return [
        *(("listens_set_aside", f"reason={reason}", n) for reason, n in totals.items()),
        ("cells_set_aside", "reason=zero_or_not_finite", past.cells.where(~usable()).count()),
    ]


@contextmanager
def _factorized(matrix: "DataFrame", week: date, job: str, **more) -> "Iterator[Factorization]":
    """The factors of a matrix, with the settings of this process and progress shown; see `als.factorize` for more."""
    from jobs.collaborative.als import Parameters, factorize

    config = settings().collaborative
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


def _publish(lake: "Lake", spark: "SparkSession", week: date, matrix: "DataFrame") -> list[float]:
    """Publish the factors of a week; returns the loss after each half-epoch."""
    from pyspark.sql import functions as F

    from jobs.collaborative.interactions import LISTENER

    states = [
        s["snapshot_id"] for name in (*SOURCES, "tracks", "exclusions") for s in lake.snapshots(name) if s["current"]
    ]
    initial, checksum = _last_week(lake, spark, week)
    key = f"{week} {states} {checksum} {settings().collaborative}"
    with _factorized(matrix, week, "train", key=key, initial=initial) as found:
        users = found.rows.where(F.col("kind") == LISTENER).drop("kind")
        users = users.withColumnsRenamed({"row_id": "user_id", "n_values": "tracks_heard"})
        tracks = found.tracks.withColumnRenamed("n_values", "listeners")
        lake.publish("user_factors", users, {"week": week})
        lake.publish("track_factors", tracks, {"week": week, "origin": "collaborative"})
        return found.losses


def _last_week(
    lake: "Lake", spark: "SparkSession", week: date
) -> "tuple[tuple[DataFrame, DataFrame] | None, int | None]":
    """The factors to start from, and a checksum of them; None: there are none of that length, or none are wanted."""
    from pyspark.sql import functions as F

    from jobs.collaborative.interactions import LISTENER

    config, before = settings().collaborative, week - timedelta(weeks=1)
    known = lake.sql(
        "SELECT any_value(len(factors)) AS length, bit_xor(hash(track_id, factors)) AS checksum FROM track_factors "
        "WHERE week = ? AND origin = 'collaborative'",
        [before],
    ).to_pylist()[0]
    if not config.warm_start or known["length"] != config.factors:
        log.info("starting from random factors: %s", _why_cold(config.warm_start, known["length"], before))
        return None, None
    users = lake.spark(spark, "user_factors", {"week": before})
    tracks = lake.spark(spark, "track_factors", {"week": before, "origin": "collaborative"})
    rows = users.select(F.lit(LISTENER).alias("kind"), F.col("user_id").alias("row_id"), "factors")
    return (rows, tracks.select("track_id", "factors")), known["checksum"]


def _why_cold(wanted: bool, length: int | None, before: date) -> str:
    if not wanted:
        return "as the setting collaborative.warm_start says"
    return f"there are none of {before}" if length is None else f"those of {before} have length {length}"


def _publish_nothing(lake: "Lake", week: date, counts: list[tuple[str, str, float]]) -> None:
    log.info("no listens, play counts or playlists before %s: no factors", week)
    lake.publish("user_factors", [], {"week": week})
    lake.publish("track_factors", [], {"week": week, "origin": "collaborative"})
    lake.record(week, "collaborative.train", counts)


def _measure(
    lake: "Lake", spark: "SparkSession", moment: date, week: date, holdout: str
) -> list[tuple[str, str, float]]:
    """The metrics of the weeks from `moment` to `week`; none where there is nothing to predict or to learn from."""
    from pyspark.sql import functions as F

    from jobs.collaborative.evaluation import Candidates, discoveries, evaluate
    from jobs.collaborative.interactions import LISTENER, plays

    past = _past(lake, spark, moment, judged_in=week)
    opted_out = _opted_out(lake, spark, week)
    half_life = settings().collaborative.half_life_weeks
    future = plays(lake.spark(spark, "listens", holdout), past.tracks, opted_out, week, half_life).where("plays > 0")
    counted = lake.spark(spark, "play_counts", f"as_of IS NULL OR as_of < '{moment}'").where("plays > 0")
    # Whatever was met before is no discovery: skipped tracks, and totals without a date, too.
    met = past.played.select("user_id", "track_id").union(counted.select("user_id", "track_id"))
    discovered = discoveries(met, future, past.tracks).cache()
    measured = []
    if not past.matrix.isEmpty() and not discovered.isEmpty():
        popularity = past.matrix.groupBy("track_id").agg(F.sum("value").alias("popularity"))
        works = past.tracks.select("track_id", "work_id")
        with _factorized(past.matrix, moment, "evaluate", key=uuid.uuid4().hex) as found:
            users = found.rows.where(F.col("kind") == LISTENER).select(F.col("row_id").alias("user_id"), "factors")
            candidates = Candidates.of(found.tracks.join(popularity, "track_id").join(works, "track_id"))
            measured = evaluate(users, candidates, discovered, cli.job_seed(week, "collaborative.evaluate.random"))
    discovered.unpersist()
    past.release()
    return measured


def _show(measured: list[tuple[str, str, float]], title: str) -> None:
    from rich.console import Console
    from rich.table import Table

    from jobs.collaborative.evaluation import CUT, MODELS
    from jobs.collaborative.metrics import METRICS

    values = {(metric, dimension): value for metric, dimension, value in measured}
    means = [f"{name}_at_{CUT}" for name in METRICS]
    table = Table(
        "model", *(f"{name}@{CUT}" for name in METRICS), "coverage", "listeners", title=f"{title} (± standard error)"
    )
    for model in MODELS:
        of = {metric: value for (metric, dimension), value in values.items() if dimension == f"model={model}"}
        cells = [f"{of[mean]:.3f} ± {of[f'{mean}_standard_error']:.3f}" for mean in means]
        table.add_row(model, *cells, f"{of.get('coverage', 0):.1%}", f"{of['listeners']:,.0f}")
    Console().print(table)


if __name__ == "__main__":
    cli.run(arg_parser(), main)
