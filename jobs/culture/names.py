"""The names of the library: the ways to write each of them, and one automaton (Aho and Corasick 1975) that finds all of
them in one pass over a text."""

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import NamedTuple

import ahocorasick

from jobs.culture.commonness import Seen, commonness
from jobs.culture.text import Folded, fold
from jobs.culture.vocabulary import SMALL_WORDS

STRICT = 0.25  # from this commonness on, only capitals make a name of the words

# "Song (2011 Remaster)", "Song - Live at Wembley", "Song feat. Somebody": what people write is "Song".
_VERSION = re.compile(
    r"\s*[(\[][^)\]]*[)\]]\s*$|\s+-\s+.*\b(?:remaster(?:ed)?|live|mix|edit|version|demo|mono|stereo|remix)\b.*$"
    r"|\s+(?:feat|ft|featuring)\b.*$",
    re.IGNORECASE,
)
_WORD = re.compile(r"[^\W_]+(?:['.][^\W_]+)*|[&+]")


class Name(NamedTuple):
    """One way to write the name of one entity."""

    kind: str  # "artist", "track" or "album"
    entity_id: str  # artist_id, track_id, or `album_id`
    artist_ids: tuple[str, ...]  # whose it is, the main artist first; for an artist: itself
    cased: str  # as the catalogue writes it, folded
    commonness: float  # the chance that a text with these words does not mean a name

    @property
    def strict(self) -> bool:
        """Whether only capitals make a name of the words."""
        return self.commonness >= STRICT


class Spelling(NamedTuple):
    """All names that are written the same but for capitals."""

    names: tuple[Name, ...]
    strict: bool  # all are common words
    capital: bool  # all have one in the catalogue


class Match(NamedTuple):
    """A place in the folded text, `[start, end)`, and what is written there."""

    start: int
    end: int
    spelling: Spelling


def album_id(artist_id: str, title: str) -> str:
    """The identifier of an album: the catalogue gives it none."""
    return f"{artist_id}/{title}"


def names(
    artists: Iterable[tuple[str, str]],
    tracks: Iterable[tuple[str, str, tuple[str, ...], str | None]],
    seen: Mapping[str, Seen] | None = None,
) -> Iterator[Name]:
    """All ways to write the names of a library; an album comes once for each of its tracks.

    artists: (artist_id, name); tracks: (track_id, title, artist_ids with the main artist first, album or None).
    seen: how the articles at hand write names, by their lower case (see `jobs.culture.reading.seen_names`).
    """
    for artist_id, name in artists:
        yield from _spelled("artist", artist_id, (artist_id,), artist_forms(name or ""), seen)
    for track_id, title, artist_ids, album in tracks:
        yield from _spelled("track", track_id, artist_ids, title_forms(title or ""), seen)
        if album:
            yield from _spelled("album", album_id(artist_ids[0], album), artist_ids[:1], title_forms(album), seen)


def _spelled(
    kind: str, entity_id: str, artist_ids: tuple[str, ...], forms: list[str], seen: Mapping[str, Seen] | None
) -> Iterator[Name]:
    for form in forms:
        yield Name(kind, entity_id, artist_ids, form, form_commonness(form, seen))


def form_commonness(form: str, seen: Mapping[str, Seen] | None = None) -> float:
    """The commonness of a folded name (`jobs.culture.commonness`); a number alone is common.

    >>> form_commonness("The Cure") > form_commonness("Bad Brains") > form_commonness("Radiohead")
    True
    """
    lower = form.lower()
    words = _WORD.findall(lower)
    large = [w for w in words if w not in SMALL_WORDS] or words[:1]
    if not any(c.isalpha() for c in form):
        large = ["one"] if any(c.isdigit() for c in form) else []
    return commonness(large, lower, seen) if form != lower else commonness(large, lower)


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
    forms += [re.sub(r"(?<=[A-Za-z])!(?=[A-Za-z])", "i", f) for f in forms]
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
    """Each form once, whatever its capitals, with single spaces; a form with nothing to read in it is no name."""
    tidy = {f.lower(): f for f in reversed([" ".join(f.split()) for f in forms])}
    kept = [f for f in reversed(tidy.values()) if len(f) > 1 and (any(c.isalnum() for c in f) or f == forms[0])]
    return sorted(kept, key=lambda f: f != forms[0])


def is_distinctive(cased: str) -> bool:
    """Whether a name is spelled as words are not: with capitals or signs inside.

    >>> [is_distinctive(name) for name in ("HEALTH", "P!nk", "M83", "alt-J", "fun.", "Help!", "Sigur Ros")]
    [True, True, True, True, False, False, False]
    """
    words = [word.rstrip(".!?,") for word in cased.split()]
    return any(any(c.isupper() or not (c.isalpha() or c in "'&+-") for c in word[1:]) for word in words)


class NameIndex:
    """Finds names in folded texts. Can be pickled, to be made once and sent to every worker.

    Memory: about 1 KiB for each way to write a name, in every process that holds it, so that a library of a
    million names fits into a worker of 1.5 GiB; `python -m benchmarks.linking` measures it.
    """

    def __init__(self, all_names: Iterable[Name]):
        by_form: dict[str, dict[tuple[str, str], Name]] = {}
        for name in all_names:
            by_form.setdefault(name.cased.lower(), {}).setdefault((name.kind, name.entity_id), name)
        self.automaton = ahocorasick.Automaton()
        while by_form:
            form, of_entities = by_form.popitem()
            written_so = tuple(sorted(of_entities.values()))
            strict = all(name.strict for name in written_so)
            self.automaton.add_word(form, Spelling(written_so, strict, all(n.cased != form for n in written_so)))
        self.automaton.make_automaton()

    def __bool__(self) -> bool:
        return len(self.automaton) > 0

    def forms(self, folded: Folded) -> dict[str, bool]:
        """The names, in lower case, that may be meant in a text, whatever is known of how common they are; and whether
        it writes them as the catalogue never does, in lower case throughout."""
        found: dict[str, bool] = {}
        plain, lower, _ = folded
        if not self:
            return found
        for last, spelling in self.automaton.iter(lower):
            start = last + 1 - len(spelling.names[0].cased)
            if _bounded(lower, start, last + 1) or _in_plural(lower, start, last + 1):
                form = lower[start : last + 1]
                found[form] = found.get(form, True) and spelling.capital and plain[start : last + 1] == form
        return found

    def spelling(self, form: str) -> Spelling:
        """The names that are written so, in lower case. Raises KeyError when there is none."""
        return self.automaton.get(form)

    def matches(self, folded: Folded) -> Iterator[Match]:
        """All places where a name stands between word boundaries, whatever its capitals, overlapping ones too; a
        name that is no common word in its plural, too ("the Madonnas of this world")."""
        lower = folded.lower
        if not self:
            return
        for last, spelling in self.automaton.iter(lower):
            end = last + 1
            if lower[end : end + 1].isalnum() and (spelling.strict or lower[end] != "s"):
                continue
            start = end - len(spelling.names[0].cased)
            if _bounded(lower, start, end) or (not spelling.strict and _in_plural(lower, start, end)):
                yield Match(start, end, spelling)


def _bounded(text: str, start: int, end: int) -> bool:
    before, after = text[start - 1 : start], text[end : end + 1]
    if before.isalnum() or after.isalnum():
        return False
    # A name that begins or ends with a sign ("!!!") must stand free there: "Great!!!" does not name anybody.
    return (text[start].isalnum() or not before.strip()) and (text[end - 1].isalnum() or after != text[end - 1])


def _in_plural(text: str, start: int, end: int) -> bool:
    return text[end : end + 1] == "s" and text[end - 1].isalpha() and _bounded(text, start, end + 1)


@lru_cache(maxsize=100_000)
def capitalised(surface: str, cased: str) -> bool:
    """Whether a surface is written as a name: every word but the small ones with a capital, and a name that the
    catalogue writes in capitals throughout (M.I.A.) in capitals throughout."""
    letters = [c for c in cased if c.isalpha()]
    if len(letters) > 1 and all(c.isupper() for c in letters):
        return surface.upper() == surface
    words = _WORD.findall(surface)
    large = [w for w in words if w.lower() not in SMALL_WORDS] or words
    return bool(large) and all(w[0].isupper() or not w[0].isalpha() for w in large)


def uses(folded: Folded, index: NameIndex) -> list[tuple[str, bool, bool]]:
    """The names in a text that the catalogue writes with a capital: the name in lower case, whether it is a common word
    beforehand, and whether the text ever writes it without its capitals."""
    found: dict[tuple[str, bool], bool] = {}
    for match in index.matches(folded):
        if match.spelling.capital:
            form = folded.lower[match.start : match.end]
            key = (form, match.spelling.strict)
            found[key] = found.get(key, False) or folded.plain[match.start : match.end] == form
    return [(*key, lowered) for key, lowered in found.items()]
