"""How common the words are that a name is made of: the chance that a text which uses them means no name.

What is known beforehand (a small lexicon) is a beta prior; the articles themselves update it: the share of those with
the name that write it in lower case.
"""

from collections.abc import Mapping
from math import exp, log, prod
from typing import NamedTuple

from jobs.culture.lexicon import STOP_WORDS
from jobs.culture.vocabulary import EVERYDAY, PHRASES, PROPER

# Chances beforehand that a use of a word is no name of the library.
STOP_WORD = 0.999
EVERYDAY_WORD = 0.97
INFLECTED = 0.9  # an everyday word with an ending
FIXED_PHRASE = 0.9
ELSEWHERE_A_NAME = 0.8  # a place or a person
UNKNOWN = 0.02
SHORT = 0.3  # up to three letters: as likely an abbreviation or a syllable

JOINED = 0.5  # times, for each further word: words stand together by chance less often than alone
PRIOR_ARTICLES = 4.0  # articles that the chance beforehand is worth
LIMIT = 4.0  # of the log-odds, either way
STEP = 0.5  # of the log-odds: one more article that has a name does not change how all others are read
SHORT_LETTERS = 3

_ENDINGS = (("ies", "y"), ("es", ""), ("s", ""), ("ing", ""), ("ing", "e"), ("ed", ""), ("ed", "e"), ("er", ""),
            ("ers", ""), ("ly", ""), ("y", ""), ("ness", ""), ("less", ""))  # fmt: skip


class Seen(NamedTuple):
    """In how many articles a name stands, and in how many of these without its capitals."""

    lowered: int
    articles: int


def commonness(words: list[str], phrase: str, seen: Mapping[str, Seen] | None = None) -> float:
    """The chance, in (0, 1), that a text with this phrase means the words and not a name.

    words: of the phrase, in lower case, without the small ones that join names, if others are left. phrase: in lower
    case. seen: of phrases, in the articles at hand.

    >>> commonness(["air"], "air"), commonness(["radiohead"], "radiohead")
    (0.97, 0.02)
    >>> round(commonness(["air"], "air", {"air": Seen(0, 96)}), 3)
    0.047
    """
    before = FIXED_PHRASE if phrase in PHRASES else prod(map(word_chance, words)) * JOINED ** (len(words) - 1)
    lowered, articles = (seen or {}).get(phrase, Seen(0, 0))
    if not articles:
        return before
    odds = log_odds((PRIOR_ARTICLES * before + lowered) / (PRIOR_ARTICLES + articles))
    return 1 / (1 + exp(-STEP * round(odds / STEP)))


def word_chance(word: str) -> float:
    """The chance beforehand that a single word, in lower case, is no name of the library."""
    if word in STOP_WORDS:
        return STOP_WORD
    if word in EVERYDAY:
        return EVERYDAY_WORD
    for ending, stem in _ENDINGS:
        if word.endswith(ending) and word[: len(word) - len(ending)] + stem in EVERYDAY:
            return INFLECTED
    if word in PROPER:
        return ELSEWHERE_A_NAME
    return SHORT if len(word) <= SHORT_LETTERS and word.isalpha() else UNKNOWN


def log_odds(chance: float) -> float:
    """ln(p / (1 - p)), within `LIMIT`.

    >>> log_odds(0.5), log_odds(1.0)
    (0.0, 4.0)
    """
    if not 0 < chance < 1:
        return LIMIT if chance >= 1 else -LIMIT
    return max(-LIMIT, min(LIMIT, log(chance / (1 - chance))))
