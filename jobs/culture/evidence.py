"""What speaks for and against a name at a place, as numbers: the features of the model in
`jobs.culture.disambiguation`."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from math import log2

from jobs.culture.commonness import log_odds
from jobs.culture.context import (
    Place,
    exact,
    full_names,
    is_cased,
    is_shouted,
    joined_after,
    joined_before,
    music_words,
    of_phrase,
    other_places,
)
from jobs.culture.disambiguation import Hypothesis
from jobs.culture.lexicon import STOP_WORDS
from jobs.culture.names import Name
from jobs.culture.vocabulary import (
    ACTING,
    ALBUM_ROLES,
    DETERMINERS,
    JOINING,
    LINKS,
    PARTS,
    PERFORMING,
    PLACES,
    PLURAL_VERBS,
    PROPER,
    ROLES,
    SAYING,
    SUBJECTS,
    TRACK_ROLES,
    VERBS,
    WHERE,
    WORKS,
)

_BEFORE_NOUNS_AND_VERBS = DETERMINERS | SUBJECTS  # no name stands right after
_EXPECTED = VERBS | WORKS | STOP_WORDS  # after a name


@dataclass
class Company:
    """What an article says about who is in it."""

    otherwise: Counter  # how often each name, in lower case, stands for something else
    titles: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))  # of an artist, beyond doubt
    possible: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))  # that may be words
    forms: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))  # of an artist's name, beyond doubt
    beside: dict[tuple[bool, int], set[str]] = field(default_factory=lambda: defaultdict(set))  # artists of a sentence
    partners: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))  # who shares a track that is named
    tags: frozenset[str] = frozenset()  # folded, in lower case


def company(artists: list[Hypothesis], titles: list[Hypothesis], as_words: Counter, tags: Iterable[str]) -> Company:
    """Who and what is named. Beyond doubt are uncommon words, titles of several uncommon words, and titles in quotes;
    possible are titles of common words with capitals."""
    found = Company(as_words.copy(), tags=frozenset(tags))
    at = defaultdict(set)
    for h in artists:
        name, place = h.names[0], h.place
        at[place.key[:2]].add(h.owner)
        if not name.strict:
            found.forms[h.owner].add(name.cased.lower())
            found.beside[place.passage.in_title, place.sentence].add(h.owner)
        elif joined_before(place) or joined_after(place):
            found.otherwise[name.cased.lower()] += 1
    for h in titles:
        name, place = h.names[0], h.place
        sure = place.quoted or (not name.strict and " " in name.cased)
        if sure or (place.informative and is_cased(place, name.cased) and not joined_before(place)):
            for artist_id in {artist_id for n in h.names for artist_id in n.artist_ids} - at[place.key[:2]]:
                (found.titles if sure else found.possible)[artist_id].add(name.cased.lower())
                found.partners[artist_id].update(set(name.artist_ids) - {artist_id})
    return found


def artist_features(
    h: Hypothesis, known: Company, others: float | None = None, elsewhere: float = 0.0
) -> tuple[float, ...]:
    """The features of an artist at a place, in the order of `ARTIST_WEIGHTS`.

    others: how many other artists are expected in the sentence; by default, those beyond doubt. elsewhere: the best
    chance of its other places in the article.
    """
    place, name = h.place, h.names[0]
    if name.cased not in place.seen_as:
        place.seen_as[name.cased] = _as_written(place, name)
    if others is None:
        others = len(known.beside.get((place.passage.in_title, place.sentence), set()) - {h.owner})
    return (*place.seen_as[name.cased], *_in_company(h, known), log2(1 + others), elsewhere)


def _as_written(place: Place, name: Name) -> tuple[float, ...]:
    """What artists of one name share: how it is written, and what stands beside it."""
    lower, before, after = name.cased.lower(), place.before.lower(), place.after.lower()
    cased = name.cased != lower and is_cased(place, name.cased)
    proper = " " not in lower and lower in PROPER
    next_to, follows = place.gap_before == " ", _follows(place)
    role, joined = _role_before(place, ROLES), of_phrase(place)
    the_plural = next_to and before == "the" and lower.endswith("s")
    of_name = place.inflection in ("'s", "'") and not WORKS.isdisjoint(
        (after, place.after2.lower(), place.after3.lower())
    )
    return (
        1.0,
        log_odds(name.commonness),
        float(proper),
        float(proper and next_to and before in WHERE),
        log2(1 + other_places(place)) if lower in PLACES else 0.0,
        float(min(lower.count(" "), 2)),
        float(cased and place.informative),
        float(cased and not place.initial and not place.headline and place.written.startswith("The ")),
        float(not cased and name.cased != lower),
        float(exact(place, name.cased)),
        float(is_shouted(place, name.cased)),
        float(_determined(place) and not lower.startswith("the ") and not the_plural),
        float(the_plural),
        float(joined_before(place) and not role),
        float(joined_after(place)),
        float(joined),
        float(next_to and before.removesuffix("'s") in PLACES and before.endswith("'s")),
        float(role),
        float(of_name or (follows and after in WORKS) or _role_after(place, ROLES)),
        float(follows and after in VERBS),
        float(follows and after in ACTING),
        float(follows and after in PLURAL_VERBS and not lower.endswith("s") and before != "and"),
        float(next_to and before in LINKS and not joined),
        float(next_to and before in JOINING and place.gap_before2 == " " and place.before2.lower() in PARTS),
        float(next_to and before in SAYING),
        float(follows and not place.headline and after not in _EXPECTED),
        float(place.quoted),
        log2(1 + music_words(place.passage.words[place.sentence], lower.split())),
        log2(1 + full_names(place)),
        float(place.passage.in_title and _heads(place)),
    )


def _in_company(h: Hypothesis, known: Company) -> tuple[float, ...]:
    """What the article says about this artist beside the place."""
    place, lower = h.place, h.names[0].cased.lower()
    joined = joined_before(place) or joined_after(place)
    return (
        float(min(len(known.titles.get(h.owner, ())), 2)),
        float(min(len(known.possible.get(h.owner, ())), 2)),
        float(bool(known.forms.get(h.owner, set()) - {lower})),
        float(any(partner in known.forms for partner in known.partners.get(h.owner, ()))),
        float(lower in known.tags),
        log2(1 + max(known.otherwise[lower] - joined, 0)),
    )


def title_features(h: Hypothesis, owner_chance: float, near: Collection[Place]) -> tuple[float, ...]:
    """The features of a track or an album at a place, in the order of `TITLE_WEIGHTS`.

    owner_chance: that its artist is in the article; near: where the artist is named in the same sentence.
    """
    place, name = h.place, h.names[0]
    lower, before, after = name.cased.lower(), place.before.lower(), place.after.lower()
    cased = name.cased != lower and is_cased(place, name.cased)
    next_to, follows = place.gap_before == " ", _follows(place)
    kind, other = (TRACK_ROLES, ALBUM_ROLES) if h.kind == "track" else (ALBUM_ROLES, TRACK_ROLES)
    return (
        1.0,
        log_odds(name.commonness),
        float(min(name.cased.count(" "), 2)),
        float(cased and place.informative),
        float(not cased and name.cased != lower),
        float(exact(place, name.cased)),
        float(place.quoted),
        owner_chance,
        float(bool(near)),
        float(any(_adjacent(place, p) for p in near)),
        float(_determined(place) and not lower.startswith("the ")),
        float(joined_before(place)),
        float(joined_after(place)),
        float(_role_before(place, kind) or _role_after(place, kind)),
        float(_role_before(place, other) or _role_after(place, other)),
        float(place.gap_before.strip(" \"'") == "" and before in PERFORMING),
        float(next_to and before in VERBS and before not in PERFORMING),
        float(next_to and before in LINKS),
        float(follows and after in VERBS),
        float(follows and not place.headline and after not in VERBS and after not in STOP_WORDS),
        log2(1 + music_words(place.passage.words[place.sentence], lower.split())),
    )


def _determined(place: Place) -> bool:
    """Whether a determiner stands before the name, with an adjective between them or not, or a pronoun: "the
    Air", "a lush Air", "the hero's Journey", "they Can"."""
    if place.gap_before == " " and place.before.lower() in _BEFORE_NOUNS_AND_VERBS:
        return True
    if place.gap_before == " " and place.before.endswith("'s"):
        return place.gap_before2 == " " and place.before2.lower() in DETERMINERS
    between = place.before
    return (
        place.gap_before == " "
        and place.gap_before2 == " "
        and place.before2.lower() in DETERMINERS
        and between.lower() not in ROLES
        and not between.endswith("s")
    )


def _follows(place: Place) -> bool:
    """Whether a word stands right after that is no part of a longer name."""
    return place.gap_after == " " and not place.inflection and (place.after[:1].islower() or place.headline)


def _role_before(place: Place, roles: Collection[str]) -> bool:
    return place.gap_before.strip(" \"'") == "" and place.before.lower() in roles


def _role_after(place: Place, roles: Collection[str]) -> bool:
    """Low, the Duluth trio: an apposition."""
    if place.gap_after.strip() != "," or place.after.lower() not in ("a", "an", "the"):
        return False
    return place.after2.lower() in roles or place.after3.lower() in roles


def _heads(place: Place) -> bool:
    """Whether the name is all of a title, or stands before its first sign: "Air: Moon Safari", "Low - Hey What"."""
    rest = place.passage.folded.plain[place.match.end :].lstrip()
    return place.initial and (not rest or rest[0] in ":-,|(")


def _adjacent(title: Place, artist: Place) -> bool:
    """Whether the artist of a title stands beside it: "Hello by Adele", "Adele's Hello"."""
    between = title.passage.folded.plain[
        min(title.match.end, artist.match.end) : max(title.match.start, artist.match.start)
    ]
    return between.strip(" \"'") in ("by", "'s", "s", "", "s '", "-", ",", ":", "from") or between.strip() in (
        "'s \"",
        "' \"",
    )
