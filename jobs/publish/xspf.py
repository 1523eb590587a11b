"""Playlists as XSPF (https://xspf.org/spec) and JSPF (https://xspf.org/jspf), one document in two notations.

Both keep every track, with audio or without: a player finds a track without a location by its MusicBrainz identifier
or by artist and title. Identifiers are written as ListenBrainz reads and writes them
(https://musicbrainz.org/doc/jspf).
"""

import json
import os
from collections.abc import Iterable
from typing import Any
from urllib.parse import quote
from xml.etree import ElementTree

from jobs.publish.entries import Entry, one_line

NAMESPACE = "http://xspf.org/ns/0/"
RECORDING = "https://musicbrainz.org/recording/"
ARTIST = "https://musicbrainz.org/artist/"
EXTENSION = "https://musicbrainz.org/doc/jspf#track"


def xspf(title: str, annotation: str, date: str, entries: Iterable[Entry], folder: str) -> str:
    """The content of an .xspf file that lies in `folder`; see `jspf`."""
    root = ElementTree.Element("playlist", version="1", xmlns=NAMESPACE)
    for name, value in (("title", title), ("annotation", annotation), ("date", date)):
        ElementTree.SubElement(root, name).text = one_line(value)
    listed = ElementTree.SubElement(root, "trackList")
    for entry in entries:
        track = ElementTree.SubElement(listed, "track")
        for name, value in _track(entry, folder):
            ElementTree.SubElement(track, name).text = str(value)
        if entry.artist_mbid:
            extension = ElementTree.SubElement(track, "extension", application=EXTENSION)
            ElementTree.SubElement(extension, "artist_identifier", xmlns=EXTENSION).text = ARTIST + entry.artist_mbid
    ElementTree.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ElementTree.tostring(root, encoding="unicode") + "\n"


def jspf(title: str, annotation: str, date: str, entries: Iterable[Entry], folder: str) -> str:
    """The content of a .jspf file that lies in `folder` (absolute, without symbolic links).

    date: of the list, ISO 8601 with time and zone. Locations are relative to the folder, durations in milliseconds.
    """
    tracks = []
    for entry in entries:
        track: dict[str, Any] = {}
        for name, value in _track(entry, folder):
            track[name] = [value] if name in ("location", "identifier") else value
        if entry.artist_mbid:
            track["extension"] = {EXTENSION: [{"artist_identifiers": [ARTIST + entry.artist_mbid]}]}
        tracks.append(track)
    playlist = {"title": one_line(title), "annotation": one_line(annotation), "date": date, "track": tracks}
    return json.dumps({"playlist": playlist}, ensure_ascii=False, indent=1) + "\n"


def reference(path: str, folder: str) -> str:
    """`path` as a URI reference relative to `folder`.

    >>> reference("/music/50% of #1?.flac", "/out/playlists")
    '../../music/50%25%20of%20%231%3F.flac'
    """
    relative = os.path.relpath(os.fsencode(path), os.fsencode(folder))
    return quote(relative) if relative.startswith(b"..") else "./" + quote(relative)


def _track(entry: Entry, folder: str) -> Iterable[tuple[str, Any]]:
    """The elements of a track, in the order that the XSPF schema shows."""
    if entry.path is not None:
        yield "location", reference(entry.path, folder)
    if entry.recording:
        yield "identifier", RECORDING + entry.recording
    yield "title", one_line(entry.title)
    yield "creator", one_line(entry.artist)
    yield "annotation", one_line(entry.reason)
    if entry.album:
        yield "album", one_line(entry.album)
    yield "trackNum", entry.rank
    if entry.duration_ms is not None:
        yield "duration", entry.duration_ms
