"""Exact retrieval: the k tracks with the largest products with a listener's factors, of all tracks there are.

Tracks are ordered by the length of their vectors and cut into tiles. A block of listeners meets tile after tile in a
matrix product (BLAS), and a compiled pass over the products keeps what may still be among the k best of each listener.
No product is larger than the two lengths multiplied (Cauchy and Schwarz): a block ends at the tile where no listener
of it can find anything better any more. This is how LEMP skips buckets (Teflioudi, Gemulla, Mykytiuk, "LEMP: Fast
Retrieval of Large Entries in a Matrix Product", SIGMOD 2015), and the result is exact all the same: tracks without
collaborative factors take part with those predicted from their sound, as rows like any other.
"""

import fcntl
import mmap
import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import pyarrow as pa
from pyspark import Broadcast, SparkFiles
from pyspark.sql import DataFrame, SparkSession
from threadpoolctl import threadpool_limits

from jobs.collaborative.selection import empty, finish, hide, offer, sort_rows

BLOCK = 256
"""Listeners that meet the tracks at a time."""

TILE = 1024
"""Tracks in one matrix product. Its result has 4 · BLOCK · TILE bytes: 1 MB, as large as the caches next to a core."""

FOUND = "user_id string, tracks array<int>, scores array<float>"


@dataclass(frozen=True)
class Tracks:
    """Track factors as retrieval reads them, made by `Tracks.of`.

    factors : float32 (n_tracks, d), the longest vector first
    positions : int32 (n_tracks,), which row of the given factors each one is
    """

    factors: np.ndarray
    positions: np.ndarray

    @classmethod
    def of(cls, factors: np.ndarray) -> "Tracks":
        """From factors in any order, (n_tracks, d). Raises ValueError where one is not finite."""
        factors = _checked("tracks", factors)
        order = np.argsort(-_lengths(factors), kind="stable")
        return cls(np.ascontiguousarray(factors[order]), order.astype(np.int32))

    def __len__(self) -> int:
        return len(self.factors)


@dataclass(frozen=True)
class Lists:
    """A list of tracks for each listener.

    ends : int64 (n_listeners + 1,), those of listener u are positions[ends[u] : ends[u + 1]]
    positions : int32 (n,), rows of the given factors, in any order, also more than once
    """

    ends: np.ndarray
    positions: np.ndarray

    @classmethod
    def none(cls, n_listeners: int) -> "Lists":
        """Empty lists."""
        return cls(np.zeros(n_listeners + 1, np.int64), np.zeros(0, np.int32))

    @classmethod
    def of_pairs(cls, listeners: np.ndarray, positions: np.ndarray, n_listeners: int) -> "Lists":
        """From pairs (listener, track) in any order."""
        counts = np.bincount(listeners, minlength=n_listeners)
        order = np.argsort(listeners, kind="stable")
        return cls(np.append(0, counts.cumsum()), positions[order].astype(np.int32))

    @classmethod
    def from_arrow(cls, lists: pa.ListArray) -> "Lists":
        """From a list column; null is an empty list."""
        counts = lists.value_lengths().fill_null(0).to_numpy(zero_copy_only=False)
        positions = lists.flatten().to_numpy(zero_copy_only=False)
        return cls(np.append(0, counts.cumsum(dtype=np.int64)), positions.astype(np.int32))

    def of(self, start: int, stop: int) -> "Lists":
        """Those of some listeners in a row."""
        ends = self.ends[start : stop + 1]
        return Lists(ends - ends[0], self.positions[ends[0] : ends[-1]])


def best(listeners: np.ndarray, tracks: Tracks, k: int, excluded: Lists | None = None) -> tuple[np.ndarray, np.ndarray]:
    """The `k` tracks with the largest products with each listener, without those that are excluded, exactly.

    Memory beside the result: 4 · BLOCK · TILE bytes for products and 16 k · BLOCK for what is kept.

    Parameters
    ----------
    listeners : float (n_listeners, d)
    excluded : what a listener is not to get: it takes no place from another track

    Returns
    -------
    (position int32, score float32), each (n_listeners, min(k, n_tracks)), the largest first and of equals the lower
    position first; -1 and -inf behind the last. Scores are sums in float32. Raises ValueError where a number is not
    finite, a product could be none, or a shape or position does not fit.
    """
    listeners = _checked("listeners", listeners)
    excluded = Lists.none(len(listeners)) if excluded is None else excluded
    if listeners.shape[1] != tracks.factors.shape[1]:
        raise ValueError(
            f"listeners: vectors of length {listeners.shape[1]}, those of tracks {tracks.factors.shape[1]}"
        )
    if len(excluded.ends) != len(listeners) + 1:
        raise ValueError(f"excluded: {len(excluded.ends) - 1} lists for {len(listeners)} listeners")
    if len(excluded.positions) and not 0 <= excluded.positions.min() <= excluded.positions.max() < len(tracks):
        raise ValueError(f"excluded: positions are from 0 to {len(tracks) - 1}")
    k = min(k, len(tracks))
    found = np.full((len(listeners), k), -1, np.int32), np.full((len(listeners), k), -np.inf, np.float32)
    if k and len(listeners):
        lengths = _lengths(tracks.factors[::TILE])
        own = _lengths(listeners)
        if own.max() * lengths[0] >= np.finfo(np.float32).max:
            raise ValueError("listeners and tracks: their products are too large for float32")
        place = np.empty(len(tracks), np.int32)
        place[tracks.positions] = np.arange(len(tracks), dtype=np.int32)
        buffer = np.empty(min(BLOCK, len(listeners)) * TILE, np.float32)
        for start in range(0, len(listeners), BLOCK):
            of = slice(start, start + BLOCK)
            hidden = excluded.of(start, min(start + BLOCK, len(listeners)))
            places = sort_rows(hidden.ends, place[hidden.positions])
            _search(listeners[of], own[of], tracks, lengths, hidden.ends, places, buffer, found[0][of], found[1][of])
    return found


def recommend(users: DataFrame, tracks: Tracks, k: int) -> DataFrame:
    """The `k` best tracks of every listener, in Spark.

    users : user_id string, factors array<float>, excluded array<int> (rows of the factors that `tracks` was made from;
        null: none)

    Returns (user_id, tracks array<int>, scores array<float>), lists as in `best` without their empty ends. Ids are
    left to a join where they are wanted: numbers are a tenth of what strings would be.

    The tracks travel by Spark's broadcast, from node to node; the first task on a node lays them into a file of the
    node's scratch folder, and all tasks there map that file into memory. So each node receives, and holds, 4 d + 4
    bytes a track once, whatever its cores: 2.6 GB for 10 million tracks and d = 64, which is as far as a driver that
    has to hold them, too, carries well. With more, tracks would have to be cut, and the lists of the cuts merged.
    """
    shared = Shared.of(users.sparkSession, tracks)
    columns = users.select("user_id", "factors", "excluded")
    return columns.mapInArrow(partial(_recommended, shared=shared, k=k), FOUND)


@dataclass(frozen=True)
class Shared:
    """Tracks that the tasks on a node share; see `recommend`."""

    content: Broadcast
    name: str
    n_tracks: int

    @classmethod
    def of(cls, spark: SparkSession, tracks: Tracks) -> "Shared":
        """Send tracks to the executors."""
        content = spark.sparkContext.broadcast((tracks.factors, tracks.positions))
        return cls(content, f"tracks-{uuid.uuid4().hex}", len(tracks))

    def tracks(self) -> Tracks:
        """The tracks, read-only, inside a task."""
        scratch = Path(SparkFiles.getRootDirectory())
        whole = scratch / self.name
        with open(scratch / f"{self.name}.lock", "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not whole.exists():
                part = whole.with_suffix(".part")
                with open(part, "wb") as file:
                    for array in self.content.value:
                        array.tofile(file)
                part.rename(whole)
        with open(whole, "rb") as file:
            content = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) if self.n_tracks else b""
        numbers = np.frombuffer(content, np.float32)
        split = len(numbers) - self.n_tracks
        factors = numbers[:split].reshape(self.n_tracks, -1) if self.n_tracks else np.zeros((0, 0), np.float32)
        return Tracks(factors, numbers[split:].view(np.int32))


def _recommended(batches: Iterable[pa.RecordBatch], shared: Shared, k: int) -> Iterator[pa.RecordBatch]:
    tracks = shared.tracks()
    with threadpool_limits(1):  # a core has a task of its own
        for batch in batches:
            if not batch.num_rows:
                continue
            factors = batch.column("factors").flatten().to_numpy(zero_copy_only=False).reshape(batch.num_rows, -1)
            positions, scores = best(factors, tracks, k, Lists.from_arrow(batch.column("excluded")))
            there = positions >= 0
            ends = pa.array(np.append(0, there.sum(axis=1).cumsum()).astype(np.int32))
            columns = [pa.ListArray.from_arrays(ends, values[there]) for values in (positions, scores)]
            yield pa.record_batch([batch.column("user_id"), *columns], ["user_id", "tracks", "scores"])


def _search(
    listeners: np.ndarray,
    own_lengths: np.ndarray,
    tracks: Tracks,
    tile_lengths: np.ndarray,
    ends: np.ndarray,
    hidden: np.ndarray,
    buffer: np.ndarray,
    columns: np.ndarray,
    values: np.ndarray,
) -> None:
    """`best` for one block, into `columns` and `values`.

    tile_lengths : of the longest vector of each tile; hidden : places in the order of `tracks`, sorted in each list
    """
    n, k = columns.shape
    kept, filled, least = empty(n, k)
    seen = ends[:-1].copy()
    slack = 1 + listeners.shape[1] * np.finfo(np.float32).eps  # what the rounding of a product may add to it
    for tile, length in enumerate(tile_lengths):
        if (own_lengths * (length * slack) < least).all():
            break
        first = tile * TILE
        part = tracks.factors[first : first + TILE]
        products = buffer[: n * len(part)].reshape(n, len(part))
        np.matmul(listeners, part.T, out=products)
        hide(products, first, hidden, seen, ends)
        offer(products, first, tracks.positions, kept, filled, least, k)
    finish(kept, filled, k, columns, values)


def _checked(name: str, factors: np.ndarray) -> np.ndarray:
    factors = np.ascontiguousarray(factors, np.float32)
    if factors.ndim != 2:
        raise ValueError(f"{name}: a matrix of factors, not of shape {factors.shape}")
    if not np.isfinite(factors).all():
        raise ValueError(f"{name}: some factors are not finite")
    return factors


def _lengths(factors: np.ndarray) -> np.ndarray:
    """Euclidean lengths of rows, float64: no float32 is too large for its square."""
    return np.sqrt(np.einsum("ij,ij->i", factors, factors, dtype=np.float64))
