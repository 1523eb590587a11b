"""How well factors predict what listeners play next, beside what can be had without them.

The past is everything before a moment, the future the weeks after it; nothing of the future takes part in the
training. What counts as found is a track that the listener plays in the future and of which no version was heard
before: replaying favourites is no discovery. Every model offers its `CUT` best tracks of works not heard before.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa
from pyspark.sql import DataFrame
from pyspark.sql import functions as F
from scipy.sparse import csr_matrix
from threadpoolctl import threadpool_limits

from jobs.collaborative import baselines
from jobs.collaborative.metrics import METRICS, list_metrics
from jobs.collaborative.retrieval import Lists, Tracks, best

CUT = 30  # places that are looked at: the length of a list
MODELS = ("als", "cosine", "popularity", "random")
MEANS = (*METRICS, "novelty", "new_artists")
"""What is measured of each list: accuracy (`list_metrics`); novelty, the mean over its tracks of −log2 of their share
of all listeners (Zhou et al., "Solving the apparent diversity-accuracy dilemma of recommender systems", PNAS 2010);
the share of its tracks that are by artists whom the listener has not heard. An empty list has only the first."""

BLOCK_CELLS = 4_000_000  # scores that a model without factors computes at a time (listeners x tracks): 16 MB


@dataclass(frozen=True)
class Candidates:
    """The tracks that a model can offer, in the order of their ids.

    track_ids : str (n_tracks,)
    works, artists : str, what they are versions of, and by whom
    work, artist : int (n_tracks,), positions in these
    factors : Tracks of (n_tracks, d)
    popularity : float32 (n_tracks,), the sum of all confidences
    listeners : int64 (n_tracks,), who have the track
    n_listeners : how many there are
    similar : float32 (n_tracks, n_tracks), the neighbours of `baselines.neighbours`; None: not needed
    """

    track_ids: pd.Index
    works: pd.Index
    artists: pd.Index
    work: np.ndarray
    artist: np.ndarray
    factors: Tracks
    popularity: np.ndarray
    listeners: np.ndarray
    n_listeners: int
    similar: csr_matrix | None = None

    def __len__(self) -> int:
        return len(self.track_ids)

    @classmethod
    def of(cls, tracks: DataFrame, n_listeners: int) -> "Candidates":
        """From rows (track_id, work_id, artist_id, factors, popularity, listeners), which grow with tracks alone."""
        columns = ("track_id", "work_id", "artist_id", "factors", "popularity", "listeners")
        known = tracks.select(*columns).toArrow().sort_by("track_id")
        work, works = pd.factorize(known["work_id"].to_pandas())
        artist, artists = pd.factorize(known["artist_id"].to_pandas())
        factors = known["factors"].combine_chunks().flatten().to_numpy(zero_copy_only=False)
        return cls(
            track_ids=pd.Index(known["track_id"].to_pandas()),
            works=pd.Index(works),
            artists=pd.Index(artists),
            work=work,
            artist=artist,
            factors=Tracks.of(factors.reshape(len(known), -1)),
            popularity=known["popularity"].to_numpy().astype(np.float32),
            listeners=known["listeners"].to_numpy(),
            n_listeners=n_listeners,
        )


def discoveries(past: DataFrame, future: DataFrame, tracks: DataFrame) -> DataFrame:
    """What each listener discovers in the future, and what was heard before.

    past, future: user_id, track_id; tracks: track_id, work_id, artist_id of those that exist at the moment between
    them (what is released later cannot be on a list made then, and does not count).

    Returns user_id, relevant (array<string>, sorted track ids, not empty: played in the future, no version of them in
    the past), heard and heard_artists (array<string>, works and artists of the past; null: none).
    """
    known = tracks.select("track_id", "work_id", "artist_id")
    met = past.join(known, "track_id").select("user_id", "work_id", "artist_id").distinct()
    heard = met.groupBy("user_id").agg(
        F.collect_set("work_id").alias("heard"), F.collect_set("artist_id").alias("heard_artists")
    )
    return (
        future.select("user_id", "track_id")
        .join(known, "track_id")
        .join(met, ["user_id", "work_id"], "left_anti")
        .groupBy("user_id")
        .agg(F.sort_array(F.collect_set("track_id")).alias("relevant"))
        .join(heard, "user_id", "left")
    )


def evaluate(
    judged: DataFrame, candidates: Candidates, seed: int, models: Sequence[str] = MODELS
) -> list[tuple[str, str, float]]:
    """Metrics of models, as (metric, dimension, value) for `Lake.record`.

    judged: user_id, factors, history (array<struct<track_id, value>>: the listener's row of the matrix; "cosine" alone
    needs it), and as `discoveries` makes them relevant, heard, heard_artists; one row for each listener who has factors
    and discovers something. A discovery that is not among the candidates is missed by every model.

    Each of the `MEANS` over listeners comes with its standard error; coverage is the share of the candidates that is on
    any list.
    """
    shared = judged.sparkSession.sparkContext.broadcast(candidates)
    schema = f"model string, {', '.join(f'{name} double' for name in MEANS)}, places array<int>"
    measure = lambda batches: _measured(batches, shared.value, seed, models)  # noqa: E731
    lists = judged.mapInArrow(measure, schema).cache()
    means = [function(name).alias(f"{function.__name__}_{name}") for name in MEANS for function in (F.avg, F.stddev)]
    rows: list[tuple[str, str, float]] = []
    for row in lists.groupBy("model").agg(F.count("*").alias("listeners"), *means).collect():
        dimension = f"model={row['model']}"
        rows.append(("listeners", dimension, row["listeners"]))
        for name in MEANS:
            error = (row[f"stddev_{name}"] or 0.0) / row["listeners"] ** 0.5
            rows.append((f"{name}_at_{CUT}", dimension, row[f"avg_{name}"] or 0.0))
            rows.append((f"{name}_at_{CUT}_standard_error", dimension, error))
    covered = lists.select("model", F.explode("places").alias("track")).groupBy("model")
    for row in covered.agg(F.count_distinct("track").alias("tracks")).collect():
        rows.append(("coverage", f"model={row['model']}", row["tracks"] / len(candidates)))
    lists.unpersist()
    shared.destroy()
    return sorted(rows)


def _measured(
    batches: Iterable[pa.RecordBatch], candidates: Candidates, seed: int, models: Sequence[str]
) -> Iterator[pa.RecordBatch]:
    """For each listener and model a row with the metrics of the list and the positions of its tracks."""
    size = max(1, BLOCK_CELLS // len(candidates))
    with threadpool_limits(1):
        for batch in batches:
            for start in range(0, batch.num_rows, size):
                listeners = _Listeners(batch.slice(start, size), candidates)
                for model in models:
                    yield listeners.measured(model, _places(model, listeners, candidates, seed), candidates)


def _places(model: str, listeners: "_Listeners", candidates: Candidates, seed: int) -> np.ndarray:
    """The lists of a model: positions of tracks, int32 (n, up to CUT), -1 behind the last."""
    if model == "als":
        return best(listeners.factors, candidates.factors, CUT, listeners.hidden)[0]
    if model == "cosine":
        return baselines.cosine(listeners.history(candidates), candidates.similar, CUT, listeners.hidden)
    if model == "popularity":
        return baselines.popular(candidates.popularity, CUT, listeners.hidden)
    return baselines.random(listeners.ids, len(candidates), CUT, listeners.hidden, seed)


class _Listeners:
    """Some rows of `evaluate`'s listeners, in numbers.

    ids : list of str; factors : float32 (n, d); hidden : Lists of the tracks whose works were heard
    """

    def __init__(self, batch: pa.RecordBatch, candidates: Candidates):
        self.batch, self.n = batch, batch.num_rows
        self.ids = batch.column("user_id").to_pylist()
        self.factors = batch.column("factors").flatten().to_numpy(zero_copy_only=False).reshape(self.n, -1)
        rows, works = _pairs(batch.column("heard"), candidates.works)
        versions = Lists.of_pairs(candidates.work, np.arange(len(candidates)), len(candidates.works))
        counts = np.diff(versions.ends)[works]
        within = np.arange(counts.sum()) - np.repeat(counts.cumsum() - counts, counts)
        tracks = versions.positions[np.repeat(versions.ends[works], counts) + within]
        self.hidden = Lists.of_pairs(np.repeat(rows, counts), tracks, self.n)

    def history(self, candidates: Candidates) -> csr_matrix:
        """The rows of the matrix, float32 (n, n_tracks)."""
        lists = self.batch.column("history")
        cells = lists.flatten()
        rows = np.repeat(np.arange(self.n), lists.value_lengths().fill_null(0).to_numpy(zero_copy_only=False))
        at = candidates.track_ids.get_indexer(cells.field("track_id").to_pandas())
        values = cells.field("value").to_numpy(zero_copy_only=False).astype(np.float32)
        return csr_matrix((values[at >= 0], (rows[at >= 0], at[at >= 0])), shape=(self.n, len(candidates)))

    def measured(self, model: str, places: np.ndarray, candidates: Candidates) -> pa.RecordBatch:
        """What is measured of each list, and the list."""
        found = places >= 0
        at, length = np.where(found, places, 0), found.sum(axis=1)
        relevant = _holds(_pairs(self.batch.column("relevant"), candidates.track_ids), at, len(candidates)) & found
        n_relevant = self.batch.column("relevant").value_lengths().to_numpy()
        share = np.maximum(candidates.listeners[at], 1) / max(candidates.n_listeners, 1)
        heard_artists = _pairs(self.batch.column("heard_artists"), candidates.artists)
        new = ~_holds(heard_artists, candidates.artist[at], len(candidates.artists)) & found
        empty = length == 0
        means = {
            "novelty": (-np.log2(share) * found).sum(axis=1) / np.maximum(length, 1),
            "new_artists": new.sum(axis=1) / np.maximum(length, 1),
        }
        return pa.record_batch(
            {
                "model": pa.array([model] * self.n),
                **{name: pa.array(values) for name, values in list_metrics(relevant, n_relevant).items()},
                **{name: pa.array(values, mask=empty) for name, values in means.items()},
                "places": pa.ListArray.from_arrays(np.append(0, length.cumsum()).astype(np.int32), places[found]),
            }
        )


def _pairs(lists: pa.ListArray, index: pd.Index) -> tuple[np.ndarray, np.ndarray]:
    """(row, position in the index) of what lists hold; what the index does not know is left out."""
    lengths = lists.value_lengths().fill_null(0).to_numpy(zero_copy_only=False)
    at = index.get_indexer(lists.flatten().to_pandas())
    return np.repeat(np.arange(len(lists)), lengths)[at >= 0], at[at >= 0]


def _holds(pairs: tuple[np.ndarray, np.ndarray], at: np.ndarray, n: int) -> np.ndarray:
    """Whether (row, at[row, place]) is one of the pairs, whose second number is below n; bool, of the shape of `at`."""
    rows, values = pairs
    return np.isin(np.arange(len(at))[:, None] * n + at, rows * n + values)
