"""What a sample world is made of: its sizes, its week, its seed."""

import hashlib
import json
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path

import numpy as np

from jobs.cli import UserError

FILE = "world.json"


@dataclass(frozen=True)
class Options:
    """The options of `python -m jobs.sample make`. Worlds with the same options are the same, byte for byte.

    week : the Monday at whose beginning the history ends
    tracks : all tracks, `new_releases` included
    audio_seconds : shortest and longest track, seconds
    port : where the web site is served on 127.0.0.1
    """

    week: date
    listeners: int = 300
    artists: int = 100
    tracks: int = 500
    new_releases: int = 40
    weeks: int = 26
    audio_seconds: tuple[float, float] = (15.0, 20.0)
    port: int = 8765
    seed: int = 0

    def check(self) -> None:
        """Raise UserError that names an option which makes no world."""
        shortest, longest = self.audio_seconds
        rules = {
            "--listeners": (self.listeners >= 5, "at least 5"),
            "--artists": (self.artists >= 4, "at least 4"),
            "--tracks": (self.tracks - self.new_releases >= 2 * self.artists, "at least two old ones for each artist"),
            "--new-releases": (0 <= self.new_releases <= self.tracks // 2, "at most half of --tracks"),
            "--weeks": (1 <= self.weeks <= 520, "1 to 520"),
            "--audio-seconds": (1 <= shortest <= longest <= 600, "1 to 600, such as 15-20"),
            "--port": (1 <= self.port <= 65535, "1 to 65535"),
            "--seed": (self.seed >= 0, "not negative"),
        }
        for name, (holds, wanted) in rules.items():
            if not holds:
                raise UserError(f"{name} {getattr(self, name[2:].replace('-', '_'))}: must be {wanted}")

    def random(self, *purpose: object) -> np.random.Generator:
        """A stream of random numbers of its own for each purpose, so that no part of the world depends on how many
        numbers another part has drawn."""
        digest = hashlib.sha256("/".join(map(str, (self.seed, *purpose))).encode()).digest()
        return np.random.default_rng(np.frombuffer(digest, np.uint32))

    def write(self, folder: Path) -> None:
        """Leave the options in a world's folder."""
        told = {**asdict(self), "week": self.week.isoformat()}
        (folder / FILE).write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")

    @classmethod
    def read(cls, folder: Path) -> "Options":
        """The options of the world in `folder`. Raises UserError when there is none."""
        try:
            told = json.loads((folder / FILE).read_text(encoding="utf-8"))
        except FileNotFoundError:
            raise UserError(
                f"there is no sample world in {folder}: make one with `python -m jobs.sample make`"
            ) from None
        week, seconds = date.fromisoformat(told.pop("week")), tuple(told.pop("audio_seconds"))
        return cls(week=week, audio_seconds=seconds, **told)
