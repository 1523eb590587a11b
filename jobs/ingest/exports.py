"""What the readers of services' exports share: records become columns of `history`, file by file."""

import logging
import re
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa

from jobs.cli import UserError
from jobs.ingest.archive import Member, members
from jobs.ingest.batch import Batch, Broken, is_unicode, null_if_empty
from jobs.ingest.records import Records

MBID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
ISRC = re.compile(r"[A-Z]{2}[A-Z0-9]{3}\d{7}")

log = logging.getLogger("discover")


def batches(
    path: Path, wanted: re.Pattern[str], what: str, read: Callable[[Member], Iterator[Batch]]
) -> Iterator[Batch]:
    """The batches of all files of an export that `wanted` names; `what` says in an error what was looked for."""
    with members(path, wanted) as found:
        if not found:
            raise UserError(f"{path} holds no {what}")
        for member in found:
            yield from read(member)


def batch(
    member: Member, alone: bool, records: Records, columns: dict[str, list], broken: Iterable[Broken] = ()
) -> Batch:
    """Columns, one value a record, as a batch. Values that are no texts or numbers count as missing.

    alone : whether the export is this file, so that a line needs no name of a file
    """
    table = {name: column(values) for name, values in columns.items()}
    place = None if alone else member.name
    return Batch(np.array(records.numbers, np.int64), pa.table(table), [*records.broken, *broken], place=place)


def column(values: list) -> pa.Array:
    """The values as whole numbers or truth values where all are, else as texts; an empty text is null."""
    for kind in (pa.string(), pa.int64(), pa.bool_()):
        try:
            array = pa.array(values, kind)
            return null_if_empty(array) if kind == pa.string() else array
        except (pa.ArrowInvalid, pa.ArrowTypeError, UnicodeEncodeError, OverflowError):
            continue
    return null_if_empty(pa.array([text(value) for value in values], pa.string()))


def text(value: object) -> str | None:
    """A value as text; null for what is none: lists, objects, half a surrogate pair."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return str(value)
    return value if isinstance(value, str) and is_unicode([value]) else None


def mbid(value: object) -> str | None:
    """A MusicBrainz identifier in lower case; None for anything else."""
    found = MBID.fullmatch(value.strip().lower()) if isinstance(value, str) else None
    return found and found[0]


def isrc(value: object) -> str | None:
    """An ISRC without hyphens; None for anything else."""
    found = ISRC.fullmatch(value.strip().upper().replace("-", "")) if isinstance(value, str) else None
    return found and found[0]
