"""Sentences with names that are words, and how well linking does on them.

`ambiguous_names.tsv`: half ("tuning" or "report"), title, text; a name that is meant stands as [surface|id], everything
else that looks like a name of `ambiguous_library.tsv` is none. `ambiguous_library.tsv`: kind, id, name, artist.
"""

import csv
import re
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from jobs.culture.mentions import IN_TITLE, Mention
from jobs.culture.names import Name, NameIndex, form_commonness, names

FOLDER = Path(__file__).parent
HALVES = ("tuning", "report")
COMMON = 0.25  # the words of a name are so common that it is in question; names that several share are, too

_MARK = re.compile(r"\[([^|\]]+)\|([^\]]+)\]")


class Marked(NamedTuple):
    """A place in an article that means an entity: [start, end) in the title or in the text."""

    in_title: bool
    start: int
    end: int
    entity_id: str


class Example(NamedTuple):
    """An article in one or a few sentences."""

    half: str
    title: str
    text: str
    meant: tuple[Marked, ...]


class Figures(NamedTuple):
    """How many links are right, wrong and missed."""

    right: int
    wrong: int
    missed: int

    @property
    def precision(self) -> float:
        """The share of links that are right."""
        return self.right / max(self.right + self.wrong, 1)

    @property
    def recall(self) -> float:
        """The share of what is meant that is linked."""
        return self.right / max(self.right + self.missed, 1)


def examples(half: str) -> list[Example]:
    """The examples of a half."""
    with (FOLDER / "ambiguous_names.tsv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    return [_example(row) for row in rows if row["half"] == half]


def library() -> tuple[list[tuple], list[tuple]]:
    """The artists and tracks as `jobs.culture.names.names` takes them."""
    with (FOLDER / "ambiguous_library.tsv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    artists = [(row["id"], row["name"]) for row in rows if row["kind"] == "artist"]
    tracks = [(row["id"], row["name"], (row["artist"],), None) for row in rows if row["kind"] == "track"]
    albums = [(f"on {row['id']}", "", (row["artist"],), row["name"]) for row in rows if row["kind"] == "album"]
    return artists, tracks + albums


def index() -> NameIndex:
    """All names of the library."""
    return NameIndex(names(*library()))


def in_question() -> frozenset[str]:
    """The entities whose names are words, or shared by several."""
    by_form: dict[str, set[str]] = {}
    for name in names(*library()):
        by_form.setdefault(name.cased.lower(), set()).add(name.entity_id)
    return frozenset(
        entity_id
        for form, entity_ids in by_form.items()
        for entity_id in entity_ids
        if len(entity_ids) > 1 or form_commonness(form) >= COMMON
    )


def score(found: Iterable[tuple[Example, list[Mention]]], sure: float) -> Figures:
    """Compare the mentions of examples, from a confidence on, with what is meant, as far as names are in question. A
    link is right where it overlaps a place that means its entity."""
    asked = in_question()
    right = wrong = missed = 0
    for example, mentions in found:
        links = {_place(example, m) for m in mentions if m.confidence >= sure and m.entity_id in asked}
        meant = {m for m in example.meant if m.entity_id in asked}
        hit = {m for m in meant if any(_same(m, link) for link in links)}
        right += len(hit)
        missed += len(meant - hit)
        wrong += sum(not any(_same(m, link) for m in meant) for link in links)
    return Figures(right, wrong, missed)


def is_meant(example: Example, in_title: bool, start: int, end: int, entity_id: str) -> bool:
    """Whether a place means an entity."""
    return any(_same(m, Marked(in_title, start, end, entity_id)) for m in example.meant)


def _place(example: Example, mention: Mention) -> Marked:
    if mention.start != IN_TITLE:
        return Marked(False, mention.start, mention.end, mention.entity_id)
    start = example.title.find(mention.surface)
    return Marked(True, start, start + len(mention.surface), mention.entity_id)


def _same(a: Marked, b: Marked) -> bool:
    return a.entity_id == b.entity_id and a.in_title == b.in_title and a.start < b.end and b.start < a.end


def _example(row: dict[str, str]) -> Example:
    title, of_title = _unmarked(row["title"], True)
    text, of_text = _unmarked(row["text"], False)
    return Example(row["half"], title, text, (*of_title, *of_text))


def _unmarked(marked: str, in_title: bool) -> tuple[str, list[Marked]]:
    plain, places, last = "", [], 0
    for match in _MARK.finditer(marked):
        plain += marked[last : match.start()]
        places.append(Marked(in_title, len(plain), len(plain) + len(match[1]), match[2]))
        plain += match[1]
        last = match.end()
    return plain + marked[last:], places


def all_names() -> list[Name]:
    """All ways to write the names of the library."""
    return list(names(*library()))
