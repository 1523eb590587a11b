"""Which page comes next: a queue for each host, and a host that has rested goes first."""

import threading
import time
from collections import deque
from dataclasses import dataclass, field

from jobs.scrape import urls
from jobs.scrape.extract import Hints
from jobs.scrape.politeness import Turns


@dataclass
class Source:
    """A feed or site to read, and what it has used of its share so far.

    `max_pages` limits the pages fetched in a run; `scope` is the page within whose folder links are followed.
    """

    url: str
    kind: str  # "feed" or "site"
    language: str | None
    delay_seconds: float
    max_pages: int
    scope: str = ""
    fetched: int = 0
    considered: int = 0


@dataclass(frozen=True)
class Visit:
    """A page to read. `depth` counts the links from the source's start, which has 0; a feed's entries have 1."""

    url: str
    source: Source
    depth: int = 0
    hints: Hints = field(default_factory=Hints)


class Frontier:
    """The pages that wait, shared by all threads. One page of a host is out at a time, in the order of arrival."""

    def __init__(self, turns: Turns):
        self._turns = turns
        self._waiting: dict[str, deque[Visit]] = {}
        self._out: set[str] = set()
        self._closed = False
        self._changed = threading.Condition()

    def add(self, visit: Visit) -> None:
        """Let a page wait for its turn."""
        with self._changed:
            self._waiting.setdefault(urls.host(visit.url), deque()).append(visit)
            self._changed.notify()

    def take(self) -> Visit | None:
        """The next page, once its host is free; None when nothing waits and nothing more can come. Each page taken
        is to be given back with `done`."""
        with self._changed:
            while (self._waiting or self._out) and not self._closed:
                idle = [host for host in self._waiting if host not in self._out]
                rested = min(idle, key=self._turns.free_at, default=None)
                wait = None if rested is None else self._turns.free_at(rested) - time.monotonic()
                if wait is None or wait > 0:
                    self._changed.wait(wait)
                    continue
                visit = self._waiting[rested].popleft()
                if not self._waiting[rested]:
                    del self._waiting[rested]
                self._out.add(rested)
                return visit
            self._changed.notify_all()
            return None

    def done(self, visit: Visit) -> None:
        """The page is dealt with, and what it led to has been added."""
        with self._changed:
            self._out.discard(urls.host(visit.url))
            self._changed.notify_all()

    def close(self) -> None:
        """Hand out nothing more."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
