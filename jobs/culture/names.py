"""The names of the library as one automaton (Aho and Corasick 1975), which finds all of them in one pass."""

import re
from collections.abc import Collection, Iterable, Iterator
from typing import NamedTuple

import ahocorasick

from jobs.culture.lexicon import COMMON_WORDS
from jobs.culture.text import Folded, fold

SMALL_WORDS = frozenset(
    (
        "a",
        "an",
        "and",
        "at",
        "by",
        "de",
        "for",
        "from",
        "in",
        "la",
        "n",
        "of",
        "on",
        "or",
        "the",
        "to",
        "with",
        "&",
        "+",
    )
)
SHORT = 3  # letters: up to here a name is as likely an abbreviation or a syllable

# "Song (2011 Remaster)", "Song - Live at Wembley", "Song feat. Somebody": what people write is "Song".
_VERSION = re.compile(
    r"\s*[(\[][^)\]]*[)\]]\s*$|\s+-\s+.*\b(?:remaster(?:ed)?|live|mix|edit|version|demo|mono|stereo|remix)\b.*$"
    r"|\s+(?:feat|ft|featuring)\b.*$",
    re.IGNORECASE,
)
_WORD = re.compile(r"[^\W_]+(?:['.][^\W_]+)*|[&+]")


class Name(NamedTuple):
    """One way to write the name of one entity."""

    kind: str  # "artist", "track" or "album"; albums only serve as evidence for their artist
    entity_id: str  # artist_id, track_id; the title of an album
    artist_ids: tuple[str, ...]  # whose it is; for an artist: itself
    cased: str  # as the catalogue writes it, folded
    strict: bool  # a common word or phrase, or very short: only capitals make it a name


class Match(NamedTuple):
    """A place in the folded text, `[start, end)`, and all names that are written so."""

    start: int
    end: int
    names: tuple[Name, ...]


def names(
    artists: Iterable[tuple[str, str]],
    tracks: Iterable[tuple[str, str, tuple[str, ...], str | None]],
    lowercased: Collection[str] = frozenset(),
) -> list[Name]:
    """All ways to write the names of a library.

    artists: (artist_id, name); tracks: (track_id, title, artist_ids with the main artist first, album or None).
    lowercased: names in lower case that the articles use as common words (see `ordinary_words`).
    """
    found: dict[tuple[str, str, str], Name] = {}

    def add(kind: str, entity_id: str, artist_ids: tuple[str, ...], forms: list[str]) -> None:
        for form in forms:
            strict = form.lower() in lowercased or is_common(form)
            found.setdefault((kind, entity_id, form.lower()), Name(kind, entity_id, artist_ids, form, strict))

    for artist_id, name in artists:
        add("artist", artist_id, (artist_id,), artist_forms(name or ""))
    for track_id, title, artist_ids, album in tracks:
        add("track", track_id, artist_ids, title_forms(title or ""))
        if album:
            add("album", album, artist_ids[:1], title_forms(album))
    return list(found.values())


def artist_forms(name: str) -> list[str]:
    """The ways to write an artist's name, the catalogue's own first.

    >>> artist_forms("The Björk & Co.")
    ['The Bjork & Co.', 'Bjork & Co.', 'The Bjork and Co.', 'Bjork and Co.', 'The Bjork & Co', 'Bjork & Co', \
'The Bjork and Co', 'Bjork and Co']
    """
    forms = [fold(name).plain.strip()]
    forms += [f.replace('"', "") for f in forms] + [re.sub(r'\s*"[^"]*"\s*', " ", f) for f in forms]
    forms += [f[4:] for f in forms if f[:4].lower() == "the " and any(c.isalpha() for c in f[4:])]
    forms += [f.replace(" & ", " and ") for f in forms] + [f.replace(" and ", " & ") for f in forms if " and " in f]
    forms += [re.sub(r"[.'!?*,]", "", f) for f in forms]
    forms += [re.sub(r"[-/]", " ", f) for f in forms] + [f.replace("/", "") for f in forms]
    forms += [re.sub(r"(?<=[A-Za-z])\$(?=[A-Za-z])", "s", f) for f in forms]
    return _tidy(forms)


def title_forms(title: str) -> list[str]:
    """The ways to write the title of a track or an album, without what names the version.

    >>> title_forms("Don't Stop - 2004 Remaster")
    ["Don't Stop", 'Dont Stop']
    """
    base = fold(title).plain.strip()
    while (shorter := _VERSION.sub("", base).strip()) and shorter != base:
        base = shorter
    return _tidy([base, base.replace(" & ", " and "), re.sub(r"[.'!?*,]", "", base)])


def _tidy(forms: list[str]) -> list[str]:
    """Each form once, with single spaces; a form with nothing to read in it is no name."""
    tidy = dict.fromkeys(" ".join(f.split()) for f in forms)
    return [f for f in tidy if len(f) > 1 and (any(c.isalnum() for c in f) or f == forms[0])]


def is_common(form: str) -> bool:
    """Whether a folded name is made of everyday words only, or too short to be sure of.

    >>> is_common("Bad Company"), is_common("Radiohead"), is_common("XTC")
    (True, False, True)
    """
    letters, digits = any(c.isalpha() for c in form), any(c.isdigit() for c in form)
    words = [word.lower() for word in _WORD.findall(form)]
    short = sum(c.isalpha() for c in form) <= SHORT and not (letters and digits)
    return short or all(word in COMMON_WORDS or word in SMALL_WORDS for word in words)


def is_abbreviation(form: str) -> bool:
    """Whether a folded name is in capitals and no everyday word: XTC, R.E.M.

    >>> is_abbreviation("XTC"), is_abbreviation("AIR")
    (True, False)
    """
    letters = [c for c in form if c.isalpha()]
    return len(letters) > 1 and all(c.isupper() for c in letters) and form.lower() not in COMMON_WORDS


class NameIndex:
    """Finds names in folded texts. Can be pickled, to be made once and sent to every worker."""

    def __init__(self, all_names: Iterable[Name]):
        self.automaton = ahocorasick.Automaton()
        by_form: dict[str, list[Name]] = {}
        for name in all_names:
            by_form.setdefault(name.cased.lower(), []).append(name)
        for form in sorted(by_form):
            self.automaton.add_word(form, tuple(sorted(by_form[form])))
        self.automaton.make_automaton()

    def __bool__(self) -> bool:
        return len(self.automaton) > 0

    def matches(self, folded: Folded) -> Iterator[Match]:
        """All places where a name stands between word boundaries, whatever its capitals, overlapping ones too."""
        lower = folded.lower
        if not self:
            return
        for last, written in self.automaton.iter(lower):
            end = last + 1
            start = end - len(written[0].cased)
            if _bounded(lower, start, end):
                yield Match(start, end, written)


def _bounded(text: str, start: int, end: int) -> bool:
    before, after = text[start - 1 : start], text[end : end + 1]
    if before.isalnum() or after.isalnum():
        return False
    # A name that begins or ends with a sign ("!!!") must stand free there: "Great!!!" does not name anybody.
    return (text[start].isalnum() or not before.strip()) and (text[end - 1].isalnum() or after != text[end - 1])


def capitalised(surface: str, cased: str) -> bool:
    """Whether a surface is written as a name: every word but the small ones with a capital, and a name that the
    catalogue writes in capitals throughout (M.I.A.) in capitals throughout."""
    letters = [c for c in cased if c.isalpha()]
    if len(letters) > 1 and all(c.isupper() for c in letters):
        return surface.upper() == surface
    words = _WORD.findall(surface)
    large = [w for w in words if w.lower() not in SMALL_WORDS] or words
    return bool(large) and all(w[0].isupper() or not w[0].isalpha() for w in large)


def ordinary_uses(text: str, index: NameIndex) -> dict[str, bool]:
    """The names in a text that the catalogue writes with a capital: whether the text ever writes them without.

    Only names that are not known as common words are told.
    """
    uses: dict[str, bool] = {}
    folded = fold(text)
    for match in index.matches(folded):
        name = match.names[0]
        if not name.strict and name.cased != name.cased.lower():
            surface = folded.plain[match.start : match.end]
            form = name.cased.lower()
            uses[form] = uses.get(form, False) or surface == surface.lower()
    return uses
