"""The actions that listeners may be offered, each with its features."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numba import njit

from jobs.collaborative.selection import key_of
from jobs.ranking import choice, clusters, features, reasons
from jobs.ranking.candidates import Evidence
from jobs.ranking.catalogue import Catalogue
from jobs.ranking.listeners import Block
from jobs.ranking.reasons import Reasons

DOUBT = 3
"""Tracks, or offers, that went as usual, beside those that a listener has heard or judged."""

DOUBT_OF_ARTIST = 1
"""The same for tracks of one artist: a listener has heard few of each, and one says much about the others."""

DOUBT_OF_TRYING = 8
"""The same for offers that were played at all, of one kind of reason."""

MANY_OF_ARTIST = 20
"""Tracks of an artist, heard by a listener, from which on more say nothing."""

UNSPOKEN = np.uint64(0xFFFFFFFFFFFFFFFF)


class Scorer(Protocol):
    """What puts actions in an order: a reward model, or a baseline."""

    def log_odds(self, matrix: np.ndarray) -> np.ndarray:
        """Log-odds of a reward, float64 (n_actions,), from features (n_actions, n_features)."""


@dataclass(frozen=True)
class ByFeature:
    """A baseline: the order is that of one feature, and of equals that of popularity."""

    name: str

    def log_odds(self, matrix: np.ndarray) -> np.ndarray:
        """The feature itself, float64 (n_actions,)."""
        return matrix[:, features.COLUMN[self.name]] + 1e-3 * matrix[:, features.COLUMN["popularity"]]


@dataclass(frozen=True)
class Context:
    """What is true of each listener of a block.

    user_ids : str (n_listeners,)
    traits : float64 (n_listeners,) for each feature of the listener alone
    shares : float64 (n_listeners, n_clusters), of plays by cluster of taste
    artist_kept : float32 (n_listeners, n_artists), cluster_kept : float32 (n_listeners, n_clusters), reason_kept :
        float64 (n_listeners, n_kinds): how much more of each was streamed than usual, near 0 where little is known
    artist_heard : float32 (n_listeners, n_artists), log of heard tracks in [0, 1]
    best_match : float64 (n_listeners,), listener · track of the best track; 0: none is known
    """

    user_ids: np.ndarray
    traits: dict[str, np.ndarray]
    shares: np.ndarray
    artist_kept: np.ndarray
    artist_heard: np.ndarray
    cluster_kept: np.ndarray
    reason_kept: np.ndarray
    best_match: np.ndarray

    @classmethod
    def of_block(cls, block: Block, evidence: Evidence, catalogue: Catalogue) -> "Context":
        """From what the listeners play."""
        rows, tracks, weights = block.played
        n_tracks = np.bincount(rows, minlength=len(block))
        n_artists = (evidence.plays_artist > 0).sum(axis=1)
        total = np.maximum(np.bincount(rows, weights=weights, minlength=len(block)), 1e-12)
        shares = evidence.shares
        heard = np.bincount(block.heard[0], minlength=len(block))
        keeping = (np.bincount(block.heard[0], block.kept, len(block)) + 1) / (heard + 2)
        surplus, judged, played = block.answers
        tries = _more_than_usual(played, judged, (played.sum(axis=1) + 1) / (judged.sum(axis=1) + 2), DOUBT_OF_TRYING)
        of_artists = _counts(block, catalogue.artist, len(catalogue.artist_ids))
        of_clusters = _counts(block, catalogue.cluster, shares.shape[1])
        bits = -(shares * np.log(np.where(shares > 0, shares, 1))).sum(axis=1)
        # Taken from the best tracks alone, and summed row by row: BLAS rounds in another way in blocks of other height.
        best = np.where(np.isfinite(evidence.match), evidence.match, -np.inf).argmax(axis=1)
        match = (catalogue.factors[best] * evidence.factors).sum(axis=1).astype(np.float64)
        return cls(
            block.user_ids,
            {
                "activity": np.minimum(np.log1p(n_tracks) / np.log1p(1000), 1),
                "mainstream": np.bincount(rows, catalogue.popularity[tracks], len(block)) / np.maximum(n_tracks, 1),
                "breadth": n_artists / np.maximum(n_tracks, 1),
                "novelty": np.bincount(rows, weights * (catalogue.age[tracks] < 1), len(block)) / total,
                "variety": bits / np.log(max(shares.shape[1], 2)),
                "keeping": keeping,
                "answering": surplus.sum(axis=1) / (judged.sum(axis=1) + DOUBT),
                **{f"tries_{kind}": tries[:, at] for at, kind in enumerate(features.KINDS)},
            },
            shares,
            _more_than_usual(*of_artists, keeping, DOUBT_OF_ARTIST),
            np.minimum(np.log1p(of_artists[1]) / np.float32(np.log1p(MANY_OF_ARTIST)), 1),
            _more_than_usual(*of_clusters, keeping, DOUBT),
            surplus / (judged + DOUBT),
            np.maximum(match, 0),
        )

    def of(self, rows: np.ndarray) -> "Context":
        """That of some of the listeners."""
        traits = {name: values[rows] for name, values in self.traits.items()}
        return Context(
            self.user_ids[rows],
            traits,
            self.shares[rows],
            self.artist_kept[rows],
            self.artist_heard[rows],
            self.cluster_kept[rows],
            self.reason_kept[rows],
            self.best_match[rows],
        )


@dataclass(frozen=True)
class Offers:
    """The actions that some listeners may be offered, with all that is known about each.

    user_ids : str (n_listeners,)
    candidates : int (n_listeners, n_candidates), tracks; -1: none
    number : int (n_listeners, n_candidates, n_kinds), the row in `features` of each action; -1: no action
    features : float32 (n_actions, n_features), at the first place of a list
    works, credits, albums, fresh, clusters : as in `choice.Actions`
    shares : float64 (n_listeners, n_clusters)
    """

    user_ids: np.ndarray
    candidates: np.ndarray
    reasons: Reasons
    number: np.ndarray
    features: np.ndarray
    works: np.ndarray
    credits: np.ndarray
    albums: np.ndarray
    fresh: np.ndarray
    clusters: np.ndarray
    shares: np.ndarray

    @classmethod
    def make(cls, tracks: np.ndarray, evidence: Evidence, context: Context, catalogue: Catalogue) -> "Offers":
        """Find the reasons of the candidates `tracks`, and describe each action."""
        credits = catalogue.credited(tracks)
        found = reasons.find(tracks, credits, evidence, catalogue)
        there = tracks >= 0
        of_tracks = describe_tracks(tracks, credits, evidence, context, catalogue)
        number, described = _describe(found, of_tracks, context)
        return cls(
            user_ids=context.user_ids,
            candidates=tracks,
            reasons=found,
            number=number,
            features=described,
            works=np.where(there, catalogue.work[tracks], -1),
            credits=credits,
            albums=np.where(there, catalogue.album[tracks], -1),
            fresh=there & catalogue.new[tracks] & found.personal,
            clusters=np.where(there, catalogue.cluster[tracks], -1),
            shares=context.shares,
        )

    def spread(self, of_actions: np.ndarray, fill: float) -> np.ndarray:
        """A number for each action, float64 (n_actions,), by listener, candidate and kind; `fill` where there is no
        action."""
        return np.where(self.number >= 0, np.append(of_actions, fill)[self.number], fill)

    def actions(
        self,
        log_odds: np.ndarray,
        spread: float,
        length: int,
        complete: np.ndarray,
        complete_fresh: np.ndarray,
        explores: np.ndarray,
    ) -> choice.Actions:
        """What may be chosen. log_odds : float64 (n_actions,); the other arguments : as `choice` takes them."""
        return choice.Actions(
            log_odds=self.spread(log_odds, -np.inf),
            works=self.works,
            credits=self.credits,
            albums=self.albums,
            fresh=self.fresh,
            clusters=self.clusters,
            quotas=clusters.quotas(self.shares, spread, length),
            complete=complete,
            complete_fresh=complete_fresh,
            explores=explores,
        )


def _describe(found: Reasons, of_tracks: dict[str, np.ndarray], context: Context) -> tuple[np.ndarray, np.ndarray]:
    """`Offers.number` and `Offers.features` of the reasons that were found."""

    def clipped(values: dict[str, np.ndarray], names: tuple[str, ...]) -> np.ndarray:
        return np.stack([np.clip(values[name], *features.RANGE[name]) for name in names], axis=-1, dtype=np.float32)

    number = np.full(found.holds.shape, -1)
    described = np.zeros((np.count_nonzero(found.holds), len(features.NAMES)), np.float32)
    _fill(
        found.holds,
        clipped(of_tracks, features.OF_TRACK),
        np.clip(found.strength, *features.RANGE["strength"]),
        np.clip(context.reason_kept, *features.RANGE["reason_kept"]),
        clipped(context.traits, features.OF_LISTENER),
        number,
        described,
    )
    return number, described


@njit(cache=True, nogil=True)
def _fill(holds, of_tracks, strength, reason_kept, of_listeners, number, described):
    """Fill the last two arguments with what `_describe` returns; the others are the features in groups."""
    n, n_candidates, n_kinds = holds.shape
    reason = of_tracks.shape[2]  # where the features of the reason begin, and those of the listener
    listener, action = reason + 2 + n_kinds, 0
    for row in range(n):
        for c in range(n_candidates):
            for kind in range(n_kinds):
                if holds[row, c, kind]:
                    number[row, c, kind] = action
                    for i in range(reason):
                        described[action, i] = of_tracks[row, c, i]
                    described[action, reason] = strength[row, c, kind]
                    described[action, reason + 1 + kind] = 1.0
                    described[action, listener - 1] = reason_kept[row, kind]
                    for i in range(of_listeners.shape[1]):
                        described[action, listener + i] = of_listeners[row, i]
                    action += 1


def describe_tracks(
    tracks: np.ndarray, credits: np.ndarray, evidence: Evidence, context: Context, catalogue: Catalogue
) -> dict[str, np.ndarray]:
    """The features of tracks for listeners, apart from the reason: each (n_listeners, n_candidates), by name.

    tracks : int (n_listeners, n_candidates), -1: none; credits : int (n_listeners, n_candidates, n_credits)
    """
    rows = np.arange(len(tracks))[:, None]
    near = {name: links.strength[rows, tracks] for name, links in evidence.near.items()}
    # Not taken from `evidence.match`, which BLAS rounds in another way in blocks of another height.
    match = (catalogue.factors[tracks] * evidence.factors[:, None, :]).sum(axis=2).astype(np.float64)
    best = context.best_match[:, None]
    played = evidence.plays_artist[rows[:, :, None], credits]
    cluster = catalogue.cluster[tracks]
    of_cluster = cluster_kept = np.zeros(tracks.shape)
    if context.shares.shape[1]:
        of_cluster, cluster_kept = context.shares[rows, cluster], context.cluster_kept[rows, cluster]
    matches = {
        "match_collaborative": match / np.where(best > 0, best, 1),
        "match_played": near["collaborative"],
        "match_audio": near["sound"],
        "match_culture": evidence.words.strength[rows, catalogue.artist[tracks]],
        "match_playlist": near["playlist"],
    }
    popularity = catalogue.popularity[tracks]
    crowd = evidence.crowd[:, None]
    brought = _brought_by([*matches.values(), popularity], tracks >= 0)
    return {
        **matches,
        "match_cluster": np.where(cluster >= 0, of_cluster, 0),
        "artist_kept": context.artist_kept[rows, catalogue.artist[tracks]],
        "cluster_kept": np.where(cluster >= 0, cluster_kept, 0),
        "track_kept": catalogue.kept[tracks],
        **{f"by_{model}": brought == at for at, model in enumerate(features.MODELS)},
        "popularity": popularity,
        "popularity_in_crowd": catalogue.popularity_in_crowd[tracks, crowd],
        "age": np.nan_to_num(catalogue.age[tracks] / 10, nan=1.0),
        "new": catalogue.new[tracks],
        "artist_played": evidence.plays_artist[rows, catalogue.artist[tracks]],
        "artist_heard": context.artist_heard[rows, catalogue.artist[tracks]],
        "artist_known": ((played > 0) & (credits >= 0)).any(axis=2),
    }


def _counts(block: Block, group: np.ndarray, n_groups: int) -> tuple[np.ndarray, np.ndarray]:
    """How many tracks of each group a listener has streamed, and has heard: each float32 (n_listeners, n_groups).
    group : int (n_tracks,), -1: none."""
    rows, tracks = block.heard
    known = group[tracks] >= 0
    where = rows[known], group[tracks[known]]
    kept, heard = np.zeros((2, len(block), n_groups), np.float32)
    np.add.at(kept, where, block.kept[known])
    np.add.at(heard, where, 1)
    return kept, heard


def _more_than_usual(these: np.ndarray, all_: np.ndarray, usual: np.ndarray, doubt: int) -> np.ndarray:
    """How much larger a share `these` are of `all_`, each (n_listeners, n_groups), than the usual one of the listener,
    (n_listeners,): of the first's shape and type, near 0 where there are few."""
    usual = usual[:, None].astype(these.dtype)
    return (these - all_ * usual) / (all_ + these.dtype.type(doubt))


def _brought_by(values: list[np.ndarray], there: np.ndarray) -> np.ndarray:
    """The model by which each candidate stands highest among the listener's candidates: int (n_listeners,
    n_candidates), an index into `features.MODELS`; -1: none, because no model speaks for it.

    values : of each model, (n_listeners, n_candidates), above 0 where it speaks for a track
    """
    keys = np.empty((len(values), *there.shape), np.uint64)
    for of_model, keys_of_model in zip(values, keys, strict=True):
        _order(of_model.astype(np.float32), there, keys_of_model)
    keys.sort(axis=2)
    models = np.full(there.shape, -1)
    _highest(keys, models)
    return models


@njit(cache=True, nogil=True)
def _order(values, there, keys):
    """Fill keys : uint64 (n_listeners, n_candidates), of which one is below another where its value is higher and, of
    equal ones, its candidate the first; `UNSPOKEN` where a model does not speak for it. values : float32."""
    for row in range(len(values)):
        for c in range(values.shape[1]):
            keys[row, c] = UNSPOKEN
            if there[row, c] and values[row, c] > 0:
                keys[row, c] = ~key_of(values[row, c], c)


@njit(cache=True, nogil=True)
def _highest(keys, models):
    """Fill `models` with what `_brought_by` returns, from sorted keys; of models by which a candidate stands equally
    high, the first."""
    n_models, n, n_candidates = keys.shape
    highest = np.empty(n_candidates, np.int64)
    for row in range(n):
        highest[:] = n_candidates
        for model in range(n_models):
            for place in range(n_candidates):
                key = keys[model, row, place]
                if key == UNSPOKEN:
                    break
                c = np.int64(key & np.uint64(0xFFFFFFFF))
                if place < highest[c]:
                    highest[c], models[row, c] = place, model
