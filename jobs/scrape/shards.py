"""Shards: the hosts of the web in equal parts, one for each process that reads it at the same time."""

import fcntl
import hashlib
import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

HASHES = 2**32  # hosts are spread over so many numbers; a shard is a range of them

log = logging.getLogger("discover")


@dataclass(frozen=True)
class Shard:
    """Part `number` of `count`, from 1.

    >>> Shard.parse("2/4").name
    '2of4'
    """

    number: int = 1
    count: int = 1

    def __post_init__(self) -> None:
        if not 1 <= self.number <= self.count:
            raise ValueError(f"{self.number}/{self.count} is no shard: the first number is from 1 to the second one")

    @classmethod
    def parse(cls, text: str) -> "Shard":
        """From "k/n". Raises ValueError."""
        match = re.fullmatch(r"(\d{1,6})(?:/|of)(\d{1,6})", text)
        if not match:
            raise ValueError(f"{text!r} is no shard: it should look like 2/4")
        return cls(int(match[1]), int(match[2]))

    @property
    def name(self) -> str:
        """For names of files."""
        return f"{self.number}of{self.count}"

    @property
    def hashes(self) -> range:
        """The hashes of the hosts that belong to it."""
        return range((self.number - 1) * HASHES // self.count, self.number * HASHES // self.count)

    def has(self, host: str) -> bool:
        """Whether a host belongs to it."""
        return self.count == 1 or int.from_bytes(hashlib.sha256(host.encode()).digest()[:4], "big") in self.hashes

    def overlaps(self, other: "Shard") -> bool:
        """Whether some host belongs to both."""
        return self.hashes.start < other.hashes.stop and other.hashes.start < self.hashes.stop


WHOLE = Shard()


@contextmanager
def alone(home: Path, shard: Shard) -> Iterator[None]:
    """Wait until no other run reads from the hosts of a shard: two would ask the same hosts at once, and store pages
    twice. The lock is the range of hashes in one file, so that shards of whatever count keep apart. A run that is
    killed makes way."""
    home.mkdir(parents=True, exist_ok=True)
    length, start = len(shard.hashes), shard.hashes.start
    with (home / "scrape.lock").open("w") as file:
        try:
            fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB, length, start)
        except OSError:
            log.info("another run is reading from the same hosts: waiting for its end")
            fcntl.lockf(file, fcntl.LOCK_EX, length, start)
        yield
