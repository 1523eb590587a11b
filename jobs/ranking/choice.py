"""Drawing lists place by place over what the rules still allow, with exact propensities.

Two ways to explore. ε-greedy takes the best action with probability 1 − ε, else one of the explorable ones, uniformly.
Softmax takes each of the explorable ones with a probability in proportion to exp(log-odds / temperature). Explorable
are the actions of the `explore_tracks` best tracks that are allowed, or all allowed ones where none of those is left.
A place that holds another action than the best one has explored; after `most_explored` of them the rest of the list is
the best in order. So the propensity of an action, given the places above, is known exactly, by either way.
"""

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from jobs.ranking import drawing
from jobs.ranking.bootstrap import STEP, splitmix

METHODS = {"epsilon_greedy": drawing.EPSILON_GREEDY, "softmax": drawing.SOFTMAX}


@dataclass(frozen=True)
class Actions:
    """What may be chosen, for a block of listeners.

    log_odds : float64 (n_listeners, n_candidates, n_kinds), of a reward at the first place; -inf: not an action
    works : int (n_listeners, n_candidates), the work of each candidate; -1: there is no candidate
    credits : int (n_listeners, n_candidates, n_credits), its artists, collaborators included; -1: no more
    albums : int (n_listeners, n_candidates), its album; -1: not known
    fresh : bool (n_listeners, n_candidates), whether it counts as a new release that suits the listener
    clusters : int (n_listeners, n_candidates), its cluster of taste; -1: none
    quotas : int (n_listeners, n_clusters), the least places of each cluster of taste in a list
    complete : bool (n_listeners,), whether the candidates are all that the listener may be offered at all
    complete_fresh : bool (n_listeners,), whether the fresh candidates are all the fresh tracks there are
    explores : bool (n_listeners,), whether the listener's list may explore
    """

    log_odds: np.ndarray
    works: np.ndarray
    credits: np.ndarray
    albums: np.ndarray
    fresh: np.ndarray
    clusters: np.ndarray
    quotas: np.ndarray
    complete: np.ndarray
    complete_fresh: np.ndarray
    explores: np.ndarray

    def __post_init__(self):
        shape = self.log_odds.shape
        for name, wrong in (
            ("log_odds", len(shape) != 3),
            ("works", self.works.shape != shape[:2]),
            ("credits", self.credits.shape[:2] != shape[:2] or self.credits.ndim != 3),
            ("albums", self.albums.shape != shape[:2]),
            ("fresh", self.fresh.shape != shape[:2]),
            ("clusters", self.clusters.shape != shape[:2]),
            ("quotas", self.quotas.shape[:1] != shape[:1] or self.quotas.ndim != 2),
            ("complete", self.complete.shape != shape[:1]),
            ("complete_fresh", self.complete_fresh.shape != shape[:1]),
            ("explores", self.explores.shape != shape[:1]),
        ):
            if wrong:
                raise ValueError(f"{name} does not fit log_odds of shape {shape}")
        if self.clusters.max(initial=-1) >= self.quotas.shape[1]:
            raise ValueError("clusters holds one that has no quota")


@dataclass(frozen=True)
class Rules:
    """What holds in a list: its length, the places that one artist and one album may have (at least 1), the least
    share of new releases, and how much of a listener's clusters of taste it has to hold (0: not at all; 1: as the
    listener plays them)."""

    length: int
    max_per_artist: int
    max_per_album: int
    new_release_share: float
    cluster_spread: float

    def __post_init__(self):
        if self.max_per_artist < 1 or self.max_per_album < 1:
            raise ValueError(f"a list without a place for an artist or an album: {self}")


@dataclass(frozen=True)
class Exploration:
    """How a list explores.

    method : one of "epsilon_greedy", "softmax"
    epsilon : share of places that explore, in [0, 1]; for ε-greedy
    temperature : in log-odds, > 0; for softmax
    explore_tracks : exploration draws from the actions of this many best tracks
    most_explored : places of a list that hold another action than the best one, at most
    """

    method: Literal["epsilon_greedy", "softmax"]
    epsilon: float
    temperature: float
    explore_tracks: int
    most_explored: int

    def __post_init__(self):
        for name, wrong in (
            ("method", self.method not in METHODS),
            ("epsilon", not 0 <= self.epsilon <= 1),
            ("temperature", not 0 < self.temperature < math.inf),
            ("explore_tracks", self.explore_tracks < 1),
            ("most_explored", self.most_explored < 0),
        ):
            if wrong:
                raise ValueError(f"{name} is {getattr(self, name)!r}")


@dataclass
class Lists:
    """The lists drawn, each array of shape (n_listeners, length).

    candidate : int, position among the candidates; -1: the list ends above
    kind : int, position of the reason among the kinds
    propensity : float64, the probability of this action for this place, given the places above
    explored : bool, whether it is another action than the best one
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


def draw(
    actions: Actions, uniforms: np.ndarray, rules: Rules, exploration: Exploration, begun: Lists | None = None
) -> Lists:
    """Draw a list for each listener.

    Allowed for a place is a candidate whose work is not yet in the list and whose artists and album all have places
    left. Where none is left under these caps and the candidates are complete, they are relaxed by as little as
    possible. Whenever the list is behind its share of new releases and an allowed one suits, only such are allowed;
    whenever it is behind the quota of a cluster of taste and an allowed one is of that cluster, only such are: so the
    places of both are spread evenly. Where a rule but the last lacks candidates and they are not complete, the list
    ends, to be gone on with.

    Parameters
    ----------
    uniforms : float64 (n_listeners, length, 2) in [0, 1): whether a place explores, and which action it draws
    begun : lists to go on with; the places that they have are kept
    """
    n = len(actions.log_odds)
    if uniforms.shape != (n, rules.length, 2):
        raise ValueError(f"uniforms of shape {uniforms.shape}, not {(n, rules.length, 2)}")
    begun = begun or Lists.empty(n, rules.length)
    lists = Lists(*(array.copy() for array in (begun.candidate, begun.kind, begun.propensity, begun.explored)))
    _walk(actions, uniforms, actions.log_odds, np.zeros(rules.length), False, rules, exploration, lists)
    return lists


def replay(
    actions: Actions, lists: Lists, values: np.ndarray, effects: np.ndarray, rules: Rules, exploration: Exploration
) -> tuple[np.ndarray, np.ndarray]:
    """What a policy would have done at each place of lists that are there, given the places above.

    Parameters
    ----------
    lists : candidate and kind of each place
    values : float64 (n_listeners, n_candidates, n_kinds), log-odds of a reward that a model predicts for each action
        at the first place; finite where there is an action
    effects : float64 (length,), what each place adds to the log-odds

    Returns
    -------
    (probability, expected), each float64 (n_listeners, length): of the action that is there, by this policy; and the
    mean of the predicted reward over the policy's own choices. 1 and 0 behind the end of a list.
    """
    if values.shape != actions.log_odds.shape:
        raise ValueError(f"values of shape {values.shape}, not that of log_odds, {actions.log_odds.shape}")
    if effects.shape != (rules.length,):
        raise ValueError(f"effects of shape {effects.shape}, not {(rules.length,)}")
    replayed = Lists.empty(len(values), rules.length)
    replayed.candidate[:], replayed.kind[:] = lists.candidate, lists.kind
    none = np.zeros((len(values), rules.length, 2))
    expected = _walk(actions, none, values, effects, True, rules, exploration, replayed)
    return replayed.propensity, expected


def _walk(
    actions: Actions,
    uniforms: np.ndarray,
    values: np.ndarray,
    effects: np.ndarray,
    replaying: bool,
    rules: Rules,
    exploration: Exploration,
    lists: Lists,
) -> np.ndarray:
    expected = np.zeros(lists.candidate.shape)
    if actions.log_odds.size:
        whole, flags = np.int64, np.bool_
        drawing.walk(
            actions.log_odds,
            actions.works.astype(whole, copy=False)[:, :, None],
            actions.credits.astype(whole, copy=False),
            actions.albums.astype(whole, copy=False)[:, :, None],
            actions.fresh.astype(flags, copy=False),
            actions.clusters.astype(whole, copy=False),
            actions.quotas.astype(whole, copy=False),
            actions.complete.astype(flags, copy=False),
            actions.complete_fresh.astype(flags, copy=False),
            actions.explores.astype(flags, copy=False),
            uniforms,
            values,
            effects,
            replaying,
            rules.length,
            METHODS[exploration.method],
            exploration.epsilon,
            exploration.temperature,
            exploration.explore_tracks,
            exploration.most_explored,
            rules.max_per_artist,
            rules.max_per_album,
            math.ceil(rules.new_release_share * rules.length - 1e-9),
            lists.candidate,
            lists.kind,
            lists.propensity,
            lists.explored,
            expected,
        )
    return expected


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
    z = splitmix(starts[:, None] + np.arange(1, 2 * length + 1, dtype=np.uint64) * STEP)
    return ((z >> np.uint64(11)) * 2.0**-53).reshape(len(starts), length, 2)
