"""A small lake to train on, and the command that does."""

import os
import sys
from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd

from jobs.lake import ALL, Lake

WEEK = "2026-11-23"
TRAIN = [sys.executable, "-m", "jobs.collaborative", "train", "--week", WEEK]


def environment(**more: str) -> dict[str, str]:
    """The environment of the command."""
    small = {"DISCOVER_SPARK_MASTER": "local[2]", "DISCOVER_SPARK_MEMORY": "700m", "SPARK_LOCAL_IP": "127.0.0.1"}
    return {**os.environ, **small, **more}


def listened(lake: Lake) -> None:
    """40 listeners with 8 listens each, of 30 tracks."""
    rng, start = np.random.default_rng(0), datetime(2026, 11, 23, tzinfo=UTC)
    tracks = [f"t{n:02}" for n in range(30)]
    lake.publish("artists", pd.DataFrame({"artist_id": ["a"], "name": ["A"]}), ALL)
    lake.publish("tracks", pd.DataFrame({"track_id": tracks, "artist_id": "a", "title": "x", "work_id": tracks}), ALL)
    rows = [
        (start - timedelta(hours=h), f"u{n}", tracks[rng.integers(30)], None) for n in range(40) for h in range(1, 9)
    ]
    lake.publish("listens", pd.DataFrame(rows, columns=["listened_at", "user_id", "track_id", "ms_played"]), ALL)


def learned(lake: Lake) -> tuple[list[str], np.ndarray]:
    """The tracks of the week and their factors, (n_tracks, d)."""
    found = lake.pandas("track_factors", {"week": WEEK}).sort_values("track_id")
    return found["track_id"].tolist(), np.stack(found["factors"])
