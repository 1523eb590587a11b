"""Reading the files that people bring: CSV, TSV, JSON Lines (each also gzipped) and Parquet, in batches.

All formats come out alike, as `Batch`es of raw values with the line each row began on, so that whatever is wrong
with a value can be told by file and line. Text that is no row at all (a wrong number of columns, broken JSON,
broken UTF-8) comes out as `Broken`.

    CSV   RFC 4180: commas, double quotes, a quoted value may run over lines; a header line
    TSV   text/tab-separated-values: tabs, no quoting; a header line
    JSON Lines   one object a line
    Parquet   lines are rows, counted from 1
"""

import csv
import gzip
import io
import json
import zlib
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from pyarrow import csv as arrow_csv

from jobs.cli import UserError

LONGEST_HEADER = 1 << 20  # bytes; a first line beyond this is not a header
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
    """

    lines: np.ndarray
    rows: pa.Table
    broken: list[Broken] = field(default_factory=list)
    unknown: tuple[str, ...] = ()


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
        ".csv": _read_csv,
        ".tsv": _read_tsv,
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


def _open(path: Path) -> io.BufferedReader:
    """The bytes of the file, decompressed."""
    if path.suffix.lower() == ".gz":
        return io.BufferedReader(gzip.open(path), 1 << 20)
    return path.open("rb", buffering=1 << 20)


def _check_header(path: Path, found: Iterable[str], columns: Collection[str], required: Collection[str]) -> None:
    found = list(found)
    missing = [name for name in required if name not in found]
    repeated = sorted({name for name in found if name in columns and found.count(name) > 1})
    if missing:
        there = ", ".join(map(repr, found)) or "none"
        raise UserError(f"{path} lacks the column {', '.join(map(repr, missing))}; the columns there are: {there}")
    if repeated:
        raise UserError(f"{path} has the column {', '.join(map(repr, repeated))} twice")


# CSV and TSV


def _read_csv(path: Path, columns: Collection[str], required: Collection[str], batch_rows: int) -> Iterator[Batch]:
    return _read_delimited(path, ",", True, columns, required, batch_rows)


def _read_tsv(path: Path, columns: Collection[str], required: Collection[str], batch_rows: int) -> Iterator[Batch]:
    return _read_delimited(path, "\t", False, columns, required, batch_rows)


def _read_delimited(
    path: Path, delimiter: str, quoting: bool, columns: Collection[str], required: Collection[str], batch_rows: int
) -> Iterator[Batch]:
    with _open(path) as stream:
        header = _header(path, stream.readline(LONGEST_HEADER), delimiter, quoting)
        _check_header(path, header, columns, required)
        unknown = tuple(name for name in header if name not in columns)
        first, rest = 2, []  # the first line in hand; lines of a row that goes on behind the last chunk
        while lines := rest + list(islice(stream, batch_rows)):
            if quoting and any(b'"' in line for line in lines):
                parsed, used = _parse_quoted(lines, first, len(header), delimiter, more=bool(stream.peek(1)))
            else:
                parsed, used = _parse_plain(lines, first, len(header), delimiter), len(lines)
            first, rest = first + used, lines[used:]
            wanted = {name: parsed.rows.column(i) for i, name in enumerate(header) if name in columns}
            yield Batch(parsed.lines, pa.table(wanted), parsed.broken, unknown)


def _header(path: Path, line: bytes, delimiter: str, quoting: bool) -> list[str]:
    try:
        text = line.decode("utf-8-sig").rstrip("\r\n")
        rows = list(csv.reader([text], delimiter=delimiter, quoting=csv.QUOTE_MINIMAL if quoting else csv.QUOTE_NONE))
    except (UnicodeDecodeError, csv.Error) as error:
        raise UserError(f"{path}: the first line is no header in UTF-8: {error}") from None
    return [name.strip() for row in rows for name in row]


def _parse_plain(lines: list[bytes], first: int, width: int, delimiter: str) -> Batch:
    """Lines without quotes, each of which is a row, by Arrow's reader."""
    numbers = np.arange(first, first + len(lines))
    lines, numbers, broken = _drop_unreadable(lines, numbers)
    names, invalid = [str(i) for i in range(width)], []

    def set_aside(row: arrow_csv.InvalidRow) -> str:
        invalid.append(row.number - 1)
        reason = f"{row.actual_columns} columns where the header has {row.expected_columns}"
        broken.append(Broken(int(numbers[row.number - 1]), reason, row.text[:LONGEST_EXCERPT]))
        return "skip"

    if not lines:
        return Batch(numbers, pa.table({name: pa.array([], pa.string()) for name in names}), broken)
    data = b"".join(lines)
    rows = arrow_csv.read_csv(
        pa.BufferReader(data),
        read_options=arrow_csv.ReadOptions(column_names=names, use_threads=False, block_size=len(data) + 1),
        parse_options=arrow_csv.ParseOptions(
            delimiter=delimiter, quote_char=False, ignore_empty_lines=False, invalid_row_handler=set_aside
        ),
        convert_options=arrow_csv.ConvertOptions(
            column_types=dict.fromkeys(names, pa.string()), null_values=[""], strings_can_be_null=True
        ),
    )
    return Batch(np.delete(numbers, invalid), rows, broken)


def _drop_unreadable(lines: list[bytes], numbers: np.ndarray) -> tuple[list[bytes], np.ndarray, list[Broken]]:
    """The lines without blank ones, and without those that are not UTF-8 or hold a stray carriage return."""
    data = b"".join(lines)
    broken = []
    if data.isascii() and b"\r" not in data and b"\n\n" not in data and not data.startswith(b"\n"):
        return lines, numbers, broken  # nearly always, and much faster than line by line
    kept = []
    for i, line in enumerate(lines):
        bare = line.removesuffix(b"\n").removesuffix(b"\r")
        try:
            bare.decode()
        except UnicodeDecodeError as error:
            broken.append(Broken(int(numbers[i]), f"not UTF-8: {error.reason}", _excerpt(bare)))
            continue
        if b"\r" in bare:
            broken.append(Broken(int(numbers[i]), "a carriage return within the line", _excerpt(bare)))
        elif bare:
            kept.append(i)
    return [lines[i] for i in kept], numbers[kept], broken


def _excerpt(line: bytes) -> str:
    return line[:LONGEST_EXCERPT].decode(errors="backslashreplace")


def _parse_quoted(lines: list[bytes], first: int, width: int, delimiter: str, *, more: bool) -> tuple[Batch, int]:
    """Lines with quotes, where a row may run over several, by Python's reader; and how many lines were used up.

    A quote that is never closed swallows the rows behind it. So a row over several lines that comes out wrong costs
    its first line only, and reading starts again on the next one. With `more` to come, a row that is not at its end
    is left for the next chunk.
    """
    texts = [line.decode(errors="surrogateescape") for line in lines]
    numbers, rows, broken = [], [], []

    def set_aside(at: int, reason: str) -> None:
        broken.append(Broken(first + at, reason, _excerpt(lines[at].rstrip(b"\r\n"))))

    start = at = 0  # the line where the reader was started; the line where the row in hand begins
    while start < len(texts):
        reader = csv.reader(map(texts.__getitem__, range(start, len(texts))), delimiter=delimiter, strict=True)
        try:
            for row in reader:
                end = start + reader.line_num
                if len(row) == width and _is_unicode(row):
                    numbers.append(first + at)
                    rows.append(row)
                elif row:
                    wrong = f"{len(row)} columns where the header has {width}" if len(row) != width else "not UTF-8"
                    set_aside(at, wrong)
                    if end > at + 1:
                        start = at = at + 1
                        break
                at = end
            else:
                break
        except csv.Error as error:
            at_end = start + reader.line_num == len(texts) and "unexpected end" in str(error)
            if at_end and more:
                break
            set_aside(at, "a quote that is not closed" if at_end else str(error))
            start = at = at + 1
    columns = zip(*rows, strict=True) if rows else [[]] * width
    table = pa.table({str(i): _null_if_empty(pa.array(c, pa.string())) for i, c in enumerate(columns)})
    return Batch(np.array(numbers, np.int64), table, broken), at


def _is_unicode(row: list[str]) -> bool:
    """Whether no bytes were smuggled through as surrogates."""
    text = "".join(row)
    return text.isascii() or not any("\ud800" <= c <= "\udfff" for c in text)


def _null_if_empty(values: pa.ChunkedArray | pa.Array) -> pa.ChunkedArray | pa.Array:
    return pc.if_else(pc.equal(values, ""), pa.scalar(None, values.type), values)


# JSON Lines


def _read_json_lines(
    path: Path, columns: Collection[str], required: Collection[str], batch_rows: int
) -> Iterator[Batch]:
    with _open(path) as stream:
        first, unknown, checked = 1, {}, False
        while lines := list(islice(stream, batch_rows)):
            numbers, objects, broken = [], [], []
            for number, line in enumerate(lines, start=first):
                try:
                    value = json.loads(line.decode("utf-8-sig" if number == 1 else "utf-8")) if line.strip() else None
                except UnicodeDecodeError as error:
                    broken.append(Broken(number, f"not UTF-8: {error.reason}", _excerpt(line)))
                    continue
                except (ValueError, RecursionError) as error:
                    broken.append(Broken(number, f"not JSON: {error}", _excerpt(line)))
                    continue
                if isinstance(value, dict):
                    numbers.append(number)
                    objects.append(value)
                elif line.strip():
                    broken.append(Broken(number, "not a JSON object", _excerpt(line)))
            found = dict.fromkeys(name for names in {tuple(o) for o in objects} for name in names)
            if objects and not checked:  # an optional name may come up later, a required one must be there by now
                _check_header(path, found, columns, required)
                checked = True
            unknown |= {name: None for name in found if name not in columns}
            kept, table, unusable = _json_table(numbers, objects, [name for name in found if name in columns])
            yield Batch(np.array(kept, np.int64), table, broken + unusable, tuple(unknown))
            first += len(lines)


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
        return _null_if_empty(pa.array(values, pa.string()))
    except (pa.ArrowInvalid, pa.ArrowTypeError, UnicodeEncodeError):
        pass
    is_whole = all(type(value) in (int, type(None)) for value in values)
    return pa.array(values, pa.int64()) if is_whole and all(abs(v or 0) < 1 << 63 for v in values) else None


def _json_texts(values: list) -> pa.Array:
    """The values as texts, or where there is a list among them, as lists of texts."""
    if not any(isinstance(value, list) for value in values):
        return _null_if_empty(pa.array([_text(value) for value in values], pa.string()))
    lists = [value if isinstance(value, list) or value is None else _text(value).split(";") for value in values]
    return pa.array([value and [_text(part) for part in value] for value in lists], pa.list_(pa.string()))


def _unusable(value: object) -> str | None:
    """Why a JSON value can stand in no column; None: it can."""
    parts = value if isinstance(value, list) else [value]
    if any(isinstance(part, dict | list) for part in parts):
        return f"a value was expected, not {type(value).__name__}"
    if any(isinstance(part, str) and not _is_unicode([part]) for part in parts):
        return "half a surrogate pair is no text"
    return None


def _text(value: object) -> str | None:
    if value is None or isinstance(value, str):
        return value
    return json.dumps(value)  # numbers as they would stand in a CSV; true, false


# Parquet


def _read_parquet(path: Path, columns: Collection[str], required: Collection[str], batch_rows: int) -> Iterator[Batch]:
    with pq.ParquetFile(path, memory_map=True) as file:
        _check_header(path, file.schema_arrow.names, columns, required)
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
    return _null_if_empty(values) if pa.types.is_string(values.type) else values
