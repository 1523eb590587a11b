"""Throwing away what a table was: its old snapshots, and every file that the current one does not need.

For data that must be gone, not only out of sight. Run it while nothing else writes: what another job has staged and not
committed yet looks like a file that nobody needs.
"""

from collections.abc import Iterator
from urllib.parse import urlparse

from pyarrow import fs
from pyiceberg.io.pyarrow import schema_to_pyarrow
from pyiceberg.table import Table

from jobs.lake import storage


def vacuum(table: Table) -> int:
    """Expire all snapshots but the current one, and delete the unneeded files; return how many files there were."""
    if _tells_of_deleted_files(table):  # with their least and greatest values; the next snapshot does not
        schema = schema_to_pyarrow(table.schema(), include_field_ids=False)
        table.append(schema.empty_table())
    current = table.current_snapshot()
    old = [s.snapshot_id for s in table.snapshots() if current is None or s.snapshot_id != current.snapshot_id]
    if old:
        table.maintenance.expire_snapshots().by_ids(old).commit()
        table.refresh()
    needed = {_place(path) for path in _needed(table)}
    system, root = storage.filesystem(table.location(), table.io.properties)
    listed = system.get_file_info(fs.FileSelector(root, recursive=True, allow_not_found=True))
    gone = [info.path for info in listed if info.type == fs.FileType.File and _place(info.path) not in needed]
    for path in gone:
        system.delete_file(path)
    if isinstance(system, fs.LocalFileSystem):
        _remove_empty(system, [info.path for info in listed if info.type == fs.FileType.Directory])
    return len(gone)


def _tells_of_deleted_files(table: Table) -> bool:
    snapshot = table.current_snapshot()
    return snapshot is not None and any(m.deleted_files_count != 0 for m in snapshot.manifests(table.io))


def _needed(table: Table) -> Iterator[str]:
    """Every file that reading the current snapshot, and the next commit, need."""
    yield table.metadata_location
    for entry in table.metadata.metadata_log:
        yield entry.metadata_file
    snapshot = table.current_snapshot()
    if snapshot is None:
        return
    yield snapshot.manifest_list
    for manifest in snapshot.manifests(table.io):
        yield manifest.manifest_path
        for entry in manifest.fetch_manifest_entry(table.io, discard_deleted=True):
            yield entry.data_file.file_path


def _remove_empty(system: fs.LocalFileSystem, folders: list[str]) -> None:
    for folder in sorted(folders, key=len, reverse=True):
        if not system.get_file_info(fs.FileSelector(folder)):
            system.delete_dir(folder)


def _place(path: str) -> str:
    """A path without its scheme, as file systems list it."""
    parsed = urlparse(path)
    return path if not parsed.scheme else (parsed.netloc + parsed.path).removeprefix("//")
