"""The pages that listeners see: static HTML, without a server and without a request to anywhere else."""

import os
from collections import Counter
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path, PurePath
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from jobs.publish.entries import one_line
from jobs.publish.names import file_name
from jobs.publish.xspf import reference

ASSETS = ("style.css", "player.js")  # copied beside the pages of each week
PLAYED_BY_BROWSERS = {".mp3", ".flac", ".ogg", ".oga", ".opus", ".wav", ".m4a", ".aac", ".weba", ".webm"}
REASONS = {
    "because_you_listened": "Near what you play",
    "sounds_like": "Sounds like what you play",
    "described_as": "Described like artists you play",
    "playlist_neighbour": "Put next to what you play",
    "new_release": "New by artists near you",
    "popular": "Played by many",
    "first_listener": "Nobody has played it yet",
}
LEAST_LISTENERS = 100  # on a page of the index


def environment() -> Environment:
    """The templates: everything from data is escaped, a name that does not exist is an error."""
    loaded = Environment(
        loader=PackageLoader("jobs.publish", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    loaded.filters |= {"day": day, "clock": clock, "text": one_line, "count": "{:,}".format, "share": share}
    return loaded


def day(when: date) -> str:
    """A date for people.

    >>> day(date(2026, 11, 3))
    '3 November 2026'
    """
    return f"{when.day} {when:%B %Y}"


def clock(milliseconds: int) -> str:
    """A length for people.

    >>> clock(305_400)
    '5:05'
    """
    minutes, seconds = divmod(round(milliseconds / 1000), 60)
    return f"{minutes}:{seconds:02}"


def share(value: float) -> str:
    """A share for people, in percent."""
    return f"{100 * value:.1f} %"


class Pages:
    """Makes the pages of one week's lists, which lie in `folder`/listeners."""

    def __init__(self, title: str, week: date, folder: Path):
        self.title, self.week = one_line(title), week
        self._folder = str((folder / "listeners").resolve())
        self._template = environment().get_template("listener.html")
        self._audio = lru_cache(maxsize=100_000)(self._reference)

    def listener(self, user_id: str, places: list[dict[str, Any]]) -> str:
        """The page of a listener. places: the rows of playlists.LISTS, by rank."""
        before = places[0]["before"]
        tracks = [place | {"audio": self._audio(place["path"]) if place["path"] else None} for place in places]
        known = [place["duration_ms"] for place in places if place["duration_ms"]]
        return self._template.render(
            title=self.title,
            week=self.week,
            user_id=user_id,
            tracks=tracks,
            total=sum(known) // 60_000 if len(known) == len(places) else None,
            files=[(file_name(user_id, f".{kind}"), kind) for kind in ("m3u8", "xspf", "jspf")],
            new_artists=len({place["artist"] for place in places if place["new_artist"]}),
            new_releases=sum(place["new_release"] for place in places),
            explored=sum(place["explored"] for place in places),
            before=before,
            returning=len({place["artist_id"] for place in places if place["artist_again"]}),
            because_of_last_week=sum(place["new_reason"] for place in places),
            reasons=reasons(places, before),
        )

    def _reference(self, path: str) -> str | None:
        """The address of an audio file, from the page; None where there is none that a browser plays."""
        playable = PurePath(path).suffix.lower() in PLAYED_BY_BROWSERS and os.path.isfile(path)
        return reference(path, self._folder) if playable else None


def reasons(places: list[dict[str, Any]], before: dict[str, Any] | None) -> list[tuple[str, int, int | None]]:
    """Each kind of reason in words, the places it has, and those it had in the list before (None: no list)."""
    now = Counter(place["explanation_kind"] for place in places)
    then = Counter(dict(before["kinds"]) if before else {})
    kinds = sorted(now | then, key=lambda kind: (-now[kind], -then[kind], kind))
    return [(REASONS[kind], now[kind], then[kind] if before else None) for kind in kinds]


@dataclass(frozen=True)
class Part:
    """One page of the index. first, last: the user ids at its ends."""

    file: str
    first: str
    last: str
    listeners: int


class Index:
    """The index of a week: a page for so many listeners, and one page of all these pages.

    With n listeners a page holds about √n of them, so that neither kind becomes longer than a person can look
    through: 100,000 listeners are 317 pages of 316.
    """

    def __init__(self, title: str, week: date, folder: Path, listeners: int):
        self.title, self.week, self.folder, self.total = one_line(title), week, folder, listeners
        self.per_page = max(LEAST_LISTENERS, round(listeners**0.5))
        self._templates = environment()
        self._parts: list[Part] = []
        self._waiting: list[tuple[str, str, int]] = []
        self._count = -(-listeners // self.per_page)

    def add(self, user_id: str, page: str, tracks: int) -> None:
        """Add a listener, in the order of the index."""
        self._waiting.append((user_id, page, tracks))
        if len(self._waiting) == self.per_page:
            self._write()

    def close(self, has_report: bool = True) -> None:
        """Write what is left, and the page of pages."""
        if self._waiting:
            self._write()
        page = self._templates.get_template("listeners.html").render(
            title=self.title, week=self.week, parts=self._parts, total=self.total, has_report=has_report
        )
        (self.folder / "index.html").write_text(page, encoding="utf-8")

    def _write(self) -> None:
        number = len(self._parts) + 1
        (self.folder / "index").mkdir(exist_ok=True)
        part = Part(f"{number}.html", self._waiting[0][0], self._waiting[-1][0], len(self._waiting))
        page = self._templates.get_template("part.html").render(
            title=self.title, week=self.week, part=part, number=number, count=self._count, rows=self._waiting
        )
        (self.folder / "index" / part.file).write_text(page, encoding="utf-8")
        self._parts.append(part)
        self._waiting = []


def copy_assets(folder: Path) -> None:
    """Put the style sheet and the script beside the pages."""
    source = Path(__file__).parent / "templates"
    for name in ASSETS:
        (folder / name).write_bytes((source / name).read_bytes())
