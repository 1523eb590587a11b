"""`python -m jobs.ranking outcomes|learn|rank --week YYYY-MM-DD`; see the help."""

import argparse
import json
import logging
from dataclasses import replace
from datetime import date, timedelta
from typing import TYPE_CHECKING

from jobs import cli, weeks
from jobs.progress import step as logged
from jobs.settings import settings

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

    from jobs.lake import Lake
    from jobs.ranking.catalogue import Catalogue
    from jobs.ranking.lists import Ranker

log = logging.getLogger("discover")


def arg_parser() -> argparse.ArgumentParser:
    """The command line."""
    parser = argparse.ArgumentParser(
        prog="python -m jobs.ranking",
        description="The bandit: what became of earlier lists, what is to be learned from it, and this week's lists.",
        epilog="The steps build on each other: outcomes, then learn, then rank.\n"
        "example: python -m jobs.ranking rank --week 2026-11-23",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    steps = parser.add_subparsers(dest="step", required=True, metavar="STEP")
    for name, what in (
        ("outcomes", "write what listeners did with each earlier list whose week is complete"),
        ("learn", "train the reward model on the outcomes of the last weeks; without any it is the stated prior"),
        ("rank", "write the lists of the week with the policy that `learn` wrote"),
    ):
        cli.add_week(steps.add_parser(name, help=what, description=what[0].upper() + what[1:] + "."))
    return parser


def main(step: str, week: date) -> None:
    """Run one step for one week."""
    {"outcomes": write_outcomes, "learn": write_policy, "rank": write_lists}[step](week)


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
            answers = outcomes.outcomes(lists, lake.spark(spark, "listens", within), tracks)
            lake.publish("outcomes", answers, {"week": of})
    _report(
        lake,
        week,
        "ranking.outcomes",
        "SELECT 'lists_judged', '', count(DISTINCT (week, user_id)) FILTER (examined) FROM outcomes WHERE week < $1 "
        "UNION ALL SELECT 'examined_share', 'list=' || week, avg(examined::INT) FROM outcomes WHERE week < $1 "
        "GROUP BY week UNION ALL SELECT 'reward', 'list=' || week, avg(reward) FROM outcomes "
        "WHERE week < $1 AND reward IS NOT NULL GROUP BY week",
        [week],
    )


def write_policy(week: date) -> None:
    """Publish the week's policy: the reward model learned from the outcomes of the last weeks."""
    import pyarrow as pa

    from jobs.lake import Lake
    from jobs.ranking import learning, reward
    from jobs.spark import session

    lake, options = Lake(), settings().ranking
    window = (
        f"week >= '{week - timedelta(weeks=options.learning_weeks)}' AND week <= '{week - timedelta(weeks=1)}' "
        "AND reward IS NOT NULL"
    )
    if lake.is_empty("outcomes", window):
        log.info("no feedback yet: the policy is the stated prior")
        learned = learning.Learned(reward.prior_model(), 0, {})
    else:
        with session("discover ranking learn") as spark, logged("learning from feedback"):
            judged = (
                lake.spark(spark, "outcomes", window)
                .select("week", "user_id", "rank", "reward")
                .join(lake.spark(spark, "discover_weekly", f"week < '{week}'"), ["week", "user_id", "rank"])
                .join(_excluded(lake, spark, week).where("kind = 'opt_out'"), "user_id", "left_anti")
            )
            learned = learning.learn(judged, options.prior_strength, options.max_importance_weight)
    policy = {
        "policy_version": reward.version(week, learned.model, options.epsilon),
        "epsilon": options.epsilon,
        "training_rows": learned.rows,
        "model": learned.model.model_dump_json(),
        "metrics": json.dumps({" ".join(name).strip(): value for name, value in learned.metrics.items()}),
    }
    lake.publish("policies", pa.Table.from_pylist([policy]), {"week": week})
    rows = [(metric, dimension, value) for (metric, dimension), value in learned.metrics.items()]
    lake.record(week, "ranking.learn", [*rows, ("training_rows", "", learned.rows)])
    log.info("policy %s, from %s judgements", policy["policy_version"], f"{learned.rows:,}")


def write_lists(week: date) -> None:
    """Publish the week's `discover_weekly`: a list for everybody who has heard something and has not opted out."""
    from jobs.lake import Lake
    from jobs.ranking.listeners import histories, profiles
    from jobs.ranking.lists import SCHEMA
    from jobs.spark import session

    lake = Lake()
    before = f"listened_at < '{weeks.start(week).isoformat()}'"
    if lake.is_empty("tracks"):
        log.info("the catalogue is empty: no lists; ingest tracks first")
        lake.publish("discover_weekly", [], {"week": week})
        lake.record(week, "ranking.rank", [("lists", "", 0)])
        return
    with session("discover ranking rank") as spark, logged("ranking"):
        history = histories(
            lake.spark(spark, "listens", before),
            lake.spark(spark, "play_counts", f"as_of IS NULL OR as_of < '{week}'"),
            lake.spark(spark, "tracks"),
        ).cache()
        with logged("what is known of each track"):
            catalogue = _catalogue(lake, spark, week, history)
        listeners = profiles(
            history,
            lake.spark(spark, "discover_weekly", f"week < '{week}'"),
            _excluded(lake, spark, week),
            lake.spark(spark, "user_factors", {"week": week}),
        )
        ranker = spark.sparkContext.broadcast(_ranker(lake, week, catalogue))
        with logged("lists"):
            lists = listeners.repartition(settings().spark.shuffle_partitions, "user_id").mapInArrow(
                lambda batches: ranker.value.batches(batches), _ddl(SCHEMA)
            )
            published = lake.publish("discover_weekly", lists, {"week": week})
        _measure(lake, week, history.select("user_id").distinct().count())
    log.info("%s recommendations for week %s", f"{published.rows:,}", week)


def _ranker(lake: "Lake", week: date, catalogue: "Catalogue") -> "Ranker":
    from jobs.ranking import choice, reward
    from jobs.ranking.lists import Ranker

    options = settings().ranking
    policies = lake.arrow("policies", {"week": week}).to_pylist()
    if not policies:
        raise cli.UserError(f"policies: there is none for {week}; run `python -m jobs.ranking learn --week {week}`")
    (policy,) = policies
    return Ranker(
        catalogue=catalogue,
        model=reward.load(policy["model"], policy["policy_version"]),
        policy_version=policy["policy_version"],
        rules=choice.Rules(
            length=options.playlist_length,
            epsilon=policy["epsilon"],
            explore_tracks=options.explore_tracks,
            max_per_artist=options.max_per_artist,
            new_release_share=options.new_release_share,
        ),
        n_candidates=options.candidates,
        week=week,
        seed=cli.job_seed(week, "ranking.rank"),
    )


def _catalogue(lake: "Lake", spark: "SparkSession", week: date, history: "DataFrame") -> "Catalogue":
    """The catalogue with everything that earlier stages of the week know about it; says what is missing."""
    from jobs.ranking import catalogue as catalogues
    from jobs.ranking import links

    options = settings().ranking
    counted = history.where("plays > 0").groupBy("track_id").count().toArrow()
    listeners = dict(zip(counted["track_id"].to_pylist(), counted["count"].to_pylist(), strict=True))
    bare = catalogues.make(lake.arrow("tracks"), lake.arrow("artists"), listeners, week, options.new_release_weeks)

    collaborative, audio = (
        lake.arrow("track_factors", {"week": week, "origin": origin}) for origin in ("collaborative", "audio")
    )
    similar = lake.arrow("similar_artists", {"week": week})
    no_playlists = lake.is_empty("playlists")
    for missing, what in (
        (len(collaborative) == 0, "collaborative factors"),
        (len(audio) == 0, "factors from sound"),
        (len(similar) == 0, "similar artists in words"),
        (no_playlists, "playlists"),
    ):
        if missing:
            log.info("no %s for week %s: ranking without", what, week)

    on_playlists = bare.links["playlist"]
    if not no_playlists:
        playlists = lake.spark(spark, "playlists", f"updated_at IS NULL OR updated_at < '{week}'")
        on_playlists = links.playlist_neighbours(playlists, bare)
    scoring, learned, heard = catalogues.factor_matrices(bare, collaborative, audio, options.min_listeners)
    similar_artists, shared_terms = catalogues.artist_similarities(bare, similar)
    return replace(
        bare,
        factors=scoring,
        links={
            "collaborative": links.nearest_tracks(spark, bare, learned),
            "sound": links.nearest_tracks(spark, bare, heard),
            "playlist": on_playlists,
        },
        similar_artists=similar_artists,
        shared_terms=shared_terms,
    )


def _excluded(lake: "Lake", spark: "SparkSession", week: date) -> "DataFrame":
    """The exclusions that hold for the week."""
    return lake.spark(spark, "exclusions", f"since IS NULL OR since < '{week}'")


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
        lengths AS (SELECT user_id, count(*) AS places FROM list GROUP BY user_id)
        SELECT 'listeners', '', $2 UNION ALL
        SELECT 'lists', '', count(*) FROM lengths UNION ALL
        SELECT 'short_lists', '', count(*) FROM lengths WHERE places < $3 UNION ALL
        SELECT 'explored_share', '', avg(explored::INT) FROM list UNION ALL
        SELECT 'score', '', avg(score) FROM list UNION ALL
        SELECT 'reason_share', 'kind=' || explanation_kind, count(*) / (SELECT count(*) FROM list)
            FROM list GROUP BY explanation_kind UNION ALL
        SELECT 'new_release_share', '', avg((released_at >= $1 - $4 * 7)::INT)
            FROM list JOIN (SELECT track_id, coalesce(released_at, DATE '0001-01-01') AS released_at FROM tracks)
            USING (track_id) UNION ALL
        SELECT 'catalogue_coverage', '', count(DISTINCT track_id) / (SELECT count(*) FROM tracks) FROM list
        """,
        [week, listeners, options.playlist_length, options.new_release_weeks],
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
