"""The real chain on a tiny world, for the tests here: its commands, and what its tables hold."""

import os
import subprocess
import sys
from datetime import date
from pathlib import Path

import pandas as pd

from jobs.lake import Lake
from jobs.settings import ROOT, Settings
from jobs.spark import QUICK

WEEK = date(2026, 11, 16)
TINY = ["--listeners", "40", "--artists", "16", "--tracks", "120", "--new-releases", "12", "--audio-seconds", "6"]
STEPS = [
    ("scrape",),
    ("culture",),
    ("collaborative", "train"),
    ("audio", "spectrograms"),
    ("audio", "train"),
    ("audio", "embed"),
    ("cold_start",),
    ("ranking", "outcomes"),
    ("ranking", "learn"),
    ("ranking", "rank"),
    ("publish",),
]
# What tells when or how fast, not what: two runs may differ in it.
TIMES = {"articles": ["fetched_at"], "crawl_log": ["fetched_at", "seconds"]}


def environment(home: Path) -> dict[str, str]:
    """The environment of a job of the tiny world, whose web site is on loopback."""
    return {
        **{name: value for name, value in os.environ.items() if not name.startswith("DISCOVER_")},
        "DISCOVER_HOME": str(home),
        "DISCOVER_CONFIG": str(home / "none.toml"),
        "DISCOVER_SCRAPE_ALLOW_PRIVATE_ADDRESSES": "true",
        "DISCOVER_SCRAPE_THREADS": "1",  # of two copies the first that is read is the original: pages in one order
        "DISCOVER_SPARK_MASTER": "local[2]",
        "DISCOVER_SPARK_SHUFFLE_PARTITIONS": "2",
        "DISCOVER_SPARK_JAVA_OPTIONS": QUICK,
        "DISCOVER_AUDIO_EPOCHS": "2",
        "DISCOVER_ALERTS_SHORT_LISTS": "1",  # so few tracks do not fill everybody's second list
        "DISCOVER_ALERTS_COVERAGE_DROP": "1",
    }


def command(*arguments: str) -> list[str]:
    """A job's command line."""
    module, *rest = arguments
    return [sys.executable, "-m", f"jobs.{module}", *rest]


def run(home: Path, *arguments: str, timeout: float = 240) -> str:
    """Run a job to its end; return what it printed. Raises AssertionError with its output when it fails."""
    ended = subprocess.run(
        command(*arguments), cwd=ROOT, env=environment(home), capture_output=True, text=True, timeout=timeout
    )
    assert ended.returncode == 0, f"{arguments} ended with {ended.returncode}\n{ended.stdout}\n{ended.stderr}"
    return ended.stdout + ended.stderr


def rows(home: Path, table: str, where: object = None) -> pd.DataFrame:
    """The rows of a table without their times, in one order, as text: equal frames mean equal tables."""
    frame = Lake(Settings(home=home)).pandas(table, where).drop(columns=TIMES.get(table, []))
    frame = frame.map(lambda value: str(dict(value)) if isinstance(value, list) and value[:1] else str(value))
    return frame.sort_values(list(frame.columns)).reset_index(drop=True)
