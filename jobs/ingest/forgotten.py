"""Who has been forgotten, told by hashes alone: so that a later import leaves them out without knowing their names.

A hash tells nobody's name, but whoever has a name can try it: the salt only keeps lists of other lakes from helping.
"""

import hashlib
import re
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime

import pyarrow as pa
from pyiceberg.expressions import EqualTo

from jobs.lake import Lake

SEPARATORS = re.compile(r"([^\w]|_)")
MOST_PARTS = 7  # a name in a text has up to four words, with three separators between them
MASK = "(forgotten)"


@dataclass(frozen=True)
class Forgotten:
    """The hashes of who was forgotten, and the salt of the lake (empty: nobody was, ever)."""

    salt: str = ""
    hashes: frozenset[str] = frozenset()

    @classmethod
    def of(cls, lake: Lake) -> "Forgotten":
        """Who was forgotten in this lake."""
        rows = lake.arrow("forgotten").to_pylist()
        return cls(rows[0]["salt"] if rows else "", frozenset(row["user_hash"] for row in rows))

    def __contains__(self, user_id: object) -> bool:
        return bool(self.hashes) and isinstance(user_id, str) and digest(self.salt, user_id) in self.hashes

    def masked(self, text: str) -> str:
        """The text without the names of who was forgotten, where they stand between separators.

        >>> Forgotten("s", frozenset([digest("s", "ann")])).masked("/home/ann/ann_2026.zip, Anna")
        '/home/(forgotten)/(forgotten)_2026.zip, Anna'
        """
        if not self.hashes:
            return text
        parts, kept, at = SEPARATORS.split(text), [], 0
        while at < len(parts):
            lengths = range(min(MOST_PARTS, len(parts) - at), 0, -1)
            length = next((n for n in lengths if "".join(parts[at : at + n]) in self), 0)
            kept.append(MASK if length else parts[at])
            at += length or 1
        return "".join(kept)

    def masked_row(self, row: object) -> object:
        """A row that was set aside, of any shape, in the same way."""
        if not self.hashes:
            return row
        if isinstance(row, dict):
            return {key: self.masked_row(value) for key, value in row.items()}
        if isinstance(row, list):
            return [self.masked_row(value) for value in row]
        if row in self:
            return MASK
        return self.masked(row) if isinstance(row, str) else row


def remember(lake: Lake, user_id: str) -> None:
    """Put a listener on the list."""
    salt = Forgotten.of(lake).salt or secrets.token_hex(16)
    row = {"user_hash": digest(salt, user_id), "salt": salt, "since": datetime.now(UTC).date()}
    lake.merge("forgotten", pa.Table.from_pylist([row]))


def lift(lake: Lake, user_id: str) -> bool:
    """Take a listener off the list; return whether they were on it."""
    present = Forgotten.of(lake)
    if user_id not in present:
        return False
    lake.publish("forgotten", [], EqualTo("user_hash", digest(present.salt, user_id)))
    return True


def digest(salt: str, user_id: str) -> str:
    """The hash that stands for a listener."""
    return hashlib.sha256((salt + user_id).encode(errors="surrogatepass")).hexdigest()
