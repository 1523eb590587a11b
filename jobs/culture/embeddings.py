"""The dense vectors of all artists and tracks (`jobs.culture.space`), for retrieval and for models."""

from collections.abc import Iterable, Iterator

import numpy as np
import pandas as pd
import pyarrow as pa
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from jobs.culture.space import Space
from jobs.culture.weights import INHERITED

COLUMNS = "entity_kind string, entity_id string, vector array<float>, inherited boolean"


def embeddings(vectors: DataFrame, tracks: DataFrame, space: Space) -> DataFrame:
    """The rows of `cultural_embeddings` without the week; who has no term in common with others has none.

    vectors: (entity_kind, entity_id, kind, term, weight, inherited), those that `space` was made from. tracks:
    (track_id, artist_id).
    """
    spark = vectors.sparkSession
    if not space.dense.shape[1]:
        return spark.createDataFrame([], COLUMNS)
    artists = spark.createDataFrame(_table("artist", space.artists, space.dense)).cache()
    shared = spark.sparkContext.broadcast(space)

    def place(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        if rows := list(batches):
            placed = shared.value.place(pa.Table.from_batches(rows).to_pandas())
            yield from _table("track", *placed).to_batches()

    told = vectors.where("entity_kind = 'track' AND NOT inherited").select("entity_id", "kind", "term", "weight")
    of_tracks = told.repartition("entity_id").mapInArrow(place, COLUMNS)
    silent = (
        vectors.where("entity_kind = 'track' AND inherited").select(F.col("entity_id").alias("track_id")).distinct()
    )
    of_artists = artists.select(F.col("entity_id").alias("artist_id"), "vector")
    inherited = silent.join(tracks, "track_id").join(of_artists, "artist_id")
    return artists.unionByName(of_tracks).unionByName(
        inherited.select(
            F.lit("track").alias("entity_kind"),
            F.col("track_id").alias("entity_id"),
            F.transform("vector", lambda x: (x * INHERITED).cast("float")).alias("vector"),
            F.lit(True).alias("inherited"),
        )
    )


def _table(kind: str, ids: np.ndarray, dense: np.ndarray) -> pa.Table:
    """Rows of `COLUMNS`; vectors of zeros are left out."""
    there = dense.any(axis=1)
    frame = {"entity_kind": kind, "entity_id": ids[there].astype(object), "vector": list(dense[there])}
    schema = pa.schema(
        [
            ("entity_kind", pa.string()),
            ("entity_id", pa.string()),
            ("vector", pa.list_(pa.float32())),
            ("inherited", pa.bool_()),
        ]
    )
    return pa.Table.from_pandas(pd.DataFrame(frame | {"inherited": False}), schema, preserve_index=False)
