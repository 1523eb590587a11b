"""Which name is meant where words are written that are a name, too.

For each name at a place, a logistic model weighs what speaks for and against it: how common its words are, how they are
written, what stands beside them, and what company they keep in the article. Its log-odds are against "no name at all".
Names that claim the same characters (several artists of one name, a title that is another artist's name) exclude one
another: the chance of one is exp(z) / (1 + the sum of all exp(z)).

The weights were learned, with an L2 penalty, from the tuning half of `tests/culture/ambiguous_names.tsv`;
`python -m benchmarks.linking --fit` learns and prints them.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from math import exp, log2

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
from jobs.culture.lexicon import STOP_WORDS
from jobs.culture.names import Name, capitalised
from jobs.culture.vocabulary import (
    ACTING,
    ALBUM_ROLES,
    DETERMINERS,
    LINKS,
    PERFORMING,
    PLACES,
    PLURAL_VERBS,
    PROPER,
    ROLES,
    SUBJECTS,
    TRACK_ROLES,
    VERBS,
    WHERE,
    WORKS,
)

# What each piece of evidence adds to the log-odds that an artist is meant.
ARTIST_WEIGHTS = {
    "bias": 0.68,
    "common words": -0.48,  # log-odds of the commonness
    "a place or a person": -1.01,  # a single word that is also such a name
    "where a place would stand": -1.24,  # such a name, "in Boston"
    "other places in the sentence": -1.68,  # for the name of a place; log2(1 + how many)
    "several words": -0.4,  # how many more than one, at most 2
    "capital in running text": 1.81,
    "its article's capital in running text": 1.18,  # "saw The Cure"
    "without its capitals": -1.5,
    "its own spelling": 2.0,  # P!nk, HEALTH
    "capitals throughout": -1.03,  # where the name has them not: "the WHO"
    "a determiner or a pronoun before": -2.73,  # "the Air", "a Tool", for a name without "The"
    "a capital before": -2.98,  # "Fresh Air"
    "a capital after": -2.84,  # "Air France"
    "part of a phrase with of": -2.41,  # "the Book of Genesis", "Prince of Wales"
    "a possessive before": 0.42,  # "Atlanta's Future"
    "a role before": 2.28,  # "the duo Air"
    "a role or a work after": 1.68,  # "Low, the trio", "Air's new album", "the Boston album"
    "a verb after": 0.8,  # "Prince was"
    "what musicians do after": 1.67,  # "Prince played"
    "a singular name with a plural verb": 1.14,  # "Air have"
    "a preposition before": 1.24,  # "by Air"
    "another word after": -1.05,  # neither a verb nor a sign: "Free entry"
    "in quotes": -0.5,
    "music words in the sentence": -0.03,  # log2(1 + how many)
    "titles of its own": 2.22,  # how many, at most 2; one that may be words counts half
    "full names in the sentence": 1.28,  # of people; log2(1 + how many)
    "another form of its name": 1.5,
    "other artists in the sentence": 1.12,  # beyond doubt; log2(1 + how many)
    "those it works with": 1.0,  # artists who share a track with it are in the article
    "a tag of the article": 2.0,
    "the article's title": 1.5,  # the title is, or begins with, the name alone
    "otherwise used": -1.79,  # elsewhere in the article in lower case, or in a longer name
    "elsewhere in the article": 1.58,  # the best chance of its other places, from all of the above
}

# The same for a track or an album of an artist who is in the article.
TITLE_WEIGHTS = {
    "bias": -1.63,
    "common words": -0.36,
    "several words": 0.68,
    "capital in running text": 0.89,
    "without its capitals": -2.0,
    "its own spelling": 2.0,
    "in quotes": 3.0,
    "its artist": 1.32,  # the chance that the artist is in the article
    "its artist in the sentence": 1.14,
    "its artist right before or after": 1.48,  # "Hello by Adele", "Adele's Hello"
    "a determiner or a pronoun before": -1.87,
    "a capital before": -2.06,
    "a capital after": -2.22,
    "its kind before or after": 2.0,  # "the single Creep", of an album "the album Blue"
    "the other kind before or after": -2.0,
    "performed": 1.56,  # "sang Creep"
    "another verb before": -1.49,  # "was Hurt"
    "a preposition before": 0.98,  # "on Blue"
    "a verb after": 1.88,
    "another word after": -1.0,
    "music words in the sentence": 0.67,
}


@dataclass
class Hypothesis:
    """A name that may be meant at a place. names: of one owner and kind, which the same words name (the recordings of
    a song). odds: log-odds against no name. chance: after what excludes one another."""

    place: Place
    kind: str
    owner: str  # artist_id
    names: list[Name]
    features: tuple[float, ...] = ()
    odds: float = 0.0
    chance: float = 0.0


@dataclass
class Company:
    """What an article says about who is in it."""

    otherwise: Counter  # how often each name, in lower case, stands for something else
    titles: dict[str, dict[str, float]] = field(default_factory=lambda: defaultdict(dict))  # by artist; 1: beyond doubt
    forms: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))  # of an artist's name, beyond doubt
    beside: dict[tuple[bool, int], set[str]] = field(default_factory=lambda: defaultdict(set))  # artists of a sentence
    partners: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))  # who shares a track that is named
    tags: frozenset[str] = frozenset()  # folded, in lower case


def hypotheses(places: Iterable[Place], kinds: Sequence[str]) -> list[Hypothesis]:
    """The names of these kinds at places, by owner."""
    found = []
    for place in places:
        by_owner: dict[tuple[str, str], list[Name]] = defaultdict(list)
        for name in place.match.names:
            if name.kind in kinds:
                by_owner[name.kind, name.artist_ids[0]].append(name)
        found += [Hypothesis(place, kind, owner, names) for (kind, owner), names in by_owner.items()]
    return found


def company(artists: list[Hypothesis], titles: list[Hypothesis], as_words: Counter, tags: Iterable[str]) -> Company:
    """Who and what is named. Beyond doubt are uncommon words, titles of several uncommon words, and titles in quotes;
    a title of common words with capitals counts half."""
    found = Company(as_words.copy(), tags=frozenset(tags))
    at = defaultdict(set)
    for h in artists:
        name, place = h.names[0], h.place
        at[place.passage.in_title, place.match.start].add(h.owner)
        if not name.strict:
            found.forms[h.owner].add(name.cased.lower())
            found.beside[place.passage.in_title, place.sentence].add(h.owner)
        elif joined_before(place) or joined_after(place):
            found.otherwise[name.cased.lower()] += 1
    for h in titles:
        name, place = h.names[0], h.place
        if place.quoted or (not name.strict and " " in name.cased):
            worth = 1.0
        else:
            worth = 0.5 if " " in name.cased and place.informative and capitalised(place.written, name.cased) else 0.0
        for artist_id in {artist_id for n in h.names for artist_id in n.artist_ids}:
            titles_of = found.titles[artist_id]
            if worth and artist_id not in at[place.passage.in_title, place.match.start]:
                titles_of[name.cased.lower()] = max(worth, titles_of.get(name.cased.lower(), 0.0))
                found.partners[artist_id].update(set(name.artist_ids) - {artist_id})
    return found


def artist_features(h: Hypothesis, known: Company, elsewhere: float = 0.0) -> tuple[float, ...]:
    """The features of an artist at a place, in the order of `ARTIST_WEIGHTS`; elsewhere: the best chance of its other
    places in the article."""
    place, name = h.place, h.names[0]
    lower, before, after = name.cased.lower(), place.before.lower(), place.after.lower()
    cased = name.cased != lower and is_cased(place, name.cased)
    proper = " " not in lower and lower in PROPER
    role, follows = _role_before(place, ROLES), _follows(place)
    next_words = (place.after.lower(), place.after2.lower(), place.after3.lower())
    works = (place.inflection in ("'s", "'") and not WORKS.isdisjoint(next_words)) or (follows and after in WORKS)
    own_titles = known.titles[h.owner].values() if h.owner in known.titles else ()
    others = known.beside[place.passage.in_title, place.sentence] - {h.owner}
    words = place.passage.words[place.sentence]
    return (
        1.0,
        log_odds(name.commonness),
        float(proper),
        float(proper and place.gap_before == " " and before in WHERE),
        log2(1 + other_places(place)) if lower in PLACES else 0.0,
        float(min(lower.count(" "), 2)),
        float(cased and place.informative),
        float(cased and not place.initial and not place.headline and place.written.startswith("The ")),
        float(not cased and name.cased != lower),
        float(exact(place, name.cased)),
        float(is_shouted(place, name.cased)),
        float(_determined(place) and not lower.startswith("the ")),
        float(joined_before(place) and not role),
        float(joined_after(place)),
        float(of_phrase(place)),
        float(place.gap_before == " " and before.endswith(("'s", "s'")) and place.before[0].isupper()),
        float(role),
        float(works or _role_after(place, ROLES)),
        float(follows and after in VERBS),
        float(follows and after in ACTING),
        float(follows and after in PLURAL_VERBS and not lower.endswith("s") and before != "and"),
        float(place.gap_before == " " and before in LINKS and not of_phrase(place)),
        float(follows and not place.headline and after not in VERBS | WORKS | STOP_WORDS),
        float(place.quoted),
        log2(1 + music_words(words, lower.split())),
        min(sum(own_titles), 2.0),
        log2(1 + full_names(place)),
        float(bool(known.forms.get(h.owner, set()) - {lower})),
        log2(1 + len(others)),
        float(any(partner in known.forms for partner in known.partners.get(h.owner, ()))),
        float(lower in known.tags),
        float(place.passage.in_title and _heads(place)),
        float(known.otherwise[lower] > (joined_before(place) or joined_after(place))),
        elsewhere,
    )


def title_features(h: Hypothesis, owner_chance: float, owner_places: Iterable[Place]) -> tuple[float, ...]:
    """The features of a track or an album at a place, in the order of `TITLE_WEIGHTS`."""
    place, name = h.place, h.names[0]
    lower, before, after = name.cased.lower(), place.before.lower(), place.after.lower()
    cased = name.cased != lower and is_cased(place, name.cased)
    near = [p for p in owner_places if p.passage is place.passage and p.sentence == place.sentence]
    follows = _follows(place)
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
        float(place.gap_before == " " and before in VERBS and before not in PERFORMING),
        float(place.gap_before == " " and before in LINKS),
        float(follows and after in VERBS),
        float(follows and not place.headline and after not in VERBS and after not in STOP_WORDS),
        log2(1 + music_words(place.passage.words[place.sentence], lower.split())),
    )


def log_odds_of(features: Sequence[float], weights: dict[str, float]) -> float:
    """The weighted sum."""
    return sum(weight * feature for weight, feature in zip(weights.values(), features, strict=True) if feature)


def chance_of(odds: float) -> float:
    """The chance with these log-odds.

    >>> chance_of(0.0)
    0.5
    """
    return 1 / (1 + exp(-max(min(odds, 30.0), -30.0)))


def exclude(rivals: Iterable[Hypothesis]) -> None:
    """Set the chances of hypotheses, of which those that overlap exclude one another."""
    for cluster in _clusters(rivals):
        for h in cluster:
            h.chance = exp(h.odds) / (1 + sum(exp(r.odds) for r in cluster if r.place.overlaps(h.place)))


def _clusters(rivals: Iterable[Hypothesis]) -> Iterable[list[Hypothesis]]:
    """Groups of hypotheses; those of different groups do not overlap."""
    cluster: list[Hypothesis] = []
    end = (False, 0)
    for h in sorted(rivals, key=lambda h: h.place.key):
        part, start, last = h.place.key
        if cluster and (part, start) >= end:
            yield cluster
            cluster = []
        end = max(end, (part, last)) if cluster else (part, last)
        cluster.append(h)
    if cluster:
        yield cluster


def _determined(place: Place) -> bool:
    """Whether a determiner stands before the name, with an adjective between them or not, or a pronoun."""
    if place.gap_before == " " and place.before.lower() in DETERMINERS | SUBJECTS:
        return True
    between = place.before
    return (
        place.gap_before == " "
        and place.gap_before2 == " "
        and place.before2.lower() in DETERMINERS
        and between.lower() not in ROLES
        and not between.endswith("s")
    )


def _follows(place: Place) -> bool:
    return place.gap_after == " " and not place.inflection and bool(place.after)


def _role_before(place: Place, roles: Iterable[str]) -> bool:
    return place.gap_before.strip(" \"'") == "" and place.before.lower() in roles


def _role_after(place: Place, roles: Iterable[str]) -> bool:
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
