"""From the lake to what ranking works on: the catalogue with all that earlier stages know, listeners, the policy."""

import json
import logging
from collections.abc import Mapping
from dataclasses import asdict, replace
from datetime import date, timedelta
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
from pyspark.sql import functions as F

from jobs import cli, weeks
from jobs.ranking import catalogue as catalogues
from jobs.ranking import choice, crowds, features, judging, links, listeners, reward
from jobs.ranking import history as histories
from jobs.ranking.catalogue import Catalogue
from jobs.ranking.clusters import clusters
from jobs.ranking.fitting import Judged, Method
from jobs.ranking.lists import BASELINE, Policy, Ranker
from jobs.settings import settings
from jobs.works import with_recordings

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame, SparkSession

    from jobs.lake import Lake

log = logging.getLogger("discover")


def history(lake: "Lake", spark: "SparkSession", week: date) -> "DataFrame":
    """What each listener has heard before the week, as `listeners.histories`."""
    return listeners.histories(
        lake.spark(spark, "listens", f"listened_at < '{weeks.start(week).isoformat()}'"),
        lake.spark(spark, "play_counts", f"as_of IS NULL OR as_of < '{week}'"),
        lake.spark(spark, "tracks"),
    )


def excluded(lake: "Lake", spark: "SparkSession", week: date) -> "DataFrame":
    """The exclusions that hold for the week."""
    return lake.spark(spark, "exclusions", f"since IS NULL OR since < '{week}'")


def catalogue(lake: "Lake", spark: "SparkSession", week: date, heard: "DataFrame") -> Catalogue:
    """The catalogue with everything that earlier stages of the week know about it; says what is missing.

    heard : as `history` gives it
    """
    options = settings().ranking
    tracks = with_recordings(lake.arrow("tracks"), lake.arrow("recordings"))
    bare = catalogues.make(tracks, lake.arrow("artists"), *people(heard), week, options.new_release_weeks)

    factors = {
        origin: lake.arrow("track_factors", {"week": week, "origin": origin})
        for origin in ("collaborative", "audio", "content")
    }
    similar = lake.arrow("similar_artists", {"week": week})
    no_playlists = lake.is_empty("playlists")
    for missing, what in (
        (len(factors["collaborative"]) == 0, "collaborative factors"),
        (len(factors["audio"]) == 0, "factors from sound"),
        (len(factors["content"]) == 0, "factors of tracks that nobody has heard"),
        (len(similar) == 0, "similar artists in words"),
        (no_playlists, "playlists"),
    ):
        if missing:
            log.info("no %s for week %s: ranking without", what, week)

    on_playlists = bare.links["playlist"]
    if not no_playlists:
        playlists = lake.spark(spark, "playlists", f"updated_at IS NULL OR updated_at < '{week}'")
        on_playlists = links.playlist_neighbours(playlists, bare)
    scoring, placed = catalogues.factor_matrices(bare, factors, options.min_listeners)
    similar_artists, shared_terms = catalogues.artist_similarities(bare, similar)
    with_taste = replace(
        bare,
        factors=scoring,
        cluster=clusters(scoring, options.taste_clusters, cli.job_seed(week, "ranking.clusters")),
    )
    return replace(
        with_taste,
        crowds=crowds.count(heard, with_taste, week),
        links={
            "collaborative": links.nearest_tracks(spark, bare, placed["collaborative"]),
            "sound": links.nearest_tracks(spark, bare, placed["audio"]),
            "playlist": on_playlists,
        },
        similar_artists=similar_artists,
        shared_terms=shared_terms,
    )


def people(heard: "DataFrame") -> tuple[dict[str, int], dict[str, int]]:
    """How many people have streamed, and how many have heard, each track, by track_id; heard as `history` gives it."""
    streamed = F.sum((F.col("plays") > 0).cast("long")).alias("streamed")
    counted = heard.groupBy("track_id").agg(streamed, F.count("*").alias("heard")).toArrow()
    ids = counted["track_id"].to_pylist()
    return tuple(dict(zip(ids, counted[name].to_pylist(), strict=True)) for name in ("streamed", "heard"))


def profiles(lake: "Lake", spark: "SparkSession", week: date, heard: "DataFrame") -> "DataFrame":
    """One row for each listener who is to get a list in the week, as `listeners.profiles`."""
    return listeners.profiles(
        heard,
        known_otherwise(lake, spark, week),
        excluded(lake, spark, week),
        lake.spark(spark, "user_factors", {"week": week}),
        answers(lake, spark, week),
    )


def known_otherwise(lake: "Lake", spark: "SparkSession", week: date) -> "DataFrame":
    """What listeners know by other ways than listening: user_id, track_id, of earlier lists and of playlists that they
    have made themselves."""
    own = lake.spark(spark, "playlists", f"user_id IS NOT NULL AND (updated_at IS NULL OR updated_at < '{week}')")
    earlier = lake.spark(spark, "discover_weekly", f"week < '{week}'")
    return earlier.select("user_id", "track_id").unionAll(own.select("user_id", "track_id"))


def answers(lake: "Lake", spark: "SparkSession", week: date) -> "DataFrame":
    """What became of the lists of the last weeks: user_id, explanation_kind, score, reward,
    plays, of what was examined."""
    window = f"week >= '{week - timedelta(weeks=settings().ranking.learning_weeks)}' AND week < '{week}'"
    lists = lake.spark(spark, "discover_weekly", window).select("week", "user_id", "rank", "explanation_kind", "score")
    judged = lake.spark(spark, "outcomes", window).where("reward IS NOT NULL")
    return lists.join(judged.select("week", "user_id", "rank", "reward", "plays"), ["week", "user_id", "rank"])


def exploration() -> choice.Exploration:
    """How lists explore, by the settings."""
    options = settings().ranking
    return choice.Exploration(
        method=options.exploration,
        epsilon=options.epsilon,
        temperature=options.temperature,
        explore_tracks=options.explore_tracks,
        most_explored=options.most_explored,
    )


def rules() -> choice.Rules:
    """What holds in a list, by the settings."""
    options = settings().ranking
    return choice.Rules(
        length=options.playlist_length,
        max_per_artist=options.max_per_artist,
        max_per_album=options.max_per_album,
        new_release_share=options.new_release_share,
        cluster_spread=options.cluster_spread,
    )


def method() -> Method:
    """How the reward model is fitted, by the settings."""
    options = settings().ranking
    return Method(
        options.reward_model, options.rank, options.triple_rank, options.prior_strength, options.factor_strength
    )


def policy_row(policy: Policy, rows: int, metrics: Mapping[tuple[str, str], float], decision: str) -> pa.Table:
    """A policy as a row of the table `policies`."""
    how = policy.exploration
    row = {
        "policy_version": policy.version,
        "epsilon": how.epsilon if how.method == "epsilon_greedy" else 0.0,
        "training_rows": rows,
        "exploration": json.dumps(asdict(how)),
        "model": policy.model.model_dump_json(),
        "metrics": json.dumps({" ".join(name).strip(): value for name, value in metrics.items()}),
        "decision": decision,
    }
    return pa.Table.from_pylist([row])


def policy(row: Mapping[str, object]) -> Policy:
    """The policy in a row of `policies`. Raises UserError that names it when it is damaged."""
    version = str(row["policy_version"])
    try:
        how = choice.Exploration(**json.loads(str(row["exploration"])))
    except (TypeError, ValueError) as error:
        raise cli.UserError(
            f"policies: the exploration of {version} is damaged ({error}); "
            "run `python -m jobs.ranking learn` for its week again"
        ) from None
    return Policy(version, reward.load(str(row["model"]), version), how)


def policy_of(lake: "Lake", week: date) -> Policy:
    """The policy that ranks the week. Raises UserError when there is none, or it is damaged."""
    rows = lake.arrow("policies", {"week": week}).to_pylist()
    if not rows:
        raise cli.UserError(f"policies: there is none for {week}; run `python -m jobs.ranking learn --week {week}`")
    return policy(rows[0])


def ranker(known: Catalogue, policy: Policy, week: date) -> Ranker:
    """The ranker of a week, by the settings."""
    options = settings().ranking
    return Ranker(
        catalogue=known,
        policy=policy,
        rules=rules(),
        n_candidates=options.candidates,
        held_out_share=options.held_out_share,
        week=week,
        seed=cli.job_seed(week, "ranking.rank"),
    )


def present_policy(lake: "Lake", week: date) -> tuple[Policy | None, int]:
    """The policy of the last week before this one, and on how many judgements it was trained; None where there is
    none, or only one whose features meant something else. Raises UserError when it is damaged."""
    rows = lake.arrow("policies", f"week < '{week}'").sort_by([("week", "descending")]).slice(0, 1).to_pylist()
    if not rows:
        return None, 0
    if rows[0]["exploration"] is None or _features_version(rows[0]["model"]) not in (None, features.VERSION):
        log.info("the features of policy %s meant something else: learning anew", rows[0]["policy_version"])
        return None, 0
    return policy(rows[0]), int(rows[0]["training_rows"])


def _features_version(model: str) -> int | None:
    """The version of the features that a stored model was learned on; None where it does not say."""
    try:
        told = json.loads(model)
    except ValueError:
        return None
    return told.get("features_version") if isinstance(told, dict) else None


def judgements(lake: "Lake", spark: "SparkSession", week: date) -> "DataFrame":
    """The judged recommendations that a policy may learn from: of the last weeks, with features of this version, not
    of the baseline, nor of a listener who has opted out. Columns of discover_weekly, and reward."""
    weeks_back = settings().ranking.learning_weeks
    window = f"week >= '{week - timedelta(weeks=weeks_back)}' AND week < '{week}'"
    rows = lake.spark(spark, "discover_weekly", window).where(
        (F.col("features_version") == features.VERSION) & (F.col("policy_version") != BASELINE)
    )
    judged = lake.spark(spark, "outcomes", window).where("reward IS NOT NULL")
    return rows.join(judged.select("week", "user_id", "rank", "reward", "plays"), ["week", "user_id", "rank"]).join(
        excluded(lake, spark, week).where("kind = 'opt_out'"), "user_id", "left_anti"
    )


def first_listens(lake: "Lake", spark: "SparkSession", week: date) -> Judged:
    """The examples of `ranking.history` for a week; none on an empty lake."""
    options = settings().ranking
    since = week - timedelta(weeks=options.history_weeks)
    before = lake.spark(spark, "listens", f"listened_at < '{weeks.start(week).isoformat()}'")
    if lake.is_empty("tracks") or before.isEmpty():
        return Judged(np.zeros((0, len(features.NAMES)), np.float32), np.zeros(0), np.zeros(0))
    firsts = histories.first_listens(before, lake.spark(spark, "tracks"), since)
    share = min(1.0, options.history_listeners / max(firsts.count(), 1))
    sampled = firsts.where(F.pmod(F.xxhash64("user_id", F.lit("history")), F.lit(10_000)) < int(share * 10_000))
    heard = history(lake, spark, since)
    known = catalogue(lake, spark, week, history(lake, spark, week))
    streamed, listened = people(heard)  # without the examples themselves
    known = replace(
        known,
        listeners=np.array([streamed.get(track, 0) for track in known.track_ids], np.int32),
        heard=np.array([listened.get(track, 0) for track in known.track_ids], np.int32),
        crowds=crowds.count(heard, known, since),
    )
    profiles = listeners.profiles(
        heard,
        known_otherwise(lake, spark, since),
        excluded(lake, spark, week),
        lake.spark(spark, "user_factors", {"week": week}),
        answers(lake, spark, since),
    )
    return histories.gather(profiles.join(sampled, "user_id"), known, since)


def last_judged_week(lake: "Lake", week: date) -> date | None:
    """The last week before this one whose lists have been judged and can be replayed; None: there is none."""
    query = (
        "SELECT max(week) AS week FROM outcomes JOIN discover_weekly USING (week, user_id, rank) "
        "JOIN policies p USING (week) WHERE week < $1 AND reward IS NOT NULL AND features_version = $2 "
        "AND p.exploration IS NOT NULL AND discover_weekly.policy_version <> $3"
    )
    return lake.sql(query, [week, features.VERSION, BASELINE])["week"][0].as_py()


def judged_lists(
    lake: "Lake", spark: "SparkSession", week: date, which: "Column | None"
) -> tuple["DataFrame", "DataFrame"]:
    """The lists of a week that were judged, apart from the baseline's: as `judging.logged`, and as rows (rank, reward).

    which : a column of truth about user_id, whose lists are meant; None: everybody's
    """
    lists = lake.spark(spark, "discover_weekly", {"week": week}).where(F.col("policy_version") != BASELINE)
    answers = lake.spark(spark, "outcomes", {"week": week})
    opened = answers.where("reward IS NOT NULL").select("user_id").distinct()
    answers = answers.join(opened, "user_id")
    if which is not None:
        lists, answers = lists.where(which), answers.where(which)
    return judging.logged(lists, answers), lists.join(answers.select("user_id", "rank", "reward"), ["user_id", "rank"])
