"""The catalogue as arrays: what every listener's list is made from, shared with all workers."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from scipy.sparse import csr_matrix

from jobs.cli import UserError
from jobs.vectors import matrix, unit

DOUBT = 5  # people who have heard a track and done as people do, beside those that there are
TRACKS_AN_ARTIST = 5  # of a similar artist that are candidates for their words, the most popular first


@dataclass(frozen=True)
class Catalogue:
    """Tracks and artists, by position: a track is its index in `track_ids`, an artist its index in `artist_ids`.

    track_ids, labels : str (n_tracks,); a label is how a sentence names the track
    artist_ids, artist_names : str (n_artists,)
    artist : int32 (n_tracks,), the main artist
    credits : csr (n_tracks, n_artists), non-zero for every artist of a track, collaborators included
    album : int32 (n_tracks,), the same for tracks of one main artist on albums of one title; -1: not known
    work : int32 (n_tracks,)
    available : bool (n_tracks,), whether it is out before the week
    new : bool (n_tracks,), whether it is a new release of the week
    age : float32 (n_tracks,), years since release; nan: not known
    listeners : int32 (n_tracks,), people who have streamed it
    heard : int32 (n_tracks,), people who have heard it, streamed or skipped
    factors : float32 (n_tracks, n_factors), to be multiplied with the listeners' factors; 0: none
    cluster : int32 (n_tracks,), the cluster of taste by factors; -1: none
    crowds : int32 (n_tracks, n_clusters), people who have streamed it, by the cluster that they play most
    links : csr (n_tracks, n_tracks) for each of collaborative, sound, playlist: the nearest tracks of a track, and
        how near, in (0, 1]
    similar_artists : csr (n_artists, n_artists), similarity in words, in (0, 1]
    shared_terms : str, aligned with the non-zero values of `similar_artists`: the terms behind each, as a sentence
        says them
    """

    track_ids: np.ndarray
    labels: np.ndarray
    artist_ids: np.ndarray
    artist_names: np.ndarray
    artist: np.ndarray
    credits: csr_matrix
    album: np.ndarray
    work: np.ndarray
    available: np.ndarray
    new: np.ndarray
    age: np.ndarray
    listeners: np.ndarray
    heard: np.ndarray
    factors: np.ndarray
    cluster: np.ndarray
    crowds: np.ndarray
    links: Mapping[str, csr_matrix]
    similar_artists: csr_matrix
    shared_terms: np.ndarray

    def __len__(self) -> int:
        return len(self.track_ids)

    def credited(self, tracks: np.ndarray) -> np.ndarray:
        """The artists of each of `tracks`, int (n_listeners, n_candidates), where -1 is none: int (n_listeners,
        n_candidates, n_credits), -1 behind the last."""
        counts = np.where(tracks >= 0, np.diff(self.credits.indptr)[tracks], 0)
        at = np.arange(max(int(counts.max(initial=0)), 1))
        there = at < counts[:, :, None]
        position = np.where(there, self.credits.indptr[tracks][:, :, None] + at, 0)
        return np.where(there, self.credits.indices[position], -1)

    @cached_property
    def track_index(self) -> pd.Index:
        """Look-up from track_id to position."""
        return pd.Index(self.track_ids)

    @cached_property
    def artist_index(self) -> pd.Index:
        """Look-up from artist_id to position."""
        return pd.Index(self.artist_ids)

    @cached_property
    def by_popularity(self) -> np.ndarray:
        """All tracks, the one with most listeners first; of equals, the first in `track_ids`."""
        return np.argsort(-self.listeners.astype(np.int64), kind="stable")

    @cached_property
    def tracks_of_work(self) -> csr_matrix:
        """(n_works, n_tracks): the versions of each work."""
        return _incidence(self.work, np.arange(len(self)), (self.work.max(initial=-1) + 1, len(self)))

    @cached_property
    def tracks_of_artist(self) -> csr_matrix:
        """(n_artists, n_tracks): every track that an artist has a part in."""
        return self.credits.T.tocsr()

    @cached_property
    def popularity(self) -> np.ndarray:
        """Log of listeners in [0, 1], 1 is the most popular track; float32 (n_tracks,)."""
        most = max(int(self.listeners.max(initial=0)), 1)
        return (np.log1p(self.listeners) / np.log1p(most)).astype(np.float32)

    @cached_property
    def popularity_in_crowd(self) -> np.ndarray:
        """The same within each crowd, 1 is its most popular track; float32 (n_tracks, n_clusters + 1), the last column
        for who belongs to none: 0."""
        most = np.maximum(self.crowds.max(axis=0, initial=0), 1)
        found = np.log1p(self.crowds) / np.log1p(most)
        return np.hstack([found, np.zeros((len(self), 1))]).astype(np.float32)

    @cached_property
    def kept(self) -> np.ndarray:
        """How much larger a share of those who have heard a track have streamed it, beside the share over all tracks:
        float32 (n_tracks,), between -1 and 1, near 0 where few have heard it."""
        share = self.listeners.sum() / max(int(self.heard.sum()), 1)
        return ((self.listeners + DOUBT * share) / (self.heard + DOUBT) - share).astype(np.float32)

    @cached_property
    def has_factors(self) -> np.ndarray:
        """Whether a track can be scored for listeners with factors; bool (n_tracks,)."""
        return self.factors.any(axis=1) if self.factors.shape[1] else np.zeros(len(self), bool)

    @cached_property
    def popular_of_artist(self) -> np.ndarray:
        """Whether a track is among the `TRACKS_AN_ARTIST` most popular of its main artist; bool (n_tracks,)."""
        order = np.lexsort((np.arange(len(self)), -self.listeners.astype(np.int64), self.artist))
        first = np.r_[True, np.diff(self.artist[order]) != 0] if len(self) else np.zeros(0, bool)
        starts = np.maximum.accumulate(np.where(first, np.arange(len(self)), 0))
        chosen = np.zeros(len(self), bool)
        chosen[order] = np.arange(len(self)) - starts < TRACKS_AN_ARTIST
        return chosen


def make(
    tracks: pa.Table,
    artists: pa.Table,
    listeners: Mapping[str, int],
    heard: Mapping[str, int],
    week: date,
    new_release_weeks: int,
) -> Catalogue:
    """The catalogue without factors, links and words, which `dataclasses.replace` adds.

    tracks, artists : rows of these tables
    listeners, heard : how many people have streamed, and have heard, a track, by track_id; 0 where it has none
    """
    tracks, artists = tracks.sort_by("track_id"), artists.sort_by("artist_id")
    track_ids, artist_ids = _strings(tracks["track_id"]), _strings(artists["artist_id"])
    artist = pd.Index(artist_ids).get_indexer(_strings(tracks["artist_id"])).astype(np.int32)
    if (artist < 0).any():
        lost = track_ids[artist < 0][0]
        raise UserError(f"tracks: the artist of {lost} is not in the table artists; ingest the artists again")
    names = _strings(artists["name"])
    title, name = tracks["title"].combine_chunks(), pa.array(names[artist], pa.string())
    # Where artists stand in for tracks, the title is the name, and once is enough.
    labels = pc.if_else(pc.equal(title, name), name, pc.binary_join_element_wise("“", title, "” by ", name, ""))

    featured = tracks["featured_artist_ids"].combine_chunks()
    counts = pc.list_value_length(featured).fill_null(0).to_numpy()
    others = pd.Index(artist_ids).get_indexer(_strings(featured.flatten()))
    owner = np.r_[np.arange(len(tracks)), np.repeat(np.arange(len(tracks)), counts)[others >= 0]]
    credits = _incidence(owner, np.r_[artist, others[others >= 0]], (len(tracks), len(artists)))

    released = tracks["released_at"].to_numpy().astype("datetime64[D]")
    days = (np.datetime64(week) - released) / np.timedelta64(1, "D")  # nan: not known
    n = len(tracks)
    return Catalogue(
        track_ids=track_ids,
        labels=_strings(labels),
        artist_ids=artist_ids,
        artist_names=names,
        artist=artist,
        credits=credits,
        album=_albums(artist, tracks["album"]),
        work=pd.factorize(_strings(tracks["work_id"]), sort=True)[0].astype(np.int32),
        available=~(days <= 0),
        new=(days > 0) & (days <= 7 * new_release_weeks),
        age=(days / 365.25).astype(np.float32),
        listeners=np.array([listeners.get(t, 0) for t in track_ids], dtype=np.int32),
        heard=np.array([heard.get(t, 0) for t in track_ids], dtype=np.int32),
        factors=np.zeros((n, 0), np.float32),
        cluster=np.full(n, -1, np.int32),
        crowds=np.zeros((n, 0), np.int32),
        links={name: csr_matrix((n, n), dtype=np.float32) for name in ("collaborative", "sound", "playlist")},
        similar_artists=csr_matrix((len(artists), len(artists)), dtype=np.float32),
        shared_terms=np.zeros(0, object),
    )


def factor_matrices(
    catalogue: Catalogue, factors: Mapping[str, pa.Table], min_listeners: int
) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """The factors of all tracks, float32 (n_tracks, n_factors), 0 where there are none.

    factors : rows of track_factors of the week, for each origin: collaborative, audio, content

    Returns scoring, and the factors by origin. Scoring has the collaborative factors of tracks with at least
    `min_listeners` listeners, and those of origin content for the others; the latter are scaled to the typical length
    of the former, because they are predicted directions. The collaborative ones by origin are those of tracks with so
    many listeners.
    """
    lengths = {len(table["factors"][0]) for table in factors.values() if len(table)}
    if len(lengths) > 1:
        raise UserError(
            f"track_factors: collaborative and predicted factors differ in length ({sorted(lengths)}); "
            "run `python -m jobs.audio train`, `embed` and `python -m jobs.cold_start` for this week again"
        )
    width = lengths.pop() if lengths else 0
    placed = {origin: _place(catalogue, table, width) for origin, table in factors.items()}
    collaborative, learned, predicted = factors["collaborative"], placed["collaborative"], placed["content"]
    support = np.zeros(len(catalogue), np.int64)
    at = catalogue.track_index.get_indexer(_strings(collaborative["track_id"]))
    support[at[at >= 0]] = collaborative["listeners"].to_numpy()[at >= 0]
    norms = np.linalg.norm(learned, axis=1)
    scaled = unit(predicted)
    if (norms > 0).any():
        scaled *= np.median(norms[norms > 0]).astype(np.float32)
    unknown = predicted.any(axis=1) & (support < min_listeners) if width else np.zeros(len(catalogue), bool)
    scoring = np.where(unknown[:, None], scaled, learned)
    supported = np.where((support >= min_listeners)[:, None], learned, 0).astype(np.float32)
    return scoring, placed | {"collaborative": supported}


def artist_similarities(catalogue: Catalogue, similar: pa.Table) -> tuple[csr_matrix, np.ndarray]:
    """`Catalogue.similar_artists` and `shared_terms` from the rows of similar_artists: both directions of each pair,
    only those that share a term that can be said (an artist's id cannot)."""
    one = catalogue.artist_index.get_indexer(_strings(similar["artist_id"]))
    other = catalogue.artist_index.get_indexer(_strings(similar["similar_artist_id"]))
    said = _spoken_terms(catalogue, similar["shared_terms"].combine_chunks())
    strength = np.clip(similar["similarity"].to_numpy(), 0, 1).astype(np.float32)
    use = (one >= 0) & (other >= 0) & (strength > 0) & (said != "")
    frame = pd.DataFrame(
        {
            "from": np.r_[one[use], other[use]],
            "to": np.r_[other[use], one[use]],
            "strength": np.r_[strength[use], strength[use]],
            "terms": np.r_[said[use], said[use]],
        }
    )
    frame = frame.sort_values(["from", "to", "strength"], kind="stable").drop_duplicates(["from", "to"], keep="last")
    n = len(catalogue.artist_ids)
    pointers = np.searchsorted(frame["from"].to_numpy(), np.arange(n + 1))
    similarity = csr_matrix((frame["strength"].to_numpy(), frame["to"].to_numpy(), pointers), shape=(n, n))
    return similarity, frame["terms"].to_numpy(object)


def _spoken_terms(catalogue: Catalogue, shared: pa.ListArray, most: int = 3) -> np.ndarray:
    """The first terms of each list as "hushed, cinematic"; empty where none can be said. object (n,)."""
    counts = pc.list_value_length(shared).fill_null(0).to_numpy()
    frame = pd.DataFrame({"row": np.repeat(np.arange(len(shared)), counts), "term": _strings(shared.flatten())})
    frame = frame[catalogue.artist_index.get_indexer(frame["term"]) < 0]
    frame = frame[frame.groupby("row").cumcount() < most]
    joined = frame.groupby("row")["term"].agg(", ".join)
    return joined.reindex(np.arange(len(shared)), fill_value="").to_numpy(object)


def _albums(artist: np.ndarray, titles: pa.ChunkedArray) -> np.ndarray:
    """A number for each album, int32 (n_tracks,); -1 where the title is not known."""
    title = pd.factorize(_strings(titles))[0].astype(np.int64)  # -1: null
    number = pd.factorize(artist * (title.max(initial=0) + 1) + title)[0]
    return np.where(title >= 0, number, -1).astype(np.int32)


def _place(catalogue: Catalogue, rows: pa.Table, width: int) -> np.ndarray:
    """Factor lists at the positions of their tracks; tracks that the catalogue does not have are left out."""
    placed = np.zeros((len(catalogue), width), np.float32)
    if len(rows):
        at = catalogue.track_index.get_indexer(_strings(rows["track_id"]))
        placed[at[at >= 0]] = matrix(rows["factors"])[at >= 0]
    return placed


def _incidence(rows: np.ndarray, columns: np.ndarray, shape: tuple[int, int]) -> csr_matrix:
    """A matrix with 1 at each (row, column), however often it is given."""
    matrix = csr_matrix((np.ones(len(rows), np.int32), (rows, columns)), shape=shape)
    matrix.sum_duplicates()
    matrix.data[:] = 1
    return matrix


def _strings(values: pa.Array | pa.ChunkedArray) -> np.ndarray:
    return np.asarray(
        values.to_numpy(zero_copy_only=False) if isinstance(values, pa.Array) else values.to_numpy(), object
    )
