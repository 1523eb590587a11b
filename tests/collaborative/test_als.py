"""The solver reaches the optimum, finds what is planted, and does not care how the work is divided."""

import itertools
import random
from dataclasses import replace

import numpy as np
import pytest

from jobs.collaborative import als
from jobs.collaborative.als import Parameters, factorize

SIZE = 12
PARAMETERS = Parameters(factors=4, epochs=8, regularization=0.002, unobserved_weight=0.2, seed=1)
ROWS = "kind string, row_id string, factors array<float>"
TRACKS = "track_id string, factors array<float>"
MATRIX = "kind string, row_id string, track_id string, value double"


def checkerboard():
    """Everybody plays the tracks of their own colour, except the one on the diagonal."""
    cells = [(r, c) for r in range(SIZE) for c in range(SIZE) if (r - c) % 2 == 0 and r != c]
    return [("listener", f"u{r:02}", f"t{c:02}", 1.0) for r, c in cells]


def scattered(n_rows=40, n_tracks=30):
    """Four tastes, and some noise; confidences between 0 and some 5."""
    rng = np.random.default_rng(3)
    alike = np.arange(n_rows)[:, None] % 4 == np.arange(n_tracks) % 4
    cells = np.argwhere(rng.random((n_rows, n_tracks)) < np.where(alike, 0.8, 0.02))
    return [("listener", f"u{r:02}", f"t{c:02}", float(rng.exponential() + 0.01)) for r, c in cells]


@pytest.fixture
def train(spark, tmp_path):
    def train(rows, parameters=PARAMETERS, n_files=1, **more):
        matrix = spark.createDataFrame(rows, MATRIX).repartition(n_files)
        with factorize(matrix, parameters, (tmp_path / "exchange").as_uri(), **more) as found:
            users = {(r.kind, r.row_id): np.array(r.factors, np.float32) for r in found.rows.collect()}
            tracks = {r.track_id: np.array(r.factors, np.float32) for r in found.tracks.collect()}
        return users, tracks, found.losses

    return train


def loss(rows, users, tracks, parameters):
    """The objective as the paper writes it, densely, in float64."""
    x, y = (np.array(list(side.values()), float) for side in (users, tracks))
    row_of, track_of = ({key: n for n, key in enumerate(side)} for side in (users, tracks))
    c = np.zeros((len(x), len(y)))
    for kind, row, track, value in rows:
        c[row_of[kind, row], track_of[track]] = value
    scores, weight = x @ y.T, parameters.unobserved_weight
    penalty = ((c > 0).sum(axis=1) + weight * len(y)) @ (x**2).sum(axis=1)
    penalty += ((c > 0).sum(axis=0) + weight * len(x)) @ (y**2).sum(axis=1)
    return (c * (1 - scores) ** 2).sum() + weight * (scores**2).sum() + parameters.regularization * penalty


def cosine(left, right):
    return left @ right / np.linalg.norm(left) / np.linalg.norm(right)


def exact(rows, start, parameters, epochs):
    """The loss that alternating exact solutions in float64 end with, from the tracks' factors in `start`."""
    users = {(kind, row): None for kind, row, _, _ in rows}
    tracks = {track: None for _, _, track, _ in rows}
    row_of, track_of = ({key: n for n, key in enumerate(side)} for side in (users, tracks))
    c = np.zeros((len(users), len(tracks)))
    for kind, row, track, value in rows:
        c[row_of[kind, row], track_of[track]] = value
    y = np.array([start[track] for track in tracks])
    for _ in range(epochs):
        x = solved(c, y, parameters)
        y = solved(c.T, x, parameters)
    return loss(rows, dict(zip(users, x, strict=True)), dict(zip(tracks, y, strict=True)), parameters)


def solved(c, y, parameters):
    weight = parameters.unobserved_weight
    ridge = parameters.regularization * ((c > 0).sum(axis=1) + weight * len(y))
    gram, one = weight * y.T @ y, np.eye(y.shape[1])
    return np.array(
        [np.linalg.solve(gram + r * one + y.T @ (k[:, None] * y), y.T @ k) for k, r in zip(c, ridge, strict=True)]
    )


@pytest.mark.parametrize("solver", als.SOLVERS)
def test_the_loss_falls_every_half_epoch_to_the_optimum_of_exact_arithmetic(train, spark, solver):
    rows, parameters = scattered(), replace(PARAMETERS, epochs=8, regularization=0.1, solver=solver)
    start = {
        t: v.tolist()
        for t, v in zip(sorted({t for _, _, t, _ in rows}), np.eye(4)[np.arange(30) % 4] + 0.1, strict=True)
    }
    initial = spark.createDataFrame([], ROWS), spark.createDataFrame(list(start.items()), TRACKS)
    users, tracks, losses = train(rows, parameters, initial=initial)
    assert len(losses) == 16
    assert all(after <= before * (1 + 1e-6) for before, after in itertools.pairwise(losses))
    assert losses[-1] == pytest.approx(loss(rows, users, tracks, parameters), rel=1e-5), "what it says that it reached"
    assert losses[-1] == pytest.approx(exact(rows, start, parameters, epochs=500), rel=1e-4)


def test_the_hidden_diagonal_of_a_checkerboard_ranks_first(train):
    users, tracks, _ = train(checkerboard(), replace(PARAMETERS, factors=2, regularization=0.01))
    played = {(u, t) for _, u, t, _ in checkerboard()}
    for (_, user), factors in users.items():
        unheard = {t: factors @ vector for t, vector in tracks.items() if (user, t) not in played}
        assert max(unheard, key=unheard.get) == f"t{user[1:]}"


def test_neither_order_nor_files_nor_blocks_matter(train, monkeypatch):
    whole = train(scattered())
    monkeypatch.setattr(als, "n_blocks", lambda matrix: 1)
    again = train(random.Random(0).sample(scattered(), k=len(scattered())), n_files=3)
    assert again[2] == pytest.approx(whole[2], rel=1e-5)
    for mine, other in zip(whole[:2], again[:2], strict=True):
        assert mine.keys() == other.keys()
        largest = max(np.abs(vector).max() for vector in mine.values())
        assert max(np.abs(mine[key] - other[key]).max() for key in mine) < 1e-3 * largest


def test_an_interrupted_training_goes_on_after_the_last_epoch_that_finished(train):
    longer = replace(PARAMETERS, epochs=400)
    whole = train(scattered(), longer)

    class Killed(Exception):
        pass

    def killed(epoch, loss):
        if epoch >= 3:
            raise Killed

    with pytest.raises(Killed):
        train(scattered(), longer, key="monday", on_epoch=killed)
    seen = []
    resumed = train(scattered(), longer, key="monday", on_epoch=lambda epoch, loss: seen.append(epoch))
    assert 3 < seen[0] < 200, "a few epochs go on while the news of one is on its way"
    assert seen == list(range(seen[0], len(whole[2]) // 2 + 1))
    assert resumed[2] == whole[2]
    for mine, other in zip(whole[:2], resumed[:2], strict=True):
        assert all((mine[key] == other[key]).all() for key in mine)


def test_what_another_training_left_is_not_gone_on_with(train, tmp_path):
    def killed(epoch, loss):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(checkerboard(), key="monday", on_epoch=killed)
    seen = []
    train(scattered(), key="tuesday", on_epoch=lambda epoch, loss: seen.append(epoch))
    assert seen == list(range(1, 9))
    assert not (tmp_path / "exchange").exists(), "nothing is left when it ends well"


def test_last_weeks_factors_save_epochs_and_newcomers_find_their_place(train, spark):
    rows, more = scattered(), replace(PARAMETERS, epochs=40, tolerance=1e-3)
    users, tracks, cold = train(rows, more)
    known = (
        spark.createDataFrame([(*key, vector.tolist()) for key, vector in users.items()], ROWS),
        spark.createDataFrame([(key, vector.tolist()) for key, vector in tracks.items()], TRACKS),
    )
    anna, news = [("listener", "anna", t, 1.0) for _, u, t, _ in rows if u == "u00"], ("listener", "u00", "news", 1.0)
    again, _, warm = train([*rows, *anna, news], more, initial=known)
    assert len(warm) < len(cold) / 2
    assert cosine(again["listener", "anna"], again["listener", "u00"]) > 0.95


def test_tracks_that_a_playlist_holds_together_come_close(train):
    listens = [("listener", f"u{n}", f"t{n}", 1.0) for n in range(6)]
    together = [("playlist", "p", "t0", 1.0), ("playlist", "p", "t1", 1.0)]
    _, tracks, _ = train(listens + together, replace(PARAMETERS, factors=8))
    near = {other: cosine(tracks["t0"], tracks[other]) for other in tracks if other != "t0"}
    assert near.pop("t1") > 2 * max(near.values())


def test_one_listener_with_one_listen_gets_finite_factors_with_more_factors_than_values(train):
    users, tracks, _ = train([("listener", "u", "t", 0.7)], replace(PARAMETERS, factors=40))
    assert users["listener", "u"].shape == tracks["t"].shape == (40,)
    assert np.isfinite(users["listener", "u"]).all()
    assert users["listener", "u"] @ tracks["t"] > 0.5


def test_confidences_of_a_bots_size_keep_factors_finite_and_the_others_unharmed(train):
    bot = [("listener", "bot", f"t{n:02}", 1e6) for n in range(SIZE)]
    users, tracks, losses = train([*checkerboard(), *bot])
    assert np.isfinite(losses).all()
    assert all(np.isfinite(v).all() for side in (users, tracks) for v in side.values())
    assert users["listener", "bot"] @ tracks["t00"] == pytest.approx(1, abs=0.01)
