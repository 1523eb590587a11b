"""A folder that is replaced as a whole: readers see the old one or the new one, whenever the writer dies."""

import os
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from jobs.cli import UserError


@contextmanager
def replacing(folder: Path) -> Iterator[Path]:
    """Yield a new, empty folder beside `folder`; it becomes `folder` when the block ends without an error.

    `folder` is a symbolic link to it then: changing a link is one step for every reader, changing a folder is not.
    What earlier or killed runs left is removed. One writer at a time. Raises UserError when `folder` is something
    else, which is not removed.
    """
    if folder.exists() and not folder.is_symlink():
        raise UserError(f"{folder} was not made by jobs.publish; move it away")
    folder.parent.mkdir(parents=True, exist_ok=True)
    version = folder.parent / f".{folder.name}.{uuid.uuid4().hex}"
    version.mkdir()
    try:
        yield version
        link = version.with_suffix(".link")
        link.symlink_to(version.name)
        os.replace(link, folder)
    except BaseException:
        shutil.rmtree(version, ignore_errors=True)
        raise
    for old in folder.parent.glob(f".{folder.name}.*"):
        if old.is_symlink():
            old.unlink()
        elif old != version:
            shutil.rmtree(old)
