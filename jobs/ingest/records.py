"""Reading JSON records: one a line, or in one array, a part at a time however large the file is."""

import json
import re
from collections.abc import Iterator
from functools import partial
from io import BufferedReader
from itertools import islice
from typing import Generic, TypeVar

import msgspec

from jobs.ingest.batch import LONGEST_EXCERPT, Broken, excerpt

CHUNK = 4 << 20  # bytes of an array read at a time
MOST_CUTS = 20  # places tried to cut an array in two
LARGEST_RECORD = 64 << 20  # bytes; what goes on for longer is no record
BETWEEN = re.compile(rb"\}\s*,\s*(?=\{)")

T = TypeVar("T")


class Records(Generic[T]):
    """Some records of a file. numbers : their lines, or in an array their places, from 1; broken : what is none."""

    def __init__(self, numbers: list[int], values: list[T], broken: list[Broken]):
        self.numbers, self.values, self.broken = numbers, values, broken


def read_lines(stream: BufferedReader, kind: type[T], batch_rows: int) -> Iterator[Records[T]]:
    """JSON Lines. `kind`: a msgspec Struct; a line that is no such object is broken, blank lines are left out."""
    decoder, first = msgspec.json.Decoder(kind), 1
    each_line = iter(partial(stream.readline, LARGEST_RECORD), b"")
    while lines := list(islice(each_line, batch_rows)):
        if first == 1:
            lines[0] = lines[0].removeprefix(b"\xef\xbb\xbf")
        numbers, values, broken = [], [], []
        decode = decoder.decode
        for number, line in enumerate(lines, start=first):
            try:
                values.append(decode(line))
                numbers.append(number)
            except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
                if line.strip():
                    broken.append(Broken(number, f"no record: {error}", excerpt(line)))
        first += len(lines)
        yield Records(numbers, values, broken)


def read_array(stream: BufferedReader, kind: type[T]) -> Iterator[Records[T]]:
    """The objects of one JSON array. What is no JSON ends the file; what comes before it is read.

    A part of the array is cut off behind an object and decoded at once; where no cut works, object by object.
    """
    whole = msgspec.json.Decoder(list[kind])
    rest, number = stream.read(CHUNK).lstrip(b"\xef\xbb\xbf \t\r\n"), 1
    if not rest.startswith(b"["):
        yield Records([], [], [Broken(1, "a JSON array was expected", excerpt(rest[:LONGEST_EXCERPT]))])
        return
    rest = rest[1:]
    while True:
        more = stream.read(CHUNK)
        values, kept = _cut(rest, whole) if more else _end(rest, whole)
        if values is None:
            found, kept = _one_by_one(rest, kind, number, at_end=not more)
        else:
            found = Records(list(range(number, number + len(values))), values, [])
        number += len(found.values) + len(found.broken)
        yield found
        if kept is None or not more:
            return
        if len(kept) > LARGEST_RECORD:
            yield Records([], [], [Broken(number, "an object that does not end", excerpt(kept))])
            return
        rest = kept + more


def _cut(data: bytes, whole: msgspec.json.Decoder) -> tuple[list | None, bytes]:
    """The objects up to the last place where the array can be cut, and what is behind it."""
    cuts = list(BETWEEN.finditer(data, max(0, len(data) - (256 << 10))))
    for cut in cuts[::-1][:MOST_CUTS]:
        try:
            return whole.decode(b"[" + data[: cut.start() + 1] + b"]"), data[cut.end() :]
        except (msgspec.MsgspecError, UnicodeDecodeError):
            continue
    return None, data


def _end(data: bytes, whole: msgspec.json.Decoder) -> tuple[list | None, bytes]:
    try:
        return whole.decode(b"[" + data), b""
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return None, data


def _one_by_one(data: bytes, kind: type[T], number: int, *, at_end: bool) -> tuple[Records[T], bytes | None]:
    """The objects of a part of an array, each on its own, and what is left of it (None: the array is over)."""
    text, decoder, at = data.decode("utf-8", "surrogateescape"), json.JSONDecoder(), 0
    found: Records[T] = Records([], [], [])
    while True:
        while at < len(text) and text[at] in " \t\r\n,":
            at += 1
        if text[at : at + 1] == "]":
            return found, None
        try:
            value, end = decoder.raw_decode(text, at)
            if end == len(text) and not at_end:  # a number might go on
                break
        except (ValueError, RecursionError) as error:
            if at_end:
                where = "the file was cut off" if at >= len(text) or "Unterminated" in str(error) else str(error)
                reason = f"not JSON, and nothing behind it was read: {where}"
                there = text[at : at + LONGEST_EXCERPT].encode(errors="surrogateescape")
                found.broken.append(Broken(number, reason, excerpt(there)))
                return found, None
            break
        try:
            found.values.append(msgspec.convert(value, kind))
            found.numbers.append(number)
        except (msgspec.ValidationError, UnicodeEncodeError) as error:
            found.broken.append(Broken(number, f"no record: {error}", ascii(value)[:LONGEST_EXCERPT]))
        number, at = number + 1, end
    return found, text[at:].encode(errors="surrogateescape")
