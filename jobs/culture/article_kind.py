"""What kind of article it is: whether it is about music, and whether it is a list of names; how much it counts.

Whether an article is about music is told by its sentences: one with a word of the world of music is several times as
frequent in an article about music as elsewhere (naive Bayes over sentences). The sentences of one article are alike,
so that together they are worth no more than a few independent ones.
"""

from collections.abc import Collection, Sequence
from math import exp, log

# The share of sentences with a word of the world of music, about music and about anything else.
MUSICAL = 0.6
ELSEWHERE = 0.15

BEFOREHAND = 0.9  # the chance that an article of the crawled sources is about music
WORTH = 8.0  # independent sentences that those of an article are worth at most

# With more artists than this in this many words, an article is a list of names.
NAMES = 1.0
WORDS = 20.0
LIST_FROM = 8  # artists; fewer make no list


def about_music(musical: Sequence[bool]) -> float:
    """The chance that an article is about music; musical: whether each sentence has a word of its world.

    >>> round(about_music([True, True, False]), 2), round(about_music([False] * 20), 2)
    (0.99, 0.02)
    """
    if not musical:
        return BEFOREHAND
    share = sum(musical) / len(musical)
    each = share * log(MUSICAL / ELSEWHERE) + (1 - share) * log((1 - MUSICAL) / (1 - ELSEWHERE))
    odds = log(BEFOREHAND / (1 - BEFOREHAND)) + each * min(len(musical), WORTH)
    return 1 / (1 + exp(-odds))


def list_weight(artists: Collection[str], words: int) -> float:
    """What an article is worth that names these artists in so many words: 1, and less the more it is a list of names.

    >>> list_weight(range(7), 10), list_weight(range(40), 200)
    (1.0, 0.0625)
    """
    if len(artists) < LIST_FROM:
        return 1.0
    density = len(artists) * WORDS / max(words, 1)
    return min(1.0, NAMES / density) ** 2
