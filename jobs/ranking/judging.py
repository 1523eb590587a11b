"""Judging policies on logged lists: each place is replayed with the candidates of its week, and `estimators` and
`list_estimators` say what the policy would have earned.

A list is judged down to the first place whose action cannot be found again among the candidates of its week (what the
lake knows of that week may have changed, and a list that went beyond its candidates cannot be replayed); the share of
places found again is reported.
"""

import pickle
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from jobs.ranking import bootstrap, choice, estimators, features, list_estimators
from jobs.ranking.bootstrap import Estimate, Overlap, Totals
from jobs.ranking.estimators import Rounds
from jobs.ranking.list_estimators import LoggedLists
from jobs.ranking.lists import Prepared, Ranker
from jobs.ranking.offers import ByFeature, Scorer
from jobs.ranking.reward import RewardModel, sigmoid

LOGGED = pa.list_(
    pa.struct(
        [
            ("rank", pa.int32()),
            ("track_id", pa.string()),
            ("explanation_kind", pa.string()),
            ("propensity", pa.float64()),
            ("reward", pa.int32()),
        ]
    )
)
"""A logged list, as `logged` gives it; reward is null where a place was not examined."""

MARGIN_ESTIMATOR = "DR"
"""The estimator by which a new policy is compared with the present one."""


@dataclass(frozen=True)
class Judged:
    """What is judged: how it puts actions in order, and how it explores."""

    scorer: Scorer
    exploration: choice.Exploration


@dataclass(frozen=True)
class Yardstick:
    """What the doubly robust estimators lean on.

    model : predicts the reward of an action
    reached, earned : float64 (length,), share of lists that got to each place, and mean reward there (0 where not
        reached), over the log
    """

    model: RewardModel
    reached: np.ndarray
    earned: np.ndarray


@dataclass(frozen=True)
class Sums:
    """The sums of a part of a log for one policy: of single choices that were examined, and of whole lists; places
    that were logged, and how many of them were found again."""

    rounds: Totals
    lists: Totals
    logged: int
    found: int

    def __add__(self, other: "Sums") -> "Sums":
        return Sums(
            self.rounds + other.rounds, self.lists + other.lists, self.logged + other.logged, self.found + other.found
        )


@dataclass(frozen=True)
class Verdict:
    """What a log says about a policy: estimates by name with their intervals (per examined place, and per list), the
    overlap of each, and the share of places that were found again."""

    rounds: dict[str, Estimate]
    lists: dict[str, Estimate]
    overlap: Overlap
    list_overlap: Overlap
    found: float

    @classmethod
    def of(cls, sums: Sums) -> "Verdict":
        """From the sums over the log."""
        return cls(
            bootstrap.estimates(sums.rounds),
            bootstrap.estimates(sums.lists),
            bootstrap.overlap(sums.rounds),
            bootstrap.overlap(sums.lists),
            sums.found / max(sums.logged, 1),
        )


def trivial(length: int) -> dict[str, Judged]:
    """Policies that any other one has to beat: uniform over all candidates, the most popular, the best match."""
    chance = choice.Exploration("epsilon_greedy", 1.0, 1.0, explore_tracks=10**9, most_explored=length)
    best = replace(chance, epsilon=0.0)
    return {
        "uniform": Judged(ByFeature("popularity"), chance),
        "popularity": Judged(ByFeature("popularity"), best),
        "collaborative": Judged(ByFeature("match_collaborative"), best),
    }


def logged(lists: DataFrame, outcomes: DataFrame) -> DataFrame:
    """The lists of one week with what became of them: user_id, logged (as `LOGGED`).

    lists, outcomes : rows of discover_weekly and outcomes of that week
    """
    place = F.struct("rank", "track_id", "explanation_kind", "propensity", "reward")
    return (
        lists.join(outcomes.select("user_id", "rank", "reward"), ["user_id", "rank"])
        .groupBy("user_id")
        .agg(F.sort_array(F.collect_list(place)).alias("logged"))
    )


def yardstick(rows: DataFrame, model: RewardModel, length: int) -> Yardstick:
    """What doubly robust estimators lean on, from rows (rank, reward) of a log; reward is null where not examined."""
    reached, earned = np.zeros(length), np.zeros(length)
    by_rank = rows.groupBy("rank").agg(
        F.avg(F.col("reward").isNotNull().cast("double")).alias("reached"),
        F.avg(F.coalesce("reward", F.lit(0))).alias("earned"),
    )
    for row in by_rank.where(F.col("rank") <= length).collect():  # at most thirty
        reached[row["rank"] - 1], earned[row["rank"] - 1] = row["reached"], row["earned"]
    return Yardstick(model, reached, earned)


def judge(profiles: DataFrame, ranker: Ranker, policies: Mapping[str, Judged], yardstick: Yardstick, seed: int) -> dict[
    str, Sums
]:  # fmt: skip
    """The sums for each policy over the logged lists of one week, in Spark.

    profiles : rows of `listeners.profiles` of that week with the column `logged`, of no listener who was held out
    ranker : of that week; its own policy takes no part
    """
    shared = profiles.sparkSession.sparkContext.broadcast((ranker, dict(policies), yardstick))

    def add(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        ranker, policies, yardstick = shared.value
        for batch in batches:
            sums = judge_batch(batch, ranker, policies, yardstick, seed)
            yield pa.record_batch({"sums": pa.array([pickle.dumps(sums)], pa.binary())})

    total: dict[str, Sums] = {}
    for row in profiles.mapInArrow(add, "sums binary").toLocalIterator():
        # Written a moment ago by the function above, in a worker of this job.
        for name, sums in pickle.loads(row["sums"]).items():  # noqa: S301
            total[name] = total[name] + sums if name in total else sums
    shared.destroy()
    return total


def judge_batch(
    batch: pa.RecordBatch,
    ranker: Ranker,
    policies: Mapping[str, Judged],
    yardstick: Yardstick,
    seed: int,
    replicates: int = bootstrap.REPLICATES,
) -> dict[str, Sums]:
    """The sums for each policy over some listeners; the arguments as in `judge`."""
    total: dict[str, Sums] = {}
    at = batch.schema.get_field_index("logged")
    done = 0
    for block in ranker.blocks([batch.drop_columns(["logged"])]):
        known = ranker.prepare(block)
        lists = _Logged.of(batch.column(at).slice(done, len(block)), ranker, known)
        done += len(block)
        keys = bootstrap.keys_of(block.user_ids, seed)
        for name, policy in policies.items():
            sums = _judge_block(policy, ranker, known, lists, yardstick, keys, replicates)
            total[name] = total[name] + sums if name in total else sums
    return total


@dataclass(frozen=True)
class _Logged:
    """Logged lists of a block, each array (n_listeners, length); 0 behind the end. `there`: found again."""

    lists: choice.Lists
    reward: np.ndarray
    examined: np.ndarray
    there: np.ndarray
    logged: int

    @classmethod
    def of(cls, column: pa.ListArray, ranker: Ranker, known: Prepared) -> "_Logged":
        places, values = column.value_lengths().fill_null(0).to_numpy(zero_copy_only=False), column.flatten()
        rows = np.repeat(np.arange(len(column)), places)
        rank = values.field("rank").to_numpy(zero_copy_only=False) - 1
        inside = rank < ranker.rules.length
        rows, rank = rows[inside], rank[inside]

        def of(name: str) -> np.ndarray:
            return values.field(name).to_numpy(zero_copy_only=False)[inside]

        tracks = ranker.catalogue.track_index.get_indexer(of("track_id"))
        kinds = np.array([features.KINDS.index(kind) for kind in of("explanation_kind")], int)
        candidate = _position(known.chosen, rows, tracks)
        holds = (candidate >= 0) & (known.offers.number[rows, candidate, kinds] >= 0)
        lists = choice.Lists.empty(len(column), ranker.rules.length)
        lists.candidate[rows[holds], rank[holds]] = candidate[holds]
        lists.kind[rows[holds], rank[holds]] = kinds[holds]
        lists.propensity[rows[holds], rank[holds]] = of("propensity")[holds]
        there = np.logical_and.accumulate(lists.candidate >= 0, axis=1)
        lists.candidate[~there], lists.propensity[~there] = -1, 1
        reward = of("reward").astype(np.float64)
        examined, rewards = np.zeros(there.shape, bool), np.zeros(there.shape)
        examined[rows, rank] = ~np.isnan(reward)
        rewards[rows, rank] = np.nan_to_num(reward)
        return cls(lists, rewards, examined, there, len(values))


def _judge_block(
    policy: Judged,
    ranker: Ranker,
    known: Prepared,
    logged: _Logged,
    yardstick: Yardstick,
    keys: np.ndarray,
    replicates: int,
) -> Sums:
    nobody = np.zeros(len(keys), bool)
    actions = ranker.actions(known.offers, known.complete, known.complete_fresh, nobody, known.explores, policy.scorer)
    model, length = yardstick.model, ranker.rules.length
    effects = model.at_ranks(np.zeros(length), np.arange(1, length + 1))
    values = known.offers.spread(model.log_odds(known.offers.features), 0.0)
    probability, expected = choice.replay(actions, logged.lists, values, effects, ranker.rules, policy.exploration)

    row, place = np.nonzero(logged.there)
    predicted = np.zeros(logged.there.shape)
    log_odds = values[row, logged.lists.candidate[row, place], logged.lists.kind[row, place]]
    predicted[row, place] = sigmoid(log_odds + effects[place])
    judged = logged.there & logged.examined
    rounds = Rounds(
        logged.reward[judged],
        logged.lists.propensity[judged],
        probability[judged],
        predicted[judged],
        expected[judged],
    )
    below = np.append(yardstick.earned[::-1].cumsum()[::-1][1:], 0.0)
    whole = LoggedLists(
        np.where(logged.there, logged.reward, 0),
        logged.lists.propensity,
        probability,
        np.where(logged.there, yardstick.reached * predicted + below, 0),
        np.where(logged.there, yardstick.reached * expected + below, 0),
    )
    return Sums(
        bootstrap.totals(estimators.terms(rounds), rounds.weight, keys[np.nonzero(judged)[0]], replicates),
        bootstrap.totals(list_estimators.terms(whole), whole.weight.prod(axis=1), keys, replicates),
        logged.logged,
        int(logged.there.sum()),
    )


def _position(chosen: np.ndarray, rows: np.ndarray, tracks: np.ndarray) -> np.ndarray:
    """Where each track stands among the candidates of its row, -1: nowhere. chosen : (n, n_candidates), each row in
    order, -1 behind the last."""
    if not chosen.shape[1]:
        return np.full(len(rows), -1)
    span = int(max(chosen.max(initial=0), tracks.max(initial=0))) + 2
    keys = (np.arange(len(chosen))[:, None] * span + np.where(chosen < 0, span - 1, chosen)).ravel()
    wanted = rows * span + np.where(tracks < 0, span - 1, tracks)
    at = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
    return np.where((keys[at] == wanted) & (tracks >= 0), at % chosen.shape[1], -1)


def decide(new: Sums, present: Sums, margin: float) -> tuple[bool, str]:
    """Whether a new policy goes live, and why.

    new, present : judged on the same log with the same seed
    margin : reward per examined place that the new one may be estimated to lose
    """
    lead = bootstrap.difference(new.rounds, present.rounds, MARGIN_ESTIMATOR)
    if not np.isfinite(lead.value):
        return True, "the log holds nothing that the policies could be compared by; the new one ranks"
    said = (
        f"by {MARGIN_ESTIMATOR} on {bootstrap.overlap(new.rounds).rounds:,} held-out judgements the new policy earns "
        f"{lead.value:+.4f} [{lead.low:+.4f}, {lead.high:+.4f}] a place beside the present one"
    )
    if lead.value < -margin:
        return False, f"{said}: worse by more than {margin}, so the present one ranks"
    return True, f"{said}: not worse by more than {margin}, so the new one ranks"
