"""What every reader of files gives, and what the readers share."""

import gzip
import io
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from jobs.cli import UserError

LONGEST_EXCERPT = 2000  # characters of a broken line that are kept


@dataclass(frozen=True)
class Broken:
    """A place in a file that could not be used: the line (from 1), why, and what stands there."""

    line: int
    reason: str
    row: object


@dataclass(frozen=True)
class Batch:
    """Some rows of a file.

    lines : int64 array of shape (rows,), the line (Parquet: the row) that each row begins on, from 1
    rows : the columns that the file has of those asked for, as they stand there; an empty text is null
    broken : what between them is no row
    unknown : columns of the file that were not asked for
    place : of an archive or a folder, the file within it
    """

    lines: np.ndarray
    rows: pa.Table
    broken: list[Broken] = field(default_factory=list)
    unknown: tuple[str, ...] = ()
    place: str | None = None


def open_bytes(path: Path) -> io.BufferedReader:
    """The bytes of the file, decompressed."""
    if path.suffix.lower() == ".gz":
        return io.BufferedReader(gzip.open(path), 1 << 20)
    return path.open("rb", buffering=1 << 20)


def check_header(path: Path, found: Iterable[str], columns: Collection[str], required: Collection[str]) -> None:
    """Raise UserError when a required column is not among those found, or a wanted one is there twice."""
    found = list(found)
    missing = [name for name in required if name not in found]
    repeated = sorted({name for name in found if name in columns and found.count(name) > 1})
    if missing:
        there = ", ".join(map(repr, found)) or "none"
        raise UserError(f"{path} lacks the column {', '.join(map(repr, missing))}; the columns there are: {there}")
    if repeated:
        raise UserError(f"{path} has the column {', '.join(map(repr, repeated))} twice")


def excerpt(line: bytes) -> str:
    """The beginning of a line, what is not UTF-8 in it spelled out."""
    return line[:LONGEST_EXCERPT].decode(errors="backslashreplace")


def is_unicode(row: list[str]) -> bool:
    """Whether no bytes were smuggled through as surrogates."""
    text = "".join(row)
    return text.isascii() or not any("\ud800" <= c <= "\udfff" for c in text)


def null_if_empty(values: pa.ChunkedArray | pa.Array) -> pa.ChunkedArray | pa.Array:
    """Texts with null for the empty one."""
    return pc.if_else(pc.equal(values, ""), pa.scalar(None, values.type), values)
