"""Text as this stage reads it: sentences with their offsets, and a folded form in which spellings meet."""

import hashlib
import re
import unicodedata
from collections.abc import Sequence
from functools import cache, lru_cache
from typing import NamedTuple

from nltk.tokenize.punkt import PunktParameters, PunktSentenceTokenizer

# After these a full stop does not end a sentence.
ABBREVIATIONS = """
    mr mrs ms dr prof st jr sr vs feat ft no vol pt op ca approx inc ltd co bros etc e.g i.e u.s u.k d.c l.a n.y a.k.a
    jan feb mar apr jun jul aug sep sept oct nov dec
"""

_QUOTES = str.maketrans("‘’‚‛′`´“”„‟″«»–—−‐‑…", "'''''''\"\"\"\"\"\"\"-----.")
_LETTERS = str.maketrans({"ø": "o", "Ø": "O", "ł": "l", "Ł": "L", "đ": "d", "Đ": "D", "ß": "ss", "æ": "ae", "Æ": "AE"})
_ALREADY_FOLDED = re.compile(r"[!-_a-~]+(?: [!-_a-~]+)*")  # ASCII without "`", words with one space between
_MICRO = str.maketrans({"µ": "μ"})  # the micro sign is the Greek letter to the eye


class Folded(NamedTuple):
    """A text without diacritics and typographic signs, and with one space where there is white space.

    `plain` keeps capitals; `lower` is the same in lower case and of the same length; character `i` of both stands for
    the character `positions[i]` of the text; `positions[len(plain)]` is the text's length.
    """

    plain: str
    lower: str
    positions: Sequence[int]


def fold(text: str) -> Folded:
    """Fold a text of any script.

    >>> fold("Sigur  Rós").plain
    'Sigur Ros'
    """
    plain: list[str] = []
    positions: list[int] = []
    last, space = 0, False
    for run in _ALREADY_FOLDED.finditer(text):
        space = _fold_slowly(text, last, run.start(), space, plain, positions)
        plain.append(run[0])
        positions.extend(range(run.start(), run.end()))
        last, space = run.end(), False
    _fold_slowly(text, last, len(text), space, plain, positions)
    positions.append(len(text))
    folded = "".join(plain)
    lower = folded.lower()
    if len(lower) != len(folded):  # a few capitals of other scripts have two small letters
        lower = "".join(small if len(small := c.lower()) == 1 else c for c in folded)
    return Folded(folded, lower, positions)


def _fold_slowly(text: str, start: int, end: int, space: bool, plain: list[str], positions: list[int]) -> bool:
    """Append text[start:end] folded; space: whether a space stands before. Returns whether one stands at the end."""
    for offset in range(start, end):
        for piece in _fold_character(text[offset]):
            if piece == " " and space:
                continue
            space = piece == " "
            plain.append(piece)
            positions.append(offset)
    return space


@cache
def _fold_character(character: str) -> str:
    if character.isspace():
        return " "
    translated = character.translate(_QUOTES).translate(_LETTERS).translate(_MICRO)
    decomposed = unicodedata.normalize("NFD", translated)
    return "".join(c for c in decomposed if not unicodedata.combining(c))


class Sentence(NamedTuple):
    """A sentence: text[start:end]."""

    start: int
    end: int


@cache
def _punkt() -> PunktSentenceTokenizer:
    """NLTK's Punkt with the abbreviations above instead of a trained (downloaded) model."""
    parameters = PunktParameters()
    parameters.abbrev_types = set(ABBREVIATIONS.split())
    return PunktSentenceTokenizer(parameters)


@lru_cache(maxsize=2)  # an article's text is looked at several times in a row
def sentences(text: str) -> tuple[Sentence, ...]:
    """The sentences of a text in order. A line break always ends one, a full stop before a small letter never."""
    found: list[Sentence] = []
    offset = 0
    for line in text.split("\n"):
        first = True
        for start, end in _punkt().span_tokenize(line) if line.strip() else ():
            if not first and line[start].islower():
                found[-1] = Sentence(found[-1].start, offset + end)
            else:
                found.append(Sentence(offset + start, offset + end))
            first = False
        offset += len(line) + 1
    return tuple(found)


def sentence_at(spans: Sequence[Sentence], offset: int) -> int:
    """The number of the sentence in which `offset` lies, or of the last one that starts before it; -1: none does."""
    low, high = 0, len(spans)
    while low < high:
        middle = (low + high) // 2
        if spans[middle].start <= offset:
            low = middle + 1
        else:
            high = middle
    return low - 1


def fingerprint(sentence: str) -> str:
    """16 hex digits that copies of a sentence share, whatever their capitals, accents and white space."""
    words = " ".join(fold(sentence).lower.split())
    return hashlib.blake2b(words.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()
