"""On a cluster of Spark the stage gives the factors that it gives on one machine."""

import os
import re
import subprocess
import time
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pyspark
import pytest

from jobs.java import find_java
from tests.collaborative.worlds import TRAIN, environment, learned, listened


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
        deadline = time.monotonic() + 200
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
@pytest.mark.timeout(900)
def test_a_standalone_cluster_gives_the_factors_of_local_mode(lake, cluster, tmp_path):
    listened(lake)

    def train(**where):
        done = subprocess.run(TRAIN, env=environment(**where), capture_output=True, text=True, timeout=400)
        assert done.returncode == 0, done.stderr
        return learned(lake)

    local_ids, local = train()
    ids, factors = train(DISCOVER_SPARK_MASTER=cluster)
    assert len(list((tmp_path / "work").glob("app-*/*"))) == 2, "both workers had an executor"
    assert ids == local_ids
    assert np.abs(factors - local).max() < 1e-3 * np.abs(local).max()
