"""Reading CSV and TSV: Arrow's reader where every line is a row, Python's where quotes may say otherwise."""

import csv
from collections.abc import Collection, Iterator
from itertools import islice
from pathlib import Path

import numpy as np
import pyarrow as pa
from pyarrow import csv as arrow_csv

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

LONGEST_HEADER = 1 << 20  # bytes; a first line beyond this is not a header


def read_csv(path: Path, columns: Collection[str], required: Collection[str], batch_rows: int) -> Iterator[Batch]:
    """Read a CSV file; see `files.read`."""
    yield from read_delimited(path, ",", True, columns, required, batch_rows)


def read_tsv(path: Path, columns: Collection[str], required: Collection[str], batch_rows: int) -> Iterator[Batch]:
    """Read a TSV file; see `files.read`."""
    yield from read_delimited(path, "\t", False, columns, required, batch_rows)


def read_delimited(
    path: Path,
    delimiter: str,
    quoting: bool,
    columns: Collection[str],
    required: Collection[str],
    batch_rows: int,
    header: list[str] | None = None,
    *,
    skip_first: bool = True,
) -> Iterator[Batch]:
    """Read a file with such delimiters; see `files.read`.

    header : the names of the columns; None: the first line has them
    skip_first : whether the first line is a header; not, where `header` is given to a file without one
    """
    with open_bytes(path) as stream:
        if skip_first:
            line = stream.readline(LONGEST_HEADER)
            header = header or _header(path, line, delimiter, quoting)
        check_header(path, header, columns, required)
        unknown = tuple(name for name in header if name not in columns)
        # The first line in hand; lines of a row that goes on behind the last chunk.
        first, rest = 1 + skip_first, []
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
            broken.append(Broken(int(numbers[i]), f"not UTF-8: {error.reason}", excerpt(bare)))
            continue
        if b"\r" in bare:
            broken.append(Broken(int(numbers[i]), "a carriage return within the line", excerpt(bare)))
        elif bare:
            kept.append(i)
    return [lines[i] for i in kept], numbers[kept], broken


def _parse_quoted(lines: list[bytes], first: int, width: int, delimiter: str, *, more: bool) -> tuple[Batch, int]:
    """Lines with quotes, where a row may run over several, by Python's reader; and how many lines were used up.

    A quote that is never closed swallows the rows behind it. So a row over several lines that comes out wrong costs
    its first line only, and reading starts again on the next one. With `more` to come, a row that is not at its end
    is left for the next chunk.
    """
    texts = [line.decode(errors="surrogateescape") for line in lines]
    numbers, rows, broken = [], [], []

    def set_aside(at: int, reason: str) -> None:
        broken.append(Broken(first + at, reason, excerpt(lines[at].rstrip(b"\r\n"))))

    start = at = 0  # the line where the reader was started; the line where the row in hand begins
    while start < len(texts):
        reader = csv.reader(map(texts.__getitem__, range(start, len(texts))), delimiter=delimiter, strict=True)
        try:
            for row in reader:
                end = start + reader.line_num
                if len(row) == width and is_unicode(row):
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
    table = pa.table({str(i): null_if_empty(pa.array(c, pa.string())) for i, c in enumerate(columns)})
    return Batch(np.array(numbers, np.int64), table, broken), at
