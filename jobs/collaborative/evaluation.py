"""How well factors predict what listeners play next, against what anybody could have guessed.

The past is everything before a moment, the future the weeks after it; nothing of the future takes part in the
training. What counts as found is a track that the listener plays in the future and of which no version was heard
before: replaying favourites is no discovery.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from jobs.collaborative.metrics import METRICS, list_metrics, top

CUT = 30  # places that are looked at: the length of a list
MODELS = ("als", "popularity", "random")
BLOCK_CELLS = 4_000_000  # scores computed at a time (listeners x tracks): 16 MB


@dataclass(frozen=True)
class Candidates:
    """The tracks that a model can offer, in the order of their ids.

    track_ids : str (n_tracks,)
    works : str (n_works,), the works that they are versions of; work_of_track : int (n_tracks,), positions in it
    factors : float32 (n_tracks, n_factors)
    popularity : float32 (n_tracks,)
    """

    track_ids: pd.Index
    works: pd.Index
    work_of_track: np.ndarray
    factors: np.ndarray
    popularity: np.ndarray

    @classmethod
    def of(cls, track_factors: DataFrame) -> "Candidates":
        """From rows (track_id, work_id, factors, popularity), which grow with tracks, not with listeners."""
        known = track_factors.select("track_id", "work_id", "factors", "popularity").toArrow().sort_by("track_id")
        factors = known["factors"].combine_chunks()
        work_of_track, works = pd.factorize(known["work_id"].to_pandas())
        return cls(
            track_ids=pd.Index(known["track_id"].to_pandas()),
            works=pd.Index(works),
            work_of_track=work_of_track,
            factors=factors.flatten().to_numpy(zero_copy_only=False).reshape(len(known), -1),
            popularity=known["popularity"].to_numpy().astype(np.float32),
        )


def discoveries(past: DataFrame, future: DataFrame, tracks: DataFrame) -> DataFrame:
    """What each listener discovers in the future, and what was heard before.

    past, future: user_id, track_id; tracks: track_id, work_id of those that exist at the moment between them (what
    is released later cannot be on a list made then, and does not count).

    Returns user_id, relevant (array<string>, sorted track ids, not empty: played in the future, no version of them in
    the past), heard (array<string>, works of the past; null: none).
    """
    works = tracks.select("track_id", "work_id")
    known = past.join(works, "track_id").select("user_id", "work_id").distinct()
    heard = known.groupBy("user_id").agg(F.collect_list("work_id").alias("heard"))
    return (
        future.select("user_id", "track_id")
        .join(works, "track_id")
        .join(known, ["user_id", "work_id"], "left_anti")
        .groupBy("user_id")
        .agg(F.sort_array(F.collect_set("track_id")).alias("relevant"))
        .join(heard, "user_id", "left")
    )


def evaluate(
    user_factors: DataFrame, candidates: Candidates, discovered: DataFrame, seed: int
) -> list[tuple[str, str, float]]:
    """Metrics of ALS, of popularity and of chance, as (metric, dimension, value) for `Lake.record`.

    user_factors: user_id, factors; discovered: as `discoveries` makes it. Judged are the listeners who have factors
    and discover something; a discovery that is not among the candidates is missed by every model.

    Each mean over listeners comes with its standard error; coverage is the share of the candidates that is on any
    list.
    """
    spark = user_factors.sparkSession
    shared = spark.sparkContext.broadcast(candidates)
    judged = user_factors.select("user_id", "factors").join(discovered, "user_id")
    schema = f"model string, {', '.join(f'{name} double' for name in METRICS)}, places array<int>"
    lists = judged.mapInArrow(lambda batches: _measured(batches, shared.value, seed), schema).cache()
    means = [function(name).alias(f"{function.__name__}_{name}") for name in METRICS for function in (F.avg, F.stddev)]
    rows: list[tuple[str, str, float]] = []
    for row in lists.groupBy("model").agg(F.count("*").alias("listeners"), *means).collect():
        dimension = f"model={row['model']}"
        rows.append(("listeners", dimension, row["listeners"]))
        for name in METRICS:
            error = (row[f"stddev_{name}"] or 0.0) / row["listeners"] ** 0.5
            rows.append((f"{name}_at_{CUT}", dimension, row[f"avg_{name}"]))
            rows.append((f"{name}_at_{CUT}_standard_error", dimension, error))
    covered = lists.select("model", F.explode("places").alias("track")).groupBy("model")
    for row in covered.agg(F.count_distinct("track").alias("tracks")).collect():
        rows.append(("coverage", f"model={row['model']}", row["tracks"] / len(candidates.track_ids)))
    lists.unpersist()
    return sorted(rows)


def _measured(batches: Iterable[pa.RecordBatch], candidates: Candidates, seed: int) -> Iterator[pa.RecordBatch]:
    """For each listener and model a row with the metrics of the list and the positions of its tracks."""
    size = max(1, BLOCK_CELLS // len(candidates.track_ids))
    for batch in batches:
        for start in range(0, batch.num_rows, size):
            yield from _block(batch.slice(start, size), candidates, seed)


def _block(batch: pa.RecordBatch, candidates: Candidates, seed: int) -> Iterator[pa.RecordBatch]:
    heard = _members(batch.column("heard"), candidates.works)[:, candidates.work_of_track]
    relevant = _members(batch.column("relevant"), candidates.track_ids)
    n_relevant = batch.column("relevant").value_lengths().to_numpy()
    n, n_factors = batch.num_rows, candidates.factors.shape[1]
    factors = batch.column("factors").flatten().to_numpy(zero_copy_only=False).reshape(n, n_factors)
    scores = {
        "als": factors @ candidates.factors.T,
        "popularity": np.broadcast_to(candidates.popularity, heard.shape),
        "random": np.stack([_uniform(user, seed, heard.shape[1]) for user in batch.column("user_id").to_pylist()]),
    }
    for model in MODELS:
        places = top(np.where(heard, -np.inf, scores[model]), CUT)
        found = places >= 0
        hits = np.take_along_axis(relevant, np.where(found, places, 0), axis=1) & found
        ends = np.append(0, found.sum(axis=1).cumsum()).astype(np.int32)
        yield pa.record_batch(
            {
                "model": pa.array([model] * n),
                **{name: pa.array(values) for name, values in list_metrics(hits, n_relevant).items()},
                "places": pa.ListArray.from_arrays(ends, places[found].astype(np.int32)),
            }
        )


def _members(lists: pa.ListArray, index: pd.Index) -> np.ndarray:
    """Which of `index` each list holds, bool (n_lists, len(index)); what the index does not know is left out."""
    lengths = lists.value_lengths().fill_null(0).to_numpy(zero_copy_only=False)
    rows, at = np.repeat(np.arange(len(lists)), lengths), index.get_indexer(lists.flatten().to_pandas())
    members = np.zeros((len(lists), len(index)), bool)
    members[rows[at >= 0], at[at >= 0]] = True
    return members


def _uniform(user_id: str, seed: int, n: int) -> np.ndarray:
    """Random scores that depend on the listener and the seed alone, float32 (n,)."""
    return np.random.default_rng([seed, *user_id.encode()]).random(n, dtype=np.float32)
