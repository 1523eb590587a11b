"""On a cluster of Spark the stage gives the factors that it gives on one machine."""

import os
import re
import subprocess
import sys
import time
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pyspark
import pytest

from jobs.java import find_java
from jobs.lake import ALL

WEEK = "2026-11-23"
START = datetime(2026, 11, 23, tzinfo=UTC)


@contextmanager
def daemon(log: Path, announces: str, *command: str):
    """A Spark daemon until the context ends; yields what it announces in its log."""
    home = Path(pyspark.__file__).parent
    spark = {"JAVA_HOME": str(find_java()), "SPARK_HOME": str(home), "SPARK_LOCAL_IP": "127.0.0.1"}
    with log.open("w") as output:
        process = subprocess.Popen(
            [home / "bin" / "spark-class", *command], env={**os.environ, **spark}, stdout=output, stderr=output
        )
    try:
        deadline = time.monotonic() + 60
        while (found := re.search(announces, log.read_text())) is None:
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.05)
        yield found[0]
    finally:
        process.terminate()
        process.wait(20)


@pytest.fixture
def cluster(tmp_path):
    """The address of a standalone master with two workers of one core, on loopback."""
    deploy = "org.apache.spark.deploy"
    master = (f"{deploy}.master.Master", "--host", "127.0.0.1", "--port", "0", "--webui-port", "0")
    with daemon(tmp_path / "master.log", r"spark://127\.0\.0\.1:\d+", *master) as address:
        options = ("--cores", "1", "--memory", "1g", "--webui-port", "0", "--work-dir", str(tmp_path / "work"))
        worker = (f"{deploy}.worker.Worker", "--host", "127.0.0.1", *options, address)
        with (
            daemon(tmp_path / "worker-1.log", "Successfully registered", *worker),
            daemon(tmp_path / "worker-2.log", "Successfully registered", *worker),
        ):
            yield address


@pytest.mark.slow
def test_a_standalone_cluster_gives_the_factors_of_local_mode(lake, cluster, tmp_path):
    rng = np.random.default_rng(0)
    tracks = [f"t{n:02}" for n in range(30)]
    lake.publish("artists", pd.DataFrame({"artist_id": ["a"], "name": ["A"]}), ALL)
    lake.publish("tracks", pd.DataFrame({"track_id": tracks, "artist_id": "a", "title": "x", "work_id": tracks}), ALL)
    rows = [
        (START - timedelta(hours=h), f"u{n}", tracks[rng.integers(30)], None) for n in range(40) for h in range(1, 9)
    ]
    lake.publish("listens", pd.DataFrame(rows, columns=["listened_at", "user_id", "track_id", "ms_played"]), ALL)

    def train(master):
        environment = {"DISCOVER_SPARK_MASTER": master, "DISCOVER_SPARK_MEMORY": "700m", "SPARK_LOCAL_IP": "127.0.0.1"}
        command = [sys.executable, "-m", "jobs.collaborative", "train", "--week", WEEK]
        done = subprocess.run(command, env={**os.environ, **environment}, capture_output=True, text=True, timeout=200)
        assert done.returncode == 0, done.stderr
        found = lake.pandas("track_factors", {"week": WEEK}).sort_values("track_id")
        return found["track_id"].tolist(), np.stack(found["factors"])

    local_ids, local = train("local[2]")
    ids, factors = train(cluster)
    assert len(list((tmp_path / "work").glob("app-*/*"))) == 2, "both workers had an executor"
    assert ids == local_ids
    assert np.abs(factors - local).max() < 1e-3 * np.abs(local).max()
