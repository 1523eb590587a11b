"""The trials of a search for settings: measured one after the other, kept in `metrics`."""

from collections.abc import Iterator, Mapping
from datetime import date
from itertools import groupby
from typing import TYPE_CHECKING

from pyspark.sql import SparkSession

from jobs.collaborative.interactions import Weights
from jobs.collaborative.loading import discovered, measured, past
from jobs.collaborative.tuning import CRITERION, MADE_FROM, Trial
from jobs.progress import bar
from jobs.settings import settings

if TYPE_CHECKING:
    from jobs.lake import Lake

STAGE = "collaborative.tune"
CHOSEN = "chosen"

Measured = dict[tuple[str, str], float]
"""Values by (metric, name of the trial)."""


def measure(
    lake: "Lake", spark: SparkSession, moment: date, week: date, trials: list[Trial]
) -> Iterator[tuple[Trial, Measured]]:
    """Each trial with its metrics on the weeks from `moment` to `week`, those of one half-life together, because they
    share their data; none where there is nothing to predict or to learn from."""
    half_life = lambda trial: trial.half_life_weeks  # noqa: E731
    with bar("settings", len(trials), "settings") as progress:
        for weeks, group in groupby(sorted(trials, key=half_life), half_life):
            before = past(lake, spark, moment, Weights(weeks, playlist_weight=1.0), judged_in=week)
            future = discovered(lake, spark, before, moment, week).cache()
            for trial in group:
                of, config = (
                    before.with_playlists_worth(trial.playlist_weight),
                    trial.settings(settings().collaborative),
                )
                if not future.isEmpty() and not of.matrix.isEmpty():
                    rows = measured(of, future, moment, "tune", config, ("als",))
                    values = {(metric, trial.name): value for metric, _, value in rows}
                    if (CRITERION, trial.name) in values:
                        yield trial, values
                progress.advance(note=trial.name)
            future.unpersist()
            before.release()


def recorded(lake: "Lake", week: date, made_from: float) -> Measured:
    """What earlier runs have measured on the same data; see `tuning.checksum`."""
    rows = lake.arrow("metrics", {"week": week, "stage": STAGE}).to_pylist()
    values = {(row["metric"], row["dimension"]): row["value"] for row in rows}
    if values.pop((MADE_FROM, ""), None) != made_from:
        return {}
    return {name: value for name, value in values.items() if name[0] != CHOSEN}


def record(lake: "Lake", week: date, made_from: float, values: Mapping[tuple[str, str], float], best: Trial) -> None:
    """Keep all trials so far, and which of them is the best."""
    rows = [(metric, name, value) for (metric, name), value in values.items()]
    lake.record(week, STAGE, [*rows, (MADE_FROM, "", made_from), (CHOSEN, best.name, values[CRITERION, best.name])])
