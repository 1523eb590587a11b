"""Progress that people can follow: a bar on a terminal, a line now and then in a log."""

import logging
import resource
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from tqdm import tqdm

SECONDS_BETWEEN_LINES = 5.0  # in a log

T = TypeVar("T")

log = logging.getLogger("discover")


def setup_logging() -> None:
    """Logging for a job run as a process: time, level and message on standard error."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)-7s %(message)s", datefmt="%H:%M:%S")
    for noisy in ("pyiceberg", "py4j", "urllib3", "trafilatura", "numba", "matplotlib"):
        logging.getLogger(noisy).setLevel(logging.ERROR)


class Bar:
    """Counts work that is done; see `bar`."""

    def __init__(self, description: str, total: int | None, unit: str):
        self.description, self.total, self.unit, self.done = description, total, unit, 0
        self.started = self.spoken = time.monotonic()
        self.bar = tqdm(total=total, desc=description, unit=" " + unit) if sys.stderr.isatty() else None

    def advance(self, n: int = 1, note: str = "") -> None:
        """Count `n` more as done; `note` is shown behind the count."""
        self.done += n
        if self.bar is not None:
            self.bar.set_postfix_str(note, refresh=False)
            self.bar.update(n)
        elif time.monotonic() - self.spoken >= SECONDS_BETWEEN_LINES:
            self.spoken = time.monotonic()
            self.say(note)

    def say(self, note: str = "") -> None:
        """Write one line into the log."""
        seconds = max(time.monotonic() - self.started, 1e-9)
        of = f" of {self.total:,}" if self.total else ""
        rate = f"{self.done / seconds:,.1f} {self.unit}/s"
        log.info("%s: %s%s %s, %s%s", self.description, f"{self.done:,}", of, self.unit, rate, note and f", {note}")


@contextmanager
def bar(description: str, total: int | None = None, unit: str = "rows") -> Iterator[Bar]:
    """A progress bar to advance by hand."""
    counter = Bar(description, total, unit)
    try:
        yield counter
    finally:
        if counter.bar is not None:
            counter.bar.close()
        else:
            counter.say("done" if sys.exc_info()[0] is None else "stopped")


def track(items: Iterable[T], description: str, total: int | None = None, unit: str = "items") -> Iterator[T]:
    """Yield the items and show how far it is."""
    if total is None and hasattr(items, "__len__"):
        total = len(items)
    with bar(description, total, unit) as counter:
        for item in items:
            yield item
            counter.advance()


@contextmanager
def step(description: str) -> Iterator[None]:
    """Log the beginning and the end of a piece of work, with seconds and this process's peak memory."""
    log.info("%s ...", description)
    started = time.monotonic()
    try:
        yield
    except BaseException:
        log.error("%s: failed after %.1f s", description, time.monotonic() - started)
        raise
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2  # Linux counts KiB
    log.info("%s: %.1f s, peak %.1f GiB", description, time.monotonic() - started, peak)
