"""How well factors predict what listeners play next, against what anybody could have guessed.

The past is everything before a moment, the future the weeks after it. What counts as found is a track that the
listener played in the future and never before: replaying favourites is no discovery. Nothing of the future takes part
in the training.
"""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import pandas as pd
    from pyspark.sql import DataFrame

CUT = 30  # places that are looked at: the length of a list
METRICS = ("recall", "ndcg", "map")
MODELS = ("als", "popularity", "random")


def ranking_metrics(recommended: np.ndarray, relevant: Sequence[np.ndarray]) -> np.ndarray:
    """Recall, NDCG and average precision of each list, all within [0, 1].

    recall: found of the relevant tracks, or of the places of the list if these are fewer; ndcg: binary gain,
    1/log2(1 + place), over that of the best list; map: mean of the precision at each hit, bounded as recall is.

    Parameters
    ----------
    recommended : int (n_users, n_places), best first, no item twice in a row; -1: no item
    relevant : n_users arrays of distinct items, none of them empty

    Returns
    -------
    float64 (n_users, 3)
    """
    n_users, n_places = recommended.shape
    if len(relevant) != n_users or any(len(items) == 0 for items in relevant):
        raise ValueError("relevant: one array for each list, each with an item at least")
    hits = (
        np.stack([np.isin(row, items) for row, items in zip(recommended, relevant, strict=True)])
        if n_users
        else (np.zeros((0, n_places), bool))
    )
    places = np.arange(1, n_places + 1)
    discount = 1 / np.log2(places + 1)
    best = np.minimum([len(items) for items in relevant], n_places).astype(int)
    ideal = np.append(0, discount.cumsum())[best]
    precision = hits.cumsum(axis=1) / places
    return np.column_stack(
        [hits.sum(axis=1) / best, (hits * discount).sum(axis=1) / ideal, (hits * precision).sum(axis=1) / best]
    )


def top(scores: np.ndarray, n: int) -> np.ndarray:
    """Positions of the `n` highest scores of each row, the highest first; of equals, the first. -inf is no item (-1).

    scores : float (n_users, n_items). Returns int (n_users, min(n, n_items)).
    """
    order = np.argsort(-scores, axis=1, kind="stable")[:, :n]
    return np.where(np.isneginf(np.take_along_axis(scores, order, axis=1)), -1, order)


def evaluate(
    user_factors: "DataFrame", track_factors: "DataFrame", past: "DataFrame", future: "DataFrame", seed: int
) -> list[tuple[str, str, float]]:
    """Metrics of ALS, of popularity and of chance, as (metric, dimension, value) for `Lake.record`.

    user_factors: user_id, factors; track_factors: track_id, factors, listeners; past, future: user_id, track_id of
    plays before and after the moment. Judged are the listeners who have factors and play something new to them.

    The candidates are all tracks with factors; a track that came out later counts as missed. Each mean comes with
    its standard error over listeners; coverage is the share of the candidates that any list holds.
    """
    from pyspark.sql import functions as F

    known = track_factors.orderBy("track_id").toPandas()  # grows with tracks, not with listeners
    if known.empty:
        return []
    items = known["track_id"].to_numpy()
    factors = np.stack(known["factors"]).astype(np.float32)
    popularity = known["listeners"].to_numpy(np.float32)
    past, future = past.distinct(), future.distinct()
    fresh = (
        future.join(past, ["user_id", "track_id"], "left_anti")
        .groupBy("user_id")
        .agg(F.sort_array(F.collect_set("track_id")).alias("relevant"))
    )
    seen = past.groupBy("user_id").agg(F.collect_set("track_id").alias("seen"))
    judged = user_factors.select("user_id", "factors").join(fresh, "user_id").join(seen, "user_id", "left")

    def lists(batches: "Iterator[pd.DataFrame]") -> "Iterator[pd.DataFrame]":
        import pandas as pd

        index = pd.Index(items)
        for batch in batches:
            if batch.empty:
                continue
            heard = np.zeros((len(batch), len(items)), bool)
            for row, tracks in enumerate(batch["seen"]):
                positions = index.get_indexer(tracks if tracks is not None else [])
                heard[row, positions[positions >= 0]] = True
            # A track without factors cannot be found: it stays among the relevant ones with a number of its own.
            relevant = [
                np.where((at := index.get_indexer(tracks)) >= 0, at, -2 - np.arange(len(tracks)))
                for tracks in batch["relevant"]
            ]
            scores = {
                "als": np.stack(batch["factors"]).astype(np.float32) @ factors.T,
                "popularity": np.tile(popularity, (len(batch), 1)),
                "random": np.stack([_uniform(user, seed, len(items)) for user in batch["user_id"]]),
            }
            for model in MODELS:
                places = top(np.where(heard, -np.inf, scores[model]), CUT)
                measured = ranking_metrics(places, relevant)
                yield pd.DataFrame(
                    {
                        "model": model,
                        **{name: measured[:, i] for i, name in enumerate(METRICS)},
                        "places": [row[row >= 0].tolist() for row in places],
                    }
                )

    schema = "model string, recall double, ndcg double, map double, places array<int>"
    results = judged.mapInPandas(lists, schema).cache()
    means = [getattr(F, how)(name).alias(f"{how}_{name}") for name in METRICS for how in ("avg", "stddev")]
    rows: list[tuple[str, str, float]] = []
    for row in results.groupBy("model").agg(F.count("*").alias("users"), *means).orderBy("model").collect():
        dimension = f"model={row['model']}"
        rows.append(("users", dimension, row["users"]))
        for name in METRICS:
            rows.append((f"{name}_at_{CUT}", dimension, row[f"avg_{name}"]))
            error = (row[f"stddev_{name}"] or 0.0) / row["users"] ** 0.5
            rows.append((f"{name}_at_{CUT}_standard_error", dimension, error))
    covered = results.select("model", F.explode("places").alias("track")).distinct().groupBy("model").count()
    rows += [("coverage", f"model={row['model']}", row["count"] / len(items)) for row in covered.collect()]
    return sorted(rows)


def _uniform(user_id: str, seed: int, n: int) -> np.ndarray:
    """Random scores that depend on the listener and the seed alone."""
    return np.random.default_rng([seed, *user_id.encode()]).random(n, dtype=np.float32)
