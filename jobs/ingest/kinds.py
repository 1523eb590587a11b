"""The kinds of files that can be imported: their contract, and what is filled in where a file leaves it out."""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path, PurePath

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

import schemas
from jobs.ingest import FILLED_IN, files, history, lastfm, listenbrainz, spotify
from jobs.ingest.batch import Batch, Broken
from jobs.ingest.names import digest
from jobs.ingest.playlist_files import SUFFIXES, Entry, places, read_playlist, tail
from jobs.ingest.tags import names_of_place
from jobs.ingest.works import work_id
from jobs.lake import Lake
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
    read(path, columns, required, batch_rows) gives the rows of a file, as `files.read` does.
    """

    table: str
    complete: Callable[[pa.Table, Path], Completed] = lambda rows, folder: Completed(rows)
    read: Callable[..., Iterator[Batch]] = files.read

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
    """Who opts out, or does not want exploration, names nothing: excluded_id is the empty text."""
    kinds = _texts(rows, "kind")
    excluded = _texts(rows, "excluded_id")
    opted_out = pc.and_(pc.is_in(kinds, pa.array(["opt_out", "exploration"])), pc.is_null(excluded))
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


def history_kind(service: str, user: str | None) -> Kind:
    """Listens by name, from the export of a service. `user`: whose; None: as the export says."""
    readers = {"listenbrainz": listenbrainz.read, "lastfm": lastfm.read, "spotify": spotify.read}
    return Kind("history", read=partial(readers[service], user=user))


def players_playlists(lake: Lake, paths: list[Path], user: str | None) -> list[tuple[Kind, list[Path]]]:
    """Files of playlists by how they are read: those of players, whose entries are matched with the library; others.

    user : who made the players' ones; None: nobody knows
    """
    of_players = [path for path in paths if path.suffix.lower() in SUFFIXES]
    others = [path for path in paths if path not in of_players]
    kinds = [(KINDS["playlists"], others)] if others else []
    if of_players:
        kinds.append((Kind("playlists", read=_reader_of_playlists(lake, user)), of_players))
    return kinds


def _reader_of_playlists(lake: Lake, user: str | None) -> Callable[..., Iterator[Batch]]:
    found_in, least = history.library(lake), lake.config.ingest.min_confidence
    rows = lake.arrow("tracks", "path IS NOT NULL", ["track_id", "path"])
    by_path = places(zip(rows["track_id"].to_pylist(), rows["path"].to_pylist(), strict=True))

    def track_of(entry: Entry) -> str | None:
        if entry.path and (entry.path in by_path or tail(entry.path) in by_path):
            return by_path.get(entry.path) or by_path[tail(entry.path)]
        artist, title = entry.artist, entry.title
        if entry.path and not (artist and title):
            artist, _, title = names_of_place(PurePath(*Path(entry.path).parts[-3:]))
        match = found_in.match(artist or "", title or "", entry.album, entry.mbid, entry.isrc)
        return match.track_id if match is not None and match.confidence >= least else None

    def read(path: Path, columns: object, required: object, batch_rows: int) -> Iterator[Batch]:
        playlist = read_playlist(path)
        identifier = playlist.identifier or f"file:{digest('playlist', str(path.absolute()))}"
        found, broken = [], []
        for position, entry in enumerate(playlist.entries, start=1):
            track_id = track_of(entry)
            if track_id is None:
                broken.append(Broken(entry.line, "not in the library", {k: v for k, v in vars(entry).items() if v}))
            else:
                found.append((entry.line, identifier, position, track_id, playlist.name, user))
        lines, *values = zip(*found, strict=True) if found else [()] * 6
        names = ("playlist_id", "position", "track_id", "name", "user_id")
        types = (pa.string(), pa.int64(), pa.string(), pa.string(), pa.string())
        table = pa.table({n: pa.array(v, t) for n, v, t in zip(names, values, types, strict=True)})
        yield Batch(np.array(lines, np.int64), table, broken)

    return read
