"""Searching everything under a folder for a name, also in what is compressed.

Parquet is read value by value, Avro, gzip and zip are unpacked, everything else is searched as the bytes that it is. A
name counts where it stands alone: not as a part of a longer word or number.
"""

import gzip
import html
import json
import os
import re
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path
from urllib.parse import quote

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

CHUNK = 16 << 20  # bytes searched at a time
SHORTEST = 4  # characters; a shorter name stands in any large file by chance, and is looked for as a whole value only
AROUND = rb"[0-9A-Za-z_\-\x80-\xff]"  # what makes a longer word of a name
WITHIN_PATH = rb"[0-9A-Za-z\x80-\xff]"  # the same where exports are named after their user: listenbrainz_ann_17640.zip


@dataclass(frozen=True)
class Hit:
    """A place where the name stands. what : the column of a table, the member of an archive, or empty."""

    path: Path
    what: str = ""


class Name:
    """A name to search for, as text formats may write it. `in_path`: "_" and "-" do not make a longer word of it."""

    def __init__(self, text: str, *, in_path: bool = False):
        self.text = text
        spellings = {text, json.dumps(text)[1:-1], json.dumps(text, ensure_ascii=False)[1:-1]}
        spellings |= {quote(text, safe=""), quote(text), html.escape(text), html.escape(text, quote=False)}
        self.spellings = sorted(s.encode(errors="surrogatepass") for s in spellings)
        choice = b"|".join(map(re.escape, self.spellings))
        around = WITHIN_PATH if in_path else AROUND
        self.pattern = re.compile(rb"(?<!" + around + rb")(?:" + choice + rb")(?!" + around + rb")")
        self.longest = max(map(len, self.spellings))

    def is_in(self, data: bytes) -> bool:
        """Whether the name stands in the bytes."""
        return self.pattern.search(data) is not None

    def is_in_stream(self, stream: BufferedReader) -> bool:
        """The same, a part at a time."""
        before = b""
        while part := stream.read(CHUNK):
            if self.is_in(before + part):
                return True
            before = (before + part)[-self.longest - 1 :]
        return False


def search(folder: Path, text: str) -> Iterator[Hit]:
    """The places below a folder where the name stands: in names of files and folders, and in what they hold."""
    word, part = Name(text), Name(text, in_path=True)
    for place, folders, names in os.walk(folder):
        name = part if Path(place).is_relative_to(folder / "rejects") else word
        for entry in (*folders, *names):
            path = Path(place, entry)
            if name.is_in(os.fsencode(entry)):
                yield Hit(path, "its name")
            if entry in names and path.is_file() and not path.is_symlink():
                yield from _in_file(path, name)


def _in_file(path: Path, name: Name) -> Iterator[Hit]:
    suffix = path.suffix.lower()
    try:
        if suffix == ".parquet":
            yield from (Hit(path, column) for column in _in_parquet(path, name))
            return
        if suffix == ".avro":
            if name.is_in(_avro(path)):
                yield Hit(path)
            return
        if zipfile.is_zipfile(path):  # .npz, .keras
            with zipfile.ZipFile(path) as archive:
                for info in archive.infolist():
                    with archive.open(info) as stream:
                        if name.is_in(info.filename.encode()) or name.is_in_stream(stream):
                            yield Hit(path, info.filename)
            return
        if suffix == ".gz":
            with gzip.open(path) as stream:
                if name.is_in_stream(stream):
                    yield Hit(path)
            return
    except (pa.ArrowException, zipfile.BadZipFile, zlib.error, OSError, EOFError, ValueError, RuntimeError):
        pass  # not what its name says: searched as it is
    if len(name.text) < SHORTEST and not _is_text(path):
        return
    with path.open("rb") as stream:
        if name.is_in_stream(stream):
            yield Hit(path)


def _is_text(path: Path) -> bool:
    with path.open("rb") as stream:
        return b"\0" not in stream.read(1 << 16)


def _in_parquet(path: Path, name: Name) -> Iterator[str]:
    """The columns that hold the name; the statistics in the footer are "footer"."""
    with pq.ParquetFile(path) as file:
        found = set()
        for batch in file.iter_batches(65_536):
            for column, values in zip(batch.schema.names, batch.columns, strict=True):
                if column not in found and _in_values(values, name):
                    found.add(column)
        yield from sorted(found)
        metadata = file.metadata
        for group in range(metadata.num_row_groups):
            for index in range(metadata.num_columns):
                statistics = metadata.row_group(group).column(index).statistics
                bounds = (statistics.min, statistics.max) if statistics and statistics.has_min_max else ()
                if any(isinstance(b, str | bytes) and _is(b, name) for b in bounds):
                    yield "footer"
                    return
    with path.open("rb") as stream:  # keys and values beside the schema
        stream.seek(-8, os.SEEK_END)
        size = int.from_bytes(stream.read(4), "little")
        stream.seek(-8 - size, os.SEEK_END)
        if len(name.text) >= SHORTEST and name.is_in(stream.read(size)):
            yield "footer"


def _in_values(values: pa.Array, name: Name) -> bool:
    kind = values.type
    if isinstance(values, pa.DictionaryArray):
        return _in_values(values.dictionary, name)
    if pa.types.is_struct(kind) or pa.types.is_map(kind):
        parts = values.flatten() if pa.types.is_struct(kind) else (values.keys, values.items)
        return any(_in_values(part, name) for part in parts)
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        return _in_values(values.flatten(), name)
    if not (pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_binary(kind)):
        return False
    if len(name.text) < SHORTEST:
        return bool(pc.any(pc.equal(values, pa.scalar(name.text.encode(), pa.binary()).cast(kind))).as_py())
    mask = None  # by plain substring first, which is fast, then by word
    for spelling in name.spellings:
        there = pc.match_substring(values, spelling)
        mask = there if mask is None else pc.or_(mask, there)
    return any(_is(value, name) for value in values.filter(mask).to_pylist())


def _is(value: str | bytes, name: Name) -> bool:
    data = value if isinstance(value, bytes) else value.encode(errors="surrogatepass")
    return data == name.text.encode(errors="surrogatepass") or (len(name.text) >= SHORTEST and name.is_in(data))


def _avro(path: Path) -> bytes:
    """What an Avro file holds, its blocks unpacked (https://avro.apache.org/docs/1.12.0/specification/#object-container-files)."""
    data = path.read_bytes()
    sync = data[-16:]
    header, *blocks = data.split(sync)
    unpacked = [header]
    for block in blocks:
        at = 0
        for _ in range(2):  # two numbers of variable length: of objects and of bytes
            while at < len(block) and block[at] & 0x80:
                at += 1
            at += 1
        body = block[at:]
        try:
            unpacked.append(zlib.decompress(body, -15))
        except zlib.error:
            unpacked.append(body)  # not compressed
    return b"\n".join(unpacked)
