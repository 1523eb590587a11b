"""What every playlist format says about a track, and what none of them may hold."""

import re
from dataclasses import dataclass
from typing import Any
from uuid import UUID

# C0 and C1 control characters and everything else at which str.splitlines breaks a line; surrogates and noncharacters,
# which have no place in UTF-8, XML or HTML.
NONCHARACTERS = "\ufdd0-\ufdef" + "".join(
    f"{chr(plane + 0xFFFE)}{chr(plane + 0xFFFF)}" for plane in range(0, 0x110000, 0x10000)
)
BREAKS = re.compile(f"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff{NONCHARACTERS}]")


@dataclass(frozen=True)
class Entry:
    """One track of a list.

    duration_ms: None when not known; path: of the audio, absolute, None when there is none. recording and
    artist_mbid: MusicBrainz identifiers in lower case, None when not known.
    """

    rank: int
    artist: str
    title: str
    reason: str
    duration_ms: int | None = None
    path: str | None = None
    album: str | None = None
    recording: str | None = None
    artist_mbid: str | None = None


def entry(place: dict[str, Any]) -> Entry:
    """The entry of a row of playlists.LISTS."""
    return Entry(
        rank=place["rank"],
        artist=place["artist"],
        title=place["title"],
        reason=place["reason"],
        duration_ms=place["duration_ms"],
        path=place["path"] or None,
        album=place["album"] or None,
        recording=mbid(place["recording"]),
        artist_mbid=mbid(place["artist_mbid"]),
    )


def one_line(text: str) -> str:
    """The text without anything that breaks a line, steers a terminal or has no place in XML."""
    return BREAKS.sub(" ", text).strip()


def mbid(text: str | None) -> str | None:
    """The MusicBrainz identifier, in lower case with hyphens; None where `text` is none.

    >>> mbid("B1A9C0E9-D987-4042-AE91-78D6A3267D69")
    'b1a9c0e9-d987-4042-ae91-78d6a3267d69'
    """
    try:
        return str(UUID(text)) if text else None
    except ValueError:
        return None
