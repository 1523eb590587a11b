"""The off-policy estimators: how far from the truth, how honest their intervals, and beside Open Bandit Pipeline's.

Three parts: synthetic logs whose truth is known (10,000 rounds, 10 actions); the same arrays through Open Bandit
Pipeline's estimators, where DISCOVER_OBP_PYTHON names a Python that has it (0.5.7 needs Python 3.10 and PyTorch, so an
environment of its own: `pip install obp "matplotlib<3.9" psutil rich`); and Open Bandit Dataset, where
DISCOVER_DATA_SETS names a folder that holds `open-bandit`: what each of the two logged policies earned, estimated from
the other one's log.
"""

import os
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks import contest
from jobs.ranking import bootstrap, list_estimators
from jobs.ranking.estimators import ESTIMATORS, Rounds, Tuning, terms
from jobs.ranking.list_estimators import LoggedLists

CONTEXT = 5  # length of a synthetic context
ACTIONS = 10
PEER_TUNING = Tuning(clip=1.5, switch=1.5, shrinkage=10.0)  # so strict that many weights are changed
UNBIASED = ("IPS", "SNIPS", "DR", "SNDR")  # of which an interval has to hold what it says


@dataclass(frozen=True)
class World:
    """A synthetic bandit: rewards are Bernoulli, their log-odds linear in the context and a product of two of its
    numbers; both policies are softmax.

    effects, taste : float64 (n_actions, n_context), of the reward and of the logging policy; bias : (n_actions,)
    """

    effects: np.ndarray
    taste: np.ndarray
    bias: np.ndarray

    @classmethod
    def make(cls, seed: int) -> "World":
        """The world of a seed."""
        random = np.random.default_rng(seed)
        shape = (ACTIONS, CONTEXT)
        return cls(random.normal(size=shape) * 0.5, random.normal(size=shape) * 0.3, random.normal(size=ACTIONS) * 0.5)

    def chances(self, contexts: np.ndarray) -> np.ndarray:
        """The true mean reward of each action, (n_rounds, n_actions)."""
        log_odds = contexts @ self.effects.T + self.bias + 0.3 * contexts[:, :1] * contexts[:, 1:2]
        return 1 / (1 + np.exp(-log_odds))

    def logging(self, contexts: np.ndarray) -> np.ndarray:
        """The logged policy, (n_rounds, n_actions)."""
        return softmax(contexts @ self.taste.T)

    def policy(self, contexts: np.ndarray) -> np.ndarray:
        """The policy to be judged, (n_rounds, n_actions): better than the logged one, and not far from it."""
        return softmax(contexts @ (0.5 * self.effects + 0.5 * self.taste).T + 0.5 * self.bias)

    def truth(self, n: int = 1_000_000) -> float:
        """The reward of the policy to be judged, over many contexts."""
        contexts = np.random.default_rng(0).normal(size=(n, CONTEXT))
        return float((self.policy(contexts) * self.chances(contexts)).sum(axis=1).mean())

    def log(self, n: int, seed: int) -> dict[str, np.ndarray]:
        """`n` logged rounds: reward, action, logged_probability, and policy and predictions for all actions."""
        random = np.random.default_rng(seed)
        contexts = random.normal(size=(n, CONTEXT))
        logging = self.logging(contexts)
        action = (random.random((n, 1)) > logging.cumsum(axis=1)).sum(axis=1).clip(max=ACTIONS - 1)
        rows = np.arange(n)
        reward = (random.random(n) < self.chances(contexts)[rows, action]).astype(float)
        return {
            "reward": reward,
            "action": action,
            "logged_probability": logging[rows, action],
            "policy": self.policy(contexts),
            "predictions": cross_fitted(contexts, action, reward),
        }


def softmax(values: np.ndarray) -> np.ndarray:
    """Along the last axis."""
    odds = np.exp(values - values.max(axis=-1, keepdims=True))
    return odds / odds.sum(axis=-1, keepdims=True)


def cross_fitted(contexts: np.ndarray, action: np.ndarray, reward: np.ndarray) -> np.ndarray:
    """Predicted rewards (n_rounds, n_actions) by a ridge regression an action, each half from the other half."""
    inputs = np.hstack([np.ones((len(contexts), 1)), contexts])
    predictions = np.zeros((len(contexts), ACTIONS))
    half = np.arange(len(contexts)) % 2 == 0
    for train, test in ((half, ~half), (~half, half)):
        for a in range(ACTIONS):
            x, y = inputs[train & (action == a)], reward[train & (action == a)]
            weights = np.linalg.solve(x.T @ x + np.eye(x.shape[1]), x.T @ y)
            predictions[test, a] = inputs[test] @ weights
    return np.clip(predictions, 0, 1)


def ours(seed: int, rounds: int, replicates: int) -> dict:
    """Estimates and intervals of this project's estimators for one synthetic log."""
    log = World.make(seed).log(rounds, seed)
    started = time.perf_counter()
    found = judged(Rounds.of_actions(**log), replicates, seed, PEER_TUNING)
    seconds = time.perf_counter() - started
    lists = some_lists(**some_choices(seed))
    keys = bootstrap.keys_of(range(len(lists.reward)), seed)
    of_lists = bootstrap.estimates(bootstrap.totals(list_estimators.terms(lists), lists.weight[:, 0], keys, 0))
    values = {name: one.value for name, one in {**found, **of_lists}.items()}
    return {"values": values, "seconds": seconds}


def some_choices(seed: int, n: int = 1000, length: int = 5, n_actions: int = 4) -> dict[str, np.ndarray]:
    """Lists of which only the arithmetic matters: action, reward (n, length); logged, policy (the probability of each
    action) and predictions (n, length, n_actions)."""
    random = np.random.default_rng(seed)
    logged, policy = softmax(random.normal(size=(2, n, length, n_actions)))
    return {
        "action": random.integers(0, n_actions, (n, length)),
        "reward": random.integers(0, 2, (n, length)).astype(float),
        "logged": logged,
        "policy": policy,
        "predictions": random.random((n, length, n_actions)),
    }


def some_lists(action, reward, logged, policy, predictions) -> LoggedLists:
    """What `some_choices` gives, as the estimators of lists take it."""
    of_action = (np.take_along_axis(a, action[:, :, None], 2)[:, :, 0] for a in (logged, policy, predictions))
    return LoggedLists(reward, *of_action, (policy * predictions).sum(axis=2))


def judged(rounds: Rounds, replicates: int, seed: int, tuning: Tuning | None = None) -> dict[str, bootstrap.Estimate]:
    """All estimates of some rounds, with intervals."""
    keys = bootstrap.keys_of(range(len(rounds.reward)), seed)
    return bootstrap.estimates(bootstrap.totals(terms(rounds, tuning), rounds.weight, keys, replicates))


def open_bandit_pipeline(seed: int, rounds: int, replicates: int) -> dict:
    """The same with Open Bandit Pipeline."""
    from obp import ope

    log, tuning = World.make(seed).log(rounds, seed), PEER_TUNING
    estimators = {
        "DM": ope.DirectMethod(),
        "IPS": ope.InverseProbabilityWeighting(),
        "clipped IPS": ope.InverseProbabilityWeighting(lambda_=tuning.clip),
        "SNIPS": ope.SelfNormalizedInverseProbabilityWeighting(),
        "DR": ope.DoublyRobust(),
        "SNDR": ope.SelfNormalizedDoublyRobust(),
        "Switch-DR": ope.SwitchDoublyRobust(lambda_=tuning.switch),
        "DRos": ope.DoublyRobustWithShrinkage(lambda_=tuning.shrinkage),
    }
    arguments = {
        "reward": log["reward"],
        "action": log["action"],
        "pscore": log["logged_probability"],
        "action_dist": log["policy"][:, :, None],
        "estimated_rewards_by_reg_model": log["predictions"][:, :, None],
    }
    started = time.perf_counter()
    values = {}
    for name, estimator in estimators.items():
        values[name] = float(estimator.estimate_policy_value(**arguments))
        estimator.estimate_interval(**arguments, n_bootstrap_samples=replicates, random_state=seed)
    seconds = time.perf_counter() - started
    values |= of_lists_by_peer(some_choices(seed))
    return {"values": {name: float(value) for name, value in values.items()}, "seconds": seconds}


def of_lists_by_peer(choices: dict[str, np.ndarray]) -> dict[str, float]:
    """The estimators of lists by Open Bandit Pipeline."""
    from obp import ope

    lists, (n, length, n_actions) = some_lists(**choices), choices["policy"].shape
    logged, other = lists.logged_probability, lists.probability
    arguments = {
        "slate_id": np.repeat(np.arange(n), length),
        "position": np.tile(np.arange(length), n),
        "reward": lists.reward.ravel(),
        "action": choices["action"].ravel(),
        "pscore_item_position": logged.ravel(),
        "evaluation_policy_pscore_item_position": other.ravel(),
        "pscore_cascade": logged.cumprod(axis=1).ravel(),
        "evaluation_policy_pscore_cascade": other.cumprod(axis=1).ravel(),
        "q_hat": choices["predictions"].ravel(),
        "evaluation_policy_action_dist": choices["policy"].ravel(),
    }
    estimators = {
        "IIPS": ope.SlateIndependentIPS(len_list=length),
        "RIPS": ope.SlateRewardInteractionIPS(len_list=length),
        "SNRIPS": ope.SelfNormalizedSlateRewardInteractionIPS(len_list=length),
        "cascade-DR": ope.SlateCascadeDoublyRobust(len_list=length, n_unique_action=n_actions),
    }
    return {name: float(estimator.estimate_policy_value(**arguments)) for name, estimator in estimators.items()}


def errors(seeds: int, rounds: int) -> list[dict]:
    """Mean relative error of each estimator over synthetic worlds."""
    found: dict[str, list[float]] = {name: [] for name in ("observed", *ESTIMATORS)}
    for seed in range(seeds):
        world = World.make(seed)
        truth = world.truth()
        estimates = judged(Rounds.of_actions(**world.log(rounds, seed)), 0, seed)
        for name, values in found.items():
            values.append(abs(estimates[name].value / truth - 1))
    return [{"estimator": name, "relative error": float(np.mean(values))} for name, values in found.items()]


def coverage(repetitions: int, rounds: int, worlds: int = 25) -> list[dict]:
    """How often the 95 % interval of each estimator holds the truth: the worlds take turns."""
    truths = [World.make(seed).truth() for seed in range(min(worlds, repetitions))]
    hits = dict.fromkeys(UNBIASED, 0)
    for repetition in range(repetitions):
        seed = repetition % len(truths)
        estimates = judged(Rounds.of_actions(**World.make(seed).log(rounds, 1000 + repetition)), 400, repetition)
        for name in hits:
            hits[name] += estimates[name].low <= truths[seed] <= estimates[name].high
    return [{"estimator": name, "coverage of 95 % intervals": n / repetitions} for name, n in hits.items()]


def against_peer(python: str, seed: int, rounds: int, replicates: int) -> list[dict]:
    """Our estimates beside Open Bandit Pipeline's on the same arrays; each in a process of its own.

    python : the interpreter of the environment that has it
    """
    arguments = {"seed": seed, "rounds": rounds, "replicates": replicates}
    mine = contest.alone("benchmarks.estimators:ours", **arguments)
    theirs = contest.alone("benchmarks.estimators:open_bandit_pipeline", python=python, **arguments)
    rows: list[dict] = [
        {"": name, "ours": mine["values"][name], "obp": value, "difference": mine["values"][name] - value}
        for name, value in theirs["values"].items()
    ]
    times = {"ours": mine["seconds"], "obp": theirs["seconds"]}
    return [*rows, {"": "seconds", **times, "difference": times["ours"] - times["obp"]}]


def open_bandit(folder: Path) -> list[dict]:
    """For each campaign: the click rate of a policy in its own log, and as the other one's log has it."""
    rows = []
    for campaign in ("men", "women"):
        logs = {name: _clicks(folder / name / campaign / f"{campaign}.csv.gz") for name in ("random", "bts")}
        for source, target in (("random", "bts"), ("bts", "random")):
            own = logs[target].click
            error = 1.96 * own.std() / np.sqrt(len(own))
            estimates = judged(_crossed(logs[source], logs[target], target), 1000, 0)
            rows.append(
                {
                    "campaign": campaign,
                    "policy": target,
                    "from the log of": source,
                    "observed": _interval(own.mean(), own.mean() - error, own.mean() + error),
                    **{
                        name: _interval(estimates[name].value, estimates[name].low, estimates[name].high)
                        for name in ("DM", "SNIPS", "DR", "DRos")
                    },
                }
            )
    return rows


def _clicks(file: Path) -> pd.DataFrame:
    return pd.read_csv(file, usecols=["item_id", "position", "click", "propensity_score"])


def _crossed(log: pd.DataFrame, other: pd.DataFrame, target: str) -> Rounds:
    """Rounds of `log`, judged for the policy of `other`: uniform, or how often it chose each item at each place (it
    saw no context, and its mean over time is what its own click rate is the mean of)."""
    items, places = int(max(log.item_id.max(), other.item_id.max())) + 1, np.unique(log.position)
    row = np.searchsorted(places, log.position)
    policy = np.full((len(places), items), 1 / items)
    if target != "random":
        counts = np.zeros((len(places), items))
        np.add.at(counts, (np.searchsorted(places, other.position), other.item_id), 1)
        policy = counts / counts.sum(axis=1, keepdims=True)
    click, item = log.click.to_numpy(float), log.item_id.to_numpy()
    half = np.arange(len(log)) % 2 == 0
    predictions = np.zeros((len(log), items))
    for train, test in ((half, ~half), (~half, half)):
        shown = np.bincount(item[train], minlength=items)
        clicked = np.bincount(item[train], weights=click[train], minlength=items)
        rate = click[train].mean()
        predictions[test] = (clicked + 100 * rate) / (shown + 100)  # a click rate is believed after a hundred shows
    return Rounds.of_actions(click, item, log.propensity_score.to_numpy(), policy[row], predictions)


def _interval(value: float, low: float, high: float) -> str:
    return f"{1000 * value:.1f} [{1000 * low:.1f}, {1000 * high:.1f}]"


def main() -> None:
    """Run all parts and print their tables."""
    options = contest.arg_parser("estimators", __doc__.splitlines()[0]).parse_args()
    rounds, seeds, repetitions = (2000, 3, 30) if options.small else (10_000, 20, 500)
    measured = {"errors": errors(seeds, rounds), "coverage": coverage(repetitions, rounds)}
    contest.show(f"Relative error, {rounds:,} rounds, {ACTIONS} actions, mean of {seeds} worlds", measured["errors"])
    contest.show(f"Coverage, {repetitions} repetitions of {rounds:,} rounds", measured["coverage"])
    peer = os.environ.get("DISCOVER_OBP_PYTHON")
    if not peer:
        print("Open Bandit Pipeline: left out; DISCOVER_OBP_PYTHON names no Python that has it")
    else:
        measured["peer"] = against_peer(peer, 0, rounds, 200 if options.small else 1000)
        contest.show("The same arrays, estimates with bootstrap intervals", measured["peer"])
    folder = Path(os.environ.get("DISCOVER_DATA_SETS", "")) / "open-bandit"
    if os.environ.get("DISCOVER_DATA_SETS") and folder.is_dir():
        measured["open_bandit"] = open_bandit(folder)
        contest.show("Open Bandit Dataset: clicks in 1,000 shows, with 95 % intervals", measured["open_bandit"])
    else:
        print("Open Bandit Dataset: skipped; DISCOVER_DATA_SETS names no folder that holds open-bandit")
    contest.save(options.json, **measured)


if __name__ == "__main__":
    main()
