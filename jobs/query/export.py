"""A result as a file, there as a whole or not at all."""

import os
from pathlib import Path

import duckdb

from jobs.cli import UserError
from jobs.lake.audits import sql_literal

FORMATS = {
    ".csv": "FORMAT csv, HEADER",
    ".tsv": "FORMAT csv, HEADER, DELIMITER '\t'",
    ".parquet": "FORMAT parquet, COMPRESSION zstd",
    ".json": "FORMAT json, ARRAY true",
    ".jsonl": "FORMAT json",
}


def check_target(path: Path, warehouse: Path) -> None:
    """Raise UserError unless `path` is a file that may be written, of a format that is known."""
    if path.suffix.lower() not in FORMATS:
        raise UserError(f"--output {path}: the name must end in {', '.join(FORMATS)}")
    if not path.absolute().parent.is_dir():
        raise UserError(f"--output {path}: there is no folder {path.absolute().parent}")
    if path.resolve().is_relative_to(warehouse.resolve()):
        raise UserError(f"--output {path}: the files of the tables lie in {warehouse}; choose another folder")


def export(connection: duckdb.DuckDBPyConnection, query: str, path: Path) -> int:
    """Write the rows of a query to `path`, by the format of its ending; return how many there are.

    The rows stream into a file beside it, which then takes its name.
    """
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        copy = f"COPY ({_without_end(query)}\n) TO {sql_literal(part)} ({FORMATS[path.suffix.lower()]})"
        (count,) = connection.execute(copy).fetchall()[0]
        with part.open("rb") as written:
            os.fsync(written.fileno())
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
    return count


def _without_end(query: str) -> str:
    """The statement without its semicolon and the comments behind it."""
    text = query.encode()
    words = [start for start, kind in duckdb.tokenize(query) if kind != duckdb.token_type.comment]
    if words and text[words[-1] :].lstrip().startswith(b";"):
        text = text[: words[-1]]
    return text.decode()
