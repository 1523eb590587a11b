"""The prior from listening history: which first listens are examples, and what they teach."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pyarrow as pa
import pytest

from jobs.ranking import features, history
from jobs.ranking.fitting import Judged
from jobs.ranking.listeners import Block
from tests.ranking import worlds
from tests.ranking.worlds import WEEK, track

SINCE = WEEK - timedelta(weeks=4)
MONDAY = datetime(SINCE.year, SINCE.month, SINCE.day, tzinfo=UTC)


def test_first_listens_since_a_day_are_kept_or_skipped(spark):
    days = [
        ("old", -1, 60_000),  # heard before, so again is no first listen
        ("old", 3, 60_000),
        ("kept", 1, 30_000),
        ("skipped", 2, 1_000),
        ("skipped", 3, 60_000),  # the first listen counts
        ("unmeasured", 4, None),
    ]
    listens = spark.createDataFrame(
        [(MONDAY + timedelta(days=day), "u", name, ms) for name, day, ms in days],
        "listened_at timestamp, user_id string, track_id string, ms_played long",
    )
    tracks = spark.createDataFrame([(name, None) for name in {d[0] for d in days}], "track_id string, duration_ms long")
    (row,) = history.first_listens(listens, tracks, SINCE).collect()
    assert {(first["track_id"], first["kept"]) for first in row["firsts"]} == {
        ("kept", True),
        ("skipped", False),
        ("unmeasured", True),
    }


def test_examples_are_described_without_a_reason_a_model_or_a_place():
    world = worlds.make(2, n_tracks=80, n_listeners=5)
    block = Block.from_arrow(world.profiles, world.ranker.catalogue, SINCE)
    met = [[{"track_id": f"t{i:03}", "kept": i % 2 == 0} for i in range(n)] for n in (3, 0, 5, 1, 2)]
    met[0].append({"track_id": "no such track", "kept": True})
    firsts = pa.array(met, pa.list_(history.FIRST_LISTENS))
    x, kept = history.examples(block, firsts, world.ranker.catalogue)
    assert x.shape == (11, len(features.NAMES))
    assert kept.tolist() == [1, 0, 1, 1, 0, 1, 0, 1, 1, 1, 0]
    silent = [*features.KINDS, "strength", "reason_kept", "position", *(f"by_{m}" for m in features.MODELS)]
    assert not x[:, [features.COLUMN[name] for name in silent]].any()
    assert x[:, features.COLUMN["keeping"]].all()


def test_factors_are_found_again_from_what_is_played():
    # Two tastes; the listener plays tracks of the first one, with no factors of their own.
    tracks = [track(f"t{i}", "a") for i in range(6)]
    world = worlds.of(tracks, [{"user_id": "u", "heard": [{"track_id": "t0", "plays": 3, "last_day": None}]}])
    vectors = np.array([[1, 0], [1, 0.1], [0.9, 0], [0, 1], [0.1, 1], [0, 0.9]], np.float32)
    known = worlds.replace(world.ranker.catalogue, factors=vectors)
    block = Block.from_arrow(world.profiles, known, WEEK)
    scores = history.folded_in(block, known) @ vectors.T
    assert scores[0, :3].min() > scores[0, 3:].max()


def test_the_prior_is_drawn_to_what_was_kept_and_lowered_for_offers():
    stated = features.prior()
    nothing = Judged(np.zeros((0, len(features.NAMES))), np.zeros(0), np.zeros(0))
    assert (history.prior(nothing, 20) == stated).all()

    # Listeners keep what others have kept, and nothing else matters.
    rng = np.random.default_rng(0)
    x = np.zeros((4000, len(features.NAMES)))
    x[:, features.COLUMN["track_kept"]] = rng.uniform(-1, 1, 4000)
    kept = (rng.random(4000) < 1 / (1 + np.exp(-4 * x[:, features.COLUMN["track_kept"]]))).astype(float)
    found = dict(zip(features.DESIGN_NAMES, history.prior(Judged(x, kept, np.ones(4000)), 1), strict=True))
    assert found["track_kept"] == pytest.approx(4 * history.OFFERED_SLOPE, rel=0.15)
    assert found["intercept"] == pytest.approx(history.OFFERED_OFFSET, abs=0.1)
    # What no example speaks of keeps its place among the others.
    assert found["described_as"] == pytest.approx(history.OFFERED_SLOPE * stated[features.DESIGN_NAMES.index(
        "described_as")])  # fmt: skip


def test_the_examples_are_the_same_bits_however_the_listeners_lie_in_partitions(spark):
    world = worlds.make(5, n_tracks=80, n_listeners=300)
    rng = np.random.default_rng(5)
    met = [[{"track_id": f"t{i:03}", "kept": bool(rng.random() < 0.5)} for i in range(3)] for _ in range(300)]
    profiles = pa.Table.from_batches([world.profiles]).append_column(
        "firsts", pa.array(met, pa.list_(history.FIRST_LISTENS))
    )
    known = world.ranker.catalogue

    def gathered(rows, partitions):
        return history.gather(spark.createDataFrame(profiles.take(rows)).repartition(partitions), known, SINCE)

    one, other = gathered(np.arange(300), 1), gathered(rng.permutation(300), 5)
    assert len(one) == 900
    assert (one.features == other.features).all()
    assert (one.reward == other.reward).all()
