"""Drawing lists place by place: ε-greedy over what the rules still allow, with exact propensities."""

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Actions:
    """What may be chosen, for a block of listeners.

    scores : float64 (n_listeners, n_candidates, n_kinds), the predicted reward; -inf: not an action
    works : int (n_listeners, n_candidates), the work of each candidate
    credits : int (n_listeners, n_candidates, n_credits), its artists, collaborators included; -1: no more
    fresh : bool (n_listeners, n_candidates), whether it counts as a new release that suits the listener
    complete : bool (n_listeners,), whether the candidates are all that the listener may be offered at all
    complete_fresh : bool (n_listeners,), whether the fresh candidates are all the fresh tracks there are
    """

    scores: np.ndarray
    works: np.ndarray
    credits: np.ndarray
    fresh: np.ndarray
    complete: np.ndarray
    complete_fresh: np.ndarray

    def __post_init__(self):
        shape = self.scores.shape
        for name, wrong in (
            ("scores", len(shape) != 3),
            ("works", self.works.shape != shape[:2]),
            ("credits", self.credits.shape[:2] != shape[:2] or self.credits.ndim != 3),
            ("fresh", self.fresh.shape != shape[:2]),
            ("complete", self.complete.shape != shape[:1]),
            ("complete_fresh", self.complete_fresh.shape != shape[:1]),
        ):
            if wrong:
                raise ValueError(f"{name} does not fit scores of shape {shape}")


@dataclass(frozen=True)
class Rules:
    """How a list is drawn: its length, the share ε of places that explore, how many of the best tracks exploration
    draws from, the places one artist may have, and the least share of new releases."""

    length: int
    epsilon: float
    explore_tracks: int
    max_per_artist: int
    new_release_share: float


@dataclass
class Lists:
    """The lists drawn, each array of shape (n_listeners, length).

    candidate : int, position among the candidates; -1: the list ends above
    kind : int, position of the reason among the kinds
    propensity : float64, the probability of this action for this place, given the places above
    explored : bool, whether the place was drawn at random
    """

    candidate: np.ndarray
    kind: np.ndarray
    propensity: np.ndarray
    explored: np.ndarray

    @classmethod
    def empty(cls, n_listeners: int, length: int) -> "Lists":
        """Lists in which no place is taken."""
        shape = (n_listeners, length)
        return cls(np.full(shape, -1), np.zeros(shape, int), np.ones(shape), np.zeros(shape, bool))

    @property
    def lengths(self) -> np.ndarray:
        """Number of places taken, shape (n_listeners,)."""
        return (self.candidate >= 0).sum(axis=1)


def draw(actions: Actions, uniforms: np.ndarray, rules: Rules, begun: Lists | None = None) -> Lists:
    """Draw a list for each listener.

    At each place, with probability 1 - ε the best action that is allowed, else one of the allowed actions of the
    `explore_tracks` best tracks, uniformly (of all allowed ones, if none of those is left). So the propensity of an
    action a is (1 - ε)·[a is the best] + ε·[a is in that pool] / |pool|.

    Allowed is a candidate whose work is not yet in the list and whose artists all have places left. Where none is
    left under that cap and the candidates are complete, the cap is relaxed by as little as possible. Whenever the
    list is behind its share of new releases and an allowed one suits, only such are allowed: places for them are
    spread evenly. Where a rule lacks candidates and they are not complete, the list ends, to be gone on with.

    Parameters
    ----------
    uniforms : float64 (n_listeners, length, 2) in [0, 1): whether a place explores, and which action it draws
    begun : lists to go on with; the places that they have are kept
    """
    n, n_candidates, _ = actions.scores.shape
    if uniforms.shape != (n, rules.length, 2):
        raise ValueError(f"uniforms of shape {uniforms.shape}, not {(n, rules.length, 2)}")
    lists = Lists.empty(n, rules.length)
    if not n or not n_candidates:
        return lists
    begun = begun or Lists.empty(n, rules.length)
    rows = np.arange(n)

    best_kind = actions.scores.argmax(axis=2)
    best = actions.scores.max(axis=2)
    n_actions = np.isfinite(actions.scores).sum(axis=2)
    works, n_works = _within_listener(actions.works)
    artists, n_artists = _within_listener(actions.credits)
    explorable = _top(best, rules.explore_tracks)

    open_ = np.isfinite(best)
    work_taken = np.zeros(n_works, bool)
    places_of_artist = np.zeros(n_artists, int)
    new_releases = np.zeros(n, int)
    quota = math.ceil(rules.new_release_share * rules.length - 1e-9)

    for place in range(rules.length):
        allowed = open_ & _under_cap(open_, places_of_artist[artists].max(axis=2), actions.complete, rules)
        behind = new_releases < quota * (place + 1) // rules.length
        allowed_new = allowed & actions.fresh
        allowed &= (~behind | allowed_new.any(axis=1) | actions.complete_fresh)[:, None]
        allowed = np.where((behind & allowed_new.any(axis=1))[:, None], allowed_new, allowed)

        greedy = np.where(allowed, best, -np.inf).argmax(axis=1)
        pool = allowed & explorable
        pool = np.where(pool.any(axis=1)[:, None], pool, allowed)
        pool_size = (n_actions * pool).sum(axis=1)

        explored = uniforms[:, place, 0] < rules.epsilon
        chosen, kind = greedy.copy(), best_kind[rows, greedy]
        at = np.flatnonzero(explored & (pool_size > 0))
        chosen[at], kind[at] = _draw_uniformly(
            uniforms[at, place, 1], (n_actions * pool)[at], pool_size[at], actions.scores[at]
        )
        is_best = (chosen == greedy) & (kind == best_kind[rows, greedy])
        in_pool = pool[rows, chosen] / np.maximum(pool_size, 1)
        propensity = (1 - rules.epsilon) * is_best + rules.epsilon * in_pool

        kept = begun.candidate[:, place] >= 0
        taken = kept | allowed.any(axis=1)
        chosen = np.where(kept, begun.candidate[:, place], chosen)
        lists.candidate[:, place] = np.where(taken, chosen, -1)
        lists.kind[:, place] = np.where(kept, begun.kind[:, place], kind)
        lists.propensity[:, place] = np.where(kept, begun.propensity[:, place], propensity)
        lists.explored[:, place] = np.where(kept, begun.explored[:, place], explored)

        who, what = rows[taken], chosen[taken]
        work_taken[works[who, what]] = True
        open_ &= ~work_taken[works]
        places_of_artist[artists[who, what]] += 1
        places_of_artist[0] = 0  # stands for "no more artists"
        new_releases[who] += actions.fresh[who, what]
    return lists


def uniforms_of(user_ids: Sequence[str], length: int, seed: int) -> np.ndarray:
    """Uniform numbers for `draw` that depend on the seed and the listener alone: whoever else is ranked, and however
    the listeners are partitioned, a listener's numbers are the same.

    The generator is SplitMix64 (Steele, Lea, Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014),
    started from a hash of seed and listener. Shape (n_listeners, length, 2), float64 in [0, 1).
    """
    starts = np.array(
        [int.from_bytes(hashlib.blake2b(f"{seed}/{u}".encode(), digest_size=8).digest(), "big") for u in user_ids],
        dtype=np.uint64,
    )
    steps = np.arange(1, 2 * length + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    z = starts[:, None] + steps  # uint64 arithmetic wraps around, as the generator wants
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    z ^= z >> np.uint64(31)
    return ((z >> np.uint64(11)) * 2.0**-53).reshape(len(starts), length, 2)


def _within_listener(ids: np.ndarray) -> tuple[np.ndarray, int]:
    """Number ids so that those of different listeners differ; negative ids become 0. Also: how many numbers."""
    rows = np.arange(len(ids)).reshape(-1, *[1] * (ids.ndim - 1))
    span = int(ids.max(initial=0)) + 1
    flat = np.where(ids >= 0, rows * span + ids + 1, 0)
    values, numbers = np.unique(np.append(flat.ravel(), 0), return_inverse=True)
    return numbers[:-1].reshape(ids.shape), len(values)


def _top(best: np.ndarray, n: int) -> np.ndarray:
    """Mask of the `n` best candidates of each listener; of equals, the first ones. Shape as `best`."""
    mask = np.zeros(best.shape, bool)
    order = np.argsort(-best, axis=1, kind="stable")[:, :n]
    np.put_along_axis(mask, order, True, axis=1)
    return mask & np.isfinite(best)


def _under_cap(open_: np.ndarray, busiest: np.ndarray, complete: np.ndarray, rules: Rules) -> np.ndarray:
    """Whether each candidate's busiest artist, who has `busiest` places already, may have one more."""
    least = np.where(open_, busiest, np.iinfo(int).max).min(axis=1)
    most = np.where(complete, np.maximum(rules.max_per_artist - 1, least), rules.max_per_artist - 1)
    return busiest <= most[:, None]


def _draw_uniformly(
    uniform: np.ndarray, actions_of: np.ndarray, pool_size: np.ndarray, scores: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """The action that each uniform number falls on: positions of candidate and kind, each of shape (n,)."""
    rows = np.arange(len(uniform))
    number = np.minimum((uniform * pool_size).astype(int), pool_size - 1)
    up_to = actions_of.cumsum(axis=1)
    candidate = (up_to <= number[:, None]).sum(axis=1)
    number -= up_to[rows, candidate] - actions_of[rows, candidate]
    kinds_up_to = np.isfinite(scores[rows, candidate]).cumsum(axis=1)
    return candidate, (kinds_up_to <= number[:, None]).sum(axis=1)
