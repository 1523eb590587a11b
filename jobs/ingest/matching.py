"""Which track of the library a listen or a playlist entry is of, when all that is known of it is how it is called.

By MusicBrainz recording or ISRC where both sides have one; else by the names, with a stated confidence: the product
of how surely the artist is the same and how surely the title is, each by the strictest comparison that holds. The
figures were set by half of the marked pairs in tests/ingest/messy_names.tsv (`python -m benchmarks.matching`).
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache

from rapidfuzz.distance import OSA
from rapidfuzz.process import extract

from jobs.ingest.names import fold, split_featured
from jobs.ingest.spelling import (
    Title,
    artist_key,
    credited,
    initials,
    is_another_piece,
    is_imitation,
    title_of,
    without_track_number,
)

IDENTIFIER = 0.99  # a recording identifier may be wrong where a service has guessed it

# How surely it is the same artist, by the strictest comparison that holds.
ARTISTS = {"same": 1.0, "spelling": 0.97, "credit": 0.95, "surname": 0.9, "typing": 0.9}
# How surely it is the same song, given the artist.
TITLES = {"same": 0.99, "version": 0.97, "spelling": 0.97, "subtitle": 0.93, "track number": 0.93, "typing": 0.91}

NOBODY = {"", "unknownartist", "unknown", "variousartists", "various", "va"}
SHORTEST_TYPED = 6  # letters; in a shorter name one other letter makes another name
MOST_SLIPS = 3
NEARLY_THE_SAME = ("same", "spelling", "credit")  # with an artist so sure, a title may be wrongly typed
DIGITS = re.compile(r"\d")
LONG_TITLE = 12  # letters; a title from which on a surname alone will do


@dataclass(frozen=True)
class Track:
    """A track of the library, as far as matching goes. artists : the main one, and those beside."""

    track_id: str
    artist_ids: tuple[str, ...]
    title: str
    album: str | None
    mbid: str | None
    isrc: str | None


@dataclass(frozen=True)
class Match:
    """A track, how it was found (mbid, isrc, or how artist/title compare), and how sure that is, above 0 up to 1."""

    track_id: str
    matched_by: str
    confidence: float


class Library:
    """The tracks to match with. Made once for an import: takes about 2 KB a track."""

    def __init__(self, artists: Mapping[str, str], tracks: Iterable[Track]):
        """artists : name by artist_id."""
        self._by_identifier: dict[str, list[Track]] = defaultdict(list)
        self._by_title: dict[tuple[str, str, str], list[Track]] = defaultdict(list)  # (artist_id, comparison, key)
        self._artists: dict[tuple[str, str], list[str]] = defaultdict(list)  # (comparison, key): artist_ids
        for artist_id, name in artists.items():
            self._add_artist(artist_id, name)
        for track in tracks:
            for identifier in filter(None, (track.mbid, track.isrc)):
                self._by_identifier[identifier].append(track)
            title = title_of(track.title)
            for artist_id in track.artist_ids:
                for comparison in ("same", "version", "spelling", "subtitle"):
                    self._by_title[artist_id, comparison, getattr(title, comparison)].append(track)
        self._titles_of: dict[str, tuple[list[str], list[Track]]] = defaultdict(lambda: ([], []))  # keys, tracks
        for (artist_id, comparison, key), found in self._by_title.items():
            if comparison == "spelling" and len(key) >= SHORTEST_TYPED:
                keys, theirs = self._titles_of[artist_id]
                keys.append(key)
                theirs.append(found[0])
        self._found_artists = lru_cache(1 << 16)(self._find_artists)

    def match(
        self, artist: str, title: str, album: str | None = None, mbid: str | None = None, isrc: str | None = None
    ) -> Match | None:
        """The track that is most likely meant, or None. Of versions equally likely the one of the same album, else
        that of the same title, else the first by identifier."""
        for kind, identifier in (("mbid", mbid), ("isrc", isrc)):
            if identifier in self._by_identifier:
                return Match(_best(self._by_identifier[identifier], title, album).track_id, kind, IDENTIFIER)
        found = self._by_names(artist, title, album)
        name, dash, rest = title.partition(" - ")
        if found is None and dash and rest.strip():  # "Artist - Title", as videos are called
            found = self._by_names(name.strip(), rest.strip(), album)
        return found

    def _by_names(self, artist: str, title: str, album: str | None) -> Match | None:
        wanted, imitation = title_of(title), is_imitation(artist, title)
        best: tuple[float, str, list[Track]] | None = None
        for how, artist_id in self._found_artists(artist):
            if best is not None and ARTISTS[how] * TITLES["same"] <= best[0]:
                break  # the others are no surer
            for comparison, meant, tracks in self._same_titles(artist_id, wanted, title, how in NEARLY_THE_SAME):
                confidence = ARTISTS[how] * TITLES[comparison]
                if best is not None and confidence <= best[0]:
                    continue
                if how == "surname" and "." not in artist and len(wanted.spelling) < LONG_TITLE:
                    continue
                tracks = [t for t in tracks if self._may_be(t, meant, imitation, artist, album)]
                if tracks:
                    best = (confidence, f"{how}/{comparison}", tracks)
        if best is None:
            return None
        confidence, matched_by, tracks = best
        return Match(_best(tracks, title, album).track_id, matched_by, round(confidence, 4))

    def _may_be(self, track: Track, wanted: Title, imitation: bool, artist: str, album: str | None) -> bool:
        """Whether nothing speaks against it that the names agree."""
        title = title_of(track.title)
        if title.numbers != wanted.numbers or is_another_piece(title.bracket, wanted.bracket):
            return False
        if imitation and not is_imitation("", track.title):
            return False
        if wanted.is_generic or artist_key(artist) in NOBODY:
            return not (album and track.album) or _fold(album) == _fold(track.album)
        return True

    def _same_titles(
        self, artist_id: str, wanted: Title, text: str, typing: bool
    ) -> Iterable[tuple[str, Title, list[Track]]]:
        """The artist's tracks whose title compares: how, with which title, and they; the strictest comparison first.

        typing : whether a title that is wrongly typed counts
        """
        found = False
        for comparison in ("same", "version", "spelling", "subtitle"):
            tracks = self._by_title.get((artist_id, comparison, getattr(wanted, comparison)))
            if tracks:
                if comparison == "same":  # the version on the album in question counts more than the very title
                    tracks = self._by_title[artist_id, "version", wanted.version]
                found = True
                yield comparison, wanted, tracks
        if found:
            return
        rest = without_track_number(text)
        if rest:
            tracks = self._by_title.get((artist_id, "spelling", title_of(rest).spelling))
            if tracks:
                yield "track number", title_of(rest), tracks
        if typing and len(wanted.spelling) >= SHORTEST_TYPED and artist_id in self._titles_of:
            keys, theirs = self._titles_of[artist_id]
            near = extract(wanted.spelling, keys, scorer=OSA.distance, score_cutoff=MOST_SLIPS, limit=None)
            close = [theirs[place] for key, _, place in near if is_typed(wanted.spelling, key)]
            if close:
                yield "typing", wanted, close

    # Artists

    def _add_artist(self, artist_id: str, name: str) -> None:
        key, words = artist_key(name), initials(name)
        for comparison, entry in (("same", _fold(split_featured(name)[0] or name)), ("spelling", key)):
            self._artists[comparison, entry].append(artist_id)
        for part in credited(name):
            self._artists["credit", artist_key(part)].append(artist_id)
        if len(words) > 1:
            self._artists["surname", words[-1]].append(artist_id)
            self._artists["first names", artist_id] = list(words[:-1])
        if len(key) >= SHORTEST_TYPED:
            for shorter in _deletions(key):
                self._artists["typing", shorter].append(artist_id)
            self._artists["key", artist_id] = [key]

    def _find_artists(self, name: str) -> list[tuple[str, str]]:
        """(how, artist_id) of the artists that the name may mean, each once, by the strictest comparison."""
        key, words, found = artist_key(name), initials(name), {}

        def add(how: str, artist_ids: Iterable[str]) -> None:
            for artist_id in artist_ids:
                found.setdefault(artist_id, how)

        add("same", self._artists.get(("same", _fold(split_featured(name)[0] or name)), ()))
        add("spelling", self._artists.get(("spelling", key), ()))
        add("credit", self._artists.get(("credit", key), ()))
        for part in credited(name):
            for comparison in ("same", "spelling", "credit"):
                add("credit", self._artists.get((comparison, artist_key(part)), ()))
        if words:
            for artist_id in self._artists.get(("surname", words[-1]), ()):
                first = self._artists["first names", artist_id]
                if _agree(words[:-1], first):
                    add("surname", [artist_id])
        if len(key) >= SHORTEST_TYPED:
            for shorter in _deletions(key):
                close = self._artists.get(("typing", shorter), ())
                add("typing", (a for a in close if is_typed(key, self._artists["key", a][0])))
        return sorted(((how, artist_id) for artist_id, how in found.items()), key=lambda f: -ARTISTS[f[0]])


_fold = lru_cache(1 << 16)(fold)


def is_typed(one: str, other: str) -> bool:
    """Whether one is the other, wrongly typed: a letter too many, too few, another, or two swapped; two such places
    in names of 12 letters and more, three from 24 on. The first letter is right, and all digits are.

    >>> is_typed("ledzepplin", "ledzeppelin"), is_typed("prince", "princess")
    (True, False)
    """
    most = 1 + (min(len(one), len(other)) >= 12) + (min(len(one), len(other)) >= 24)
    if one[:1] != other[:1] or OSA.distance(one, other, score_cutoff=most) > most:
        return False
    return DIGITS.findall(one) == DIGITS.findall(other)


def _deletions(key: str) -> set[str]:
    """The key, and what is left when one letter is missing: two keys that differ in one letter share one of these."""
    return {key, *(key[:i] + key[i + 1 :] for i in range(len(key)))}


def _agree(one: tuple[str, ...], other: list[str]) -> bool:
    """Whether two persons of one surname may be one: first names that begin alike, initials, or none on a side."""
    if not one or not other:
        return True
    if len(one) == len(other) and tuple(other) != one:
        return all(a == b or (min(len(a), len(b)) == 1 and a[0] == b[0]) for a, b in zip(one, other, strict=True))
    return False


def _best(tracks: list[Track], title: str, album: str | None) -> Track:
    same_title, same_album = title_of(title).same, _fold(album) if album else None

    def rank(track: Track) -> tuple:
        on_album = same_album is not None and track.album is not None and _fold(track.album) == same_album
        return not on_album, title_of(track.title).same != same_title, track.track_id

    return min(tracks, key=rank)
