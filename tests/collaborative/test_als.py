"""The solver finds what is planted."""

import random
from dataclasses import replace

import numpy as np
import pytest

from jobs.collaborative.als import Parameters, factorize, numbered

SIZE = 12
PARAMETERS = Parameters(factors=4, iterations=5, regularization=0.01, alpha=20.0, blocks=2, seed=1)
MATRIX = "kind string, row_id string, track_id string, value double"


def checkerboard():
    """Everybody plays the tracks of their own colour, except the one on the diagonal."""
    cells = [(r, c) for r in range(SIZE) for c in range(SIZE) if (r - c) % 2 == 0 and r != c]
    return [("listener", f"u{r:02}", f"t{c:02}", 1.0) for r, c in cells]


def scores(spark, rows, parameters=PARAMETERS, n_files=1):
    users, tracks = factorize(spark.createDataFrame(rows, MATRIX).repartition(n_files), parameters)
    users = {(r.kind, r.row_id): np.array(r.factors) for r in users.collect()}
    tracks = {r.track_id: np.array(r.factors) for r in tracks.collect()}
    return users, tracks


@pytest.fixture(scope="module")
def learned(spark):
    return scores(spark, checkerboard())


def test_the_hidden_diagonal_of_a_checkerboard_ranks_first(learned):
    users, tracks = learned
    played = {(u, t) for _, u, t, _ in checkerboard()}
    for (_, user), factors in users.items():
        unheard = {t: factors @ vector for t, vector in tracks.items() if (user, t) not in played}
        assert max(unheard, key=unheard.get) == f"t{user[1:]}"


def test_neither_the_order_nor_the_files_of_the_input_matter(spark, learned):
    rows = random.Random(0).sample(checkerboard(), k=len(checkerboard()))
    again = scores(spark, rows, n_files=3)
    for mine, other in zip(learned, again, strict=True):
        assert mine.keys() == other.keys()
        for key in mine:
            assert np.abs(mine[key] - other[key]).max() < 1e-5


def test_tracks_that_a_playlist_holds_together_come_close(spark):
    listens = [("listener", f"u{n}", f"t{n}", 1.0) for n in range(6)]
    together = [("playlist", "p", "t0", 1.0), ("playlist", "p", "t1", 1.0)]
    _, tracks = scores(spark, listens + together)
    cosine = {
        other: tracks["t0"] @ tracks[other] / np.linalg.norm(tracks["t0"]) / np.linalg.norm(tracks[other])
        for other in tracks
        if other != "t0"
    }
    assert max(cosine, key=cosine.get) == "t1"
    assert cosine["t1"] > 0.5


def test_one_listener_with_one_listen_gets_finite_factors_even_in_more_blocks_and_factors_than_values(spark):
    users, tracks = scores(spark, [("listener", "u", "t", 0.7)], replace(PARAMETERS, blocks=3, factors=40))
    assert users["listener", "u"].shape == tracks["t"].shape == (40,)
    assert np.isfinite(users["listener", "u"]).all()
    assert users["listener", "u"] @ tracks["t"] > 0.5


def test_numbers_run_from_zero_in_the_order_of_the_ids_without_a_gap(spark):
    ids = [f"id{n:03}" for n in range(200)]
    shuffled = [ids[i] for i in np.random.default_rng(0).permutation(200)]
    frame = spark.createDataFrame([(i,) for i in shuffled], "track_id string").repartition(5)
    rows = numbered(frame, ["track_id"], "track").collect()
    assert sorted((r.track, r.track_id) for r in rows) == list(enumerate(ids))
