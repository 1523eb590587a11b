"""Folders that are replaced as a whole (readers see the old one or the new one, whenever the writer dies), and how
many of them are kept."""

import os
import re
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

from jobs.cli import UserError

WEEK = re.compile(r"\d{4}-\d{2}-\d{2}")


@contextmanager
def replacing(folder: Path, carried: str | None = None) -> Iterator[Path]:
    """Yield a new, empty folder beside `folder`; it becomes `folder` when the block ends without an error.

    `folder` is a symbolic link to it then: changing a link is one step for every reader, changing a folder is not.
    What earlier or killed runs left is removed. One writer at a time. Raises UserError when `folder` is something
    else, which is not removed.
    carried: the name of a subfolder that others write; it is taken over from the old folder, which may have been made
    by them.
    """
    theirs = folder.is_dir() and not folder.is_symlink() and [path.name for path in folder.iterdir()] == [carried]
    if folder.exists() and not folder.is_symlink() and not theirs:
        raise UserError(f"{folder} was not made by jobs.publish; move it away")
    folder.parent.mkdir(parents=True, exist_ok=True)
    version = folder.parent / f".{folder.name}.{uuid.uuid4().hex}"
    version.mkdir()
    try:
        yield version
        if carried and (folder / carried).is_dir():
            shutil.copytree(folder / carried, version / carried)
        link = version.with_suffix(".link")
        link.symlink_to(version.name)
        if theirs:
            shutil.rmtree(folder)
        os.replace(link, folder)
    except BaseException:
        shutil.rmtree(version, ignore_errors=True)
        raise
    for old in folder.parent.glob(f".{folder.name}.*"):
        if old.is_symlink():
            old.unlink()
        elif old != version:
            shutil.rmtree(old)


def replace_text(file: Path, text: str) -> None:
    """Write a file, there as a whole or not at all."""
    part = file.with_name(f".{file.name}.{uuid.uuid4().hex}.part")
    try:
        part.write_text(text, encoding="utf-8")
        part.replace(file)
    finally:
        part.unlink(missing_ok=True)


def keep_newest(output: Path, count: int, week: date) -> list[str]:
    """Remove the folders of all weeks in `output` but the newest `count` of them and `week`; return those removed.

    Only what `replacing` made is touched.
    """
    kept = sorted(path.name for path in output.iterdir() if path.is_symlink() and WEEK.fullmatch(path.name))
    removed = [name for name in kept[:-count] if name != week.isoformat()]
    for name in removed:
        (output / name).unlink()
        for version in output.glob(f".{name}.*"):
            shutil.rmtree(version)
    return removed
