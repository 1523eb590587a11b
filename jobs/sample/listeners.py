"""The listeners of the sample world: what they like, how much they listen and when. All of it is planted truth."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from jobs.sample.catalogue import Catalogue
from jobs.sample.options import Options
from jobs.sample.styles import STYLES
from schemas import table

MAIN_STYLE = 0.15  # a style with at least this share of a listener's taste is a main one
KINDS = table("discover_weekly").column("explanation_kind").allowed
TRUST = {  # what a reason adds to the log-odds that a listener gives a track its chance, by the listener's character
    "follower": {"because_you_listened": 0.9, "playlist_neighbour": 0.7, "popular": 0.5, "first_listener": -0.8},
    "digger": {"first_listener": 1.0, "new_release": 0.8, "described_as": 0.7, "popular": -0.9},
    "ear": {"sounds_like": 1.1, "because_you_listened": 0.3, "described_as": -0.5},
}
CHARACTERS = tuple(TRUST)


@dataclass(frozen=True)
class Listeners:
    """All listeners; arrays are by number of listener, float unless stated.

    taste : (n, n_styles), sums to 1; fondness : (n, n_artists), for an artist beyond the style, about standard
    normal; plays_a_week : mean; adventure : share of plays that are tracks not heard before; patience : chance to
    let a track that does not please run on; joined : int, first week with listens, from 0; hours : (n, 24), sums to
    1; opens : chance to open a Discover Weekly list; stays : chance to go on from one place of it to the next;
    character : int, index into CHARACTERS; listens : int, most listens in all; -1: no limit.
    """

    user_ids: list[str]
    taste: np.ndarray
    fondness: np.ndarray
    plays_a_week: np.ndarray
    adventure: np.ndarray
    patience: np.ndarray
    joined: np.ndarray
    hours: np.ndarray
    opens: np.ndarray
    stays: np.ndarray
    character: np.ndarray
    listens: np.ndarray

    def __len__(self) -> int:
        return len(self.user_ids)

    @cached_property
    def main_styles(self) -> np.ndarray:
        """Which styles are main ones of each listener, bool (n, n_styles)."""
        return self.taste >= MAIN_STYLE

    @cached_property
    def trust(self) -> np.ndarray:
        """What each reason adds to the log-odds of a chance, float (n, n_kinds), in the order of KINDS."""
        by_character = np.array([[TRUST[c].get(kind, 0.0) for kind in KINDS] for c in CHARACTERS])
        return by_character[self.character]

    def liking(self, catalogue: Catalogue) -> np.ndarray:
        """The chance that a listener likes a track, float (n, n_tracks): taste, fondness of the artist, quality."""
        match = np.sqrt(self.taste @ catalogue.style.T)
        logit = -2.6 + 5.5 * match + 0.9 * self.fondness[:, catalogue.artist] + 0.5 * catalogue.quality
        return 1 / (1 + np.exp(-logit))


def listeners(options: Options) -> Listeners:
    """Make all listeners. The last ones are special: two with a huge history, a twentieth with a few listens, one
    with a single one."""
    random, n = options.random("listeners"), options.listeners
    width = max(3, len(str(n)))
    plays = np.clip(random.lognormal(np.log(11), 0.9, n), 1.5, 110)
    joined = np.where(random.random(n) < 0.8, 0, random.integers(0, options.weeks, n))
    listens = np.full(n, -1)
    few = max(1, n // 20)
    plays[-2 - few - 1 : -1 - few] = 150
    joined[-2 - few - 1 : -1 - few] = 0
    listens[-1 - few : -1] = random.integers(2, 11, few)
    listens[-1] = 1
    joined[listens > 0] = max(0, options.weeks - 4)
    return Listeners(
        user_ids=[f"u{number:0{width}d}" for number in range(1, n + 1)],
        taste=_tastes(n, random),
        fondness=random.normal(size=(n, options.artists)),
        plays_a_week=plays,
        adventure=random.beta(3, 7, n),
        patience=random.beta(2, 3, n),
        joined=joined,
        hours=_hours(n, random),
        opens=random.choice([0.0, 0.6, 0.95], n, p=[0.15, 0.25, 0.6]),
        stays=1 - 1 / random.integers(6, 41, n),
        character=random.integers(len(CHARACTERS), size=n),
        listens=listens,
    )


def _tastes(n: int, random: np.random.Generator) -> np.ndarray:
    """One to three favourite styles each, and a little of everything."""
    taste = np.empty((n, len(STYLES)))
    for row in taste:
        row[:] = random.dirichlet(np.full(len(STYLES), 0.4)) * random.uniform(0.04, 0.16)
        favourites = random.choice(len(STYLES), random.choice([1, 2, 3], p=[0.3, 0.45, 0.25]), replace=False)
        row[favourites] += (1 - row.sum()) * random.dirichlet(np.full(len(favourites), 5.0))
    return taste


def _hours(n: int, random: np.random.Generator) -> np.ndarray:
    """When people listen, UTC: most in the evening, some in the morning or at work, a few at night."""
    peaks = random.choice([8, 14, 19, 21, 23], n, p=[0.2, 0.15, 0.3, 0.25, 0.1])[:, None]
    second = random.choice([7, 12, 18], n)[:, None]
    hour = np.arange(24)

    def around(peak: np.ndarray, width: float) -> np.ndarray:
        away = np.minimum((hour - peak) % 24, (peak - hour) % 24)
        return np.exp(-0.5 * (away / width) ** 2)

    hours = around(peaks, 1.8) + 0.5 * around(second, 1.5) + 0.01
    return hours / hours.sum(axis=1, keepdims=True)
