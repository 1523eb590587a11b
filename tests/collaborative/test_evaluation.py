"""What counts as a discovery, and what the lists of each model find."""

import numpy as np
import pandas as pd
import pytest
from scipy.sparse import csr_matrix

from jobs.collaborative import evaluation
from jobs.collaborative.evaluation import Candidates, discoveries, evaluate
from jobs.collaborative.retrieval import Tracks

PAIRS = "user_id string, track_id string"
JUDGED = (
    "user_id string, factors array<float>, history array<struct<track_id: string, value: double>>, "
    "relevant array<string>, heard array<string>, heard_artists array<string>"
)


def candidates(factors, popularity, works=None, artists=None, similar=None):
    ids = sorted(factors)
    work, work_names = pd.factorize(pd.Series(works or ids))
    artist, artist_names = pd.factorize(pd.Series(artists or ids))
    return Candidates(
        track_ids=pd.Index(ids),
        works=pd.Index(work_names),
        artists=pd.Index(artist_names),
        work=work,
        artist=artist,
        factors=Tracks.of(np.array([factors[t] for t in ids], np.float32)),
        popularity=np.array([popularity[t] for t in ids], np.float32),
        listeners=np.array([popularity[t] for t in ids]),
        n_listeners=16,
        similar=None if similar is None else csr_matrix(np.array(similar, np.float32)),
    )


def measured_of(rows):
    return {(metric, dimension): value for metric, dimension, value in rows}


def test_a_version_of_a_known_song_and_a_track_released_later_are_no_discoveries(spark):
    tracks = [("song", "w1", "a"), ("song, live", "w1", "a"), ("other", "w2", "a"), ("third", "w3", "b")]
    past = [("u", "song"), ("u", "song, live"), ("replays", "song")]
    future = [("u", "song, live"), ("u", "third"), ("u", "third"), ("u", "other"), ("u", "later"), ("replays", "song")]
    found = discoveries(
        spark.createDataFrame(past, PAIRS),
        spark.createDataFrame([*future, ("new here", "song")], PAIRS),
        spark.createDataFrame(tracks, "track_id string, work_id string, artist_id string"),
    ).collect()
    assert {r.user_id: (r.relevant, r.heard, r.heard_artists) for r in found} == {
        "u": (["other", "third"], ["w1"], ["a"]),
        "new here": (["song"], None, None),
    }


def test_lists_hold_no_version_of_what_was_heard_and_find_what_is_relevant(spark):
    tracks = candidates(
        {"a": [1.0, 0.0], "b": [0.8, 0.0], "c": [0.5, 0.0], "d": [0.0, 1.0]},
        {"a": 9, "b": 1, "c": 2, "d": 4},
        works=["w1", "w1", "w2", "w3"],
        artists=["x", "x", "x", "y"],
        similar=[[0, 0.9, 0.2, 0], [0.9, 0, 0.3, 0], [0.2, 0.3, 0, 0.1], [0, 0, 0.1, 0]],
    )
    # a and b are versions of what u knows. ALS offers c, d; popularity d, c; of the neighbours of b only c is unheard;
    # nobody can offer z. Of c's and d's artists y is new. They have 2 and 4 of the 16 listeners: 3 and 2 bits.
    rows = [("u", [1.0, 0.0], [("b", 2.0)], ["c", "z"], ["w1"], ["x"])]
    measured = measured_of(evaluate(spark.createDataFrame(rows, JUDGED), tracks, seed=0))
    assert measured["listeners", "model=als"] == 1
    assert measured["recall_at_30", "model=als"] == pytest.approx(1 / 2)
    assert measured["map_at_30", "model=als"] == pytest.approx(1 / 2)
    assert measured["map_at_30", "model=popularity"] == pytest.approx(1 / 2 / 2)
    assert measured["recall_at_30_standard_error", "model=als"] == 0, "of one listener nothing is known of the spread"
    assert measured["coverage", "model=als"] == pytest.approx(2 / 4)
    assert measured["novelty_at_30", "model=als"] == pytest.approx((3 + 2) / 2)
    assert measured["new_artists_at_30", "model=als"] == pytest.approx(1 / 2)
    assert measured["map_at_30", "model=cosine"] == pytest.approx(1 / 2)
    assert measured["coverage", "model=cosine"] == pytest.approx(1 / 4)
    assert measured["novelty_at_30", "model=cosine"] == pytest.approx(3)
    assert measured["new_artists_at_30", "model=cosine"] == 0


def test_an_empty_list_finds_nothing_and_says_nothing_of_novelty(spark):
    tracks = candidates({"a": [1.0], "b": [1.0]}, {"a": 4, "b": 4}, similar=np.zeros((2, 2)))
    rows = [("all heard", [1.0], None, ["z"], ["a", "b"], ["a", "b"]), ("u", [1.0], None, ["a"], ["b"], ["b"])]
    measured = measured_of(evaluate(spark.createDataFrame(rows, JUDGED), tracks, seed=0))
    assert measured["recall_at_30", "model=als"] == pytest.approx((0 + 1) / 2)
    assert measured["novelty_at_30", "model=als"] == pytest.approx(2), "of the one list that there is"
    assert measured["novelty_at_30", "model=cosine"] == 0, "there is none"
    assert ("coverage", "model=cosine") not in measured


def test_chance_is_chance_and_its_error_is_stated(spark):
    n_tracks, n_users = 120, 400
    tracks = candidates(
        {f"t{n:03}": [0.0] for n in range(n_tracks)}, {f"t{n:03}": n_tracks - n for n in range(n_tracks)}
    )
    judged = spark.createDataFrame([(f"u{n}", [1.0], None, ["t100"], None, None) for n in range(n_users)], JUDGED)
    models = ("als", "popularity", "random")
    measured = measured_of(evaluate(judged, tracks, 1, models))
    recall, error = (measured[f"recall_at_30{s}", "model=random"] for s in ("", "_standard_error"))
    assert recall == pytest.approx(30 / n_tracks, abs=4 * error)
    assert error == pytest.approx((0.25 * 0.75 / n_users) ** 0.5, rel=0.2)  # of a mean of draws with p = 30 / 120
    assert measured["recall_at_30", "model=popularity"] == 0
    assert measured["coverage", "model=popularity"] == 30 / n_tracks
    assert measured["new_artists_at_30", "model=random"] == 1, "nobody has heard any artist"
    again = measured_of(evaluate(judged.repartition(3), tracks, 1, models))
    assert again == pytest.approx(measured), "where a listener's row lies makes no difference"


def test_lists_are_the_same_whatever_fits_into_a_block(spark, monkeypatch):
    rng = np.random.default_rng(0)
    ids = [f"t{n}" for n in range(50)]
    vectors = dict(zip(ids, rng.normal(size=(50, 3)), strict=True))
    tracks = candidates(vectors, dict.fromkeys(ids, 1.0), similar=rng.random((50, 50)))
    rows = [
        (f"u{n}", rng.normal(size=3).tolist(), [(f"t{n}", 1.0)], ["t1", "t2"], ["t3"] if n % 2 else None, None)
        for n in range(9)
    ]
    batches = spark.createDataFrame(rows, JUDGED).toArrow().to_batches()

    def lists():
        measured = evaluation._measured(batches, tracks, 0, evaluation.MODELS)
        return sorted((row["model"], *row["places"]) for batch in measured for row in batch.to_pylist())

    whole = lists()
    monkeypatch.setattr(evaluation, "BLOCK_CELLS", 100)  # two listeners at a time
    assert lists() == whole
    assert len(whole) == 9 * 4
