"""Who wrote an article and when, as readers see it: what stands around its heading."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import accumulate, islice, zip_longest

from lxml import etree
from lxml.html import HtmlElement

from jobs.scrape.dates import Moment, parse_moment
from jobs.scrape.text import clean_line
from jobs.scrape.tree import UNSEEN

BEFORE, AFTER = 12, 50  # pieces of text before and after the heading that may be a byline
PARAGRAPH = 250  # characters; what is as long is no byline
MAX_AUTHORS = 20
MAX_NAME = 80  # characters; what is longer is no name
MAX_WORDS = 5

# Words of names that are written small.
PARTICLES = {"af", "al", "bin", "da", "das", "de", "del", "della", "den", "der", "di", "do", "dos", "du", "el", "la",
             "le", "ten", "ter", "van", "von", "y"}  # fmt: skip

_BY = re.compile(
    r"^\W*(?:(?:words|written|posted|story|review|reviewed|text|reported|analysis|opinion|interview)\s+)?"
    r"(?:by|von|par|por|di|door)\b:?\s+",
    re.IGNORECASE,
)
_POSTED_BY = re.compile(r"\b\d{4}\b.*\b(?:by|von|par)\s+", re.IGNORECASE)  # behind a date
_BETWEEN_NAMES = re.compile(r"\s+(?:and|und|et|y|&)\s+|\s*[;|•·]\s*|,\s+(?:and\s+)?|\s+[-–—]\s+|\n", re.IGNORECASE)
_ADDRESS = re.compile(r"://|@|\bwww\.|\.(?:com|org|net)\b")
_NO_NAME = re.compile(
    r"\d|\b(?:staff|writer|reporter|editor|editors|contributor|columnist|correspondent|"
    r"senior|author|about|follow|share|more|posts?|updated|published|comments?|minutes?|read|photo|image)\b",
    re.IGNORECASE,
)
_AUTHOR_ADDRESS = re.compile(
    r"/(?:authors?|by|people|profiles?|contributors?|staff|reporters?|writers?|autore?s?|auteurs?)/[^/?#]+",
    re.IGNORECASE,
)
_AUTHOR_CLASS = re.compile(r"\b(?:by-?line|author)", re.IGNORECASE)


@dataclass(frozen=True)
class Piece:
    """A piece of text, with its element."""

    text: str
    element: HtmlElement


def author_names(text: object) -> list[str]:
    """The names in a byline; none where it is an address or no name.

    >>> author_names("By Jane Doe and Ann Other"), author_names("https://example.org/jane")
    (['Jane Doe', 'Ann Other'], [])
    >>> author_names("Jane Doe, MA, Staff Writer"), author_names("Simon & Garfunkel")
    (['Jane Doe'], ['Simon & Garfunkel'])
    """
    line = _BY.sub("", clean_line(text) or "")
    return _names(line) or ([line] if line and len(line) <= MAX_NAME and not _ADDRESS.search(line) else [])


def around(tree: HtmlElement, heading: HtmlElement | None) -> list[Piece]:
    """The pieces of text after and before a heading, or at the start of a page that has none, in the order in which
    they are likely to be the byline; without those of paragraphs."""
    if heading is None:
        near = list(islice(_inside(tree.find("body")), AFTER))
    else:
        near = [*islice(_behind(heading), AFTER), *islice(_before(heading), BEFORE)]
    return [piece for piece in near if not _is_prose(piece)]


def _inside(element: HtmlElement) -> Iterator[Piece]:
    """The pieces of text in an element."""
    for event, inner in etree.iterwalk(element, events=("start", "end")):
        if event == "start" and inner.tag not in UNSEEN:
            yield from _piece(inner.text, inner)
        elif event == "end" and inner is not element:
            yield from _piece(inner.tail, inner.getparent())


def _behind(element: HtmlElement) -> Iterator[Piece]:
    """The pieces of text after an element, to the end of the page."""
    while element is not None:
        yield from _piece(element.tail, element.getparent())
        for following in element.itersiblings():
            yield from _inside(following)
            yield from _piece(following.tail, following.getparent())
        element = element.getparent()


def _before(element: HtmlElement) -> Iterator[Piece]:
    """The pieces of text before an element, the nearest first."""
    while element is not None:
        for previous in element.itersiblings(preceding=True):
            yield from _piece(previous.tail, previous.getparent())
            yield from reversed(list(_inside(previous)))
        element = element.getparent()
        if element is not None:
            yield from _piece(element.text, element)


def _piece(text: str | None, element: HtmlElement | None) -> Iterator[Piece]:
    line = " ".join((text or "").split())
    if line and element is not None:
        yield Piece(line, element)


def authors_among(pieces: Iterable[Piece]) -> list[str]:
    """The names in a byline: those that lead to an author's page, or else stand where a class says "author", or else
    behind a "by"."""
    pieces = list(pieces)
    for names in (_linked(pieces), _marked(pieces), _introduced(pieces)):
        found = list(dict.fromkeys(names))
        if found:
            return found[:MAX_AUTHORS]
    return []


def date_among(pieces: Iterable[Piece], now: datetime) -> Moment | None:
    """The first date in a byline."""
    for piece in pieces:
        stated = next((e.get("datetime") for e in _near(piece.element) if e.tag == "time"), None)
        moment = parse_moment(stated, now) or parse_moment(piece.text, now)
        if moment is not None:
            return moment
    return None


def _linked(pieces: Iterable[Piece]) -> Iterator[str]:
    for piece in pieces:
        if any(e.tag == "a" and _AUTHOR_ADDRESS.search(e.get("href") or "") for e in _near(piece.element)):
            yield from _full_names(piece.text)


def _marked(pieces: Iterable[Piece]) -> Iterator[str]:
    for piece in pieces:
        if any(map(_is_author, _near(piece.element))):
            yield from _full_names(piece.text)


def _introduced(pieces: list[Piece]) -> Iterator[str]:
    """The names behind a "by", in the same piece of text or in the next one."""
    for piece, following in zip_longest(pieces, pieces[1:]):
        if following is not None and _BY.fullmatch(piece.text + " "):
            yield from _full_names(following.text)
        elif _BY.match(piece.text):
            yield from _full_names(piece.text)
        elif _POSTED_BY.search(piece.text):
            yield from _full_names(_POSTED_BY.split(piece.text)[-1])


def _full_names(text: str) -> list[str]:
    """The names with a first and a last part, which hardly anything else has."""
    return [name for name in _names(_BY.sub("", text)) if " " in name and all(map(_is_name_word, name.split()))]


def _is_name_word(word: str) -> bool:
    return not word[0].islower() or word in PARTICLES


def _names(line: str) -> list[str]:
    """The names in a line; the whole of it where an "and" is part of the first, as of a band."""
    parts = [part.strip(" ,.:-–\"'") for part in _BETWEEN_NAMES.split(line)]
    names = [part for part in parts if _is_name(part)]
    if names and " " not in names[0]:
        return [line] if _is_name(line) else names[:1]
    return [name for name in names if " " in name]


def _is_name(text: str) -> bool:
    fits = len(text) <= MAX_NAME and len(text.split()) <= MAX_WORDS
    return fits and any(c.isalpha() for c in text) and not _NO_NAME.search(text) and not _ADDRESS.search(text)


def _is_prose(piece: Piece) -> bool:
    """Whether a piece is of a paragraph of the article."""
    paragraph = next((e for e in (piece.element, *piece.element.iterancestors()) if e.tag in ("p", "li")), None)
    texts = [piece.text] if paragraph is None else paragraph.itertext()
    return any(length >= PARAGRAPH for length in accumulate(map(len, texts)))


def _near(element: HtmlElement) -> list[HtmlElement]:
    """The element and two around it."""
    return [element, *islice(element.iterancestors(), 2)]


def _is_author(element: HtmlElement) -> bool:
    marks = (element.get("rel"), element.get("itemprop"))
    return "author" in marks or _AUTHOR_CLASS.search(element.get("class") or "") is not None
