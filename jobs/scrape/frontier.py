"""All addresses that a run knows of, on disk, and which page comes next: a queue for each host, and a host that has
rested goes first."""

import heapq
import math
import sqlite3
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from jobs.scrape import urls
from jobs.scrape.extract import Hints
from jobs.scrape.fetch import NOTHING_KNOWN, Validators
from jobs.scrape.politeness import Turns

KNOWN, WAITING, DONE = range(3)  # what state an address is in; who is out is done, unless it comes back
INDEX, NEW, AGAIN = range(3)  # in which order the pages of a host are taken

_TABLE = """
CREATE TABLE addresses (
    page INTEGER PRIMARY KEY,  -- urls.page_id, signed
    url TEXT NOT NULL, host TEXT NOT NULL, source TEXT NOT NULL, depth INTEGER NOT NULL,
    title TEXT, published REAL,
    etag TEXT, last_modified TEXT, version TEXT, fetched REAL,
    rank INTEGER NOT NULL, attempts INTEGER NOT NULL DEFAULT 0, place INTEGER NOT NULL, state INTEGER NOT NULL
) WITHOUT ROWID
"""
_COLUMNS = "url, source, depth, title, published, etag, last_modified, version, fetched, attempts"
_INSERT = f"INSERT OR IGNORE INTO addresses ({_COLUMNS}, page, host, rank, place, state) VALUES ({', '.join('?' * 15)})"
_NEXT = f"SELECT page, {_COLUMNS} FROM addresses WHERE host = ? AND state = {WAITING} ORDER BY rank, place LIMIT 1"


@dataclass(frozen=True)
class Visit:
    """A page to read.

    source : address of the source it was found through; depth : links from the source's start, which has 0
    known, version, fetched_at : what is known from the last visit, if there was one
    attempts : failures in this run
    """

    url: str
    source: str
    depth: int = 0
    title: str | None = None
    published_at: datetime | None = None  # UTC
    known: Validators = NOTHING_KNOWN
    version: str | None = None
    fetched_at: datetime | None = None  # UTC
    attempts: int = 0

    def hints(self, language: str | None) -> Hints:
        """For its extraction."""
        return Hints(self.published_at, self.title, language)


class Frontier:
    """Shared by all threads. One page of a host is out at a time; the start of a source goes first, then what is new,
    then what is to be looked at again, each in the order of arrival. In memory there are only the hosts that have
    pages waiting."""

    def __init__(self, turns: Turns, path: Path):
        """`path`: of the file, which is made anew, and removed at the end."""
        self._turns, self._path = turns, path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.unlink(missing_ok=True)
        self._database = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        for pragma in ("journal_mode = OFF", "synchronous = OFF", "cache_size = -32000", "locking_mode = EXCLUSIVE"):
            self._database.execute(f"PRAGMA {pragma}")
        self._database.execute(_TABLE)
        self._database.execute(f"CREATE INDEX queue ON addresses (host, rank, place) WHERE state = {WAITING}")
        self._waiting: Counter[str] = Counter()  # pages of each host
        self._resting: list[tuple[float, str]] = []  # heap of the hosts that have pages waiting and none out
        self._out: set[str] = set()  # hosts
        self._working = 0  # visits that may still lead to others
        self._places = 0
        self._alarm = math.inf  # when a thread that waits will wake up by itself, on the monotonic clock
        self._closed = False
        self._changed = threading.Condition()

    def load(self, visits: Iterable[tuple[Visit, bool]]) -> None:
        """Take over what earlier runs knew: visits, and whether each is to be made now. The first of an address
        counts."""
        with self._changed:
            self._database.execute("BEGIN")
            for visit, due in visits:
                self._insert(visit, WAITING if due else KNOWN)
            self._database.execute("COMMIT")

    def add(self, visits: Iterable[Visit], mine: bool = True) -> list[Visit]:
        """Let pages wait for their turn (or, where they are not `mine`, just be known); returns those that were not
        known."""
        with self._changed:
            self._database.execute("BEGIN")
            new = [visit for visit in visits if self._insert(visit, WAITING if mine else DONE)]
            self._database.execute("COMMIT")
        return new

    def meet(
        self, listed: Iterable[tuple[Visit, datetime | None]], mine: Callable[[str], bool]
    ) -> tuple[list[Visit], list[Visit]]:
        """Told what a page, feed or sitemap lists, and when each was changed, if it says so. Addresses that were not
        known wait for their turn (or, where their host is not `mine`, are just known from now on), and so do those that
        an earlier run knew and that were changed after the last visit.

        Returns those that were not known; and those that an earlier run knew, that are listed for the first time in
        this one, and that stay where they are.
        """
        listed_at: dict[int, tuple[Visit, datetime | None]] = {}
        for visit, changed_at in listed:
            listed_at.setdefault(_signed(urls.page_id(visit.url)), (visit, changed_at))
        new, unchanged = [], []
        with self._changed:
            known = self._known(list(listed_at))
            if all(page in known and known[page][0] != KNOWN for page in listed_at):
                return [], []
            self._database.execute("BEGIN")
            for page, (visit, changed_at) in listed_at.items():
                state, fetched = known.get(page, (None, None))
                if state is None:
                    self._insert(visit, WAITING if mine(urls.host(visit.url)) else DONE)
                    new.append(visit)
                elif state == KNOWN:
                    outdated = changed_at is not None and fetched is not None and changed_at.timestamp() > fetched
                    self._database.execute(
                        "UPDATE addresses SET state = ? WHERE page = ?", (WAITING if outdated else DONE, page)
                    )
                    if outdated:
                        self._queue(urls.host(visit.url))
                    else:
                        unchanged.append(visit)
            self._database.execute("COMMIT")
        return new, unchanged

    def _known(self, pages: list[int]) -> dict[int, tuple[int, float | None]]:
        """The state of those that are there, and when they were fetched last."""
        numbers = ", ".join(map(str, pages))
        rows = self._database.execute(f"SELECT page, state, fetched FROM addresses WHERE page IN ({numbers})")
        return {page: (state, fetched) for page, state, fetched in rows}

    def is_known(self, url: str) -> bool:
        """Whether an address was there before, in whatever state."""
        with self._changed:
            return (
                self._database.execute(
                    "SELECT 1 FROM addresses WHERE page = ?", (_signed(urls.page_id(url)),)
                ).fetchone()
                is not None
            )

    def waits(self) -> bool:
        """Whether some page waits."""
        with self._changed:
            return bool(self._waiting)

    def take(self) -> Visit | None:
        """The next page, once its host is free; None when nothing waits and nothing more can come. For each page taken
        `fetched` is to be called, then `done`."""
        with self._changed:
            while (self._waiting or self._working) and not self._closed:
                next_at = self._resting[0][0] if self._resting else math.inf
                if next_at > time.monotonic():
                    self._wait(next_at)
                    continue
                host = heapq.heappop(self._resting)[1]
                free_at = self._turns.free_at(host)
                if free_at > time.monotonic():  # it was made to rest meanwhile
                    heapq.heappush(self._resting, (free_at, host))
                    continue
                self._changed.notify()  # somebody else has to look at the clock now
                return self._take(host)
            self._changed.notify_all()
            return None

    def _wait(self, until: float) -> None:
        """Sleep, at most until then. Of all threads that wait only one has an alarm set, so that not all of them wake
        up for each page."""
        if self._alarm <= until:
            self._changed.wait()
            return
        self._alarm = until
        self._changed.wait(None if until == math.inf else until - time.monotonic())
        if self._alarm == until:
            self._alarm = math.inf

    def _take(self, host: str) -> Visit:
        page, *columns = self._database.execute(_NEXT, (host,)).fetchone()
        self._database.execute(f"UPDATE addresses SET state = {DONE} WHERE page = ?", (page,))
        self._waiting[host] -= 1
        if not self._waiting[host]:
            del self._waiting[host]
        self._out.add(host)
        self._working += 1
        return _visit(columns)

    def fetched(self, visit: Visit) -> None:
        """The host has done its part: its next page may be taken."""
        host = urls.host(visit.url)
        with self._changed:
            self._out.discard(host)
            if self._waiting[host]:
                self._rest(host)

    def done(self, visit: Visit, again: bool = False) -> None:
        """The page is dealt with, and what it led to has been added; or it is to be tried `again`, after all others of
        its host."""
        with self._changed:
            self._working -= 1
            if again:
                self._places += 1
                self._database.execute(
                    f"UPDATE addresses SET state = {WAITING}, attempts = ?, rank = {AGAIN}, place = ? WHERE page = ?",
                    (visit.attempts + 1, self._places, _signed(urls.page_id(visit.url))),
                )
                self._queue(urls.host(visit.url))
            if not self._working:
                self._changed.notify_all()

    def close(self) -> None:
        """Hand out nothing more."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def remove(self) -> None:
        """Remove the file."""
        self._database.close()
        self._path.unlink(missing_ok=True)

    def _insert(self, visit: Visit, state: int) -> bool:
        """Whether the address was not known."""
        host, self._places = urls.host(visit.url), self._places + 1
        rank = INDEX if visit.depth == 0 else NEW if visit.fetched_at is None else AGAIN
        row = (
            visit.url, visit.source, visit.depth, visit.title, _seconds(visit.published_at), visit.known.etag,
            visit.known.last_modified, visit.version, _seconds(visit.fetched_at), visit.attempts,
            _signed(urls.page_id(visit.url)), host, rank, self._places, state,
        )  # fmt: skip
        new = self._database.execute(_INSERT, row).rowcount > 0
        if new and state == WAITING:
            self._queue(host)
        return new

    def _queue(self, host: str) -> None:
        """One more page of the host waits."""
        self._waiting[host] += 1
        if self._waiting[host] == 1 and host not in self._out:
            self._rest(host)

    def _rest(self, host: str) -> None:
        """Its next page may be taken when it has rested."""
        heapq.heappush(self._resting, (self._turns.free_at(host), host))
        self._changed.notify()


def _visit(columns: Iterator) -> Visit:
    url, source, depth, title, published, etag, last_modified, version, fetched, attempts = columns
    known = Validators(etag, last_modified)
    return Visit(url, source, depth, title, _moment(published), known, version, _moment(fetched), attempts)


def _signed(page: int) -> int:
    """SQLite's integers are signed."""
    return page - 2**64 if page >= 2**63 else page


def _seconds(moment: datetime | None) -> float | None:
    return None if moment is None else moment.timestamp()


def _moment(seconds: float | None) -> datetime | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)
