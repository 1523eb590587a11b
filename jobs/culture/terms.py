"""The terms that an article uses about each entity that it names.

The subject of an article gets all of its sentences, the first ones the most: they say what somebody is, the later ones
what happened. Whoever is mentioned besides gets the sentences around their mentions, which count the less the further
away they are. A sentence that lists many names says little about each. A year is a term as its decade.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable
from functools import lru_cache
from typing import NamedTuple

from nltk.stem.snowball import SnowballStemmer

from jobs.culture.lexicon import MUSIC_WORDS, STOP_WORDS
from jobs.culture.mentions import IN_TITLE, Mention
from jobs.culture.tagger import noun_phrases, tag_all
from jobs.culture.text import Sentence, fingerprint, fold, sentence_at, sentences

WINDOW = 2  # sentences before and after a mention that still say something about it
DECAY = 0.5  # times, for each sentence further away
HALF_LEAD = 8  # sentences into an article at which one says half as much about its subject as the first
LIST_OF_NAMES = 3  # with more names than these, what a sentence says is divided among them
MAX_PHRASE = 4  # words in a noun phrase

_TOKEN = re.compile(r"[^\W\d_]+(?:['’\-&][^\W\d_]+)*|\d+(?:s\b)?|[^\w\s]|_")
_YEAR = re.compile(r"(1[89]|20)(\d)\ds?|([2-9])0s")
_STEMMER = SnowballStemmer("english")

Entity = tuple[str, str]  # entity_kind, entity_id


class Use(NamedTuple):
    """A term that an article uses about an entity."""

    kind: str
    stem: str  # what counts as the same term
    form: str  # the term as it stands there, in lower case
    amount: float  # in how many sentences, weighed by their distance
    share: float  # one among the entities of its kind that the article uses the term about


class Usage(NamedTuple):
    """What one article says: how sure it is that it speaks of each entity (in [0, 1]), and the terms it uses for it."""

    relevance: dict[Entity, float]
    uses: dict[Entity, list[Use]]


class _Sentence(NamedTuple):
    terms: dict[tuple[str, str], str]  # (kind, stem) -> form
    artists: frozenset[str]


def usage(
    title: str | None,
    text: str,
    mentions: Iterable[Mention],
    artists_of: dict[Entity, tuple[str, ...]],
    names_of: dict[Entity, frozenset[str]],
    boilerplate: Collection[str] = frozenset(),
) -> Usage:
    """The terms of one article by entity.

    mentions: those sure enough to be used, with whom the article is about (`Mention.is_subject`). artists_of: whose an
    entity is (artist_ids), which are no terms for it. names_of: the words of an entity's names in lower case, which are
    no terms for it either. boilerplate: fingerprints of sentences to leave out.
    """
    mentions = list(mentions)
    if not mentions:
        return Usage({}, {})
    spans = sentences(text)
    read = _read(title or "", text, spans, mentions, boilerplate)

    forms = _forms(read)
    relevance: dict[Entity, float] = {}
    amounts: dict[Entity, dict[tuple[str, str], float]] = {}
    for entity, own in sorted(_by_entity(mentions).items()):
        weights = _subject_weights(read) if any(m.is_subject for m in own) else _weights(spans, read, own)
        relevance[entity] = round(max(m.confidence for m in own), 6)
        owners, names = set(artists_of.get(entity, ())), names_of.get(entity, frozenset())
        amounts[entity] = _amounts(weights, read, owners, names)
    sharing = Counter((entity_kind, term) for (entity_kind, _), own in amounts.items() for term in own)
    uses = {
        entity: [
            Use(*term, forms[term], round(amount, 6), round(1 / sharing[entity[0], term], 6))
            for term, amount in sorted(own.items())
        ]
        for entity, own in amounts.items()
    }
    return Usage(relevance, uses)


def _read(
    title: str, text: str, spans: list[Sentence], mentions: list[Mention], boilerplate: Collection[str]
) -> dict[int, _Sentence]:
    """The terms of each sentence by its number; the title has number `IN_TITLE`."""
    named: dict[int, list[Mention]] = defaultdict(list)
    for mention in mentions:
        named[IN_TITLE if mention.start == IN_TITLE else sentence_at(spans, mention.start)].append(mention)
    read = {}
    if title:
        masked = [(title.find(m.surface), title.find(m.surface) + len(m.surface)) for m in named[IN_TITLE]]
        read[IN_TITLE] = _Sentence(_terms(title.lower(), masked), _artists(named[IN_TITLE]))
    for number, span in enumerate(spans):
        sentence = text[span.start : span.end]
        if not boilerplate or fingerprint(sentence) not in boilerplate:
            masked = [(m.start - span.start, m.end - span.start) for m in named[number]]
            read[number] = _Sentence(_terms(sentence, masked), _artists(named[number]))
    return read


def _artists(mentions: list[Mention]) -> frozenset[str]:
    return frozenset(m.entity_id for m in mentions if m.entity_kind == "artist")


def _terms(sentence: str, masked: list[tuple[int, int]]) -> dict[tuple[str, str], str]:
    """The words, bigrams, noun phrases and adjectives of a sentence outside the masked places (names)."""
    words, cased, content = [], [], []
    for token in _TOKEN.finditer(sentence):
        start, end = token.span()
        written = token[0].replace("’", "'").removesuffix("'s")
        if masked and any(a < end and start < b for a, b in masked):
            written = "."
        word = _decade(written.lower())
        cased.append(written if words else word)
        words.append(word)
        readable = len(word) > 1 and (word[0].isalpha() or word.endswith("0s"))
        content.append(readable and word not in STOP_WORDS)
    tagged = [(word, part_of_speech) for word, (_, part_of_speech) in zip(words, tag_all(cased), strict=True)]

    found: dict[tuple[str, str], str] = {}

    def add(kind: str, first: int, last: int) -> None:
        words = [word for word, _ in tagged[first:last]]
        found.setdefault((kind, " ".join(words if kind == "adjective" else map(_stem, words))), " ".join(words))

    for i, (_, part_of_speech) in enumerate(tagged):
        if content[i]:
            add("word", i, i + 1)
            if part_of_speech == "JJ":
                add("adjective", i, i + 1)
            if i + 1 < len(tagged) and content[i + 1]:
                add("bigram", i, i + 2)
    for first, last in noun_phrases(tagged):
        while first < last and not content[first]:
            first += 1
        if 2 <= last - first <= MAX_PHRASE and all(content[first:last]):
            add("noun_phrase", first, last)
    return found


def _decade(word: str) -> str:
    """Years and short forms of decades as "1980s"; other words as they are."""
    if not word[0].isdigit() or not (found := _YEAR.fullmatch(word)):
        return word
    century, decade, of_last_century = found.groups()
    return f"19{of_last_century}0s" if of_last_century else f"{century}{decade}0s"


@lru_cache(maxsize=200_000)
def _stem(word: str) -> str:
    return _STEMMER.stem(word)


def _by_entity(mentions: list[Mention]) -> dict[Entity, list[Mention]]:
    grouped = defaultdict(list)
    for mention in mentions:
        grouped[mention.entity_kind, mention.entity_id].append(mention)
    return grouped


def _subject_weights(read: dict[int, _Sentence]) -> dict[int, float]:
    """The weight of each sentence, and of the title, for whom the article is about."""
    return {n: _undivided(sentence) * HALF_LEAD / (HALF_LEAD + max(n, 0)) for n, sentence in read.items()}


def _weights(spans: list[Sentence], read: dict[int, _Sentence], own: list[Mention]) -> dict[int, float]:
    """The weight of each sentence for an entity, by the distance to its nearest mention."""
    weights: dict[int, float] = defaultdict(float)
    for mention in own:
        if mention.start == IN_TITLE:
            near = {IN_TITLE: 1.0}
        else:
            at = sentence_at(spans, mention.start)
            near = {n: DECAY ** abs(n - at) for n in range(max(at - WINDOW, 0), at + WINDOW + 1)}
        for number, weight in near.items():
            if number in read:
                weights[number] = max(weights[number], weight * _undivided(read[number]))
    return weights


def _undivided(sentence: _Sentence) -> float:
    return min(1.0, LIST_OF_NAMES / max(len(sentence.artists), 1))


def _amounts(
    weights: dict[int, float], read: dict[int, _Sentence], owners: set[str], names: frozenset[str]
) -> dict[tuple[str, str], float]:
    """In how many sentences each term, (kind, stem), is used about an entity."""
    amounts: dict[tuple[str, str], float] = defaultdict(float)
    for number, weight in sorted(weights.items()):
        for term, form in read[number].terms.items():
            if names.isdisjoint(_name_words(form)):
                amounts[term] += weight
        for artist_id in read[number].artists - owners:
            amounts["artist", artist_id] += weight
    return amounts


def _forms(read: dict[int, _Sentence]) -> dict[tuple[str, str], str]:
    """The form that most sentences give each term, of equals the first by the alphabet."""
    counted = Counter((term, form) for sentence in read.values() for term, form in sentence.terms.items())
    rarest_first = sorted(counted.items(), key=lambda item: (-item[1], item[0]), reverse=True)
    forms = {term: form for (term, form), _ in rarest_first}
    return forms | {("artist", artist_id): artist_id for sentence in read.values() for artist_id in sentence.artists}


@lru_cache(maxsize=200_000)
def _name_words(form: str) -> frozenset[str]:
    return frozenset(fold(form).lower.replace("-", " ").split())


def name_words(name: str) -> frozenset[str]:
    """The words of a name in lower case that are no terms for its bearer; words of the world of music stay terms.

    >>> sorted(name_words("The Dave Matthews Band"))
    ['dave', 'matthews', 'the']
    """
    return _name_words(name) - MUSIC_WORDS
