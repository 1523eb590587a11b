"""What speaks for which track, and the few hundred tracks that are considered for each listener."""

from dataclasses import dataclass

import numpy as np
from numba import njit
from scipy.sparse import csr_matrix

from jobs.collaborative.selection import LOWEST, top
from jobs.ranking import clusters
from jobs.ranking.catalogue import Catalogue
from jobs.ranking.listeners import Block

NAMED_ARTISTS = 20
"""Artists of a listener, the most played, whose neighbours in words are looked at."""


@dataclass(frozen=True)
class Nearness:
    """How near each target is to something that the listener plays.

    strength : float32 (n_listeners, n_targets) in [0, 1], of the strongest link; 0: none
    via : int32 (n_listeners, n_targets), where the link that is named starts: a track or an artist; -1: none
    position : int32 (n_listeners, n_targets), where that link stands in the matrix of links; -1: none
    """

    strength: np.ndarray
    via: np.ndarray
    position: np.ndarray

    def of(self, rows: np.ndarray) -> "Nearness":
        """That of some of the listeners."""
        return Nearness(self.strength[rows], self.via[rows], self.position[rows])


@dataclass(frozen=True)
class Evidence:
    """All that speaks for any track, for a block of listeners.

    factors : float32 (n_listeners, n_factors), of the listeners; 0: none
    match : float32 (n_listeners, n_tracks), listener · track; -inf where either has no factors
    near : Nearness of tracks to played tracks, for each of collaborative, sound, playlist
    words : Nearness of artists to played artists
    plays_artist : float32 (n_listeners, n_artists), weight in (0, 1] of the most played track of the artist; 0: none
    shares : float64 (n_listeners, n_clusters), of plays by cluster of taste
    crowd : int (n_listeners,), the main one of these: the listener is like others with the same; -1: none
    """

    factors: np.ndarray
    match: np.ndarray
    near: dict[str, Nearness]
    words: Nearness
    plays_artist: np.ndarray
    shares: np.ndarray
    crowd: np.ndarray

    def of(self, rows: np.ndarray) -> "Evidence":
        """That of some of the listeners."""
        near = {name: links.of(rows) for name, links in self.near.items()}
        rest = (of[rows] for of in (self.plays_artist, self.shares, self.crowd))
        return Evidence(self.factors[rows], self.match[rows], near, self.words.of(rows), *rest)


def gather(block: Block, catalogue: Catalogue) -> Evidence:
    """All evidence for a block of listeners."""
    match = block.factors @ catalogue.factors.T if block.factors.shape[1] else np.zeros((len(block), len(catalogue)))
    known = block.factors.any(axis=1)[:, None] & catalogue.has_factors
    rows, tracks, weights = block.anchors()
    one = np.ones(len(rows))
    artist_rows, artists, of_artist = _artists_played(block, catalogue)
    plays_artist = np.zeros((len(block), len(catalogue.artist_ids)), np.float32)
    plays_artist[artist_rows, artists] = of_artist
    starts = np.searchsorted(artist_rows, np.arange(len(block)))
    use = np.arange(len(artist_rows)) - starts[artist_rows] < NAMED_ARTISTS
    shares = clusters.shares(block, catalogue)
    return Evidence(
        factors=block.factors,
        match=np.where(known, match, -np.inf).astype(np.float32),
        # What somebody listens to is named by how much it contributes; a likeness by how close it is.
        near={
            name: _near(len(block), rows, tracks, weights if name == "collaborative" else one, links)
            for name, links in catalogue.links.items()
        },
        words=_near(len(block), artist_rows[use], artists[use], np.ones(use.sum()), catalogue.similar_artists),
        plays_artist=plays_artist,
        shares=shares,
        crowd=clusters.main(shares),
    )


def select(evidence: Evidence, eligible: np.ndarray, catalogue: Catalogue, n: int) -> np.ndarray:
    """The `n` tracks to consider for each listener. The sources take turns, each with the best of its eligible tracks
    that no other has named, so that a source with nothing to offer leaves its places to the others: collaborative
    filtering, neighbourhoods by factors, by sound, on playlists and in words, new releases, popularity.

    eligible : bool (n_listeners, n_tracks)
    Returns int (n_listeners, n), in the order of the catalogue, -1 behind the last.
    """
    most = np.minimum(eligible.sum(axis=1), n)
    # Half as many of each source are nearly always enough to find all of them between them.
    for deep in (n // 2, n):
        chosen = np.full((len(eligible), n), -1)
        _take_turns(_ranked(evidence, eligible, catalogue, deep), np.full(eligible.shape[1], -1), chosen)
        if ((chosen >= 0).sum(axis=1) == most).all():
            break
    return chosen


def _ranked(evidence: Evidence, eligible: np.ndarray, catalogue: Catalogue, n: int) -> np.ndarray:
    """The `n` best tracks of each source: int32 (n_sources, n_listeners, n), -1 behind the last."""
    linked = [name for name in ("collaborative", "sound", "playlist") if catalogue.links[name].nnz]
    sources = [
        _best(evidence.match, eligible, n, LOWEST),
        *(_best(evidence.near[name].strength, eligible, n) for name in linked),
        *([_best_by_words(evidence, eligible, catalogue, n)] if catalogue.similar_artists.nnz else []),
        _best_new(evidence, eligible, catalogue, n),
        _first(catalogue.by_popularity, eligible, n),
    ]
    ranked = np.full((len(sources), len(eligible), n), -1, np.int32)
    for source, tracks in enumerate(sources):
        ranked[source, :, : tracks.shape[1]] = tracks
    return ranked


def _artists_played(block: Block, catalogue: Catalogue) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(row, artist, weight) of the main artists of played tracks, the weightiest of a listener first."""
    rows, tracks, weights = block.played
    key = rows.astype(np.int64) * len(catalogue.artist_ids) + catalogue.artist[tracks]
    _, first = np.unique(key, return_index=True)  # the first is the weightiest
    first.sort()
    return rows[first], catalogue.artist[tracks[first]], weights[first]


def _near(n_listeners: int, rows: np.ndarray, sources: np.ndarray, weights: np.ndarray, links: csr_matrix) -> Nearness:
    """The strongest link to each target, and the one that contributes most, by its strength times the weight of its
    source; of equals, the first one. rows, sources, weights : (n_pairs,), the weightiest of a listener first."""
    shape = (n_listeners, links.shape[1])
    if not links.nnz:
        none = np.broadcast_to(np.int32(-1), shape)
        return Nearness(np.broadcast_to(np.float32(0), shape), none, none)
    found = np.zeros(shape, np.float32), np.full(shape, -1, np.int32), np.full(shape, -1, np.int32)
    most = np.zeros(links.shape[1])
    _follow(rows, sources, weights.astype(np.float64), links.indptr, links.indices, links.data, most, *found)
    return Nearness(*found)


@njit(cache=True, nogil=True)
def _follow(rows, sources, weights, pointers, targets, data, most, strength, via, position):
    """Fill the last three arguments, as `Nearness` has them. most : float64 (n_targets,), to work with."""
    for pair in range(len(rows)):
        row, source = rows[pair], sources[pair]
        if pair == 0 or row != rows[pair - 1]:
            most[:] = 0
        for at in range(pointers[source], pointers[source + 1]):
            target = targets[at]
            strength[row, target] = max(strength[row, target], data[at])
            if weights[pair] * data[at] > most[target]:
                most[target] = weights[pair] * data[at]
                via[row, target] = source
                position[row, target] = at


def _best(values: np.ndarray, eligible: np.ndarray, n: int, above: float = 0.0) -> np.ndarray:
    """The `n` largest values of each row among the eligible that are above a bound, int32 (n_listeners, at most n), the
    largest first; -1: none."""
    open_ = np.empty(values.shape, np.float32)
    _among(values, eligible, np.float32(above), open_)
    return top(open_, n)[0]


@njit(cache=True, nogil=True)
def _among(values, eligible, above, open_):
    """Fill `open_` with the values that are eligible and above a bound, and -inf elsewhere."""
    for row in range(len(values)):
        for track in range(values.shape[1]):
            value = np.float32(values[row, track])
            open_[row, track] = value if eligible[row, track] and value > above else -np.inf


def _best_by_words(evidence: Evidence, eligible: np.ndarray, catalogue: Catalogue, n: int) -> np.ndarray:
    """The popular tracks of artists near a played one in words; of one artist's tracks, the most popular first."""
    values = evidence.words.strength[:, catalogue.artist] * (1 + 1e-3 * catalogue.popularity)
    return _best(values, eligible & catalogue.popular_of_artist, n)


def _best_new(evidence: Evidence, eligible: np.ndarray, catalogue: Catalogue, n: int) -> np.ndarray:
    """New releases: by played artists first, then by what else speaks for them."""
    new = np.flatnonzero(catalogue.new)
    artist = catalogue.artist[new]
    match = evidence.match[:, new]
    best = np.maximum(evidence.match.max(axis=1, initial=0, keepdims=True), 1e-9)
    values = 2 * (evidence.plays_artist[:, artist] > 0) + evidence.words.strength[:, artist]
    values = values + evidence.near["sound"].strength[:, new] + np.clip(match / best, 0, 1) + 1e-3  # all of them
    found = _best(values, eligible[:, new], n)
    return np.where(found >= 0, np.append(new, -1)[found], -1)


@njit(cache=True, nogil=True)
def _first(order, eligible, n):
    """The first `n` eligible tracks of an order, int32 (n_listeners, n); -1: none."""
    found = np.full((len(eligible), n), -1, np.int32)
    for row in range(len(eligible)):
        count = 0
        for track in order:
            if count == n:
                break
            if eligible[row, track]:
                found[row, count] = track
                count += 1
    return found


@njit(cache=True, nogil=True)
def _take_turns(ranked, seen, chosen):
    """Fill `chosen` row by row: the first of each source that is not there yet, then the second, until it is full.

    ranked : int32 (n_sources, n_listeners, any number), tracks; -1: none
    seen : int64 (n_tracks,), all -1, to work with
    chosen : int64 (n_listeners, n), all -1; in the order of the catalogue afterwards
    """
    n = chosen.shape[1]
    for row in range(len(chosen)):
        count = 0
        for place in range(ranked.shape[2]):
            for source in range(len(ranked)):
                track = ranked[source, row, place]
                if count < n and track >= 0 and seen[track] != row:
                    seen[track] = row
                    chosen[row, count] = track
                    count += 1
            if count == n:
                break
        chosen[row, :count].sort()
