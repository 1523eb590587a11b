"""robots.txt, obeyed (RFC 9309, Robots Exclusion Protocol)."""

import re
import threading
from dataclasses import dataclass

from protego import Protego

from jobs.scrape import urls
from jobs.scrape.fetch import Client, NotFetched
from jobs.scrape.politeness import Turns

PARSED_BYTES = 512 * 1024  # RFC 9309, section 2.5: at least 500 KiB are read
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


class Robots:
    """The rules of every authority that was asked for in this run, each fetched once. Shared by all threads.

    user_agent : the header; its product token is the name that a robots.txt calls us by
    max_delay : a host that asks for longer rests is not read, seconds
    """

    def __init__(self, user_agent: str, turns: Turns, max_delay: float):
        self.agent = re.match(r"[A-Za-z_-]*", user_agent)[0] or user_agent
        self._turns, self._max_delay = turns, max_delay
        self._rules: dict[str, Rules] = {}
        self._locks: dict[str, threading.Lock] = {}
        self._lock = threading.Lock()

    def check(self, url: str, client: Client) -> None:
        """Raises NotFetched when the address may not be asked for."""
        rules = self._rules_of(urls.authority(url), client)
        if rules.closed:
            raise NotFetched("robots.txt closed", rules.closed, refused=True)
        if not rules.allow(url, self.agent):
            raise NotFetched("robots.txt", refused=True)

    def _rules_of(self, authority: str, client: Client) -> Rules:
        with self._lock:
            lock = self._locks.setdefault(authority, threading.Lock())
        with lock:
            if authority not in self._rules:
                self._rules[authority] = self._ask(authority, client)
            return self._rules[authority]

    def _ask(self, authority: str, client: Client) -> Rules:
        try:
            page = client.fetch(f"{authority}/robots.txt", lambda url: None, keep_start=PARSED_BYTES)
        except NotFetched as failure:
            absent = failure.status is not None and 400 <= failure.status < 500
            if (absent and failure.status != TOO_MANY_REQUESTS) or failure.reason == "too many redirects":
                return Rules()  # sections 2.3.1.2 and 2.3.1.3: unavailable, everything is allowed
            return Rules(closed=str(failure))  # section 2.3.1.4: unreachable, keep out
        rules = Rules(Protego.parse(page.body.decode("utf-8", "replace")))
        delay = rules.delay(self.agent)
        if delay > self._max_delay:
            return Rules(closed=f"it asks for {delay:g} s between requests")
        if delay:
            self._turns.demand(urls.host(authority), delay)
        return rules
