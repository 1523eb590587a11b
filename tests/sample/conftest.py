"""A tiny world, made once for all tests here."""

from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pytest

from jobs.sample.listening import World
from jobs.sample.options import Options
from jobs.sample.world import make, planted

TINY = Options(date(2026, 11, 16), 30, 12, 60, 8, weeks=12, audio_seconds=(3.0, 4.0), port=8799, seed=5)


@dataclass(frozen=True)
class Made:
    """A world with the folder that holds it."""

    options: Options
    world: World
    folder: Path


@pytest.fixture(scope="session")
def tiny(tmp_path_factory) -> Made:
    folder = tmp_path_factory.mktemp("world") / "sample"
    assert make(TINY, folder)
    return Made(TINY, planted(TINY), folder)
