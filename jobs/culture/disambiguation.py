"""Which name is meant where words are written that are a name, too.

For each name at a place, a logistic model weighs what speaks for and against it: how common its words are, how they are
written, what stands beside them, and what company they keep in the article. Its log-odds are against "no name at all".
Names that claim the same characters (several artists of one name, a title that is another artist's name) exclude one
another: the chance of one is exp(z) / (1 + the sum of all exp(z)).

The weights were learned, with an L2 penalty, from the tuning half of `tests/culture/ambiguous_names.tsv`;
`python -m benchmarks.linking --fit` learns and prints them.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from math import exp

from jobs.culture.context import Place
from jobs.culture.names import Name

# What each piece of evidence adds to the log-odds that an artist is meant.
ARTIST_WEIGHTS = {
    "bias": 0.26,
    "common words": -0.38,  # log-odds of the commonness
    "a place or a person": -0.28,  # a single word that is also such a name
    "where a place would stand": -1.56,  # such a name, "in Boston"
    "other places in the sentence": -2.42,  # for the name of a place; log2(1 + how many)
    "several words": -1.16,  # how many more than one, at most 2
    "capital in running text": 2.07,
    "its article's capital in running text": 0.39,  # "saw The Cure"
    "without its capitals": -1.5,
    "its own spelling": 2.04,  # P!nk, HEALTH
    "capitals throughout": -1.01,  # where the name has them not: "the WHO"
    "a determiner or a pronoun before": -3.36,  # "the Air", "a Tool", for a name without "The"
    "an article before a plural": -1.32,  # "the Eagles"
    "a capital before": -4.04,  # "Fresh Air"
    "a capital after": -3.79,  # "Air France"
    "part of a phrase with of": -2.14,  # "the Book of Genesis", "Prince of Wales"
    "the possessive of a place before": 0.52,  # "Atlanta's Future"
    "a role before": 2.27,  # "the duo Air"
    "a role or a work after": 1.56,  # "Low, the trio", "Air's new album", "the Boston album"
    "a verb after": 0.53,  # "Prince was"
    "what musicians do after": 0.93,  # "Prince played"
    "a singular name with a plural verb": 1.15,  # "Air have"
    "a preposition before": 0.92,  # "by Air"
    "a part before": 1.44,  # "the singer of Phoenix", "the bass in Tool"
    "said": -2.0,  # "say Yes"
    "another word after": -0.67,  # neither a verb nor a sign: "Free entry"
    "in quotes": -0.5,
    "music words in the sentence": 0.21,  # log2(1 + how many)
    "full names in the sentence": 0.75,  # of people; log2(1 + how many)
    "the article's title": 1.5,  # the title is, or begins with, the name alone
    "titles of its own": 3.15,  # how many, at most 2
    "titles of its own that may be words": 1.88,  # the same
    "another form of its name": 1.48,
    "those it works with": 1.0,  # artists who share a track with it are in the article
    "a tag of the article": 2.0,
    "otherwise used": -2.47,  # elsewhere in the article in lower case, or in a longer name; log2(1 + how often)
    "other artists in the sentence": 0.68,  # log2(1 + how many are expected)
    "elsewhere in the article": -0.32,  # the best chance of its other places, from all of the above
}

# The same for a track or an album of an artist who is in the article.
TITLE_WEIGHTS = {
    "bias": -1.54,
    "common words": -0.49,
    "several words": 0.68,
    "capital in running text": 1.1,
    "without its capitals": -2.0,
    "its own spelling": 2.03,
    "in quotes": 3.0,
    "its artist": 1.19,  # the chance that the artist is in the article
    "its artist in the sentence": 1.51,
    "its artist right before or after": 0.48,  # "Hello by Adele", "Adele's Hello"
    "a determiner or a pronoun before": -2.1,
    "a capital before": -3.07,
    "a capital after": -2.94,
    "its kind before or after": 2.32,  # "the single Creep", of an album "the album Blue"
    "the other kind before or after": -2.0,
    "performed": 2.08,  # "sang Creep"
    "another verb before": -0.42,  # "was Hurt"
    "a preposition before": 1.69,  # "on Blue"
    "a verb after": 1.64,
    "another word after": -0.44,
    "music words in the sentence": 0.45,
}


@dataclass
class Hypothesis:
    """A name that may be meant at a place. names: of one owner and kind, which the same words name (the recordings of
    a song). odds: log-odds against no name. chance: after what excludes one another."""

    place: Place
    kind: str
    owner: str  # artist_id
    names: list[Name]
    features: tuple[float, ...] = ()
    odds: float = 0.0
    chance: float = 0.0


def hypotheses(
    places: Iterable[Place], kinds: Collection[str], present: Collection[str] | None = None
) -> list[Hypothesis]:
    """The names of these kinds at places, by owner; present: the artists whose titles are looked for."""
    found = []
    for place in places:
        by_owner: dict[tuple[str, str], list[Name]] = defaultdict(list)
        for name in place.names:
            if name.kind in kinds and (present is None or any(a in present for a in name.artist_ids)):
                by_owner[name.kind, name.artist_ids[0]].append(name)
        found += [Hypothesis(place, kind, owner, names) for (kind, owner), names in by_owner.items()]
    return found


def log_odds_of(features: Sequence[float], weights: dict[str, float]) -> float:
    """The weighted sum."""
    return sum(weight * feature for weight, feature in zip(weights.values(), features, strict=True) if feature)


def chance_of(odds: float) -> float:
    """The chance with these log-odds.

    >>> chance_of(0.0)
    0.5
    """
    return 1 / (1 + exp(-max(min(odds, 30.0), -30.0)))


def exclude(rivals: Iterable[Hypothesis]) -> None:
    """Set the chances of hypotheses, of which those that overlap exclude one another."""
    for cluster in _clusters(rivals):
        for h in cluster:
            h.chance = exp(h.odds) / (1 + sum(exp(r.odds) for r in cluster if r.place.overlaps(h.place)))


def _clusters(rivals: Iterable[Hypothesis]) -> Iterable[list[Hypothesis]]:
    """Groups of hypotheses; those of different groups do not overlap."""
    cluster: list[Hypothesis] = []
    end = (False, 0)
    for h in sorted(rivals, key=lambda h: h.place.key):
        part, start, last = h.place.key
        if cluster and (part, start) >= end:
            yield cluster
            cluster = []
        end = max(end, (part, last)) if cluster else (part, last)
        cluster.append(h)
    if cluster:
        yield cluster
