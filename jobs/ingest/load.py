"""From files to tables: read, check, set aside, drop what is known already, commit."""

import logging
from collections import Counter
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path

import duckdb
import pyarrow as pa
from pyiceberg.expressions import And, EqualTo, In

from jobs import weeks
from jobs.cli import UserError
from jobs.ingest import history, playlists
from jobs.ingest.check import Checker
from jobs.ingest.forgotten import Forgotten
from jobs.ingest.kinds import Kind
from jobs.ingest.rejects import Rejects
from jobs.lake import APPEND, Lake
from jobs.lake.audits import quoted
from jobs.lake.types import sql_type
from jobs.progress import bar
from schemas.contract import Table

SHOWN = 5  # paths that lead nowhere, in the log

log = logging.getLogger("discover")


@dataclass
class Source:
    """A file on its way in: what was set aside of it and what it held."""

    path: Path
    rejects: Rejects
    rows: int = 0
    missing_paths: int = 0
    columns: set[str] = field(default_factory=set)


@dataclass(frozen=True)
class Loaded:
    """What an import did to its table, in rows. repeated: known already, or twice in the files; forgotten: of
    listeners who do not want to be here."""

    added: int
    changed: int
    repeated: int
    forgotten: int = 0


def load_files(lake: Lake, name: str, kind: Kind, paths: list[Path], *, strict: bool, batch_rows: int) -> Loaded:
    """Import files of one kind, all of them in one commit.

    Rows that cannot be used go to the rejects folder, and everything is counted in `metrics`. With `strict` the
    first of them raises UserError; so does a file that cannot be read. Nothing is written then.
    """
    contract = kind.contract
    folder, left_out = lake.config.home / "rejects", Forgotten.of(lake)
    sources = [Source(path, Rejects(folder, name, path, strict=strict, forgotten=left_out)) for path in paths]
    with ExitStack() as stack:
        for source in sources:
            stack.callback(source.rejects.discard)
        connection = stack.enter_context(lake.connect())
        _create_staged(connection, contract)
        for number, source in enumerate(sources):
            _stage(connection, kind, number, source, batch_rows)
        gone = _drop_forgotten(connection, contract, left_out)
        _set_aside_staged(connection, contract, sources)
        loaded = replace(_commit(lake, connection, contract, sources, batch_rows), forgotten=gone)
        for source in sources:
            source.rejects.close()
    record(lake, name, sources, loaded)
    return loaded


def _create_staged(connection: duckdb.DuckDBPyConnection, contract: Table) -> None:
    typed = ", ".join(f"{quoted(c.name)} {sql_type(c.type)}" for c in contract.columns)
    connection.execute(f'CREATE TEMP TABLE staged ("#file" INTEGER, "#line" BIGINT, {typed})')


def _stage(connection: duckdb.DuckDBPyConnection, kind: Kind, number: int, source: Source, batch_rows: int) -> None:
    """Read one file, check it, and put what is usable into `staged`."""
    names = [column.name for column in kind.contract.columns]
    unknown: tuple[str, ...] = ()
    with Checker(kind.contract) as checker, bar(f"reading {source.path}") as progress:
        for batch in kind.read(source.path, names, kind.required, batch_rows):
            place = source.path / batch.place if batch.place else None
            if set(batch.unknown) - set(unknown):
                log.warning("%s: columns that mean nothing here: %s", source.path, ", ".join(batch.unknown))
                unknown = batch.unknown
            for broken in batch.broken:
                source.rejects.add(broken.line, broken.reason, broken.row, place)
            completed = kind.complete(batch.rows, source.path.absolute().parent)
            _warn_of_missing(source, completed.missing_paths)
            source.columns.update(completed.rows.column_names)
            checked, reasons = checker.check(completed.rows)
            if reasons.null_count < len(reasons):
                wrong = reasons.is_valid()
                rows = batch.rows.filter(wrong).to_pylist()
                lines = batch.lines[wrong.to_numpy()].tolist()
                for line, reason, row in zip(lines, reasons.drop_null().to_pylist(), rows, strict=True):
                    source.rejects.add(line, reason, row, place)
            file = pa.repeat(pa.scalar(number, pa.int32()), len(checked))
            staged = pa.table([file, pa.array(batch.lines), *checked.columns], ["#file", "#line", *names])
            connection.register("batch", staged.filter(reasons.is_null()))
            connection.execute("INSERT INTO staged SELECT * FROM batch")
            connection.unregister("batch")
            source.rows += len(batch.lines) + len(batch.broken)
            progress.advance(len(batch.lines) + len(batch.broken))


def _drop_forgotten(connection: duckdb.DuckDBPyConnection, contract: Table, forgotten: Forgotten) -> int:
    """Leave out the staged rows of forgotten listeners; return how many there were."""
    if not forgotten.hashes or "user_id" not in [c.name for c in contract.columns]:
        return 0
    users = connection.execute("SELECT DISTINCT user_id FROM staged WHERE user_id IS NOT NULL").fetchall()
    gone = [user for (user,) in users if user in forgotten]
    ((count,),) = connection.execute("DELETE FROM staged WHERE list_contains($1, user_id)", [gone]).fetchall()
    return count


def _warn_of_missing(source: Source, missing: list[str]) -> None:
    for path in missing[: max(0, SHOWN - source.missing_paths)]:
        log.warning("%s: there is no file %s; the track comes in without audio", source.path, path)
    source.missing_paths += len(missing)


def _common_columns(sources: list[Source]) -> list[str]:
    """The columns that the files have. A column that a file lacks keeps its old values, so all must have the same."""
    full = [source for source in sources if source.columns]
    for source in full[1:]:
        if source.columns != full[0].columns:
            differing = ", ".join(sorted(source.columns ^ full[0].columns))
            raise UserError(
                f"{full[0].path} and {source.path} differ in their columns ({differing}): import them one by one"
            )
    return sorted(full[0].columns) if full else []


def _set_aside_staged(connection: duckdb.DuckDBPyConnection, contract: Table, sources: list[Source]) -> None:
    """Set aside staged rows that name what is not there, or break a rule of the contract about the row."""
    rules = [(audit.rule, audit.sql) for audit in contract.audits]
    for column in contract.columns:
        if column.references:
            table, _, target = column.references.partition(".")
            sql = (
                f"SELECT * FROM staged s WHERE {quoted(column.name)} IS NOT NULL AND NOT EXISTS "
                f"(SELECT 1 FROM {quoted(table)} r WHERE r.{quoted(target)} = s.{quoted(column.name)})"
            )
            rules.append((f"{column.name} is not in {column.references}", sql))
    for rule, sql in rules:
        connection.execute(f"CREATE OR REPLACE TEMP TABLE wrong AS {sql}")
        wrong = connection.execute('SELECT * FROM wrong ORDER BY "#file", "#line"')
        names = [column[0] for column in wrong.description][2:]
        while rows := wrong.fetchmany(10_000):
            for file, line, *values in rows:
                sources[file].rejects.add(line, rule, dict(zip(names, values, strict=True)))
        connection.execute('DELETE FROM staged s USING wrong w WHERE (s."#file", s."#line") = (w."#file", w."#line")')


# One commit for each kind of table


def _commit(
    lake: Lake, connection: duckdb.DuckDBPyConnection, contract: Table, sources: list[Source], batch_rows: int
) -> Loaded:
    if contract.name == "listens":
        return _append(lake, connection, contract, batch_rows)
    if contract.name == "history":
        ((total,),) = connection.execute("SELECT count(*) FROM staged").fetchall()
        added = history.append(lake, connection, batch_rows)
        return Loaded(added, 0, total - added)
    if contract.name == "playlists":
        return Loaded(*playlists.replace_staged(lake, connection, batch_rows))
    columns = _common_columns(sources)
    if not columns:
        return Loaded(0, 0, 0)
    order = '"#file", "#line"'  # the last row of a key counts
    if contract.name == "play_counts":
        _drop_older_counts(connection)
        order = f"as_of NULLS FIRST, {order}"
    rows = connection.sql(f"SELECT {', '.join(map(quoted, columns))} FROM staged ORDER BY {order}")
    merged = lake.merge(contract.name, rows.to_arrow_table())
    return Loaded(merged.added, merged.changed, merged.unchanged)


def _append(lake: Lake, connection: duckdb.DuckDBPyConnection, contract: Table, batch_rows: int) -> Loaded:
    """Append what is new by key, in the order of time. Of rows with one key the first counts.

    What is known already is looked up in the files of the time in question only.
    """
    table, key, when = quoted(contract.name), ", ".join(map(quoted, contract.key)), "listened_at"
    others = [quoted(c.name) for c in contract.columns if c.name not in contract.key]
    total, first, last = connection.execute(f"SELECT count(*), min({when}), max({when}) FROM staged").fetchall()[0]
    firsts = ", ".join(f'arg_min_null({c}, ("#file", "#line")) AS {c}' for c in others)
    known = f"SELECT {key} FROM {table} WHERE {when} BETWEEN $1 AND $2"
    new = connection.sql(
        f"SELECT {key}, {firsts} FROM staged ANTI JOIN ({known}) known USING ({key}) GROUP BY {key} ORDER BY {when}",
        params=[first, last],
    )
    with bar("writing new rows") as progress:

        def batches():
            for batch in new.to_arrow_reader(batch_rows):
                progress.advance(len(batch))
                yield batch

        added = lake.publish(contract.name, batches(), APPEND).rows
    return Loaded(added, 0, total - added)


def _drop_older_counts(connection: duckdb.DuckDBPyConnection) -> None:
    """A total that was read before the one in the lake does not replace it."""
    connection.execute(
        "DELETE FROM staged USING play_counts p WHERE staged.user_id = p.user_id AND staged.track_id = p.track_id "
        "AND staged.as_of < p.as_of"
    )


# Counts


def record(lake: Lake, name: str, sources: list[Source], loaded: Loaded) -> None:
    """Put the counts of an import into `metrics`, in place of those of the same files in this week."""
    counts: Counter[tuple[str, str]] = Counter()
    left_out = Forgotten.of(lake)
    for source in sources:
        dimension = left_out.masked(f"{name}/{source.path}")
        counts["rows_read", dimension] += source.rows
        counts["rows_rejected", dimension] += source.rejects.count
        counts["paths_missing", dimension] += source.missing_paths
    counts["rows_added", name], counts["rows_changed", name] = loaded.added, loaded.changed
    counts["rows_repeated", name], counts["rows_forgotten", name] = loaded.repeated, loaded.forgotten
    week, stage = weeks.newest(), "ingest"
    rows = [
        {"week": week, "stage": stage, "metric": metric, "dimension": dimension, "value": float(value)}
        for (metric, dimension), value in counts.items()
    ]
    replaced = In("dimension", {row["dimension"] for row in rows})
    lake.publish(
        "metrics",
        pa.Table.from_pylist(rows),
        And(EqualTo("week", week.isoformat()), EqualTo("stage", stage), replaced),
    )
