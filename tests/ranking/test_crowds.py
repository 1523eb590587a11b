"""Crowds: who is like whom, and what each crowd streams."""

from dataclasses import replace
from datetime import date

import numpy as np
import pytest
from scipy.sparse import csr_matrix

from jobs.ranking import candidates, crowds
from jobs.ranking.clusters import main, shares
from jobs.ranking.listeners import Block
from tests.ranking import worlds
from tests.ranking.worlds import WEEK, track

TODAY = (WEEK - date(1970, 1, 1)).days
# Tracks a0, a1 are of cluster 0, b0 and b1 of cluster 1, x of none. (plays, days since the last listen or None)
HEARD = {
    "of a": {"a0": (5, 1), "b0": (1, 1)},
    "of b": {"b0": (3, 1), "b1": (1, 1), "a1": (0, 1)},  # only ever skipped a1
    "of b by now": {"a0": (9, 400), "b1": (2, 1)},  # what was long ago weighs little
    "without an age": {"a1": (1, None), "x": (50, 1)},
    "of nothing": {"x": (3, 1)},
}


def test_a_listener_belongs_to_the_cluster_that_weighs_most_and_counts_there_for_all_they_stream(spark):
    profiles = [
        {"user_id": user, "heard": [{"track_id": t, "plays": n, "last_day": None if age is None else TODAY - age}
                                    for t, (n, age) in heard.items()]}
        for user, heard in HEARD.items()
    ]  # fmt: skip
    world = worlds.of([track(t, "artist") for t in ("a0", "a1", "b0", "b1", "x")], profiles)
    known = replace(world.ranker.catalogue, cluster=np.array([0, 0, 1, 1, -1], np.int32))
    heard = spark.createDataFrame(
        [(p["user_id"], h["track_id"], h["plays"], h["last_day"]) for p in profiles for h in p["heard"]],
        "user_id string, track_id string, plays long, last_day int",
    )
    found = crowds.count(heard, known, WEEK)
    assert found.tolist() == [[1, 1], [1, 0], [1, 1], [0, 2], [1, 0]]

    # The ranker finds the same crowd for each of them.
    block = Block.from_arrow(world.profiles, known, WEEK)
    assert main(shares(block, known)).tolist() == [0, 1, 1, 0, -1]


def test_without_clusters_there_are_no_crowds(spark):
    world = worlds.of([track("t", "a")], [{"user_id": "u", "heard": [{"track_id": "t", "plays": 1, "last_day": None}]}])
    heard = spark.createDataFrame([("u", "t", 1, None)], "user_id string, track_id string, plays long, last_day int")
    assert crowds.count(heard, world.ranker.catalogue, WEEK).shape == (1, 0)


def test_what_contributes_most_is_named_and_what_is_closest_where_likeness_is_meant():
    # c is closest to b, but a is played far more: 0.5 × its weight is more than 0.6 × that of b.
    heard = [{"track_id": "a", "plays": 50, "last_day": None}, {"track_id": "b", "plays": 1, "last_day": None}]
    world = worlds.of([track(t, f"artist {t}") for t in "abc"], [{"user_id": "u", "heard": heard}])
    links = csr_matrix(np.array([[0, 0, 0.5], [0, 0, 0.6], [0, 0, 0]], np.float32))
    known = replace(world.ranker.catalogue, links={"collaborative": links, "sound": links, "playlist": links})
    near = candidates.gather(Block.from_arrow(world.profiles, known, WEEK), known).near
    assert [near[name].via[0, 2] for name in ("collaborative", "sound", "playlist")] == [0, 1, 1]
    assert [of.strength[0, 2] for of in near.values()] == [pytest.approx(0.6)] * 3
