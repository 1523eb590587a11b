"""What counts as a discovery, and what the lists of each model find."""

import numpy as np
import pandas as pd
import pytest

from jobs.collaborative import evaluation
from jobs.collaborative.evaluation import Candidates, discoveries, evaluate

PAIRS = "user_id string, track_id string"
DISCOVERED = "user_id string, relevant array<string>, heard array<string>"
USERS = "user_id string, factors array<float>"


def candidates(factors, popularity, works=None):
    ids = sorted(factors)
    work_of_track, names = pd.factorize(pd.Series(works or ids))
    return Candidates(
        track_ids=pd.Index(ids),
        works=pd.Index(names),
        work_of_track=work_of_track,
        factors=np.array([factors[t] for t in ids], np.float32),
        popularity=np.array([popularity[t] for t in ids], np.float32),
    )


def test_a_version_of_a_known_song_and_a_track_released_later_are_no_discoveries(spark):
    tracks = [("song", "w1"), ("song, live", "w1"), ("other", "w2"), ("third", "w3")]
    past = [("u", "song"), ("u", "song, live"), ("replays", "song")]
    future = [("u", "song, live"), ("u", "third"), ("u", "third"), ("u", "other"), ("u", "later"), ("replays", "song")]
    found = discoveries(
        spark.createDataFrame(past, PAIRS),
        spark.createDataFrame([*future, ("new here", "song")], PAIRS),
        spark.createDataFrame(tracks, "track_id string, work_id string"),
    ).collect()
    assert {r.user_id: (r.relevant, r.heard) for r in found} == {
        "u": (["other", "third"], ["w1"]),
        "new here": (["song"], None),
    }


def test_lists_hold_no_version_of_what_was_heard_and_find_what_is_relevant(spark):
    tracks = candidates(
        {"a": [1.0, 0.0], "b": [0.8, 0.0], "c": [0.5, 0.0], "d": [0.0, 1.0]},
        {"a": 9, "b": 1, "c": 2, "d": 3},
        works=["w1", "w1", "w2", "w3"],
    )
    users = spark.createDataFrame([("u", [1.0, 0.0]), ("idle", [1.0, 0.0])], USERS)
    # a and b are versions of what u knows, so ALS offers c, d and popularity d, c; nobody can offer x
    discovered = spark.createDataFrame([("u", ["c", "x"], ["w1"]), ("stranger", ["a"], None)], DISCOVERED)
    measured = {(m, d): v for m, d, v in evaluate(users, tracks, discovered, seed=0)}
    assert measured["listeners", "model=als"] == 1, "who has no factors or discovers nothing is not judged"
    assert measured["recall_at_30", "model=als"] == pytest.approx(1 / 2)
    assert measured["map_at_30", "model=als"] == pytest.approx(1 / 2)
    assert measured["map_at_30", "model=popularity"] == pytest.approx(1 / 2 / 2)
    assert measured["recall_at_30_standard_error", "model=als"] == 0, "of one listener nothing is known of the spread"
    assert measured["coverage", "model=als"] == pytest.approx(2 / 4)


def test_chance_is_chance_and_its_error_is_stated(spark):
    n_tracks, n_users = 120, 400
    tracks = candidates({f"t{n:03}": [0.0] for n in range(n_tracks)}, {f"t{n:03}": -n for n in range(n_tracks)})
    ids = [f"u{n}" for n in range(n_users)]
    users = spark.createDataFrame([(u, [1.0]) for u in ids], USERS)
    discovered = spark.createDataFrame([(u, ["t100"], None) for u in ids], DISCOVERED)
    measured = {(m, d): v for m, d, v in evaluate(users, tracks, discovered, seed=1)}
    recall, error = (measured[f"recall_at_30{s}", "model=random"] for s in ("", "_standard_error"))
    assert recall == pytest.approx(30 / n_tracks, abs=4 * error)
    assert error == pytest.approx((0.25 * 0.75 / n_users) ** 0.5, rel=0.2)  # of a mean of draws with p = 30 / 120
    assert measured["recall_at_30", "model=popularity"] == 0
    assert measured["coverage", "model=popularity"] == 30 / n_tracks
    again = {(m, d): v for m, d, v in evaluate(users.repartition(3), tracks, discovered, seed=1)}
    assert again == pytest.approx(measured), "where a listener's row lies makes no difference"


def test_lists_are_the_same_whatever_fits_into_a_block(spark, monkeypatch):
    rng = np.random.default_rng(0)
    ids = [f"t{n}" for n in range(50)]
    tracks = candidates(dict(zip(ids, rng.normal(size=(50, 3)), strict=True)), dict.fromkeys(ids, 1.0))
    users = pd.DataFrame({"user_id": [f"u{n}" for n in range(9)], "factors": list(rng.normal(size=(9, 3)))})
    rows = [(u, ["t1", "t2"], ["t3"] if n % 2 else None) for n, u in enumerate(users["user_id"])]
    frames = spark.createDataFrame(users).join(spark.createDataFrame(rows, DISCOVERED), "user_id").toArrow()

    def lists():
        return pd.concat(b.to_pandas() for b in evaluation._measured(frames.to_batches(), tracks, 0))

    whole = lists().sort_values(["model", "recall", "ndcg"], ignore_index=True)
    monkeypatch.setattr(evaluation, "BLOCK_CELLS", 100)  # two listeners at a time
    parts = lists().sort_values(["model", "recall", "ndcg"], ignore_index=True)
    pd.testing.assert_frame_equal(parts.drop(columns="places"), whole.drop(columns="places"))
    assert len(whole) == 27
