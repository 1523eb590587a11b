"""What policies come to over many weeks: the listeners of the sample world answer the lists of each, week by week.

Every arm starts from the same world and history, and goes its own way: what listeners hear depends on what they are
offered. All arms have the same candidates, reasons and rules, and differ in what puts the actions in order, in whether
they explore, and in what they learn from the answers. Only time after the answers is simulated in arrays (`simulated`);
the lists, the propensities and the learning are those of the weekly chain.
"""

import multiprocessing
import os
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import lru_cache, partial

import numba
import numpy as np
import pandas as pd
import pyarrow as pa
from threadpoolctl import threadpool_limits

from jobs.ranking import choice, features, fitting, history, learning, simulated
from jobs.ranking.fitting import Judged, Method
from jobs.ranking.learning import HELD_OUT_SHARE, Sample, importance_weights
from jobs.ranking.lists import Policy, Ranker
from jobs.ranking.offers import ByFeature, Scorer
from jobs.ranking.outcomes import Examination
from jobs.ranking.reward import RewardModel, stated_model
from jobs.ranking.simulated import Planted, State
from jobs.sample import listening
from jobs.sample.answers import answer
from jobs.sample.listeners import CHARACTERS
from jobs.sample.listening import as_table, one_week, without_repeats
from jobs.sample.options import Options

LIKED = 0.5  # who likes a track with this chance or more is a fan
FOUND_WEEKS = 4  # in which a new release should reach its fans
HISTORY_WEEKS = 4  # whose first listens make the prior


@dataclass(frozen=True)
class Arm:
    """What is compared. scorer : what orders the actions; None: a model that learns, by `method`; omniscient : the true
    chances order them, in the place of either."""

    name: str
    exploration: choice.Exploration
    scorer: Scorer | None = None
    method: Method | None = None
    omniscient: bool = False


@dataclass(frozen=True)
class Omniscient(Ranker):
    """A ranker that orders the actions by their true chances: what is to be had from these candidates, reasons and
    rules, by who takes the best each week.

    truth : of `simulated.true_chances`; number_of : the row of each listener in it
    """

    truth: np.ndarray
    number_of: Mapping[str, int]

    def actions(self, offers, complete, complete_fresh, held_out, explores, scorer=None) -> choice.Actions:
        """As `Ranker.actions`."""
        rows, columns, kinds = np.nonzero(offers.number >= 0)
        who = np.array([self.number_of[user] for user in offers.user_ids])
        chances = self.truth[who[rows], offers.candidates[rows, columns], kinds]
        return offers.actions(
            np.log(chances / (1 - chances)),
            self.rules.cluster_spread,
            self.rules.length,
            complete,
            complete_fresh,
            explores,
        )


@dataclass(frozen=True)
class Plan:
    """How learning arms learn, and the rules for all.

    window : weeks of answers that are learned from; max_weight : inverse propensities are clipped here
    examination : as in `outcomes`
    """

    rules: choice.Rules
    n_candidates: int
    window: int
    max_weight: float
    history_strength: float
    examination: Examination


def arms(exploration: choice.Exploration, method: Method, length: int) -> list[Arm]:
    """Random, popularity, collaborative filtering alone, both reward models with and without exploration, and the
    ranker that knows the truth."""
    none = replace(exploration, method="epsilon_greedy", epsilon=0.0)
    chance = choice.Exploration("epsilon_greedy", 1.0, 1.0, explore_tracks=10**9, most_explored=length)
    logistic = replace(method, kind="logistic_regression")
    machine = replace(method, kind="factorization_machine")
    return [
        Arm("random", chance, ByFeature("popularity")),
        Arm("popularity", none, ByFeature("popularity")),
        Arm("ALS only", none, ByFeature("match_collaborative")),
        Arm("logistic", none, method=logistic),
        Arm("logistic, exploring", exploration, method=logistic),
        Arm("machine", none, method=machine),
        Arm("machine, exploring", exploration, method=machine),
        Arm("the truth", none, ByFeature("popularity"), omniscient=True),
    ]


def each(runs: Sequence[tuple[Options, Arm, Plan, int]]) -> Iterator[list[dict[str, object]]]:
    """The rows of `run` for each (options of a world, arm, plan, weeks), in their order; side by side in as many
    processes as there are cores. What comes out does not depend on how many."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    with ProcessPoolExecutor(min(cores, len(runs)), multiprocessing.get_context("spawn")) as pool:
        yield from pool.map(_run_alone, runs)


def _run_alone(one: tuple[Options, Arm, Plan, int]) -> list[dict[str, object]]:
    options, arm, plan, weeks = one
    numba.set_num_threads(1)
    with threadpool_limits(1):
        return list(run(_planted(options, weeks), arm, plan, weeks))


@lru_cache(maxsize=1)
def _planted(options: Options, weeks: int) -> Planted:
    return Planted.make(options, weeks)


def run(planted: Planted, arm: Arm, plan: Plan, weeks: int) -> Iterator[dict[str, object]]:
    """One arm in one world: a row for each week.

    Rows: arm, seed, week (from 0); places (examined), reward (streams an examined place), expected (its true mean),
    best (the same of the best possible lists, had one known the truth), log_loss (of the scores, on examined places),
    found (share of the new releases of four weeks ago with fans that have reached half of their fans; nan where there
    is none), and kinds:CHARACTER:KIND, the share of each reason among listeners of a character.
    """
    state, first = State.begin(planted), planted.options.week
    truth = simulated.true_chances(planted)
    number_of = {user: number for number, user in enumerate(planted.world.listeners.user_ids)}
    judged: list[Sample] = []
    model = _prior(planted, state, first, plan) if arm.method else stated_model()
    prior = np.array(model.prior)
    for number in range(weeks):
        week = first + timedelta(weeks=number)
        if arm.method and judged:
            sample = _together(judged[-plan.window :])
            model = learning.learn(sample, prior, arm.method, seed=number).model
        known = simulated.known(planted, state, week)
        ranker = (partial(Omniscient, truth=truth, number_of=number_of) if arm.omniscient else Ranker)(
            catalogue=known,
            policy=Policy(f"{arm.name} {week}", model, arm.exploration, arm.scorer),
            rules=plan.rules,
            n_candidates=plan.n_candidates,
            held_out_share=0.0,
            week=week,
            seed=planted.options.seed * 1000 + number,
        )
        block = simulated.block(planted, state, known, week)
        lists = pa.Table.from_batches([ranker.rank(block)])
        frame = lists.select(["user_id", "rank", "track_id", "explanation_kind", "score"]).to_pandas()
        best = _best(truth, state)
        frame["reward"], frame["played"] = _answered(planted, state, week, frame, plan.examination)
        state.served[_row(planted, frame), _column(planted, frame)] = True
        _remember_answers(planted, state, frame)
        yield {
            "arm": arm.name,
            "seed": planted.options.seed,
            "week": number,
            **_measured(planted, frame, truth, best),
            "found": _found(planted, state, week),
        }
        if arm.method:
            judged.append(_sample(lists, frame, plan.max_weight))


def _prior(planted: Planted, state: State, week: date, plan: Plan) -> RewardModel:
    """The prior from listening history, as the weekly chain makes it: by those who were there before the last weeks,
    from their first listens in these weeks."""
    since = week - timedelta(weeks=HISTORY_WEEKS)
    rows = listening.history(planted.world, planted.options.weeks, planted.options.random("history")).to_pandas()
    rows = rows.sort_values("listened_at", kind="stable").drop_duplicates(["user_id", "track_id"])
    late = rows[rows.listened_at >= pd.Timestamp(since, tz="UTC")]
    known = simulated.known(planted, state, week)
    before = State.begin(planted, until=since)
    before.factors = state.factors
    known = replace(
        known,
        listeners=(before.plays > 0).sum(axis=0).astype(np.int32),
        heard=before.heard.sum(axis=0).astype(np.int32),
        crowds=simulated.crowds(before, known, since),
    )
    block = simulated.block(planted, before, known, since)
    kept = late.ms_played.to_numpy() >= planted.stream_ms()[_column(planted, late)]
    met = pd.DataFrame({"user_id": late.user_id, "track_id": late.track_id, "kept": kept})
    by_user = dict(list(met.groupby("user_id")))
    firsts = pa.array(
        [by_user[u][["track_id", "kept"]].to_dict("records") if u in by_user else [] for u in block.user_ids],
        pa.list_(history.FIRST_LISTENS),
    )
    x, y = history.examples(block, firsts, known)
    weights = history.prior(Judged(x, y, np.ones(len(y))), plan.history_strength)
    return RewardModel(weights=tuple(weights), prior=tuple(weights))


def _answered(
    planted: Planted, state: State, week: date, frame: pd.DataFrame, examination: Examination
) -> tuple[np.ndarray, np.ndarray]:
    """Let listeners answer their lists and listen on; returns the reward of each place, nan where not examined, and
    whether it was played at all."""
    world, options = planted.world, planted.options
    answers = answer(world, frame, state.memories, lambda user: options.random("answer", week, user))
    usual = one_week(world, week, state.memories, options.random("listen", week))
    from_lists = as_table(world, week, answers.logs)
    state.add(planted, without_repeats(pa.concat_tables([from_lists, usual])), remembered=False)

    heard = from_lists.to_pandas()
    heard["streamed"] = heard.ms_played.to_numpy() >= planted.stream_ms()[_column(planted, heard)]
    streamed = heard.groupby(["user_id", "track_id"]).streamed.max()
    found = streamed.reindex(pd.MultiIndex.from_frame(frame[["user_id", "track_id"]]))
    played = found.notna().to_numpy()
    lowest = frame["rank"].where(played).groupby(frame.user_id).transform("max").to_numpy()
    examined = {
        "cascade": frame["rank"].to_numpy() <= lowest,
        "opened": ~np.isnan(lowest),
        "answered": played,
    }[examination]
    return np.where(examined, (found == 1).to_numpy(), np.nan), played


def _remember_answers(planted: Planted, state: State, frame: pd.DataFrame) -> None:
    judged = frame[frame.reward.notna()]
    where = _row(planted, judged), judged.explanation_kind.map(features.KINDS.index).to_numpy()
    np.add.at(state.surplus, where, (judged.reward - judged.score).to_numpy())
    np.add.at(state.judged, where, 1)
    np.add.at(state.played, where, judged.played.to_numpy())


def _sample(lists: pa.Table, frame: pd.DataFrame, max_weight: float) -> Sample:
    use = frame.reward.notna().to_numpy()
    matrix = features.from_log(lists["features"].combine_chunks())[use]
    weight = importance_weights(lists["propensity"].to_numpy()[use], max_weight)
    out = frame.user_id[use].map(lambda user: int(user[1:]) % HELD_OUT_SHARE == 0).to_numpy()
    return Sample(Judged(matrix, frame.reward[use].to_numpy(), weight), out)


def _together(samples: list[Sample]) -> Sample:
    judged = [sample.judged for sample in samples]
    return Sample(
        Judged(*(np.concatenate([getattr(j, name) for j in judged]) for name in ("features", "reward", "weight"))),
        np.concatenate([sample.held_out for sample in samples]),
    )


def _measured(planted: Planted, frame: pd.DataFrame, truth: np.ndarray, best: np.ndarray) -> dict[str, object]:
    rows, columns = _row(planted, frame), _column(planted, frame)
    kinds = frame.explanation_kind.map(features.KINDS.index).to_numpy()
    examined = frame.reward.notna().to_numpy()
    judged = Judged(
        np.zeros((examined.sum(), len(features.NAMES))), frame.reward[examined].to_numpy(), np.ones(examined.sum())
    )
    shares = {}
    character = planted.world.listeners.character[rows]
    for at, name in enumerate(CHARACTERS):
        for kind, label in enumerate(features.KINDS):
            shares[f"kinds:{name}:{label}"] = float((kinds[character == at] == kind).mean())
    return {
        "places": int(examined.sum()),
        "reward": float(frame.reward[examined].mean()),
        "expected": float(truth[rows, columns, kinds][examined].mean()),
        "best": float(best[rows, frame["rank"].to_numpy() - 1][examined].mean()),
        "log_loss": fitting.log_loss(np.clip(frame.score[examined].to_numpy(), 1e-12, 1 - 1e-12), judged),
        **shares,
    }


def _best(truth: np.ndarray, state: State) -> np.ndarray:
    """The true chances of the best possible lists, best first, (n_listeners, length): of what was not heard and not
    offered when the week began, with the most persuasive reason, whether or not it would be true."""
    open_ = np.where(state.heard | state.served, -1, truth.max(axis=2))
    return -np.sort(-open_, axis=1)[:, :30]


def _found(planted: Planted, state: State, week: date) -> float:
    """The share of the new releases that came out `FOUND_WEEKS` weeks before the end of this week, and have fans, that
    were offered to, or heard by, half of them."""
    catalogue, end = planted.world.catalogue, week + timedelta(weeks=1)
    age = (end - planted.options.week).days - catalogue.released_day
    new = catalogue.is_new & (age >= 7 * FOUND_WEEKS) & (age < 7 * FOUND_WEEKS + 7)
    fans = (planted.world.liking >= LIKED) & state.heard.any(axis=1)[:, None]
    reached = ((state.served | state.heard) & fans).sum(axis=0)
    use = new & (fans.sum(axis=0) > 0)
    return float((reached[use] >= 0.5 * fans.sum(axis=0)[use]).mean()) if use.any() else float("nan")


def _row(planted: Planted, frame: pd.DataFrame) -> np.ndarray:
    number_of = {user: number for number, user in enumerate(planted.world.listeners.user_ids)}
    return frame.user_id.map(number_of).to_numpy()


def _column(planted: Planted, frame: pd.DataFrame) -> np.ndarray:
    return frame.track_id.map(planted.world.catalogue.number_of).to_numpy()
