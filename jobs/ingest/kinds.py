"""The kinds of files that can be imported: their contract, and what is filled in where a file leaves it out."""

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

import schemas
from jobs.ingest import FILLED_IN
from jobs.ingest.works import work_id
from schemas.contract import Table


@dataclass(frozen=True)
class Completed:
    """Raw rows with what was filled in, and paths in them that lead to no file."""

    rows: pa.Table
    missing_paths: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Kind:
    """A kind of import.

    complete(rows, folder) fills in what the contract requires and a file may leave out; `folder` is that of the file.
    """

    table: str
    complete: Callable[[pa.Table, Path], Completed] = lambda rows, folder: Completed(rows)

    @property
    def contract(self) -> Table:
        """The contract of the table that it goes into."""
        return schemas.table(self.table)

    @property
    def required(self) -> list[str]:
        """The columns that a file must have."""
        filled_in = FILLED_IN.get(self.table, ())
        return [c.name for c in self.contract.columns if c.required and c.name not in filled_in]


def complete_exclusions(rows: pa.Table, folder: Path) -> Completed:
    """An opt_out names nothing: its excluded_id is the empty text."""
    kinds = _texts(rows, "kind")
    excluded = _texts(rows, "excluded_id")
    opted_out = pc.and_(pc.equal(kinds, "opt_out"), pc.is_null(excluded))
    return Completed(_with(rows, "excluded_id", pc.if_else(pc.fill_null(opted_out, False), "", excluded)))


def complete_tracks(rows: pa.Table, folder: Path) -> Completed:
    """A missing work_id follows from artist and title; a relative path is relative to `folder`; a path that leads
    to no file is left out."""
    artists, titles = _texts(rows, "artist_id").to_pylist(), _texts(rows, "title").to_pylist()
    works = [
        work or (work_id(artist, title) if artist and title else None)
        for work, artist, title in zip(_texts(rows, "work_id").to_pylist(), artists, titles, strict=True)
    ]
    rows = _with(rows, "work_id", pa.array(works, pa.string()))
    if "path" not in rows.column_names:
        return Completed(rows)
    named = _texts(rows, "path").to_pylist()
    absolute = [path and os.path.abspath(folder / path) for path in named]
    missing = {path for path in absolute if path and ("\0" in path or not os.path.isfile(path))}
    there = [None if path in missing else path for path in absolute]
    return Completed(
        _with(rows, "path", pa.array(there, pa.string())),
        [name for name, path in zip(named, absolute, strict=True) if path in missing],
    )


def _texts(rows: pa.Table, name: str) -> pa.ChunkedArray:
    """A column as text; all null where the file does not have it, or where its values are no single ones."""
    if name not in rows.column_names or pa.types.is_nested(rows[name].type):
        return pa.chunked_array([pa.nulls(len(rows), pa.string())])
    return rows[name].cast(pa.string())


def _with(rows: pa.Table, name: str, values: pa.Array | pa.ChunkedArray) -> pa.Table:
    if name in rows.column_names:
        return rows.set_column(rows.column_names.index(name), name, values)
    return rows.append_column(name, values)


KINDS = {
    "artists": Kind("artists"),
    "tracks": Kind("tracks", complete=complete_tracks),
    "listens": Kind("listens"),
    "play-counts": Kind("play_counts"),
    "playlists": Kind("playlists"),
    "exclusions": Kind("exclusions", complete=complete_exclusions),
    "sources": Kind("sources"),
}
