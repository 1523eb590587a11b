"""One request at a time to a host, and a rest after each."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field


@dataclass
class _Host:
    lock: threading.Lock = field(default_factory=threading.Lock)
    delay: float | None = None  # seconds; None: the default
    free_at: float = 0.0  # monotonic clock


class Turns:
    """Whose turn it is. Shared by all threads; every request to a host, of whatever kind, takes a turn."""

    def __init__(self, default_delay: float):
        """`default_delay`: least time from the end of a request to the next one to the same host, seconds."""
        self._default, self._hosts, self._lock = default_delay, {}, threading.Lock()

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

    @contextmanager
    def turn(self, host: str) -> Iterator[None]:
        """Wait until nobody else speaks to this host and its rest is over, then hold it for the block."""
        known = self._of(host)
        with known.lock:
            while (wait := known.free_at - time.monotonic()) > 0:
                time.sleep(wait)
            try:
                yield
            finally:
                delay = self._default if known.delay is None else known.delay
                known.free_at = max(known.free_at, time.monotonic() + delay)

    def _of(self, host: str) -> _Host:
        with self._lock:
            return self._hosts.setdefault(host, _Host())
