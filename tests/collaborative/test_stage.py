"""The stage as it is run: tables in, tables out."""

from datetime import UTC, date, datetime, timedelta

import numpy as np
import pandas as pd
import pytest

from jobs.collaborative.__main__ import evaluate, train
from jobs.lake import ALL, APPEND

WEEK = date(2026, 11, 23)
START = datetime(2026, 11, 23, tzinfo=UTC)


@pytest.fixture
def world(lake, spark):
    tracks = [f"t{n}" for n in range(12)]
    lake.publish("artists", pd.DataFrame({"artist_id": ["a"], "name": ["A"]}), ALL)
    lake.publish("tracks", pd.DataFrame({"track_id": tracks, "artist_id": "a", "title": "x", "work_id": tracks}), ALL)
    rng = np.random.default_rng(0)
    rows = []
    for user in range(10):  # two tastes: even and odd tracks
        liked = [t for n, t in enumerate(tracks) if n % 2 == user % 2]
        for n, track in enumerate(rng.permutation(liked)):
            rows.append((START - timedelta(weeks=6 - n, minutes=user), f"u{user}", track, 60_000))
    rows += [
        (START + timedelta(hours=1), "u0", "t1", 60_000),  # after the week has begun: not known yet
        (START - timedelta(days=3), "once", "t3", None),
        (START - timedelta(days=3), "skipper", "t3", 500),
        (START - timedelta(days=3), "gone", "t3", None),
    ]
    lake.publish("listens", pd.DataFrame(rows, columns=["listened_at", "user_id", "track_id", "ms_played"]), APPEND)
    lake.publish("exclusions", pd.DataFrame({"user_id": ["gone"], "kind": "opt_out", "excluded_id": ""}), ALL)
    return lake


def test_train_writes_factors_for_everybody_who_has_heard_something(world):
    train(WEEK)
    users = world.pandas("user_factors", {"week": WEEK}).set_index("user_id")
    assert set(users.index) == {*(f"u{n}" for n in range(10)), "once"}
    assert users.loc["u0", "tracks_heard"] == 6, "what happened after the week began is not known"
    tracks = world.pandas("track_factors", {"week": WEEK}).set_index("track_id")
    assert set(tracks["origin"]) == {"collaborative"}
    assert tracks.loc["t3", "listeners"] == 6
    own = np.mean([users.loc["u0", "factors"] @ tracks.loc[f"t{n}", "factors"] for n in (0, 2, 4)])
    other = np.mean([users.loc["u0", "factors"] @ tracks.loc[f"t{n}", "factors"] for n in (1, 3, 5)])
    assert own > other
    metrics = world.pandas("metrics", {"week": WEEK, "stage": "collaborative.train"}).set_index("metric")["value"]
    assert (metrics["listeners"], metrics["skips"], metrics["playlists"]) == (11, 1, 0)


def test_a_second_run_gives_the_same_factors(world):
    train(WEEK)
    first = world.pandas("user_factors", {"week": WEEK}).set_index("user_id")["factors"]
    train(WEEK)
    again = world.pandas("user_factors", {"week": WEEK}).set_index("user_id")["factors"]
    assert list(first.index) == list(again.index)
    assert np.abs(np.stack(first) - np.stack(again)).max() < 1e-5


def test_evaluate_beats_chance_where_there_is_taste_and_writes_all_models(world):
    evaluate(WEEK)
    measured = world.pandas("metrics", {"week": WEEK, "stage": "collaborative.evaluate"})
    values = {(r.metric, r.dimension): r.value for r in measured.itertuples()}
    assert values["map_at_30", "model=als"] > values["map_at_30", "model=random"]
    assert values["users", "model=als"] == values["users", "model=popularity"] == 10
    assert all(0 <= v <= 1 for (m, _), v in values.items() if m != "users")


def test_with_nothing_to_learn_from_it_says_so_and_empties_the_partition(lake, spark, caplog):
    caplog.set_level("INFO")
    train(WEEK)
    evaluate(WEEK)
    assert "no listens, play counts or playlists before 2026-11-23" in caplog.text
    assert "nothing to evaluate" in caplog.text
    assert lake.is_empty("user_factors")
    assert lake.is_empty("track_factors")


def test_play_counts_alone_are_enough(world):
    world.publish("listens", [], ALL)
    counts = pd.DataFrame({"user_id": ["u", "v"], "track_id": ["t1", "t1"], "plays": [3, 4], "as_of": [None, WEEK]})
    world.publish("play_counts", counts, ALL)
    train(WEEK)
    assert world.pandas("user_factors", {"week": WEEK})["user_id"].tolist() == ["u"], "v's total was read too late"
