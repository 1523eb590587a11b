"""`python -m jobs.ranking outcomes|learn|rank|evaluate|simulate`; see the help."""

import argparse
import logging
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from jobs import cli, weeks
from jobs.progress import step as logged
from jobs.settings import settings

if TYPE_CHECKING:
    import numpy as np
    from pyspark.sql import SparkSession

    from jobs.lake import Lake
    from jobs.ranking.judging import Judged, Sums
    from jobs.ranking.lists import Policy
    from jobs.ranking.reward import RewardModel

log = logging.getLogger("discover")

STEPS = {
    "outcomes": "write what listeners did with each earlier list whose week is complete",
    "learn": "train the reward model on the outcomes of the last weeks, and decide which policy ranks the week",
    "rank": "write the lists of the week with the policy that `learn` wrote",
    "evaluate": "say what policies would have earned on the lists of the last complete week",
    "simulate": "let the sample world's listeners answer the lists of several policies for many weeks",
}
FURTHER = {
    "learn": "Without outcomes it is the prior, made from which first listens were kept. A new policy goes live only "
    "if it is not estimated to be worse than the present one by more than DISCOVER_RANKING_PUBLISH_MARGIN.",
    "evaluate": "All policies in the lake, and trivial ones; by all off-policy estimators, with 95 % intervals.",
    "simulate": "Random, popularity, collaborative filtering alone, and both reward models with and without "
    "exploration, by the settings of the ranking. Nothing of the lake is read or written; a table is printed, and "
    "reward.svg, regret.svg and simulation.csv are written. A world of 120 listeners takes two seconds a week and "
    "policy, and worlds run side by side on all cores. In a small catalogue the good tracks are soon used up: of 3,000 "
    "tracks a listener is offered a quarter in 26 weeks.",
}


def arg_parser() -> argparse.ArgumentParser:
    """The command line."""
    parser = argparse.ArgumentParser(
        prog="python -m jobs.ranking",
        description="The bandit: what became of earlier lists, what is to be learned from it, and this week's lists.",
        epilog="The first three steps build on each other: outcomes, then learn, then rank.\n"
        "example: python -m jobs.ranking rank --week 2026-11-23",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    steps = parser.add_subparsers(dest="step", required=True, metavar="STEP")
    for name, what in STEPS.items():
        description = f"{what[0].upper()}{what[1:]}. {FURTHER.get(name, '')}"
        added = steps.add_parser(name, help=what, description=description)
        cli.add_week(added)
        if name == "simulate":
            for option, default, meaning in (
                ("--weeks", 26, "that are simulated, from --week on"),
                ("--worlds", 5, "with seeds of their own, from DISCOVER_SEED on"),
                ("--listeners", 120, "of each world"),
                ("--tracks", 12_000, "of each world; a seventh of them comes out in the weeks"),
            ):
                added.add_argument(
                    option, type=int, default=default, metavar="N", help=f"{meaning} (default: %(default)s)"
                )
            added.add_argument(
                "--only",
                action="append",
                metavar="POLICY",
                help="one of those in the table's first column; may be given several times (default: all)",
            )
            added.add_argument(
                "--output", type=Path, default=None, metavar="FOLDER", help="default: simulation in DISCOVER_HOME"
            )
    return parser


def main(step: str, week: date, **options: object) -> None:
    """Run one step for one week. options : of `simulate`."""
    if step == "simulate":
        simulate(week, **options)
        return
    {"outcomes": write_outcomes, "learn": write_policy, "rank": write_lists, "evaluate": evaluate}[step](week)


def write_outcomes(week: date) -> None:
    """Publish `outcomes` of each earlier list whose week is complete and has none, and of the last one again."""
    from jobs.lake import Lake
    from jobs.ranking import outcomes
    from jobs.spark import session

    lake = Lake()
    todo = outcomes.pending(_weeks_of(lake, "discover_weekly"), _weeks_of(lake, "outcomes"), week)
    if not todo:
        log.info("no earlier list is a week old: no outcomes to write")
        lake.record(week, "ranking.outcomes", [("lists_judged", "", 0)])
        return
    with session("discover ranking outcomes") as spark, logged("outcomes"):
        tracks = lake.spark(spark, "tracks").cache()
        for of in todo:
            within = (
                f"listened_at >= '{weeks.start(of).isoformat()}' AND "
                f"listened_at < '{weeks.start(of + outcomes.WEEK).isoformat()}'"
            )
            lists = lake.spark(spark, "discover_weekly", {"week": of})
            answers = outcomes.outcomes(
                lists,
                lake.spark(spark, "listens", within),
                tracks,
                lake.spark(spark, "exclusions"),
                lake.spark(spark, "playlists"),
                settings().ranking.examination,
            )
            lake.publish("outcomes", answers, {"week": of})
    _report(
        lake,
        week,
        "ranking.outcomes",
        "WITH judged AS (SELECT * FROM outcomes WHERE week < $1) "
        "SELECT 'lists_judged', '', count(DISTINCT (week, user_id)) FILTER (examined) FROM judged "
        "UNION ALL SELECT 'examined_share', 'list=' || week, avg(examined::INT) FROM judged GROUP BY week "
        "UNION ALL SELECT 'banned', 'list=' || week, count(*) FILTER (banned) FROM judged GROUP BY week "
        "UNION ALL SELECT 'saved', 'list=' || week, count(*) FILTER (saved) FROM judged GROUP BY week "
        "UNION ALL SELECT 'reward', 'list=' || week, avg(reward) FROM judged WHERE reward IS NOT NULL GROUP BY week "
        "UNION ALL SELECT 'reward', 'list=' || week || ', baseline=' || (policy_version = 'baseline'), avg(reward) "
        "FROM judged JOIN discover_weekly USING (week, user_id, rank) WHERE reward IS NOT NULL GROUP BY ALL",
        [week],
    )


def write_policy(week: date) -> None:
    """Publish the week's policy: the new one, learned from the outcomes of the last weeks, or the present one again
    where the new one is estimated to be worse."""
    from jobs.lake import Lake
    from jobs.ranking import learning, loading, reward
    from jobs.ranking.lists import Policy
    from jobs.spark import session

    lake, options, seed = Lake(), settings().ranking, cli.job_seed(week, "ranking.learn")
    with session("discover ranking learn") as spark, logged("learning from feedback"):
        present, rows = loading.present_policy(lake, week)
        prior = _prior(lake, spark, week, present)
        judged = loading.judgements(lake, spark, week)
        sample = learning.gather(judged, options.max_importance_weight, options.learning_rows)
        learned = learning.learn(sample, prior, loading.method(), seed)
        exploration = loading.exploration()
        new = Policy(reward.version(week, learned.model, exploration), learned.model, exploration)
        live, why = True, "no feedback yet: the policy is the prior" if not learned.rows else "it is the first one"
        if present is not None and learned.rows:
            live, why = _compared(lake, spark, week, learned.partial, present)
    policy, rows = (new, learned.rows) if live or present is None else (present, rows)
    lake.publish("policies", loading.policy_row(policy, rows, learned.metrics, why), {"week": week})
    metrics = [(metric, dimension, value) for (metric, dimension), value in learned.metrics.items()]
    lake.record(week, "ranking.learn", [*metrics, ("training_rows", "", learned.rows), ("live", "", float(live))])
    log.info("policy %s, from %s judgements: %s", policy.version, f"{rows:,}", why)


def _prior(lake: "Lake", spark: "SparkSession", week: date, present: "Policy | None") -> "np.ndarray":
    """The weights that learning stays near to: those of the present policy, else from listening history."""
    import numpy as np

    from jobs.ranking import history, loading

    if present is not None:
        return np.array(present.model.prior)
    options = settings().ranking
    with logged("prior from listening history"):
        examples = loading.first_listens(lake, spark, week)
        log.info("%s first listens make the prior", f"{len(examples):,}")
        return history.prior(examples, options.history_strength)


def _compared(
    lake: "Lake", spark: "SparkSession", week: date, partial: "RewardModel", present: "Policy"
) -> tuple[bool, str]:
    """Whether the new policy may rank the week, judged on listeners that its `partial` model has not learned from."""
    from jobs.ranking import judging, learning, loading

    of = loading.last_judged_week(lake, week)
    with logged(f"the new policy and the present one on the lists of {of}"):
        policies = {
            "new": judging.Judged(partial, loading.exploration()),
            "present": judging.Judged(present.model, present.exploration),
        }
        sums = _judge(lake, spark, week, of, policies, partial, learning.held_out())
    if not sums:
        return True, "no held-out listener has judged the last lists; the new one ranks"
    return judging.decide(sums["new"], sums["present"], settings().ranking.publish_margin)


def _judge(
    lake: "Lake",
    spark: "SparkSession",
    week: date,
    of: date,
    policies: "dict[str, Judged]",
    model: "RewardModel",
    which=None,
) -> "dict[str, Sums]":
    """What the lists of the week `of` say about policies. which : a column of truth about user_id, who is judged by."""
    from jobs.ranking import judging, listeners, loading

    lists, rows = loading.judged_lists(lake, spark, of, which)
    heard = loading.history(lake, spark, of).cache()
    known = loading.catalogue(lake, spark, of, heard)
    ranker = loading.ranker(known, loading.policy_of(lake, of), of)
    yardstick = judging.yardstick(rows, model, ranker.rules.length)
    profiles = listeners.in_order(loading.profiles(lake, spark, of, heard).join(lists, "user_id"))
    return judging.judge(profiles, ranker, policies, yardstick, cli.job_seed(week, "ranking.judge"))


def write_lists(week: date) -> None:
    """Publish the week's `discover_weekly`: a list for everybody who has heard something and has not opted out."""
    from jobs.lake import Lake
    from jobs.ranking import listeners, loading
    from jobs.ranking.lists import SCHEMA
    from jobs.spark import session

    lake = Lake()
    if lake.is_empty("tracks"):
        log.info("the catalogue is empty: no lists; ingest tracks first")
        lake.publish("discover_weekly", [], {"week": week})
        lake.record(week, "ranking.rank", [("lists", "", 0)])
        return
    policy = loading.policy_of(lake, week)
    with session("discover ranking rank") as spark, logged("ranking"):
        heard = loading.history(lake, spark, week).cache()
        with logged("what is known of each track"):
            known = loading.catalogue(lake, spark, week, heard)
        ranker = spark.sparkContext.broadcast(loading.ranker(known, policy, week))
        profiles = listeners.in_order(loading.profiles(lake, spark, week, heard))
        with logged("lists"):
            lists = profiles.mapInArrow(lambda batches: ranker.value.batches(batches), _ddl(SCHEMA))
            published = lake.publish("discover_weekly", lists, {"week": week})
        _measure(lake, week, heard.select("user_id").distinct().count())
    log.info("%s recommendations for week %s", f"{published.rows:,}", week)


def evaluate(week: date) -> None:
    """Print, and record in `metrics`, what every policy in the lake and trivial ones would have earned on the lists of
    the last complete week."""
    from jobs.lake import Lake
    from jobs.ranking import judging, loading, report
    from jobs.spark import session

    lake = Lake()
    of = loading.last_judged_week(lake, week)
    if of is None:
        log.info("no list of this version has been judged before %s: nothing to evaluate", week)
        lake.record(week, "ranking.evaluate", [("policies_judged", "", 0)])
        return
    live = loading.policy_of(lake, of)
    policies = {f"logged {of}": judging.Judged(live.model, live.exploration)}
    for row in lake.arrow("policies", f"week < '{week}' OR week = '{week}'").sort_by("week").to_pylist():
        known = loading.policy(row)
        if known.version != live.version:
            policies[known.version] = judging.Judged(known.model, known.exploration)
    policies |= judging.trivial(settings().ranking.playlist_length)
    with session("discover ranking evaluate") as spark, logged(f"judging on the lists of {of}"):
        sums = _judge(lake, spark, week, of, policies, live.model)
    verdicts = {name: judging.Verdict.of(one) for name, one in sums.items()}
    lake.record(week, "ranking.evaluate", report.metrics(verdicts))
    report.show(verdicts, of)


def simulate(
    week: date, weeks: int, worlds: int, listeners: int, tracks: int, only: list[str] | None, output: Path | None
) -> None:
    """Print a table of policies over many simulated weeks, and write the curves."""
    import pandas as pd

    from jobs.progress import track
    from jobs.ranking import curves, loading, simulation
    from jobs.sample.options import Options

    options = settings().ranking
    if weeks < 1 or worlds < 1:
        raise cli.UserError("--weeks and --worlds must be at least 1")
    worlds_options = [
        Options(
            week=week,
            listeners=listeners,
            artists=max(tracks // 10, 4),
            tracks=tracks,
            new_releases=tracks // 7,
            weeks=16,
            seed=settings().seed + number,
        )
        for number in range(worlds)
    ]
    for world in worlds_options:
        world.check()
    plan = simulation.Plan(
        loading.rules(),
        options.candidates,
        options.learning_weeks,
        options.max_importance_weight,
        options.history_strength,
        options.examination,
    )
    arms = simulation.arms(loading.exploration(), loading.method(), options.playlist_length)
    unknown = set(only or []) - {arm.name for arm in arms}
    if unknown:
        raise cli.UserError(f"--only {unknown.pop()}: the policies are {', '.join(repr(arm.name) for arm in arms)}")
    arms = [arm for arm in arms if only is None or arm.name in only]
    runs = [(world, arm, plan, weeks) for world in worlds_options for arm in arms]
    rows = [row for one in track(simulation.each(runs), "simulation", len(runs), "runs") for row in one]
    found = pd.DataFrame(rows)
    curves.show(curves.summary(found), weeks, worlds)
    for file in curves.save(found, output or settings().home / "simulation"):
        log.info("written: %s", file)


def _weeks_of(lake: "Lake", table: str) -> list[date]:
    return lake.sql(f"SELECT DISTINCT week FROM {table}")["week"].to_pylist()


def _measure(lake: "Lake", week: date, listeners: int) -> None:
    """What the week's lists are like, into `metrics`."""
    options = settings().ranking
    _report(
        lake,
        week,
        "ranking.rank",
        """
        WITH list AS (SELECT * FROM discover_weekly WHERE week = $1),
        lengths AS (SELECT user_id, count(*) AS places, bool_and(explanation_kind IN ('popular', 'first_listener'))
            AS impersonal FROM list GROUP BY user_id),
        artists AS (SELECT user_id, unnest(list_append(coalesce(featured_artist_ids, []), artist_id)) AS credit
            FROM list JOIN tracks USING (track_id)),
        crowded AS (SELECT user_id FROM artists GROUP BY user_id, credit HAVING count(*) > $5)
        SELECT 'listeners', '', $2 UNION ALL
        SELECT 'lists', '', count(*) FROM lengths UNION ALL
        SELECT 'short_lists', '', count(*) FROM lengths WHERE places < $3 UNION ALL
        SELECT 'lists_without_personal_reason', '', count(*) FROM lengths WHERE impersonal UNION ALL
        SELECT 'lists_beyond_the_cap_of_an_artist', '', count(DISTINCT user_id) FROM crowded UNION ALL
        SELECT 'explored_share', '', avg(explored::INT) FROM list UNION ALL
        SELECT 'score', '', avg(score) FROM list UNION ALL
        SELECT 'reason_share', 'kind=' || explanation_kind, count(*) / (SELECT count(*) FROM list)
            FROM list GROUP BY explanation_kind UNION ALL
        SELECT 'new_release_share', '', avg((released_at >= $1 - $4 * 7)::INT)
            FROM list JOIN (SELECT track_id, coalesce(released_at, DATE '0001-01-01') AS released_at FROM tracks)
            USING (track_id) UNION ALL
        SELECT 'catalogue_coverage', '', count(DISTINCT track_id) / (SELECT count(*) FROM tracks) FROM list
        """,
        [week, listeners, options.playlist_length, options.new_release_weeks, options.max_per_artist],
    )


def _report(lake: "Lake", week: date, stage: str, query: str, params: list) -> None:
    """Record the rows (metric, dimension, value) of a query; a share of nothing is left out."""
    rows = [tuple(row.values()) for row in lake.sql(query, params).to_pylist()]
    lake.record(week, stage, [(metric, dimension, value) for metric, dimension, value in rows if value is not None])


def _ddl(schema) -> str:
    """The Spark schema of arrow columns."""
    from pyspark.sql.pandas.types import from_arrow_schema

    return from_arrow_schema(schema)


if __name__ == "__main__":
    cli.run(arg_parser(), main)
