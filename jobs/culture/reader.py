"""Reading one article: its mentions and terms, and what they depend on."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from jobs.culture.mentions import find
from jobs.culture.names import Name, NameIndex
from jobs.culture.terms import Entity, name_words, usage


@dataclass(frozen=True)
class Reader:
    """What a worker needs to read an article; sent to each once."""

    index: NameIndex
    artists_of: dict[Entity, tuple[str, ...]]
    names_of: dict[Entity, frozenset[str]]
    boilerplate: frozenset[str]
    min_confidence: float
    min_article_weight: float
    method: bytes  # digest of the code and the settings
    _digests: dict[str, bytes] = field(default_factory=dict)  # of the names that a form may mean, made when needed

    @classmethod
    def of(
        cls, names: Iterable[Name], boilerplate: frozenset[str], min_confidence: float, min_article_weight: float = 0.0
    ) -> "Reader":
        """Make one from all names of the library."""
        names = list(names)
        artists_of: dict[Entity, tuple[str, ...]] = {}
        names_of: dict[Entity, frozenset[str]] = {}
        for name in names:
            if name.kind != "album":
                entity = (name.kind, name.entity_id)
                artists_of[entity] = name.artist_ids
                names_of[entity] = names_of.get(entity, frozenset()) | name_words(name.cased)
        for entity, artist_ids in artists_of.items():
            of_artists = (names_of.get(("artist", a), frozenset()) for a in artist_ids)
            names_of[entity] = names_of[entity].union(*of_artists)
        method = _digest(code(), min_confidence, min_article_weight)
        index = NameIndex(names)
        return cls(index, artists_of, names_of, boilerplate, min_confidence, min_article_weight, method)

    def read(self, title: str | None, text: str, filed_under: Iterable[str] = ()) -> dict[str, list[dict]]:
        """What an article says, in columns `jobs.culture.reading.READING`; filed_under: what the publication itself
        says that it is about."""
        mentions = find(title, text, self.index, self.min_confidence, self.boilerplate, filed_under)
        sure = [
            m._replace(confidence=m.confidence * m.weight)
            for m in mentions
            if m.entity_kind != "album" and m.confidence >= self.min_confidence and m.weight >= self.min_article_weight
        ]
        said = usage(title, text, sure, self.artists_of, self.names_of, self.boilerplate)
        return {
            "mentions": [m._asdict() for m in mentions],
            "told": [
                {
                    "entity_kind": kind,
                    "entity_id": entity_id,
                    "relevance": relevance,
                    "uses": [u._asdict() for u in said.uses[kind, entity_id]],
                }
                for (kind, entity_id), relevance in said.relevance.items()
            ],
        }

    def fingerprint(self, article: dict) -> str:
        """32 hex digits that change when anything does that `read` depends on: what the article says (title, text,
        filed_under), the names in it (forms) and whom they may mean, which of its sentences (marks) recur on the
        source, the settings and the code. So what is read once holds until then. Names that are common words do not
        matter where they are written as words (lowered). article: a row of `jobs.culture.reading.scan`."""
        marks = [mark for mark in article["marks"] if mark in self.boilerplate]
        told = (article["title"], article["text"], article["filed_under"], marks)
        meant = [*article["forms"], *(form for form in article["lowered"] if not self.index.spelling(form).strict)]
        return _digest(self.method, *told, *map(self._meaning, meant)).hex()

    def _meaning(self, form: str) -> bytes:
        if form not in self._digests:
            names = self.index.spelling(form).names
            words = (sorted(self.names_of.get((n.kind, n.entity_id), ())) for n in names)
            self._digests[form] = _digest(names, list(words))
        return self._digests[form]


@cache
def code() -> bytes:
    """A digest of the code of this stage."""
    files = sorted(Path(__file__).parent.glob("*.py"))
    return _digest(*(file.read_bytes() for file in files))


def _digest(*parts: object) -> bytes:
    return hashlib.blake2b(repr(parts).encode("utf-8", "surrogatepass"), digest_size=16).digest()
