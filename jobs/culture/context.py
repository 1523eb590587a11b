"""What stands around a name in an article: its sentence, the words beside it, and how much of it a capital explains."""

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from jobs.culture.lexicon import CALENDAR, MUSIC_WORDS, STOP_WORDS
from jobs.culture.names import Match, Name, NameIndex, capitalised, is_distinctive
from jobs.culture.text import Folded, Sentence, fingerprint, fold, sentence_at, sentences
from jobs.culture.vocabulary import EVERYDAY, GIVEN_NAMES, PLACES

CALENDAR_WORDS = frozenset(CALENDAR.split())
REACH = 60  # characters before and after a name in which its neighbours stand
HEADLINE_SHARE = 0.7  # of the longer words have a capital where capitals tell nothing; all, if a sign ends them

_OPENING, _CLOSING = "\"'“‘«„(*_[", "\"'”’»“)*_]"
_WORDS = re.compile(r"[^\W\d_]+(?:[-'][^\W\d_]+)*")
_BEFORE = re.compile(r"(?:([^\W_][\w'&-]*)([^\w\n]*))?(?<![\w'&-])([^\W_][\w'.&-]*)([^\w]*)$")
_NEXT = r"(?:\W{1,2}([^\W_][\w'&-]*))?"
_AFTER = re.compile(rf"('s?(?![\w'])|s'?(?![\w']))?(\W*)((?:[^\W_][\w'&-]*)?){_NEXT}{_NEXT}")
# "the Book of", "Hall of the", with a single word before "of": people have two names.
_OF = re.compile(r"(?:^|(?:^|\s)[a-z]+ |^(?:The|A) )[A-Z][\w'-]+ of (?:the )?$")
_FULL_NAME = re.compile(r"\b([A-Z][a-z]+) (?:[A-Z]\.? )?[A-Z][\w'-]+")


@dataclass
class Passage:
    """The title or the text of an article, folded, with its sentences."""

    text: str
    in_title: bool
    folded: Folded
    boilerplate: Collection[str] = ()  # fingerprints of sentences to leave out

    @classmethod
    def of(cls, text: str, in_title: bool, boilerplate: Collection[str] = ()) -> "Passage":
        """Read a title (one sentence) or a text."""
        return cls(text, in_title, fold(text), boilerplate)

    @cached_property
    def spans(self) -> list[Sentence]:
        """The sentences, in characters of the text."""
        if self.in_title:
            return [Sentence(0, len(self.text))] if self.text else []
        return sentences(self.text)

    @cached_property
    def skipped(self) -> list[bool]:
        """Whether each sentence is boilerplate."""
        texts = (self.text[s.start : s.end] for s in self.spans)
        return [bool(self.boilerplate) and fingerprint(text) in self.boilerplate for text in texts]

    @cached_property
    def words(self) -> list[Counter]:
        """The words of each sentence in lower case."""
        return [Counter(w.lower() for w in _WORDS.findall(self.text[s.start : s.end])) for s in self.spans]

    @cached_property
    def headline(self) -> list[bool]:
        """Whether a sentence capitalises nearly all of its words, so that a capital says nothing."""
        return [_is_headline(self.text[s.start : s.end]) for s in self.spans]


def _is_headline(sentence: str) -> bool:
    long = [w for w in _WORDS.findall(sentence) if len(w) > 3]
    needed = 1.0 if sentence.rstrip(_CLOSING + " ").endswith((".", "!", "?")) else HEADLINE_SHARE
    return len(long) > 1 and sum(w[0].isupper() for w in long) >= needed * len(long)


@dataclass
class Place:
    """A place where one or more names are written, and its neighbours (folded; "" where there is none).

    `before2`, `before`, `after`, `after2`, `after3` are the words around it in the sentence; `gap_before` and
    `gap_after` are what stands between the name and its neighbours.
    """

    passage: Passage
    match: Match
    names: tuple[Name, ...]  # those that can be meant, by their capitals
    sentence: int
    start: int  # in characters of the text
    surface: str
    written: str  # the surface, folded
    lead: str  # the sentence up to the name, its last `REACH` characters
    before2: str
    gap_before2: str
    before: str
    gap_before: str
    inflection: str  # "'s", "'", "s" or ""
    gap_after: str
    after: str
    after2: str
    after3: str
    initial: bool  # at the beginning of a sentence, or of one inside it
    headline: bool
    quoted: bool
    seen_as: dict[str, tuple[float, ...]] = field(default_factory=dict)  # features, by how the catalogue writes a name

    @property
    def key(self) -> tuple[bool, int, int]:
        """Where it is: in the title?, and its range in the folded passage."""
        return (not self.passage.in_title, self.match.start, self.match.end)

    @property
    def informative(self) -> bool:
        """Whether capitals here say that a name is meant: not in a headline, nor in the first word of a sentence."""
        if self.headline:
            return False
        return not self.initial or any(w[:1].isupper() for w in self.written.removeprefix("The ").split()[1:])

    def overlaps(self, other: "Place") -> bool:
        """Whether they share a character."""
        same = self.passage is other.passage
        return same and self.match.start < other.match.end and other.match.start < self.match.end


def places(passage: Passage, index: NameIndex) -> tuple[list[Place], Counter]:
    """Where names are written in a way that can be meant; and how often each name, in lower case, is written as a word.

    A name that is a common word needs its capitals, or the spelling that the catalogue gives it.
    """
    found, as_words = [], Counter()
    plain, lower, positions = passage.folded
    for match in index.matches(passage.folded):
        start, end, spelling = match
        written = plain[start:end]
        if spelling.strict and spelling.capital and written == lower[start:end]:
            as_words[written] += 1
            continue
        if spelling.strict and "-" in (plain[start - 1 : start], plain[end : end + 1]):
            continue
        names = [n for n in spelling.names if not n.strict or written == n.cased or capitalised(written, n.cased)]
        first, last = positions[start], positions[end - 1] + 1
        number = sentence_at(passage.spans, first) if names else -1
        if number >= 0 and not passage.skipped[number]:
            found.append(_place(passage, match, tuple(names), number, first, last))
    return found, as_words


def _place(passage: Passage, match: Match, names: tuple[Name, ...], number: int, start: int, end: int) -> Place:
    plain, span = passage.folded.plain, passage.spans[number]
    first = bisect_left(passage.folded.positions, span.start)
    last = bisect_left(passage.folded.positions, span.end)
    lead = plain[max(first, match.start - REACH) : match.start]
    around = _BEFORE.search(lead)
    before2, gap_before2, before, gap_before = (
        (part or "" for part in around.groups()) if around else ("", "", "", lead)
    )
    inflection, gap_after, after, after2, after3 = (
        part or "" for part in _AFTER.match(plain[match.end : min(last, match.end + REACH)]).groups()
    )
    quoted = passage.text[start - 1 : start] in tuple(_OPENING) and passage.text[end : end + 1] in tuple(_CLOSING)
    return Place(
        passage=passage,
        match=match,
        names=names,
        sentence=number,
        start=start,
        surface=passage.text[start:end],
        written=plain[match.start : match.end],
        lead=lead,
        before2=before2,
        gap_before2=gap_before2,
        before=before,
        gap_before=gap_before,
        inflection=inflection,
        gap_after=gap_after,
        after=after,
        after2=after2,
        after3=after3,
        initial=_begins(lead, quoted),
        headline=passage.headline[number],
        quoted=quoted,
    )


def _begins(lead: str, quoted: bool) -> bool:
    """Whether a sentence, or one inside it, begins after this part of it, so that anything has a capital there."""
    before = lead.rstrip(_OPENING + " ")
    opened = '"' in lead[len(before) :]
    return not before or before[-1] in ":?!" or (opened and not quoted)


def longest(found: Sequence[Place]) -> list[Place]:
    """Of places that overlap the longest, and of equally long ones the first."""
    taken: dict[bool, set[int]] = {True: set(), False: set()}
    kept = []
    for place in sorted(found, key=lambda p: (p.match.start - p.match.end, p.match.start)):
        characters = range(place.match.start, place.match.end)
        if taken[place.passage.in_title].isdisjoint(characters):
            taken[place.passage.in_title].update(characters)
            kept.append(place)
    return sorted(kept, key=lambda p: p.key)


def is_cased(place: Place, cased: str) -> bool:
    """Whether the place has a name's capitals."""
    return place.written == cased or capitalised(place.written, cased)


def is_shouted(place: Place, cased: str) -> bool:
    """Whether a word is in capitals throughout which the name has not: "the WHO"."""
    pairs = zip(place.written.split(), cased.split(), strict=False)
    return not place.headline and any(len(w) > 1 and w.isupper() and not c.isupper() for w, c in pairs)


def exact(place: Place, cased: str) -> bool:
    """Whether the place has the spelling that only this name has: "P!nk", "HEALTH"."""
    return is_distinctive(cased) and place.written == cased and not place.headline


def joined_before(place: Place) -> bool:
    """Whether a word with a capital stands right before, so that the name is part of a longer one: "Fresh Air"."""
    word = place.before
    if place.headline or place.gap_before != " " or not word[:1].isupper() or word.endswith(("'s", "s'")):
        return False
    if word.lower() in CALENDAR_WORDS:
        return False
    return word.lower() not in STOP_WORDS or bool(place.before2)


def joined_after(place: Place) -> bool:
    """Whether a word with a capital stands right after: "Air France"."""
    if place.headline or place.inflection or place.gap_after != " ":
        return False
    return place.after[:1].isupper() and place.after not in ("I", "I'm", "I've", "I'd", "I'll")


def of_phrase(place: Place) -> bool:
    """Whether the name is joined to another word with a capital by "of": "Prince of Wales", "the Book of Genesis"; but
    not to a person: "Guy Garvey of Elbow"."""
    if place.gap_after == " " and place.after == "of" and place.after2[:1].isupper() and not place.headline:
        return True
    if place.before == "of" and place.before2[:1].isupper() and place.before2.lower() in EVERYDAY:
        return not place.headline
    return bool(_OF.search(place.lead)) and not place.headline


def full_names(place: Place) -> int:
    """How many people the sentence calls by first and last name, beside the name itself."""
    span = place.passage.spans[place.sentence]
    sentence = place.passage.text[span.start : span.end]
    others = (m for m in _FULL_NAME.finditer(sentence) if m[1].lower() in GIVEN_NAMES)
    start, end = place.start - span.start, place.start - span.start + len(place.surface)
    return sum(m.end() <= start or end <= m.start() for m in others)


def other_places(place: Place) -> int:
    """How many cities and countries the sentence names, beside the name itself."""
    words = {word.removesuffix("'s") for word in place.passage.words[place.sentence]}
    return len((words & PLACES) - {place.written.lower()})


def music_words(words: Counter, names: Collection[str] = ()) -> int:
    """How many different words of the world of music are among these, without the names'."""
    return sum(word in MUSIC_WORDS and word not in names for word in words)
