"""Which artists and tracks an article names, where, and how sure that is.

A name found in a text is a hypothesis. Chances for and against it are combined as if they were independent (noisy
or): how it is written, titles of the same artist in the same article, words of the world of music in the same
sentence, and the article's own surer mentions (one sense per discourse: Gale, Church and Yarowsky 1992). The chances
are set by hand, not learned.
"""

import re
from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from functools import cached_property
from math import prod
from typing import NamedTuple

from jobs.culture.lexicon import COMMON_WORDS, MUSIC_WORDS
from jobs.culture.names import Match, Name, NameIndex, capitalised, is_abbreviation
from jobs.culture.text import Folded, Sentence, fingerprint, fold, sentence_at, sentences

# The chance that a name is meant, by the way it stands there.
DISTINCT = 0.9  # no common word: "Radiohead"
DISTINCT_LOWERED = 0.6  # the same without its capitals
PHRASE_CAPITALISED = 0.6  # several common words, with capitals in running text: "Bad Company"
WORD_CAPITALISED = 0.3  # one common word, the same: "Air"
ABBREVIATION = 0.45  # a few capitals: "XTC"
NO_TELLING = 0.05  # common words where everything has a capital: at the start of a sentence, in a headline

# What each piece of evidence adds to that.
OWN_TITLE = 0.6  # a track or an album of the artist is named in the article
OTHER_NAME = 0.5  # the artist is also named in another, distinct way
MUSIC_NEARBY = 0.4  # a word of the world of music stands in the same sentence
ELSEWHERE = 0.5  # times the surest mention of the artist in the article

WHOLE_TITLE = 0.5  # the article's title is nothing but the name

PART_OF_LONGER_NAME = 0.4  # times, where more of a name or an epithet adjoins: "Cole Porter", "the Queen of Jazz"

# The chance that a title is meant when its artist certainly is.
TITLE_QUOTED = 0.95
TITLE_DISTINCT = 0.8
TITLE_BESIDE_ARTIST = 0.5  # common words with capitals, in a sentence that names the artist
TITLE_CAPITALISED = 0.2

IN_TITLE = -1  # the offset of a mention in the article's title

_OPENING, _CLOSING = "\"'“‘«„(*_", "\"'”’»“)*_"
_WORDS = re.compile(r"[^\W\d_]+(?:[-'][^\W\d_]+)*")


class Mention(NamedTuple):
    """An entity that an article names. `start` counts characters of the text, or is `IN_TITLE`."""

    entity_kind: str
    entity_id: str
    start: int
    surface: str
    confidence: float

    @property
    def end(self) -> int:
        """Where the surface ends in its field."""
        return max(self.start, 0) + len(self.surface)


@dataclass
class Passage:
    """The title or the text of an article, folded, with its sentences."""

    text: str
    in_title: bool
    spans: list[Sentence]
    skipped: list[Sentence]  # boilerplate
    folded: Folded

    @classmethod
    def of(cls, text: str, in_title: bool, boilerplate: Collection[str] = ()) -> "Passage":
        """Read a title (one sentence) or a text; `boilerplate`: fingerprints of sentences to leave out."""
        spans = ([Sentence(0, len(text))] if text else []) if in_title else sentences(text)
        skipped = [s for s in spans if boilerplate and fingerprint(text[s.start : s.end]) in boilerplate]
        return cls(text, in_title, spans, skipped, fold(text))

    @cached_property
    def words(self) -> list[frozenset[str]]:
        """The words of each sentence in lower case."""
        return [frozenset(w.lower() for w in _WORDS.findall(self.text[s.start : s.end])) for s in self.spans]

    @cached_property
    def headline(self) -> list[bool]:
        """Whether a sentence capitalises nearly all of its words, so that a capital says nothing."""
        return [_is_headline(self.text[s.start : s.end]) for s in self.spans]


@dataclass
class Candidate:
    """A place where one or more names are written."""

    passage: Passage
    match: Match
    names: list[Name]
    sentence: int
    quoted: bool
    initial: bool  # at the start of a sentence or in a headline
    adjoined: bool
    surface: str
    start: int
    chances: dict[str, float] = field(default_factory=dict)

    @property
    def key(self) -> tuple[bool, int, int]:
        """Where it is."""
        return (self.passage.in_title, self.match.start, self.match.end)


def find(
    title: str | None, text: str, index: NameIndex, sure: float, boilerplate: Collection[str] = frozenset()
) -> list[Mention]:
    """The mentions of an article, by place.

    sure: in [0, 1], the confidence from which an artist counts as present, so that titles of theirs are looked for.
    boilerplate: fingerprints of sentences that name nobody.
    """
    passages = [Passage.of(title or "", True), Passage.of(text, False, boilerplate)]
    candidates = [c for passage in passages for c in _candidates(passage, index)]
    artists = _longest(_of_kind(candidates, ("artist",)))
    titles = _of_kind(candidates, ("track", "album"))

    confidence = _artist_chances(artists, titles)
    present = {artist_id: chance for artist_id, chance in confidence.items() if chance >= sure}
    tracks = _longest(_track_chances(_of_kind(titles, ("track",)), artists, present))
    kept = _settle(artists, tracks)

    found: dict[tuple[str, str, int], Mention] = {}
    for c in kept:
        start = IN_TITLE if c.passage.in_title else c.start
        for name in c.names:
            chance = c.chances.get(name.entity_id, 0.0)
            key = (name.kind, name.entity_id, start)
            if chance > 0 and (key not in found or found[key].confidence < chance):
                found[key] = Mention(name.kind, name.entity_id, start, c.surface, round(chance, 6))
    return sorted(found.values(), key=lambda m: (m.start, m.entity_kind, m.entity_id))


def _candidates(passage: Passage, index: NameIndex) -> Iterable[Candidate]:
    """The places where a name is written in a way that can be meant."""
    plain, positions = passage.folded.plain, passage.folded.positions
    skipped = set(passage.skipped)
    for match in index.matches(passage.folded):
        written = plain[match.start : match.end]
        hyphenated = "-" in (plain[match.start - 1 : match.start], plain[match.end : match.end + 1])
        names = [n for n in match.names if not n.strict or (not hyphenated and capitalised(written, n.cased))]
        start, end = positions[match.start], positions[match.end - 1] + 1
        number = sentence_at(passage.spans, start)
        if not names or number < 0 or passage.spans[number] in skipped:
            continue
        span = passage.spans[number]
        headline = passage.headline[number]
        yield Candidate(
            passage=passage,
            match=match,
            names=names,
            sentence=number,
            quoted=passage.text[start - 1 : start] in tuple(_OPENING)
            and passage.text[end : end + 1] in tuple(_CLOSING),
            initial=headline or not passage.text[span.start : start].strip(_OPENING + " "),
            adjoined=not headline and " " not in written and _adjoined(plain, match, names[0].strict),
            surface=passage.text[start:end],
            start=start,
        )


def _is_headline(sentence: str) -> bool:
    long = [w for w in _WORDS.findall(sentence) if len(w) > 3]
    return len(long) > 1 and sum(w[0].isupper() for w in long) >= 0.7 * len(long)


def _adjoined(plain: str, match: Match, strict: bool) -> bool:
    """Whether an uncommon word with a capital stands right before or after; after a common word (`strict`) any word
    with a capital, and "of" too, make it part of something longer."""
    before = re.search(r"([^\W\d_][\w'-]*) $", plain[max(match.start - 40, 0) : match.start])
    after = re.match(r" ([^\W\d_][\w'-]*)", plain[match.end : match.end + 40])
    if strict and after and (after[1][0].isupper() or after[1] == "of"):
        return True
    return any(
        word and word[1][0].isupper() and word[1].lower() not in COMMON_WORDS and word[1].lower() not in MUSIC_WORDS
        for word in (before, after)
    )


def _of_kind(candidates: Iterable[Candidate], kinds: tuple[str, ...]) -> list[Candidate]:
    chosen = []
    for c in candidates:
        names = [n for n in c.names if n.kind in kinds]
        if names:
            chosen.append(Candidate(**{**vars(c), "names": names, "chances": {}}))
    return chosen


def _longest(candidates: list[Candidate]) -> list[Candidate]:
    """Of places that overlap the longest, and of equally long ones the first."""
    taken: dict[bool, set[int]] = {True: set(), False: set()}
    kept = []
    for c in sorted(candidates, key=lambda c: (c.match.start - c.match.end, c.match.start)):
        place = range(c.match.start, c.match.end)
        if taken[c.passage.in_title].isdisjoint(place):
            taken[c.passage.in_title].update(place)
            kept.append(c)
    return sorted(kept, key=lambda c: c.key)


def _artist_chances(artists: list[Candidate], titles: list[Candidate]) -> dict[str, float]:
    """Set the chances of all artist candidates; return the best one for each artist."""
    own_titles = _own_titles(artists, titles)
    forms: dict[str, set[str]] = defaultdict(set)
    for c in artists:
        for name in c.names:
            forms[name.entity_id].add("" if name.strict else name.cased.lower())

    for c in artists:
        for name in c.names:
            others = forms[name.entity_id] - {"", name.cased.lower()}
            music = not c.passage.words[c.sentence].isdisjoint(MUSIC_WORDS - {name.cased.lower()})
            evidence = [
                OWN_TITLE if name.entity_id in own_titles else 0.0,
                OTHER_NAME if others else 0.0,
                MUSIC_NEARBY if music else 0.0,
                WHOLE_TITLE if c.passage.in_title and c.surface == c.passage.text.strip() else 0.0,
            ]
            chance = noisy_or(_form_chance(c, name), *evidence)
            c.chances[name.entity_id] = chance * (PART_OF_LONGER_NAME if c.adjoined else 1.0)
        _share(c, own_titles)

    best: dict[str, float] = defaultdict(float)
    for c in artists:
        for artist_id, chance in c.chances.items():
            best[artist_id] = max(best[artist_id], chance)
    for c in artists:
        if not c.adjoined:
            c.chances = {a: max(chance, _supported(chance, best[a])) for a, chance in c.chances.items()}
    return dict(best)


def _supported(chance: float, best: float) -> float:
    return noisy_or(chance, ELSEWHERE * best) if best > chance else chance


def _form_chance(c: Candidate, name: Name) -> float:
    written = c.passage.folded.plain[c.match.start : c.match.end]
    if not name.strict:
        lowered = written == written.lower() and name.cased != name.cased.lower()
        return DISTINCT_LOWERED if lowered else DISTINCT
    if is_abbreviation(name.cased):
        return ABBREVIATION
    if c.initial or not any(letter.isalpha() for letter in written):
        return NO_TELLING
    return PHRASE_CAPITALISED if " " in written else WORD_CAPITALISED


def _share(c: Candidate, own_titles: Collection[str]) -> None:
    """Several artists of one name: those whose titles are named share the chance, else all of them."""
    supported = [a for a in c.chances if a in own_titles]
    rivals = supported or list(c.chances)
    for artist_id in c.chances:
        c.chances[artist_id] *= 1 / len(rivals) if artist_id in rivals else 0.0


def _own_titles(artists: list[Candidate], titles: list[Candidate]) -> set[str]:
    """The artists of whom a track or an album is named beyond doubt, in a place where they are not named themselves."""
    names_at = defaultdict(set)
    for c in artists:
        for offset in range(c.match.start, c.match.end):
            names_at[c.passage.in_title, offset].update(n.entity_id for n in c.names)
    owners = set()
    for c in titles:
        own = set().union(*(names_at[c.passage.in_title, o] for o in range(c.match.start, c.match.end)))
        for name in c.names:
            if c.quoted or (not name.strict and " " in name.cased):
                owners.update(set(name.artist_ids) - own)
    return owners


def _track_chances(tracks: list[Candidate], artists: list[Candidate], present: dict[str, float]) -> list[Candidate]:
    """The candidates among tracks of artists that are present, with their chances."""
    beside = defaultdict(set)
    for c in artists:
        beside[c.passage.in_title, c.sentence].update(n.entity_id for n in c.names)
    kept = []
    for c in tracks:
        for name in c.names:
            owner = max((present.get(a, 0.0) for a in name.artist_ids), default=0.0)
            if not owner:
                continue
            near = not beside[c.passage.in_title, c.sentence].isdisjoint(name.artist_ids)
            if c.quoted:
                chance = TITLE_QUOTED
            elif not name.strict and " " in name.cased:
                chance = TITLE_DISTINCT
            elif c.surface == c.surface.lower() or c.initial:
                chance = 0.0
            else:
                chance = TITLE_BESIDE_ARTIST if near else TITLE_CAPITALISED
            c.chances[name.entity_id] = chance * owner
        if any(c.chances.values()):
            kept.append(c)
    return kept


def _settle(artists: list[Candidate], tracks: list[Candidate]) -> list[Candidate]:
    """Where an artist and a track claim the same characters: the longer one, or the title if it stands in quotes."""
    lost = set()
    for track in tracks:
        for artist in artists:
            if artist.passage is not track.passage:
                continue
            a, t = artist.match, track.match
            if a.start < t.end and t.start < a.end:
                longer = t.end - t.start > a.end - a.start
                lost.add(id(artist if longer or (track.quoted and t[:2] == a[:2]) else track))
    return [c for c in (*artists, *tracks) if id(c) not in lost]


def noisy_or(*chances: float) -> float:
    """The chance that at least one of several independent causes holds.

    >>> noisy_or(0.5, 0.5)
    0.75
    """
    return 1 - prod(1 - chance for chance in chances)
