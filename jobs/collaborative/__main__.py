"""`python -m jobs.collaborative train|evaluate|tune|explain --week YYYY-MM-DD`; see the help."""

import argparse
import logging
from datetime import date, timedelta
from typing import TYPE_CHECKING

from jobs import cli
from jobs.progress import step as logged
from jobs.settings import settings

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from pyspark.sql import SparkSession

    from jobs.collaborative.interactions import Weights
    from jobs.lake import Lake

SOURCES = ("listens", "play_counts", "playlists")

log = logging.getLogger("discover")

STEPS = {
    "train": "write user_factors and track_factors of the week",
    "evaluate": "predict the last weeks from the ones before, and write how well into metrics",
    "tune": "search for better settings on the weeks before those that evaluate predicts",
    "explain": "say which listens make a listener's score for a track",
}
FURTHER = {
    "evaluate": "Beside the factors: neighbours by item-item cosine, popularity, and chance.",
    "tune": "The present settings come first, then random ones; each is recorded in metrics as it is measured, and not "
    "measured again for the same week, data and other settings. An interrupted search goes on when it is run again. "
    "example: python -m jobs.collaborative tune --week 2026-11-23 --trials 40",
    "explain": "As the factors of the week see it; run train for it first. "
    "example: python -m jobs.collaborative explain --week 2026-11-23 --user u17 --track t4",
}


def arg_parser() -> argparse.ArgumentParser:
    """The command line."""
    parser = argparse.ArgumentParser(
        prog="python -m jobs.collaborative",
        description="Learn where listeners and tracks stand to each other from listens, play counts and playlists.",
        epilog="example: python -m jobs.collaborative train --week 2026-11-23",
    )
    steps = parser.add_subparsers(dest="step", required=True, metavar="STEP")
    for name, what in STEPS.items():
        step = steps.add_parser(name, help=what, description=f"{what[0].upper()}{what[1:]}. {FURTHER.get(name, '')}")
        cli.add_week(step)
        if name == "tune":
            step.add_argument("--trials", type=_at_least_one, default=20, metavar="N", help="default: %(default)s")
        if name == "explain":
            step.add_argument("--user", required=True, metavar="ID", help="user_id of the listener")
            step.add_argument("--track", required=True, metavar="ID", help="track_id of the track")
            step.add_argument("--top", type=_at_least_one, default=10, metavar="N", help="listens shown (%(default)s)")
    return parser


def main(step: str, week: date, **options) -> None:
    """Run one step for one week."""
    {"train": train, "evaluate": evaluate, "tune": tune, "explain": explain}[step](week, **options)


def train(week: date) -> None:
    """Publish `user_factors` and the collaborative part of `track_factors`."""
    from jobs.collaborative import training
    from jobs.collaborative.loading import past
    from jobs.lake import Lake
    from jobs.spark import session

    lake = Lake()
    if all(lake.is_empty(source) for source in SOURCES):
        training.publish_nothing(lake, week, [(metric, "", 0) for metric in training.SHAPE])
        return
    with session("discover collaborative train") as spark, logged("collaborative factors"):
        before = past(lake, spark, week, _weights())
        shape = training.shape(before.matrix)
        counts = [*((metric, "", n) for metric, n in shape.items()), *training.set_aside(lake, before, week)]
        if not shape["values"]:
            training.publish_nothing(lake, week, counts)
        else:
            log.info("%s listeners and %s playlists x %s tracks, %s values", *(f"{n:,}" for n in shape.values()))
            losses = training.publish(lake, spark, week, before.matrix)
            epochs = [("loss", f"epoch={n}", loss) for n, loss in enumerate(losses[1::2], start=1)]
            lake.record(week, training.STAGE, [*counts, *training.barely_known(lake, week), *epochs])
        before.release()


def evaluate(week: date) -> None:
    """Train on what was before the last weeks, predict these, and record how well."""
    from jobs.collaborative.report import show_models
    from jobs.lake import Lake
    from jobs.spark import session

    lake = Lake()
    moment = week - timedelta(weeks=settings().collaborative.holdout_weeks)
    measured: list[tuple[str, str, float]] = []
    if _any_listens(lake, moment, week):
        with session("discover collaborative evaluate") as spark, logged(f"predicting {moment} to {week}"):
            measured = _measure(lake, spark, moment, week)
    lake.record(week, "collaborative.evaluate", measured)
    if measured:
        show_models(measured, f"Tracks new to the listener, {moment} to {week}")
    else:
        log.info(
            "nothing to evaluate: nobody discovered a track from %s to %s, or nothing is known before", moment, week
        )


def tune(week: date, trials: int) -> None:
    """Measure settings on the weeks before those that `evaluate` predicts, and record each, and the best ones."""
    from jobs.collaborative import trials as search
    from jobs.collaborative.loading import snapshots
    from jobs.collaborative.report import show_trials
    from jobs.collaborative.tuning import CRITERION, Trial, as_toml, checksum, draw
    from jobs.lake import Lake
    from jobs.spark import session

    lake, config = Lake(), settings().collaborative
    end = week - timedelta(weeks=config.holdout_weeks)
    moment = end - timedelta(weeks=config.holdout_weeks)
    wanted = draw(config, trials, cli.job_seed(week, "collaborative.tune"), not lake.is_empty("playlists"))
    made_from = checksum({"snapshots": snapshots(lake), "weeks": (moment, end)}, config)
    values = search.recorded(lake, week, made_from)
    todo = [trial for trial in wanted if (CRITERION, trial.name) not in values]
    log.info("%d settings to measure on %s to %s, %d measured before", len(todo), moment, end, len(wanted) - len(todo))
    ranked = lambda: sorted(  # noqa: E731
        (t for t in wanted if (CRITERION, t.name) in values), key=lambda t: -values[CRITERION, t.name]
    )
    if todo and _any_listens(lake, moment, end):
        with session("discover collaborative tune") as spark, logged("tuning"):
            for _, measured in search.measure(lake, spark, moment, end, todo):
                values |= measured
                search.record(lake, week, made_from, values, ranked()[0])
    if not values:
        lake.record(week, search.STAGE, [])
        log.info("nothing to tune on: nobody discovered a track from %s to %s, or nothing is known before", moment, end)
        return
    best = ranked()[0]
    show_trials([t.name for t in ranked()], values, f"Settings by the tracks new to the listener, {moment} to {end}")
    gain = values[CRITERION, best.name] - values.get((CRITERION, Trial.of(config).name), 0.0)
    if gain < values[f"{CRITERION}_standard_error", best.name]:
        print("The present settings are as good, within one standard error.")
    print(f"The best of these settings, for discover.toml:\n\n{as_toml(best)}")


def explain(week: date, user: str, track: str, top: int) -> None:
    """Print which listens make the score of a track for a listener."""
    from jobs.collaborative.explain import contributions
    from jobs.collaborative.loading import past
    from jobs.collaborative.report import show_contributions
    from jobs.lake import Lake
    from jobs.spark import session

    lake, config = Lake(), settings().collaborative
    ids, factors, predicted = _track_factors(lake, week)
    target = predicted.get(track) if track not in ids else factors[ids.get_loc(track)]
    if target is None:
        raise cli.UserError(
            f"track_factors: {track} has none in {week}; is the id right, and has `python -m jobs.collaborative train "
            f"--week {week}` run?"
        )
    with session("discover collaborative explain") as spark, logged(f"listens of {user}"):
        before = past(lake, spark, week, _weights(), listener=user)
        cells = before.matrix.select("track_id", "value").toPandas().sort_values("track_id")
        before.release()
    cells["at"] = ids.get_indexer(cells["track_id"])
    cells = cells[cells["at"] >= 0]
    if not len(cells):
        raise cli.UserError(f"listens: {user} has none before {week} that count; is the id right?")
    gram = config.unobserved_weight * (factors.T @ factors)
    ridge = config.regularization * (len(cells) + config.unobserved_weight * len(factors))
    listened, confidence = factors[cells["at"]], cells["value"].to_numpy()
    found = contributions(target[None], listened, confidence, gram, ridge)[0]
    labels = _labels(lake, [track, *cells["track_id"]])
    sound = "" if track in ids else ", placed by its sound"
    show_contributions(f"{labels[0]} for {user}{sound}", labels[1:], found.tolist(), top)


def _weights() -> "Weights":
    from jobs.collaborative.interactions import Weights

    config = settings().collaborative
    return Weights(config.half_life_weeks, config.playlist_weight)


def _any_listens(lake: "Lake", moment: date, week: date) -> bool:
    from jobs.collaborative.loading import within

    return not lake.is_empty("listens", within(moment, week))


def _measure(lake: "Lake", spark: "SparkSession", moment: date, week: date) -> list[tuple[str, str, float]]:
    """The metrics of the weeks from `moment` to `week`; none where there is nothing to predict or to learn from."""
    from jobs.collaborative.evaluation import MODELS
    from jobs.collaborative.loading import discovered, measured, past

    before = past(lake, spark, moment, _weights(), judged_in=week)
    future = discovered(lake, spark, before, moment, week).cache()
    rows = []
    if not before.matrix.isEmpty() and not future.isEmpty():
        rows = measured(before, future, moment, "evaluate", settings().collaborative, MODELS)
    future.unpersist()
    before.release()
    return rows


def _track_factors(lake: "Lake", week: date) -> "tuple[pd.Index, np.ndarray, dict[str, np.ndarray]]":
    """Ids and factors (float64) of the tracks that were learned, and those predicted without listens by id."""
    import numpy as np
    import pandas as pd

    learned, predicted = (
        lake.arrow("track_factors", {"week": week, "origin": origin}) for origin in ("collaborative", "content")
    )
    width = len(learned["factors"][0]) if len(learned) else 0
    factors = (
        learned["factors"].combine_chunks().flatten().to_numpy(zero_copy_only=False) if len(learned) else np.zeros(0)
    )
    heard = zip(predicted["track_id"].to_pylist(), predicted["factors"].to_numpy(), strict=True)
    return (
        pd.Index(learned["track_id"].to_pandas()),
        factors.astype(np.float64).reshape(len(learned), width),
        {name: vector.astype(np.float64) for name, vector in heard if len(vector) == width},
    )


def _labels(lake: "Lake", track_ids: list[str]) -> list[str]:
    """Artist and title of tracks."""
    rows = lake.sql(
        "SELECT track_id, name || ' – ' || title AS label FROM tracks JOIN artists USING (artist_id) "
        "WHERE list_contains($1, track_id)",
        [track_ids],
    ).to_pylist()
    labels = {row["track_id"]: row["label"] for row in rows}
    return [labels.get(name, name) for name in track_ids]


def _at_least_one(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("at least 1")
    return number


if __name__ == "__main__":
    cli.run(arg_parser(), main)
