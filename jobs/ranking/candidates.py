"""What speaks for which track, and the few hundred tracks that are considered for each listener."""

from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_matrix

from jobs.collaborative.selection import top
from jobs.ranking.catalogue import Catalogue
from jobs.ranking.links import follow
from jobs.ranking.listeners import Block

NAMED_ARTISTS = 20
"""Artists of a listener, the most played, whose neighbours in words are looked at."""


@dataclass(frozen=True)
class Nearness:
    """How near each target is to something that the listener plays.

    strength : float32 (n_listeners, n_targets) in [0, 1], of the strongest link; 0: none
    via : int32 (n_listeners, n_targets), where the link starts: a track or an artist; -1: none
    position : int32 (n_listeners, n_targets), where it stands in the matrix of links; -1: none
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
    """

    factors: np.ndarray
    match: np.ndarray
    near: dict[str, Nearness]
    words: Nearness
    plays_artist: np.ndarray

    def of(self, rows: np.ndarray) -> "Evidence":
        """That of some of the listeners."""
        near = {name: links.of(rows) for name, links in self.near.items()}
        return Evidence(self.factors[rows], self.match[rows], near, self.words.of(rows), self.plays_artist[rows])


def gather(block: Block, catalogue: Catalogue) -> Evidence:
    """All evidence for a block of listeners."""
    match = block.factors @ catalogue.factors.T if block.factors.shape[1] else np.zeros((len(block), len(catalogue)))
    known = block.factors.any(axis=1)[:, None] & catalogue.has_factors
    rows, tracks = block.anchors()
    artist_rows, artists, weights = _artists_played(block, catalogue)
    plays_artist = np.zeros((len(block), len(catalogue.artist_ids)), np.float32)
    plays_artist[artist_rows, artists] = weights
    starts = np.searchsorted(artist_rows, np.arange(len(block)))
    use = np.arange(len(artist_rows)) - starts[artist_rows] < NAMED_ARTISTS
    return Evidence(
        factors=block.factors,
        match=np.where(known, match, -np.inf).astype(np.float32),
        near={name: _strongest(len(block), rows, tracks, links) for name, links in catalogue.links.items()},
        words=_strongest(len(block), artist_rows[use], artists[use], catalogue.similar_artists),
        plays_artist=plays_artist,
    )


def select(evidence: Evidence, eligible: np.ndarray, catalogue: Catalogue, n: int) -> np.ndarray:
    """The `n` tracks to consider for each listener. The sources take turns, each with the best of its eligible tracks
    that no other has named, so that a source with nothing to offer leaves its places to the others: collaborative
    filtering, neighbourhoods by factors, by sound, on playlists and in words, new releases, popularity.

    eligible : bool (n_listeners, n_tracks)
    Returns int (n_listeners, n), in the order of the catalogue, -1 behind the last.
    """
    linked = [name for name in ("collaborative", "sound", "playlist") if catalogue.links[name].nnz]
    sources = [
        _best_of_all(np.where(eligible, evidence.match, -np.inf), n),
        *(_best_of_few(evidence.near[name].strength * eligible, n) for name in linked),
        *([_best_by_words(evidence, eligible, catalogue, n)] if catalogue.similar_artists.nnz else []),
        _best_new(evidence, eligible, catalogue, n),
        _most_popular(eligible, catalogue, n),
    ]
    rows, tracks, places = (np.concatenate(part) for part in zip(*sources, strict=True))
    source = np.repeat(np.arange(len(sources)), [len(s[0]) for s in sources])

    order = np.lexsort((source, places, tracks, rows))
    first = np.r_[True, (np.diff(tracks[order]) != 0) | (np.diff(rows[order]) != 0)][: len(order)]
    order = order[first]
    order = order[np.lexsort((source[order], places[order], rows[order]))]
    order = order[_place(rows[order], len(eligible)) < n]
    return pad(rows[order], tracks[order], len(eligible), n)


def pad(rows: np.ndarray, tracks: np.ndarray, n_listeners: int, width: int) -> np.ndarray:
    """Pairs as a matrix (n_listeners, width), each row in the order of the catalogue, -1 behind the last."""
    order = np.lexsort((tracks, rows))
    rows, tracks = rows[order], tracks[order]
    chosen = np.full((n_listeners, width), -1)
    chosen[rows, _place(rows, n_listeners)] = tracks
    return chosen


def _artists_played(block: Block, catalogue: Catalogue) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(row, artist, weight) of the main artists of played tracks, the weightiest of a listener first."""
    rows, tracks, weights = block.played
    key = rows.astype(np.int64) * len(catalogue.artist_ids) + catalogue.artist[tracks]
    _, first = np.unique(key, return_index=True)  # the first is the weightiest
    first.sort()
    return rows[first], catalogue.artist[tracks[first]], weights[first]


def _strongest(n_listeners: int, rows: np.ndarray, sources: np.ndarray, links: csr_matrix) -> Nearness:
    """The strongest link to each target; of equals, the one from the weightiest source."""
    shape = (n_listeners, links.shape[1])
    if not links.nnz:
        none = np.broadcast_to(np.int32(-1), shape)
        return Nearness(np.broadcast_to(np.float32(0), shape), none, none)
    strength, via, position = np.zeros(shape, np.float32), np.full(shape, -1, np.int32), np.full(shape, -1, np.int32)
    listener, at, pair = follow(rows, sources, links)
    # Where an index occurs twice the last assignment stays, so: weakest first, and of equals the weightiest last.
    order = np.lexsort((-pair, links.data[at]))
    where = listener[order], links.indices[at[order]]
    strength[where] = links.data[at[order]]
    via[where] = sources[pair[order]]
    position[where] = at[order]
    return Nearness(strength, via, position)


Ranked = tuple[np.ndarray, np.ndarray, np.ndarray]  # (row, track, place from 0), each (n_offers,)


def _best_of_all(values: np.ndarray, n: int) -> Ranked:
    """The `n` largest values of each row that are not -inf."""
    found, _ = top(values, n)
    rows, places = np.nonzero(found >= 0)
    return rows, found[rows, places], places


def _best_of_few(values: np.ndarray, n: int) -> Ranked:
    """The `n` largest values of each row, where few are above 0 and only those count."""
    rows, tracks = np.nonzero(values > 0)
    return _in_order(rows, tracks, values[rows, tracks], n, len(values))


def _best_by_words(evidence: Evidence, eligible: np.ndarray, catalogue: Catalogue, n: int) -> Ranked:
    """The popular tracks of artists near a played one in words; of one artist's tracks, the most popular first."""
    values = evidence.words.strength[:, catalogue.artist] * (eligible & catalogue.popular_of_artist)
    return _best_of_few(values * (1 + 1e-3 * catalogue.popularity), n)


def _best_new(evidence: Evidence, eligible: np.ndarray, catalogue: Catalogue, n: int) -> Ranked:
    """New releases: by played artists first, then by what else speaks for them."""
    new = np.flatnonzero(catalogue.new)
    artist = catalogue.artist[new]
    match = evidence.match[:, new]
    best = np.maximum(evidence.match.max(axis=1, initial=0, keepdims=True), 1e-9)
    values = 2 * (evidence.plays_artist[:, artist] > 0) + evidence.words.strength[:, artist]
    values = values + evidence.near["sound"].strength[:, new] + np.clip(match / best, 0, 1) + 1e-3  # all of them
    rows, columns, places = _best_of_few(values * eligible[:, new], n)
    return rows, new[columns], places


def _most_popular(eligible: np.ndarray, catalogue: Catalogue, n: int) -> Ranked:
    """The eligible tracks with most listeners."""
    reach = n + int((~eligible).sum(axis=1).max(initial=0))  # among so many there are n for every listener
    ordered = eligible[:, catalogue.by_popularity[:reach]]
    places = ordered.cumsum(axis=1, dtype=np.int32) - 1
    rows, columns = np.nonzero(ordered & (places < n))
    return rows, catalogue.by_popularity[columns], places[rows, columns]


def _in_order(rows: np.ndarray, tracks: np.ndarray, values: np.ndarray, n: int, n_listeners: int) -> Ranked:
    order = np.lexsort((tracks, -values, rows))
    rows, tracks = rows[order], tracks[order]
    places = _place(rows, n_listeners)
    return rows[places < n], tracks[places < n], places[places < n]


def _place(rows: np.ndarray, n_listeners: int) -> np.ndarray:
    """The number of each pair within its row, from 0; the rows are in order."""
    return np.arange(len(rows)) - np.searchsorted(rows, np.arange(n_listeners))[rows]
