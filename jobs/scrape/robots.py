"""robots.txt, obeyed (RFC 9309, Robots Exclusion Protocol)."""

import sqlite3
import threading
import time
from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path

from protego import Protego

from jobs.scrape import urls
from jobs.scrape.fetch import Client, NotFetched
from jobs.scrape.headers import product_token
from jobs.scrape.politeness import Turns

PARSED_BYTES = 512 * 1024  # section 2.5: at least 500 KiB are read
CACHE_SECONDS = 24 * 3600.0  # section 2.4: no longer than a day
PARSED_RULES = 1000  # authorities whose rules are held in memory
TOO_MANY_REQUESTS = 429


@dataclass(frozen=True)
class Rules:
    """What the robots.txt of one authority says to us. Without `parsed`, everything is allowed, or with `closed`
    nothing is."""

    parsed: Protego | None = None
    closed: str = ""  # why nothing may be read

    def allow(self, url: str, agent: str) -> bool:
        """Whether the address may be asked for."""
        return not self.closed and (self.parsed is None or self.parsed.can_fetch(url, agent))

    def delay(self, agent: str) -> float:
        """The rest between two requests that it asks for, seconds; 0: none."""
        if self.parsed is None:
            return 0.0
        rate = self.parsed.request_rate(agent)
        return max(self.parsed.crawl_delay(agent) or 0.0, rate.seconds / rate.requests if rate else 0.0)

    def sitemaps(self) -> list[str]:
        """The sitemaps that it names."""
        return list(self.parsed.sitemaps) if self.parsed else []


class Cache:
    """The text of robots.txt for a day, on disk: for the next run, and in place of memory. Safe for any number of
    threads and processes."""

    def __init__(self, path: Path):
        path.parent.mkdir(parents=True, exist_ok=True)
        self._database = sqlite3.connect(path, timeout=60.0, isolation_level=None, check_same_thread=False)
        self._database.execute("PRAGMA journal_mode = WAL")
        self._database.execute("PRAGMA synchronous = OFF")
        self._database.execute(
            "CREATE TABLE IF NOT EXISTS robots (authority TEXT PRIMARY KEY, fetched_at REAL NOT NULL, body BLOB)"
        )
        self._lock = threading.Lock()

    def get(self, authority: str) -> tuple[float, bytes | None] | None:
        """When it was fetched (unix time), and its body (None: there is no robots.txt); None when that is older than a
        day, or not known."""
        query = "SELECT fetched_at, body FROM robots WHERE authority = ? AND fetched_at > ?"
        with self._lock:
            return self._database.execute(query, (authority, time.time() - CACHE_SECONDS)).fetchone()

    def put(self, authority: str, body: bytes | None) -> None:
        """Keep what was fetched just now."""
        with self._lock:
            self._database.execute("REPLACE INTO robots VALUES (?, ?, ?)", (authority, time.time(), body))

    def close(self) -> None:
        """Close the file; what is too old is left out."""
        with self._lock:
            self._database.execute("DELETE FROM robots WHERE fetched_at <= ?", (time.time() - CACHE_SECONDS,))
            self._database.close()


class Robots:
    """The rules of every authority that is asked for, fetched once a day. Shared by all threads.

    user_agent : the header; its product token is the name that a robots.txt calls us by
    max_delay : a host that asks for longer rests is not read, seconds
    """

    def __init__(self, user_agent: str, turns: Turns, max_delay: float, cache: Cache):
        self.agent = product_token(user_agent)
        self._turns, self._max_delay, self._cache = turns, max_delay, cache
        self._rules: OrderedDict[str, tuple[float, Rules]] = OrderedDict()  # until when, unix time
        self._locks = [threading.Lock() for _ in range(64)]  # one for every 64th authority
        self._lock = threading.Lock()

    def check(self, url: str, client: Client) -> None:
        """Raises NotFetched when the address may not be asked for."""
        rules = self.rules(url, client)
        if rules.closed:
            raise NotFetched("robots.txt closed", rules.closed, refused=True)
        if not rules.allow(url, self.agent):
            raise NotFetched("robots.txt", refused=True)

    def rules(self, url: str, client: Client) -> Rules:
        """The rules that hold for an address."""
        authority = urls.authority(url)
        with self._lock:
            until, rules = self._rules.get(authority, (0.0, None))
        if rules is not None and time.time() < until:
            return rules
        with self._locks[hash(authority) % len(self._locks)]:
            with self._lock:
                until, rules = self._rules.get(authority, (0.0, None))
            if rules is None or time.time() >= until:
                until, rules = self._find(authority, client)
                with self._lock:
                    self._rules[authority] = (until, rules)
                    self._rules.move_to_end(authority)
                    while len(self._rules) > PARSED_RULES:
                        self._rules.popitem(last=False)
        return rules

    def _find(self, authority: str, client: Client) -> tuple[float, Rules]:
        cached = self._cache.get(authority)
        if cached is not None:
            fetched_at, body = cached
            return fetched_at + CACHE_SECONDS, self._parse(authority, body)
        try:
            body = client.fetch(f"{authority}/robots.txt", lambda url: None, keep_start=PARSED_BYTES).body
        except NotFetched as failure:
            absent = failure.status is not None and 400 <= failure.status < 500
            if not ((absent and failure.status != TOO_MANY_REQUESTS) or failure.reason == "too many redirects"):
                return time.time() + CACHE_SECONDS, Rules(closed=str(failure))  # section 2.3.1.4: unreachable, keep out
            body = None  # sections 2.3.1.2 and 2.3.1.3: unavailable, everything is allowed
        self._cache.put(authority, body)
        return time.time() + CACHE_SECONDS, self._parse(authority, body)

    def _parse(self, authority: str, body: bytes | None) -> Rules:
        if body is None:
            return Rules()
        rules = Rules(Protego.parse(body.decode("utf-8", "replace")))
        delay = rules.delay(self.agent)
        if delay > self._max_delay:
            return Rules(closed=f"it asks for {delay:g} s between requests")
        if delay:
            self._turns.demand(urls.host(authority), delay)
        return rules
