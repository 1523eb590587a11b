"""Fixtures that every test may use: a lake of its own, and one Spark session for all."""

import os

import hypothesis
import pytest

from jobs.lake import Lake
from jobs.settings import settings

# How long an example takes says more about the machine, and what is compiled at first use, than about the code.
hypothesis.settings.register_profile("untimed", deadline=None)
hypothesis.settings.load_profile("untimed")


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    """A DISCOVER_HOME of the test's own, for this process and its children; no settings from outside."""
    for name in [n for n in os.environ if n.startswith("DISCOVER_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("DISCOVER_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("DISCOVER_CONFIG", str(tmp_path / "none.toml"))
    settings.cache_clear()
    yield tmp_path / "home"
    settings.cache_clear()


@pytest.fixture
def lake(home):
    """A fresh lake."""
    return Lake()


@pytest.fixture(scope="session")
def spark(tmp_path_factory):
    """One Spark session on two cores for the whole run."""
    from jobs.spark import QUICK, session

    patch = pytest.MonkeyPatch()
    patch.setenv("DISCOVER_HOME", str(tmp_path_factory.mktemp("spark")))
    patch.setenv("DISCOVER_SPARK_MASTER", "local[2]")
    patch.setenv("DISCOVER_SPARK_SHUFFLE_PARTITIONS", "2")
    patch.setenv("DISCOVER_SPARK_JAVA_OPTIONS", QUICK)
    settings.cache_clear()
    try:
        with session("tests") as active:
            patch.undo()
            yield active
    finally:
        patch.undo()
        settings.cache_clear()
