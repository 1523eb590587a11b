"""Playlists as players keep them: M3U and M3U8, XSPF (https://xspf.org/spec) and JSPF (https://xspf.org/jspf).

Read as entries with whatever the format says of a track: where its file lies, identifiers, names.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlparse
from urllib.request import url2pathname

from jobs.cli import UserError
from jobs.ingest.batch import is_unicode
from jobs.ingest.exports import ISRC, MBID

SUFFIXES = (".m3u", ".m3u8", ".xspf", ".jspf")
LARGEST = 64 << 20  # bytes; a playlist of a hundred thousand tracks has half of it
NAMESPACE = "{http://xspf.org/ns/0/}"
FACTS = ("location", "identifier", "creator", "title", "album")  # of a track, in XSPF and JSPF
EXTINF = re.compile(r"#EXTINF:\s*-?[\d.]+[^,]*,(.*)", re.IGNORECASE)


@dataclass(frozen=True)
class Entry:
    """What a playlist says of a track. line : of the file, in M3U; else the place in the list, from 1."""

    line: int
    path: str | None = None
    artist: str | None = None
    title: str | None = None
    album: str | None = None
    mbid: str | None = None
    isrc: str | None = None


@dataclass(frozen=True)
class Playlist:
    """A playlist. identifier : the one that the file states, else None."""

    name: str
    identifier: str | None
    entries: list[Entry]


def read_playlist(path: Path) -> Playlist:
    """The playlist in a file, of the format that its name tells. Raises UserError where it is no such file."""
    try:
        with path.open("rb") as stream:
            data = stream.read(LARGEST + 1)
    except OSError as error:
        raise UserError(f"{path}: {error.strerror or error}") from error
    if len(data) > LARGEST:
        raise UserError(f"{path} is larger than {LARGEST >> 20} MiB: no playlist")
    readers = {".xspf": _read_xspf, ".jspf": _read_jspf}
    return readers.get(path.suffix.lower(), _read_m3u)(path, data)


def _read_m3u(path: Path, data: bytes) -> Playlist:
    """M3U has no encoding of its own: UTF-8 where it is valid, else Windows-1252, as players of old wrote it."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = data.decode("cp1252", "replace")
    name, entries, said = path.stem, [], {}
    for line, raw in enumerate(text.splitlines(), start=1):
        words = raw.strip()
        if words.upper().startswith("#PLAYLIST:"):
            name = words[10:].strip() or name
        elif words.upper().startswith("#EXTALB:"):
            said["album"] = words[8:].strip() or None
        elif match := EXTINF.match(words):
            artist, dash, title = match[1].partition(" - ")
            if dash:
                said |= {"artist": artist.strip(), "title": title.strip()}
            else:
                said["title"] = match[1].strip()
        elif words and not words.startswith("#"):
            entries.append(Entry(line, path=_file(path, words), **said))
            said = {}
    return Playlist(name, None, entries)


def _read_xspf(path: Path, data: bytes) -> Playlist:
    from defusedxml import DefusedXmlException
    from defusedxml.ElementTree import ParseError, fromstring

    try:
        root = fromstring(data, forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError, LookupError) as error:
        raise UserError(f"{path} is no XSPF: {error or type(error).__name__}") from error
    plain = root.tag.removeprefix(NAMESPACE)
    if plain != "playlist":
        raise UserError(f"{path} is no XSPF: its root is {plain!r:.40}")

    def texts(element: object, name: str) -> list[str]:
        found = element.findall(NAMESPACE + name) or element.findall(name)
        return [e.text.strip() for e in found if e.text and e.text.strip()]

    listed = root.find(f"{NAMESPACE}trackList")
    listed = listed if listed is not None else root.find("trackList")
    tracks = [e for e in (listed if listed is not None else ()) if e.tag in (NAMESPACE + "track", "track")]
    entries = [
        _entry(
            path, number, {name: texts(track, name) for name in ("location", "identifier", "creator", "title", "album")}
        )
        for number, track in enumerate(tracks, start=1)
    ]
    return Playlist(_first(texts(root, "title")) or path.stem, _first(texts(root, "identifier")), entries)


def _read_jspf(path: Path, data: bytes) -> Playlist:
    try:
        playlist = json.loads(data.decode("utf-8-sig"))["playlist"]
        tracks = playlist.get("track") or []
        entries = [
            _entry(path, number, {name: _strings(track.get(name)) for name in FACTS})
            for number, track in enumerate(tracks, start=1)
        ]
        return Playlist(
            _first(_strings(playlist.get("title"))) or path.stem, _first(_strings(playlist.get("identifier"))), entries
        )
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise UserError(f"{path} is no JSPF: {type(error).__name__}: {error}") from error


def _entry(path: Path, number: int, facts: dict[str, list[str]]) -> Entry:
    identifiers = facts["identifier"]
    mbids = [m[0] for text in identifiers if "recording" in text and (m := MBID.search(text.lower()))]
    isrcs = [m[0] for text in identifiers if "isrc" in text.lower() and (m := ISRC.search(text.upper()))]
    return Entry(
        number,
        path=_file(path, facts["location"][0]) if facts["location"] else None,
        artist=_first(facts["creator"]),
        title=_first(facts["title"]),
        album=_first(facts["album"]),
        mbid=_first(mbids),
        isrc=_first(isrcs),
    )


def _file(path: Path, location: str) -> str | None:
    """The absolute path that a location means; None for what is no file: a web address, text that names none."""
    url = urlparse(location) if "://" in location else None
    if url is not None and url.scheme != "file":
        return None
    place = url2pathname(url.path) if url is not None else location
    if url is None and path.suffix.lower() in (".xspf", ".jspf"):
        place = unquote(place)
    if not place or "\0" in place or not is_unicode([place]):
        return None
    return str((path.absolute().parent / place.replace("\\", "/")).absolute())


def _strings(value: object) -> list[str]:
    values = value if isinstance(value, list) else [value]
    return [v.strip() for v in values if isinstance(v, str) and v.strip() and is_unicode([v])]


def _first(values: list[str]) -> str | None:
    return values[0] if values else None


def places(paths: Iterator[tuple[str, str]]) -> dict[str, str]:
    """track_id by path, and by the last two folders' worth of it where only one track has that: playlists move."""
    found: dict[str, str] = {}
    ambiguous = set()
    for track_id, path in paths:
        found[path] = track_id
        short = tail(path)
        if found.get(short, track_id) != track_id:
            ambiguous.add(short)
        found[short] = track_id
    return {path: track for path, track in found.items() if path not in ambiguous}


def tail(path: str) -> str:
    """The last three parts of a path: artist, album and file, mostly.

    >>> tail("/srv/music/Air/Moon Safari/01 La femme d'argent.flac")
    "Air/Moon Safari/01 La femme d'argent.flac"
    """
    return "/".join(Path(path).parts[-3:])
