"""Removing a listener for good: from every table and its old states, from every file, and from later imports."""

import logging
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from pyiceberg.expressions import EqualTo, In

import schemas
from jobs.cli import UserError
from jobs.ingest import forgotten
from jobs.ingest.search import Hit, Name, search
from jobs.lake import Lake
from jobs.progress import step, track
from jobs.publish.forget import forget as forget_published

LINES = {".csv", ".tsv", ".jsonl", ".ndjson", ".log", ".txt"}  # files of which a line can go without harm
SHOWN = 20  # places that are left, in the error
# Tables about music and the world, not about listeners: a name in them is a word.
PUBLIC = {
    name
    for name, contract in schemas.tables().items()
    if not {"user_id", "dimension"} & {c.name for c in contract.columns}
}

log = logging.getLogger("discover")


def forget(lake: Lake, user_id: str) -> None:
    """Remove a listener, and search everything for the name.

    Can be repeated after an error or a kill. Raises UserError that names the places where the name is left.
    """
    if not user_id.strip():
        raise UserError("--user: whom?")
    with step("leaving the listener out of later imports"):
        forgotten.remember(lake, user_id)
    rows = _forget_rows(lake, user_id)
    with step("removing what was published"):
        published = forget_published(user_id)
    files = _forget_files(lake.config.home, user_id)
    log.info(
        "removed: %s; %s published files, %s other files changed",
        ", ".join(f"{count:,} rows of {name}" for name, count in rows.items() if count) or "no rows",
        published,
        files,
    )
    _prove(lake, user_id)


def lift(lake: Lake, user_id: str) -> None:
    """Let later imports bring a listener in again."""
    if forgotten.lift(lake, user_id):
        log.info("later imports bring %s in again", user_id)
    else:
        log.info("%s was not forgotten: nothing to lift", user_id)


def _forget_rows(lake: Lake, user_id: str) -> dict[str, int]:
    """Delete the rows of the listener and all old states of the tables that had them; rows by table."""
    removed = {}
    for name in track(sorted(set(schemas.tables()) - PUBLIC), "tables", unit="tables"):
        columns = {c.name for c in schemas.table(name).columns}
        if "user_id" in columns:
            removed[name] = lake.delete(name, EqualTo("user_id", user_id))
        if "dimension" in columns:  # the path of an imported file may be named after its user
            dimensions = lake.arrow(name, columns=["dimension"])["dimension"].unique().to_pylist()
            word = Name(user_id, in_path=True)
            named = [d for d in dimensions if word.is_in(d.encode())]
            removed[name] = lake.delete(name, In("dimension", named)) if named else 0
        lake.vacuum(name)
    return removed


def _forget_files(home: Path, user_id: str) -> int:
    """Take the name out of the files that are no tables: rejects, logs, exchanges of killed runs, the sample world."""
    changed = 0
    warehouse = home / "warehouse"
    for hit in list(search(home, user_id)):
        if hit.path.is_relative_to(warehouse) or not hit.path.exists() or hit.path == home / "catalog.db":
            continue
        top = hit.path.relative_to(home).parts[0]
        if top == "tmp" or (top in ("rejects", "logs") and hit.what == "its name"):
            shutil.rmtree(hit.path) if hit.path.is_dir() else hit.path.unlink()
            changed += 1
        elif hit.path.suffix.lower() in LINES and hit.what != "its name":
            _drop_lines(hit.path, Name(user_id, in_path=top == "rejects"))
            changed += 1
    return changed


def _drop_lines(path: Path, name: Name) -> None:
    """Replace a text file by itself without the lines that the name is in."""
    part = path.with_name(path.name + ".part")
    with path.open("rb") as old, part.open("wb") as new:
        new.writelines(line for line in old if not name.is_in(line))
    part.chmod(path.stat().st_mode)
    os.replace(part, path)


def _prove(lake: Lake, user_id: str) -> None:
    """Search for the name everywhere. Raises UserError where it is left in what is about listeners."""
    with step(f"searching {lake.config.home} for the name"):
        left, words = [], []
        for hit in _everywhere(lake, user_id):
            (words if _is_word(lake, hit) else left).append(hit)
    for hit in words[:SHOWN]:
        log.info("the same word stands in %s %s, which is not about listeners", hit.path, hit.what and f"({hit.what})")
    if left:
        places = "\n".join(f"    {hit.path} {hit.what and f'({hit.what})'}" for hit in left[:SHOWN])
        raise UserError(
            f"the name is still in {len(left)} places; did something else run at the same time? Stop it, and run this "
            f"again. What no run takes away, look at yourself:\n{places}"
        )
    log.info("the name is nowhere in %s", lake.config.home)


def _everywhere(lake: Lake, user_id: str) -> Iterator[Hit]:
    yield from search(lake.config.home, user_id)
    warehouse = lake.config.catalog.warehouse
    if "://" not in warehouse and warehouse and Path(warehouse).is_dir():
        yield from search(Path(warehouse), user_id)


def _is_word(lake: Lake, hit: Hit) -> bool:
    """Whether a place is about music or the world: a table without listeners, pages of the sample world."""
    home = lake.config.home
    if not hit.path.is_relative_to(home):
        return False
    parts = hit.path.relative_to(home).parts
    if parts[0] == "warehouse" and len(parts) > 2:
        return parts[2] in PUBLIC and hit.what != "its name"
    return parts[:2] == ("sample", "site")
