"""The files of an export, wherever they lie: in a folder, in a zip archive, or alone.

An archive comes from outside. Nothing of it is written to disk, so that a name in it can lead nowhere; what it
decompresses to is counted as it is read, whatever the archive says of itself.
"""

import os
import re
import stat
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BufferedReader, RawIOBase
from pathlib import Path, PurePosixPath

from jobs.cli import UserError

MOST_BYTES = 64 << 30  # of one export, decompressed
MOST_MEMBERS = 100_000
MOST_RATIO = 500  # decompressed to compressed bytes, once a member is larger than ...
SMALL = 64 << 20  # ... so many bytes; listening history as JSON shrinks to a tenth or twentieth


@dataclass(frozen=True)
class Member:
    """One file of an export. name : its path in the export, with slashes; open : a context with its bytes."""

    name: str
    open: Callable[[], "Iterator[BufferedReader]"]


@contextmanager
def members(path: Path, wanted: re.Pattern[str]) -> Iterator[list[Member]]:
    """The files whose path in the export `wanted` matches (as a whole, in any case), by name, numbers as such.

    path: a folder, a zip archive, or one file, which is taken whatever its name.

    Raises UserError for a path that is not there, and for an archive that is damaged, encrypted, or larger than
    anybody's listening history.
    """
    if path.is_dir():
        found = (
            (file.relative_to(path).as_posix(), _opener(file))
            for place, folders, names in os.walk(path)
            for file in (Path(place, name) for name in names)
            if file.is_file() and not file.is_symlink()
        )
        yield _chosen(found, wanted)
    elif not path.exists():
        raise UserError(f"{path}: there is no such file or folder")
    elif zipfile.is_zipfile(path):
        try:
            with zipfile.ZipFile(path) as archive:
                yield _chosen(_of_archive(path, archive), wanted)
        except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError) as error:
            raise UserError(f"{path} is damaged or was cut off: {error}") from error
    elif path.suffix.lower() == ".zip":
        raise UserError(f"{path} is no zip archive, or was cut off")
    else:
        yield [Member(path.name, _opener(path))]


def _opener(path: Path) -> Callable[[], "Iterator[BufferedReader]"]:
    @contextmanager
    def opened() -> Iterator[BufferedReader]:
        with path.open("rb", buffering=1 << 20) as stream:
            yield stream

    return opened


def _chosen(found: Iterator[tuple[str, Callable]], wanted: re.Pattern[str]) -> list[Member]:
    chosen = [Member(name, opener) for name, opener in found if wanted.fullmatch(name)]
    return sorted(chosen, key=lambda m: [int(p) if p.isdigit() else p for p in re.split(r"(\d+)", m.name)])


def _of_archive(path: Path, archive: zipfile.ZipFile) -> Iterator[tuple[str, Callable]]:
    budget = [MOST_BYTES]  # shared by all members
    infos = archive.infolist()
    if len(infos) > MOST_MEMBERS:
        raise UserError(f"{path}: {len(infos):,} files in one archive; no export has more than {MOST_MEMBERS:,}")
    for info in infos:
        is_link = stat.S_ISLNK(info.external_attr >> 16)
        if info.is_dir() or is_link or ".." in PurePosixPath(info.filename).parts or info.filename.startswith("/"):
            continue
        if info.flag_bits & 1:
            raise UserError(f"{path}: {info.filename} is encrypted; unpack it, and give the folder")
        yield info.filename, _member_opener(path, archive, info, budget)


def _member_opener(path: Path, archive: zipfile.ZipFile, info: zipfile.ZipInfo, budget: list[int]) -> Callable:
    @contextmanager
    def opened() -> Iterator[BufferedReader]:
        with archive.open(info) as stream:
            yield BufferedReader(_Counted(stream, f"{path}: {info.filename}", info.compress_size, budget), 1 << 20)

    return opened


class _Counted(RawIOBase):
    """A stream that ends with UserError when more comes out of it than can be meant."""

    def __init__(self, stream: object, name: str, compressed: int, budget: list[int]):
        self._stream, self._name, self._budget, self._read = stream, name, budget, 0
        self._most = max(SMALL, MOST_RATIO * compressed)

    def readable(self) -> bool:
        """Always."""
        return True

    def readinto(self, buffer: memoryview) -> int:
        """Read into the buffer, and count."""
        count = self._stream.readinto(buffer)
        self._read += count
        self._budget[0] -= count
        if self._read > self._most or self._budget[0] < 0:
            raise UserError(f"{self._name} decompresses to more than any export holds; nothing of it was imported")
        return count
