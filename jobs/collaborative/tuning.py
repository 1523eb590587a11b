"""The search for settings: random ones (Bergstra, Bengio, "Random Search for Hyper-Parameter Optimization", JMLR 2012),
each measured on weeks that no evaluation reports on.

The ranges of λ and α0 are those of Rendle et al., "Revisiting the Performance of iALS on Item Recommendation
Benchmarks" (RecSys 2022).
"""

import json
import zlib
from collections.abc import Mapping
from dataclasses import asdict, astuple, dataclass, fields

import numpy as np

from jobs.collaborative.evaluation import CUT
from jobs.settings import CollaborativeSettings

FACTORS = (32, 64, 128)
REGULARIZATION = (0.0003, 0.1)
UNOBSERVED_WEIGHT = (0.003, 1.0)
HALF_LIFE_WEEKS = (4.0, 8.0, 13.0, 26.0, 52.0)
PLAYLIST_WEIGHT = (0.0, 0.5, 1.0, 2.0, 4.0)

CRITERION = f"ndcg_at_{CUT}"
MADE_FROM = "made_from_crc32"
"""The metric that tells whether recorded trials were measured on the same data in the same way."""


@dataclass(frozen=True)
class Trial:
    """The settings that are searched; each as in `CollaborativeSettings`."""

    factors: int
    regularization: float
    unobserved_weight: float
    half_life_weeks: float
    playlist_weight: float

    @property
    def name(self) -> str:
        """The dimension of its metrics."""
        return " ".join(f"{name}={value:g}" for name, value in asdict(self).items())

    @classmethod
    def of(cls, config: CollaborativeSettings) -> "Trial":
        """The settings as they are."""
        return cls(**{field.name: getattr(config, field.name) for field in fields(cls)})

    def settings(self, config: CollaborativeSettings) -> CollaborativeSettings:
        """The other settings with these."""
        return config.model_copy(update=asdict(self))


def draw(config: CollaborativeSettings, n: int, seed: int, playlists: bool) -> list[Trial]:
    """The present settings, and up to n − 1 random ones; more of the same seed begin with the same ones.

    playlists : whether there are any; without them their weight makes no difference, and stays
    """
    present, rng = Trial.of(config), np.random.default_rng(seed)
    trials = {present.name: present}
    for _ in range(n - 1):
        drawn = Trial(
            factors=int(rng.choice(FACTORS)),
            regularization=_log_uniform(rng, *REGULARIZATION),
            unobserved_weight=_log_uniform(rng, *UNOBSERVED_WEIGHT),
            half_life_weeks=float(rng.choice(HALF_LIFE_WEEKS)),
            playlist_weight=float(rng.choice(PLAYLIST_WEIGHT)),
        )
        if not playlists:
            drawn = Trial(*astuple(drawn)[:-1], playlist_weight=present.playlist_weight)
        trials.setdefault(drawn.name, drawn)
    return list(trials.values())


def checksum(made_from: Mapping[str, object], config: CollaborativeSettings) -> float:
    """A number that tells data and the settings that are not searched from others."""
    kept = config.model_dump(exclude={field.name for field in fields(Trial)})
    return float(zlib.crc32(json.dumps([made_from, kept], sort_keys=True, default=str).encode()))


def as_toml(trial: Trial) -> str:
    """The lines of discover.toml that make these the settings."""
    return "\n".join(["[collaborative]", *(f"{name} = {value}" for name, value in asdict(trial).items())])


def _log_uniform(rng: np.random.Generator, low: float, high: float) -> float:
    """A number between the two, equally likely in each power of ten; two digits say enough."""
    return float(f"{np.exp(rng.uniform(np.log(low), np.log(high))):.2g}")
