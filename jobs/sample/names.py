"""Names of artists, titles of tracks and albums: varied as real ones, none twice where that would matter."""

import re

import numpy as np

from jobs.sample import words

SPECIAL_EVERY = 8  # of this many artists one has a common word for a name, and one a name with diacritics


def artist_names(n: int, random: np.random.Generator) -> list[str]:
    """`n` different names; among them common words, diacritics, "&" and "The", whatever `n` from 4 on."""
    special = [
        *_some(words.COMMON_WORD_NAMES, 1 + n // (2 * SPECIAL_EVERY), random),
        *_some(words.ACCENTED_NAMES, 1 + n // SPECIAL_EVERY, random),
        *_some(words.COINED_NAMES, n // SPECIAL_EVERY, random),
        _filled("The {nouns}", random),
        _filled("{noun} & {noun2}", random),
    ]
    names = list(dict.fromkeys(special))[:n]
    while len(names) < n:
        name = _filled(str(random.choice(words.ARTIST_PATTERNS)), random)
        if name.casefold() not in {known.casefold() for known in names}:
            names.append(name)
    return [names[i] for i in random.permutation(n)]


def titles(n: int, random: np.random.Generator, patterns: list[str] = words.TITLE_PATTERNS) -> list[str]:
    """`n` different titles, as they stand on one artist's records."""
    found: dict[str, str] = {}
    while len(found) < n:
        title = _filled(str(random.choice(patterns)), random)
        found.setdefault(title.casefold(), title)
    return list(found.values())


def album_title(random: np.random.Generator) -> str:
    """The title of an album."""
    return titles(1, random, words.ALBUM_PATTERNS)[0]


def version_of(title: str, year: int, random: np.random.Generator) -> str:
    """The title of another version of the same song."""
    return title + str(random.choice(words.VERSIONS)).format(year=year)


def person(random: np.random.Generator) -> str:
    """First and last name."""
    return _filled("{first} {last}", random)


def _some(from_list: list[str], n: int, random: np.random.Generator) -> list[str]:
    return [str(x) for x in random.choice(from_list, size=min(n, len(from_list)), replace=False)]


def _plural(noun: str) -> str:
    if noun.endswith("y") and noun[-2] not in "aeo":
        return noun[:-1] + "ies"
    return noun + ("es" if noun.endswith(("h", "x", "ss")) and not noun.endswith("th") else "s")


def _filled(pattern: str, random: np.random.Generator) -> str:
    noun, noun2 = random.choice(words.NOUNS, 2, replace=False)
    adjective, adjective2 = random.choice(words.ADJECTIVES, 2, replace=False)
    last, last2 = random.choice(words.LAST_NAMES, 2, replace=False)
    verb, verb2 = random.choice(words.VERBS, 2, replace=False)
    filled = pattern.format(
        noun=noun,
        noun2=noun2,
        nouns=_plural(str(noun)),
        adjective=adjective,
        adjective2=adjective2,
        last=last,
        last2=last2,
        verb=verb,
        verb2=verb2,
        first=random.choice(words.FIRST_NAMES),
        place=random.choice(words.PLACES),
        time=str(random.choice(words.TIMES)).strip(),
        number=random.choice(words.NUMBERS),
        number_low=int(random.integers(3, 99)),
        roman=random.choice(words.ROMAN),
    )
    return re.sub(r"\b([Aa]) (?=[AEIOU])", r"\1n ", filled)
