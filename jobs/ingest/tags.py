"""What an audio file says about itself: its tags, and where it has none, its folders and its name."""

import re
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path, PurePath

from jobs.ingest.names import split_featured

# The same facts in the three dialects of tags: Vorbis comments (FLAC, Ogg, Opus), ID3 frames (MP3, WAV, AIFF) and
# MP4 atoms. The names are those of MusicBrainz Picard's table, https://picard-docs.musicbrainz.org/en/appendices/tag_mapping.html
VORBIS = {
    "artist": ("artist",),
    "artists": ("artists",),
    "album_artist": ("albumartist", "album artist"),
    "title": ("title",),
    "album": ("album",),
    "date": ("originaldate", "date", "year"),
    "isrc": ("isrc",),
    "recording": ("musicbrainz_trackid",),
    "artist_mbids": ("musicbrainz_artistid",),
}
ID3 = {
    "artist": ("TPE1",),
    "artists": ("TXXX:ARTISTS", "TXXX:Artists"),
    "album_artist": ("TPE2",),
    "title": ("TIT2",),
    "album": ("TALB",),
    "date": ("TDOR", "TDRC", "TYER"),
    "isrc": ("TSRC",),
    "recording": ("UFID:http://musicbrainz.org",),
    "artist_mbids": ("TXXX:MusicBrainz Artist Id",),
}
MP4 = {
    "artist": ("\xa9ART",),
    "artists": ("----:com.apple.iTunes:ARTISTS",),
    "album_artist": ("aART",),
    "title": ("\xa9nam",),
    "album": ("\xa9alb",),
    "date": ("----:com.apple.iTunes:originaldate", "\xa9day"),
    "isrc": ("----:com.apple.iTunes:ISRC",),
    "recording": ("----:com.apple.iTunes:MusicBrainz Track Id",),
    "artist_mbids": ("----:com.apple.iTunes:MusicBrainz Artist Id",),
}
DIALECTS = {"VComment": VORBIS, "ID3": ID3, "MP4Tags": MP4}

MBID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
ISRC = re.compile(r"[A-Z]{2}[A-Z0-9]{3}\d{7}")
DAY = re.compile(r"(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?")
NUMBERED = re.compile(r"(?:\d{1,2}[-.])?\d{1,3}(?:\s*[-._)]\s*|\s+)(?=\S)")
UNKNOWN_ARTIST = "Unknown artist"


@dataclass(frozen=True)
class Artist:
    """An artist as a file names one: the name, and the MusicBrainz identifier where the tags have it."""

    name: str
    mbid: str | None = None


@dataclass(frozen=True)
class Song:
    """What a file holds. `tagged`: artist or title are from its tags, so that they do not depend on its place."""

    artist: Artist
    title: str
    album: str | None
    featured: tuple[Artist, ...]
    released_at: date | None
    duration_ms: int | None
    isrc: str | None
    mbid: str | None
    tagged: bool


class Unreadable(Exception):
    """The file is no audio that can be read; the message says why."""


def read_song(path: Path, inside: PurePath) -> Song:
    """What the file at `path` holds; `inside` is its place within the library, for what the tags leave out.

    Raises Unreadable.
    """
    import mutagen

    try:
        file = mutagen.File(path)
    except Exception as error:  # a parser may fail on a broken file in any way at all
        raise Unreadable(f"{type(error).__name__}: {error}") from error
    if file is None:
        raise Unreadable("no audio format that is known")
    length = getattr(file.info, "length", 0)
    song = song_of(_facts(file.tags), inside)
    return replace(song, duration_ms=round(length * 1000) if length and length > 0 else None)


def song_of(facts: dict[str, list[str]], inside: PurePath) -> Song:
    """A song from the facts that its tags state (each a list of texts), completed from its place."""
    artist_by_place, album_by_place, title_by_place = names_of_place(inside)
    title_in_tags = _first(facts, "title")
    credited = facts.get("artists") or facts.get("artist") or facts.get("album_artist") or []
    title = title_in_tags or title_by_place
    tagged = bool(credited or title_in_tags)
    names = main_and_featured(credited or [artist_by_place], title)
    mbids = MBID.findall(" ".join(facts.get("artist_mbids", [])).lower())
    if len(mbids) != len(names):
        mbids = [None] * len(names)  # nobody can tell which of them is whose
    artist, *featured = map(Artist, names, mbids)
    recording = MBID.fullmatch((_first(facts, "recording") or "").lower())
    isrc = ISRC.fullmatch((_first(facts, "isrc") or "").upper().replace("-", ""))
    return Song(
        artist=artist,
        title=title,
        album=_first(facts, "album") or (None if tagged else album_by_place),
        featured=tuple(featured),
        released_at=_day(_first(facts, "date")),
        duration_ms=None,
        isrc=isrc and isrc[0],
        mbid=recording and recording[0],
        tagged=tagged,
    )


def main_and_featured(credited: list[str], title: str) -> list[str]:
    """The main artist, then those credited beside, in their tags or with "feat." in artist or title."""
    main, featured = split_featured(credited[0])
    names = [main or credited[0], *credited[1:], *featured, *split_featured(title)[1]]
    return list(dict.fromkeys(names))


def names_of_place(inside: PurePath) -> tuple[str, str | None, str]:
    """(artist, album, title) from folders and file name: Artist/Album/01 Title, Artist/Title or Artist - Title.

    >>> names_of_place(PurePath("Air/Moon Safari/01 La femme d'argent.flac"))
    ('Air', 'Moon Safari', "La femme d'argent")
    >>> names_of_place(PurePath("Air - Kelly Watch the Stars.mp3"))
    ('Air', None, 'Kelly Watch the Stars')
    """
    folders, stem = inside.parts[:-1], inside.stem.replace("_", " ").strip()
    title = NUMBERED.sub("", stem, count=1) if NUMBERED.match(stem) else stem
    if len(folders) >= 2:
        return folders[-2], folders[-1], title or stem
    artist, dash, rest = title.partition(" - ")
    if dash and artist.strip() and rest.strip():
        return artist.strip(), folders[-1] if folders else None, rest.strip()
    return (folders[-1] if folders else UNKNOWN_ARTIST), None, title or stem


def _facts(tags: object) -> dict[str, list[str]]:
    """The tags of a file of any kind, as texts."""
    dialect = next((DIALECTS[kind.__name__] for kind in type(tags).__mro__ if kind.__name__ in DIALECTS), None)
    if dialect is None or tags is None:
        return {}
    facts = {}
    for fact, keys in dialect.items():
        for key in keys:
            if key in tags:
                values = [text for value in _values(tags[key]) if (text := _text(value))]
                if values:
                    facts[fact] = values
                    break
    return facts


def _values(tag: object) -> list:
    """The values of one tag: ID3 keeps them in a frame."""
    if hasattr(tag, "text"):
        return list(tag.text)
    if hasattr(tag, "data"):
        return [tag.data]
    return tag if isinstance(tag, list) else [tag]


def _text(value: object) -> str:
    text = bytes(value).decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
    return " ".join(text.replace("\0", " ").encode("utf-8", "replace").decode().split())


def _first(facts: dict[str, list[str]], fact: str) -> str | None:
    return facts[fact][0] if fact in facts else None


def _day(text: str | None) -> date | None:
    """A day from "2011", "2011-05" or "2011-05-03": the first one of the year or month. None if it is none."""
    match = DAY.match(text or "")
    if match is None:
        return None
    try:
        return date(int(match[1]), int(match[2] or 1), int(match[3] or 1))
    except ValueError:
        return None
