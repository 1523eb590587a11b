"""The prior of the reward model from listening history: which first listens were kept, which skipped.

Before anybody has answered a list there are the tracks that listeners have met by themselves. Each track that a
listener heard for the first time in the last weeks is an example: its reward is 1 when that first listen was a stream,
and it is described by what was known of the listener before those weeks. The stated weights of `features` are then
drawn to these examples. Nobody gave a reason for a first listen and no model brought it, so the weights of reasons and
of models stay as stated.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import date

import numpy as np
import pyarrow as pa
from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

from jobs.ranking import candidates, features, fitting
from jobs.ranking.catalogue import Catalogue
from jobs.ranking.fitting import Judged, Method
from jobs.ranking.listeners import Block, in_order
from jobs.ranking.lists import BLOCK_LISTENERS
from jobs.ranking.offers import Context, describe_tracks
from jobs.streams import streamed

MOST_FIRSTS = 50
"""First listens of one listener that become examples, the latest."""

CONFIDENCE = 20.0
"""Of a played track of full weight, beside 1 for what was not played, where a listener's factors are found again."""

OFFERED_SLOPE, OFFERED_OFFSET = 0.35, -0.55
"""An offer is kept less readily than what somebody has looked for, and what speaks for it says less, because the best
of all tracks are offered: the log-odds of an offer are these of those of a first listen. Found in two sample worlds
(seeds 100 and 101), where the log loss of the first lists falls from 1.12 to .68, that of a constant."""

FIRST_LISTENS = pa.struct([("track_id", pa.string()), ("kept", pa.bool_())])


def first_listens(listens: DataFrame, tracks: DataFrame, since: date) -> DataFrame:
    """The tracks that listeners have heard for the first time since a day, none that came from elsewhere before.

    listens : rows from before the week; tracks : rows of the table
    Returns user_id, firsts array<struct<track_id, kept>>, the latest `MOST_FIRSTS` of each listener.
    """
    order = Window.partitionBy("user_id", "track_id").orderBy("listened_at", "ms_played")
    met = (
        listens.join(F.broadcast(tracks.select("track_id", "duration_ms")), "track_id")
        .withColumn("number", F.row_number().over(order))
        .where((F.col("number") == 1) & (F.col("listened_at") >= F.lit(since).cast("timestamp")))
        .select("user_id", "track_id", "listened_at", streamed().alias("kept"))
    )
    latest = Window.partitionBy("user_id").orderBy(F.desc("listened_at"), "track_id")
    return (
        met.withColumn("number", F.row_number().over(latest))
        .where(F.col("number") <= MOST_FIRSTS)
        .groupBy("user_id")
        .agg(F.sort_array(F.collect_list(F.struct("track_id", "kept"))).alias("firsts"))
    )


def examples(block: Block, firsts: pa.ListArray, catalogue: Catalogue) -> tuple[np.ndarray, np.ndarray]:
    """The examples of a block of listeners as they were before the weeks that are looked at.

    block : its factors are not used, because they know of those weeks; they are found again from what was played
    firsts : for each listener of the block, as `first_listens` gives them

    Returns (features float64 (n_examples, n_features), kept float64 (n_examples,)).
    """
    block = replace(block, factors=folded_in(block, catalogue))
    evidence = candidates.gather(block, catalogue)
    context = Context.of_block(block, evidence, catalogue)
    counts = firsts.value_lengths().fill_null(0).to_numpy(zero_copy_only=False)
    rows, met = np.repeat(np.arange(len(firsts)), counts), firsts.flatten()
    tracks = catalogue.track_index.get_indexer(met.field("track_id").to_numpy(zero_copy_only=False))
    kept = met.field("kept").to_numpy(zero_copy_only=False).astype(np.float64)
    rows, tracks, kept = rows[tracks >= 0], tracks[tracks >= 0], kept[tracks >= 0]

    place = np.arange(len(rows)) - np.searchsorted(rows, np.arange(len(block)))[rows]
    offered = np.full((len(block), int(place.max(initial=-1)) + 1), -1)
    offered[rows, place] = tracks
    described = describe_tracks(offered, catalogue.credited(offered), evidence, context, catalogue)
    nothing = np.zeros(len(rows))
    known = {
        **{name: values[rows, place] for name, values in described.items() if not name.startswith("by_")},
        **{name: values[rows] for name, values in context.traits.items()},
    }
    return features.matrix({name: known.get(name, nothing) for name in features.NAMES}), kept


def prior(found: Judged, strength: float) -> np.ndarray:
    """The weights for offers: the stated ones, drawn to the examples, and then from first listens to offers; float64
    (n_design,). Without an example they are as stated.

    strength : precision of the stated weights: about the examples that each is worth
    """
    if not len(found):
        return features.prior()
    method = Method("logistic_regression", 0, 0, prior_strength=strength, factor_strength=1.0)
    weights = OFFERED_SLOPE * np.array(fitting.fit(found, features.prior(), method, seed=0).weights)
    weights[features.DESIGN_NAMES.index(features.INTERCEPT)] += OFFERED_OFFSET
    return weights


def folded_in(block: Block, catalogue: Catalogue) -> np.ndarray:
    """Factors of listeners from what they play and the factors of the tracks, float32 (n_listeners, n_factors), by the
    least squares for implicit feedback (Hu, Koren, Volinsky, ICDM 2008) with the tracks as they are."""
    width = catalogue.factors.shape[1]
    found = np.zeros((len(block), width), np.float32)
    rows, tracks, weights = block.played
    if not width or not len(rows):
        return found
    vectors = catalogue.factors.astype(np.float64)
    gram = vectors.T @ vectors
    ridge = 0.1 * np.trace(gram) / width
    starts = np.searchsorted(rows, np.arange(len(block) + 1))
    for row in np.flatnonzero(np.diff(starts)):
        of = slice(starts[row], starts[row + 1])
        played, confidence = vectors[tracks[of]], CONFIDENCE * weights[of]
        matrix = gram + (played * confidence[:, None]).T @ played + ridge * np.eye(width)
        found[row] = np.linalg.solve(matrix, played.T @ (1 + confidence))
    return found


def gather(profiles: DataFrame, known: Catalogue, since: date) -> Judged:
    """The examples of some listeners as judgements of equal weight, by Spark.

    They are the same, to the bit and in the same order, however the rows of `profiles` lie in partitions.

    profiles : rows of `listeners.profiles` as of the day `since`, with the column firsts of `first_listens`
    """
    shared = profiles.sparkSession.sparkContext.broadcast(known)

    def convert(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            for start in range(0, batch.num_rows, BLOCK_LISTENERS):
                part = batch.slice(start, BLOCK_LISTENERS)
                block = Block.from_arrow(part, shared.value, since)
                x, kept = examples(block, part.column("firsts"), shared.value)
                packed = [row.tobytes() for row in x.astype(np.float32)]
                yield pa.record_batch({"x": pa.array(packed, pa.binary()), "kept": pa.array(kept)})

    rows = in_order(profiles).mapInArrow(convert, "x binary, kept double").toArrow()
    rows = rows.sort_by([("x", "ascending"), ("kept", "ascending")])
    shared.destroy()
    packed = np.frombuffer(b"".join(rows["x"].to_pylist()), np.float32).reshape(-1, len(features.NAMES))
    return Judged(packed, rows["kept"].to_numpy(), np.ones(len(packed)))
