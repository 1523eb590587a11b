"""Which artists, tracks and albums an article names, where, and how sure that is.

First the artists: each place is judged by itself (`jobs.culture.disambiguation`), then again with what the article's
other places say (one sense per discourse: Gale, Church and Yarowsky 1992). Then the
titles of the artists who are there.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from jobs.culture.article_kind import about_music, list_weight
from jobs.culture.context import Passage, Place, longest, music_words, places
from jobs.culture.disambiguation import (
    ARTIST_WEIGHTS,
    TITLE_WEIGHTS,
    Hypothesis,
    chance_of,
    exclude,
    hypotheses,
    log_odds_of,
)
from jobs.culture.evidence import artist_features, company, title_features
from jobs.culture.names import NameIndex
from jobs.culture.text import fold

IN_TITLE = -1  # the offset of a mention in the article's title
LEAST = 0.05  # confidence below which a mention is not worth a row
MAX_SUBJECTS = 2  # a title that names more artists is a list


class Mention(NamedTuple):
    """An entity that an article names. `start` counts characters of the text, or is `IN_TITLE`."""

    entity_kind: str  # "artist", "track" or "album"
    entity_id: str
    start: int
    surface: str
    confidence: float
    sentence: int = IN_TITLE  # number of the sentence (`jobs.culture.text.sentences`); `IN_TITLE` in the title
    is_subject: bool = False  # whether the article is about it
    weight: float = 1.0  # what the article is worth: little if it is a list of names, or not about music

    @property
    def end(self) -> int:
        """Where the surface ends in its field."""
        return max(self.start, 0) + len(self.surface)


@dataclass
class Reading:
    """An article as far as its names are concerned: all hypotheses, with their chances."""

    passages: tuple[Passage, Passage]  # title, text
    artists: list[Hypothesis]
    titles: list[Hypothesis]


def find(
    title: str | None,
    text: str,
    index: NameIndex,
    sure: float,
    boilerplate: Collection[str] = frozenset(),
    tags: Iterable[str] = (),
) -> list[Mention]:
    """The mentions of an article, by place.

    sure: in [0, 1], the confidence from which a mention counts, and an artist as present, so that their titles are
    looked for. boilerplate: fingerprints of sentences that name nobody. tags: what the publication files it under.
    """
    reading = read(title, text, index, sure, boilerplate, tags)
    found: dict[tuple[str, str, int], Mention] = {}
    for h in (*reading.artists, *reading.titles):
        in_title = h.place.passage.in_title
        for name in h.names:
            mention = Mention(
                entity_kind=name.kind,
                entity_id=name.entity_id,
                start=IN_TITLE if in_title else h.place.start,
                surface=h.place.surface,
                confidence=round(h.chance, 6),
                sentence=IN_TITLE if in_title else h.place.sentence,
            )
            known = found.get(mention[:3])
            if h.chance >= LEAST and (known is None or known.confidence < mention.confidence):
                found[mention[:3]] = mention
    mentions = sorted(found.values(), key=lambda m: (m.start, m.entity_kind, m.entity_id))
    return _judged(reading.passages, text, mentions, sure)


def read(
    title: str | None,
    text: str,
    index: NameIndex,
    sure: float,
    boilerplate: Collection[str] = frozenset(),
    tags: Iterable[str] = (),
) -> Reading:
    """All hypotheses about the names in an article; arguments as those of `find`."""
    passages = (Passage.of(title or "", True), Passage.of(text, False, boilerplate))
    found: list[Place] = []
    as_words: Counter = Counter()
    for passage in passages:
        of_passage, words = places(passage, index)
        found += of_passage
        as_words += words
    artists = hypotheses(longest([p for p in found if any(n.kind == "artist" for n in p.names)]), ("artist",))
    titles = hypotheses(found, ("track", "album"), {h.owner for h in artists})
    known = company(artists, titles, as_words, (fold(tag).lower for tag in tags))

    for h in artists:
        h.features = artist_features(h, known)
        h.odds = log_odds_of(h.features, ARTIST_WEIGHTS)
    best, expected = _best_two(artists), _expected(artists)
    for h in artists:
        elsewhere = max((chance for place, chance in best[h.owner] if place is not h.place), default=0.0)
        in_sentence = expected[h.place.passage.in_title, h.place.sentence]
        others = sum(in_sentence.values()) - in_sentence[h.place.written.lower()]
        h.features = artist_features(h, known, others, elsewhere)
        h.odds = log_odds_of(h.features, ARTIST_WEIGHTS)
    exclude(artists)

    titles = _of_present(titles, artists, sure)
    exclude([*artists, *titles])
    return Reading(passages, artists, titles)


def _best_two(artists: Iterable[Hypothesis]) -> dict[str, list[tuple[Place, float]]]:
    """The two places of each artist with the best chances."""
    best: dict[str, list[tuple[Place, float]]] = defaultdict(list)
    for h in artists:
        best[h.owner] = sorted([*best[h.owner], (h.place, chance_of(h.odds))], key=lambda pair: -pair[1])[:2]
    return best


def _expected(artists: Iterable[Hypothesis]) -> dict[tuple[bool, int], dict[str, float]]:
    """For each sentence, the names in it, in lower case, with the best chance of each."""
    expected: dict[tuple[bool, int], dict[str, float]] = defaultdict(lambda: defaultdict(float))
    for h in artists:
        names = expected[h.place.passage.in_title, h.place.sentence]
        form = h.place.written.lower()
        names[form] = max(names[form], chance_of(h.odds))
    return expected


def _of_present(titles: list[Hypothesis], artists: list[Hypothesis], sure: float) -> list[Hypothesis]:
    """The titles, longest first, of artists who are in the article, with their odds. Where an artist has a title of
    their own name, the artist is meant."""
    best: dict[str, float] = defaultdict(float)
    near: dict[tuple[str, bool, int], list[Place]] = defaultdict(list)
    named_so = set()
    for h in artists:
        best[h.owner] = max(best[h.owner], h.chance)
        named_so.add((h.owner, *h.place.key))
        if h.chance >= sure:
            near[h.owner, h.place.passage.in_title, h.place.sentence].append(h.place)
    kept = []
    for h in titles:
        owner = max({a for name in h.names for a in name.artist_ids}, key=lambda a: (best.get(a, 0.0), a))
        if best.get(owner, 0.0) >= sure and (owner, *h.place.key) not in named_so:
            beside = near.get((owner, h.place.passage.in_title, h.place.sentence), [])
            h.features = title_features(h, best[owner], beside)
            h.odds = log_odds_of(h.features, TITLE_WEIGHTS)
            kept.append(h)
    stay = {id(place) for place in longest([h.place for h in kept])}
    return [h for h in kept if id(h.place) in stay]


def _judged(passages: Sequence[Passage], text: str, mentions: list[Mention], sure: float) -> list[Mention]:
    """The mentions with what the article is worth, and whom it is about."""
    if not mentions:
        return []
    counted = [m for m in mentions if m.confidence >= sure]
    words = [sentence for passage in passages for sentence in passage.words]
    artists = {m.entity_id for m in counted if m.entity_kind == "artist"}
    weight = about_music([music_words(w) > 0 for w in words]) * list_weight(artists, sum(w.total() for w in words))
    about = subjects(text, counted)
    return [
        m._replace(weight=round(weight, 6), is_subject=m.confidence >= sure and (m.entity_kind, m.entity_id) in about)
        for m in mentions
    ]


def subjects(text: str, mentions: Iterable[Mention]) -> set[tuple[str, str]]:
    """Whom an article is about, (entity_kind, entity_id): who is in its title, unless that is a list; failing that, the
    artist whom the first paragraph names and the article names more often than all others together."""
    mentions = list(mentions)
    titled = {(m.entity_kind, m.entity_id) for m in mentions if m.start == IN_TITLE}
    if titled:
        artists = {e for e in titled if e[0] == "artist"}
        return titled if len(artists) <= MAX_SUBJECTS else set()
    lead = len(text) - len(text.lstrip())
    first_paragraph = text.find("\n", lead) if "\n" in text[lead:] else len(text)
    counts = Counter(m.entity_id for m in mentions if m.entity_kind == "artist")
    opening = {m.entity_id for m in mentions if m.entity_kind == "artist" and m.start < first_paragraph}
    return {("artist", a) for a in opening if 2 * counts[a] > counts.total()}
