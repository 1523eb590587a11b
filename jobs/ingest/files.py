"""Reading the files that people bring: CSV, TSV, JSON Lines (each also gzipped) and Parquet, in batches.

All formats come out alike, as `Batch`es of raw values with the line each row began on, so that whatever is wrong
with a value can be told by file and line. Text that is no row at all (a wrong number of columns, broken JSON,
broken UTF-8) comes out as `Broken`.

    CSV   RFC 4180: commas, double quotes, a quoted value may run over lines; a header line
    TSV   text/tab-separated-values: tabs, no quoting; a header line
    JSON Lines   one object a line
    Parquet   lines are rows, counted from 1
"""

import json
import zlib
from collections.abc import Callable, Collection, Iterator
from itertools import islice
from pathlib import Path

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from jobs.cli import UserError
from jobs.ingest.batch import (
    LONGEST_EXCERPT,
    Batch,
    Broken,
    check_header,
    excerpt,
    is_unicode,
    null_if_empty,
    open_bytes,
)
from jobs.ingest.delimited import read_csv, read_tsv


def read(path: Path, columns: Collection[str], required: Collection[str], batch_rows: int) -> Iterator[Batch]:
    """The rows of a file, `batch_rows` at a time.

    columns: the names to read; others are listed in `Batch.unknown`. required: those that the file must have.

    Raises UserError when the file is not there, of an unknown kind, damaged as a whole (a gzip file that was cut
    off, a Parquet file without its end), or lacks a required column: before the first batch as far as that shows.
    """
    reader = _reader(path)
    try:
        yield from reader(path, columns, required, batch_rows)
    except OSError as error:  # gzip.BadGzipFile is one
        raise UserError(f"{path}: {error.strerror or error}") from error
    except (EOFError, zlib.error, pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        raise UserError(f"{path} is damaged or was cut off: {error}") from error


def _reader(path: Path) -> Callable[[Path, Collection[str], Collection[str], int], Iterator[Batch]]:
    readers = {
        ".csv": read_csv,
        ".tsv": read_tsv,
        ".jsonl": _read_json_lines,
        ".ndjson": _read_json_lines,
        ".parquet": _read_parquet,
    }
    suffixes = [suffix.lower() for suffix in path.suffixes]
    if suffixes[-1:] == [".gz"] and suffixes[-2:-1] != [".parquet"]:
        suffixes.pop()
    if not suffixes or suffixes[-1] not in readers:
        raise UserError(f"{path}: the name must end in {', '.join(readers)}, or in .gz behind one of the text formats")
    return readers[suffixes[-1]]


# JSON Lines


def _read_json_lines(
    path: Path, columns: Collection[str], required: Collection[str], batch_rows: int
) -> Iterator[Batch]:
    decode = msgspec.json.Decoder().decode
    with open_bytes(path) as stream:
        first, unknown, checked = 1, {}, False
        while lines := list(islice(stream, batch_rows)):
            numbers, objects, broken = [], [], []
            for number, line in enumerate(lines, start=first):
                try:
                    value = decode(line)
                except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
                    value = _told(number, line)
                if isinstance(value, Broken):
                    broken.append(value)
                elif isinstance(value, dict):
                    numbers.append(number)
                    objects.append(value)
                elif line.strip():
                    broken.append(Broken(number, "not a JSON object", excerpt(line)))
            found = dict.fromkeys(name for names in {tuple(o) for o in objects} for name in names)
            if objects and not checked:  # an optional name may come up later, a required one must be there by now
                check_header(path, found, columns, required)
                checked = True
            unknown |= {name: None for name in found if name not in columns}
            kept, table, unusable = _json_table(
                numbers, objects, [name for name in columns if name in found or name in required]
            )
            yield Batch(np.array(kept, np.int64), table, broken + unusable, tuple(unknown))
            first += len(lines)


def _told(number: int, line: bytes) -> object:
    """The value of a line that msgspec cannot read, or what is wrong with it: `json` takes more for JSON (NaN, half a
    surrogate pair), and says better what is none."""
    try:
        return json.loads(line.decode("utf-8-sig" if number == 1 else "utf-8")) if line.strip() else None
    except UnicodeDecodeError as error:
        return Broken(number, f"not UTF-8: {error.reason}", excerpt(line))
    except (ValueError, RecursionError) as error:
        return Broken(number, f"not JSON: {error}", excerpt(line))


def _json_table(numbers: list[int], objects: list[dict], names: list[str]) -> tuple[list[int], pa.Table, list[Broken]]:
    """The objects as a table of texts, whole numbers and lists of texts; and the objects that hold anything else."""
    table: dict[str, pa.Array] = {}
    wrong: dict[int, str] = {}
    for name in names:
        values = [o.get(name) for o in objects]
        table[name] = _json_scalars(values)
        if table[name] is None:
            wrong |= {i: f"{name}: {reason}" for i, v in enumerate(values) if (reason := _unusable(v))}
            table[name] = _json_texts([None if i in wrong else v for i, v in enumerate(values)])
    kept = np.array([i not in wrong for i in range(len(objects))], bool)
    broken = [Broken(numbers[i], reason, ascii(objects[i])[:LONGEST_EXCERPT]) for i, reason in wrong.items()]
    return [numbers[i] for i in np.flatnonzero(kept)], pa.table(table).filter(pa.array(kept)), broken


def _json_scalars(values: list) -> pa.Array | None:
    """The values where all of them are texts, or all of them whole numbers; else None."""
    try:
        return null_if_empty(pa.array(values, pa.string()))
    except (pa.ArrowInvalid, pa.ArrowTypeError, UnicodeEncodeError):
        pass
    is_whole = all(type(value) in (int, type(None)) for value in values)
    return pa.array(values, pa.int64()) if is_whole and all(abs(v or 0) < 1 << 63 for v in values) else None


def _json_texts(values: list) -> pa.Array:
    """The values as texts, or where there is a list among them, as lists of texts."""
    if not any(isinstance(value, list) for value in values):
        return null_if_empty(pa.array([_text(value) for value in values], pa.string()))
    lists = [value if isinstance(value, list) or value is None else _text(value).split(";") for value in values]
    return pa.array([value and [_text(part) for part in value] for value in lists], pa.list_(pa.string()))


def _unusable(value: object) -> str | None:
    """Why a JSON value can stand in no column; None: it can."""
    parts = value if isinstance(value, list) else [value]
    if any(isinstance(part, dict | list) for part in parts):
        return f"a value was expected, not {type(value).__name__}"
    if any(isinstance(part, str) and not is_unicode([part]) for part in parts):
        return "half a surrogate pair is no text"
    return None


def _text(value: object) -> str | None:
    if value is None or isinstance(value, str):
        return value
    return json.dumps(value)  # numbers as they would stand in a CSV; true, false


# Parquet


def _read_parquet(path: Path, columns: Collection[str], required: Collection[str], batch_rows: int) -> Iterator[Batch]:
    with pq.ParquetFile(path, memory_map=True) as file:
        check_header(path, file.schema_arrow.names, columns, required)
        wanted = [name for name in file.schema_arrow.names if name in columns]
        unknown = tuple(name for name in file.schema_arrow.names if name not in columns)
        first = 1
        for rows in file.iter_batches(batch_rows, columns=wanted):
            table = pa.table({name: _plain(rows.column(name)) for name in wanted})
            yield Batch(np.arange(first, first + len(table)), table, unknown=unknown)
            first += len(table)


def _plain(values: pa.Array) -> pa.Array:
    """Texts as plain strings, empty ones null, and so is NaN, pandas' way of leaving out a number; the rest as it
    is."""
    if isinstance(values, pa.DictionaryArray):
        values = values.dictionary_decode()
    if pa.types.is_large_string(values.type) or pa.types.is_string_view(values.type):
        values = values.cast(pa.string())
    if pa.types.is_floating(values.type):
        return pc.if_else(pc.is_nan(values), pa.scalar(None, values.type), values)
    return null_if_empty(values) if pa.types.is_string(values.type) else values
