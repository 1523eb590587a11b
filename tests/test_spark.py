"""Spark's start: from recorded classes where they fit, as always where they do not."""

import os
import subprocess
import sys

import pytest

from jobs.settings import ROOT
from jobs.spark import QUICK

START = """
import sys
from pathlib import Path
from jobs import spark
if len(sys.argv) > 1:
    spark.CLASSES = Path(sys.argv[1])
with spark.session("start") as session:
    print(session.range(10).count())
"""


def start(folder, *classes):
    """The output of a process that counts to ten, and the lines of its JVM about classes from an archive on top."""
    loaded = folder / "loaded.txt"
    environment = os.environ | {
        "DISCOVER_SPARK_MASTER": "local[1]",
        "DISCOVER_SPARK_JAVA_OPTIONS": f"{QUICK} -Xlog:class+load:file={loaded}",
    }
    command = [sys.executable, "-c", START, *map(str, classes)]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=200)
    assert done.returncode == 0, done.stderr
    return done, loaded.read_text().count("(top)")


@pytest.mark.slow
def test_recorded_classes_are_not_loaded_again(tmp_path):
    done, recorded = start(tmp_path)
    assert done.stdout.split() == ["10"]
    assert recorded > 5000


@pytest.mark.slow
def test_a_damaged_recording_costs_only_time(tmp_path):
    damaged = tmp_path / "of this Java.jsa"
    damaged.write_bytes(b"no archive" * 1000)
    done, recorded = start(tmp_path, damaged)
    assert (done.stdout.split(), recorded) == (["10"], 0)
    assert "archive" not in done.stderr
