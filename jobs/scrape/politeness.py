"""One request at a time to a host, a rest after each, longer rests after failures, and an end to it when they go on."""

import random
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

SMOOTHING = 0.5  # weight of the last answer in the pace of a host


@dataclass
class _Host:
    lock: threading.Lock = field(default_factory=threading.Lock)
    delay: float | None = None  # seconds; None: the default
    pace: float = 0.0  # seconds that it takes to answer, smoothed
    free_at: float = 0.0  # monotonic clock
    failures: int = 0  # in a row
    given_up: str = ""  # why
    away_until: float = 0.0  # monotonic clock; before that it does not want to be asked


class Turns:
    """Whose turn it is, and which hosts are left alone. Shared by all threads; every request to a host, of whatever
    kind, takes a turn."""

    def __init__(
        self,
        default_delay: float,
        *,
        pace: float = 0.0,
        backoff: float = 0.0,
        max_delay: float = 60.0,
        max_failures: int = 5,
    ):
        """
        default_delay : least time from the end of a request to the next one to the same host, seconds
        pace : the rest is at least so many times as long as the host takes to answer
        backoff : rest after the first failure, seconds; it doubles with each one in a row, give or take half
        max_delay : no rest is longer, seconds; a host that asks for a longer one is given up
        max_failures : in a row, after which a host is given up
        """
        self._default, self._pace, self._backoff = default_delay, pace, backoff
        self._max_delay, self._max_failures = max_delay, max_failures
        self._hosts: dict[str, _Host] = {}
        self._lock = threading.Lock()
        self._random = random.SystemRandom()

    def demand(self, host: str, delay: float) -> None:
        """Rest at least `delay` seconds after each request to this host; the longest demand counts."""
        known = self._of(host)
        known.delay = delay if known.delay is None else max(known.delay, delay)

    def postpone(self, host: str, seconds: float) -> None:
        """No request to this host for so many seconds from now."""
        known = self._of(host)
        known.free_at = max(known.free_at, time.monotonic() + seconds)

    def free_at(self, host: str) -> float:
        """When the next request to this host may start, on the monotonic clock."""
        return self._of(host).free_at

    def succeeded(self, host: str) -> None:
        """The host has answered as it should."""
        self._of(host).failures = 0

    def failed(self, host: str, why: str, retry_after: float | None = None) -> bool:
        """The host has failed: let it rest, for `retry_after` seconds if it says so. Returns whether it is given up
        just now."""
        known = self._of(host)
        known.failures += 1
        known.away_until = max(known.away_until, time.monotonic() + (retry_after or 0.0))
        if known.given_up:
            return False
        if (retry_after or 0.0) > self._max_delay:
            known.given_up = f"it asks to come back in {retry_after:.0f} s"
        elif known.failures >= self._max_failures:
            known.given_up = f"{known.failures} failures in a row, the last one: {why}"
        else:
            backoff = self._backoff * 2 ** (known.failures - 1) * self._random.uniform(0.5, 1.5)
            self.postpone(host, min(max(retry_after or 0.0, backoff), self._max_delay))
        return bool(known.given_up)

    def given_up(self, host: str) -> str:
        """Why the host is left alone for the rest of the run; empty: it is not."""
        return self._of(host).given_up

    def away(self, host: str) -> float:
        """The seconds from now for which the host has asked to be left alone; 0: it has not."""
        return max(self._of(host).away_until - time.monotonic(), 0.0)

    @contextmanager
    def turn(self, host: str) -> Iterator[None]:
        """Wait until nobody else speaks to this host and its rest is over, then hold it for the block."""
        known = self._of(host)
        with known.lock:
            while (wait := known.free_at - time.monotonic()) > 0:
                time.sleep(wait)
            began = time.monotonic()
            try:
                yield
            finally:
                ended = time.monotonic()
                known.pace += SMOOTHING * (ended - began - known.pace) if known.pace else ended - began
                delay = self._default if known.delay is None else known.delay
                rest = max(delay, min(self._pace * known.pace, self._max_delay))
                known.free_at = max(known.free_at, ended + rest)

    def __len__(self) -> int:
        """How many hosts there are."""
        return len(self._hosts)

    def _of(self, host: str) -> _Host:
        known = self._hosts.get(host)
        if known is None:
            with self._lock:
                known = self._hosts.setdefault(host, _Host())
        return known
