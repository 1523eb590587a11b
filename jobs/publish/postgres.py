"""The lists and what became of them, in a Postgres database for applications and BI tools.

Tables, columns, keys, rules and comments come from the contracts in `schemas/`. A week is copied into a staging table
and swapped in one transaction: readers see the old week or the new one, and never wait.
"""

import json
import logging
from collections.abc import Iterable
from datetime import date
from typing import Any

import psycopg
import pyarrow as pa
from duckdb import DuckDBPyConnection
from psycopg import Connection, sql
from pyiceberg.types import (
    BooleanType,
    DateType,
    DoubleType,
    IcebergType,
    IntegerType,
    LongType,
    MapType,
    StringType,
    TimestamptzType,
)

import schemas
from schemas.contract import Column, Table

TABLES = ("discover_weekly", "outcomes")
SCHEMA = "discover"
READER = "discover_reader"  # may read all of it, and nothing else; grant it to who is to read
BATCH_ROWS = 30_000
LOCK = 0x44697363  # of pg_advisory_lock: one writer at a time
TYPES = {
    StringType: "text",
    LongType: "bigint",
    IntegerType: "integer",
    DoubleType: "double precision",
    DateType: "date",
    TimestamptzType: "timestamptz",
    BooleanType: "boolean",
    MapType: "jsonb",
}

log = logging.getLogger("discover")


def publish(lake: DuckDBPyConnection, week: date, url: str) -> dict[str, int]:
    """Bring a database up to date: the lists of `week`, the newest outcomes before it, and every other week that the
    lake has and the database lacks, all in one transaction. Returns the rows written by table.

    url: postgresql://user:password@host/database; the user may create a schema. Raises psycopg.Error.
    """
    rows = {}
    with psycopg.connect(url, application_name="discover weekly") as connection:
        connection.execute("SELECT pg_advisory_lock(%s)", [LOCK])  # until the end of the connection
        prepare(connection)
        connection.commit()  # a new column makes readers wait until it is
        for name in TABLES:
            rows[name] = 0
            for each in _due(lake, connection, name, week):
                rows[name] += _swap(lake, connection, schemas.table(name), each)
    return rows


def prepare(connection: Connection) -> None:
    """Create what is missing: schema, tables, new columns, comments, and the role that may read."""
    connection.execute(sql.SQL("CREATE SCHEMA IF NOT EXISTS {}").format(sql.Identifier(SCHEMA)))
    for name in TABLES:
        contract = schemas.table(name)
        target = sql.Identifier(SCHEMA, name)
        columns = sql.SQL(", ").join(map(_column, contract.columns))
        key = sql.SQL(", ").join(map(sql.Identifier, contract.key))
        connection.execute(sql.SQL("CREATE TABLE IF NOT EXISTS {} ({}, PRIMARY KEY ({}))").format(target, columns, key))
        known = connection.execute(
            "SELECT attname FROM pg_attribute WHERE attrelid = to_regclass(%s) AND attnum > 0 AND NOT attisdropped",
            [f"{SCHEMA}.{name}"],
        ).fetchall()
        for column in contract.columns:
            if (column.name,) not in known:
                added = sql.SQL("ALTER TABLE {} ADD COLUMN {}").format(target, _column(column, required=False))
                connection.execute(added)
            connection.execute(
                sql.SQL("COMMENT ON COLUMN {} IS {}").format(
                    sql.Identifier(SCHEMA, name, column.name), sql.Literal(_text(column.doc))
                )
            )
        connection.execute(sql.SQL("COMMENT ON TABLE {} IS {}").format(target, sql.Literal(_text(contract.doc))))
    _grant(connection)


def forget(url: str, user_id: str) -> int:
    """Remove a listener from all tables, and from the files that they lie in; return the rows removed. Tables that do
    not exist hold nobody."""
    removed = 0
    with psycopg.connect(url, application_name="discover weekly", autocommit=True) as connection:
        for name in TABLES:
            if connection.execute("SELECT to_regclass(%s)", [f"{SCHEMA}.{name}"]).fetchone()[0]:
                target = sql.Identifier(SCHEMA, name)
                deleted = sql.SQL("DELETE FROM {} WHERE user_id = %s").format(target)
                removed += connection.execute(deleted, [_text(user_id)]).rowcount
                connection.execute(sql.SQL("VACUUM (FULL, ANALYZE) {}").format(target))
    return removed


def _due(lake: DuckDBPyConnection, connection: Connection, name: str, week: date) -> list[date]:
    """The weeks to write, oldest first. A week that the lake has no more rows of is emptied when it is `week`."""
    held = {row[0] for row in lake.execute(f"SELECT DISTINCT week FROM {name}").fetchall()}
    there = sql.SQL("SELECT DISTINCT week FROM {}").format(sql.Identifier(SCHEMA, name))
    missing = held - {row[0] for row in connection.execute(there).fetchall()}
    if name == "discover_weekly":
        return sorted(missing | {week})
    return sorted(missing | {max((each for each in held if each < week), default=week)})


def _swap(lake: DuckDBPyConnection, connection: Connection, contract: Table, week: date) -> int:
    """Put the lake's rows of a week in place of the database's; return how many there are."""
    target, staging = sql.Identifier(SCHEMA, contract.name), sql.Identifier("staging")
    columns = sql.SQL(", ").join(sql.Identifier(column.name) for column in contract.columns)
    connection.execute(sql.SQL("CREATE TEMPORARY TABLE {} (LIKE {}) ON COMMIT DROP").format(staging, target))
    order = ", ".join(contract.key)
    found = lake.sql(f"SELECT * FROM {contract.name} WHERE week = $1 ORDER BY {order}", params=[week])
    with (
        connection.cursor() as cursor,
        cursor.copy(sql.SQL("COPY {} ({}) FROM STDIN (FORMAT BINARY)").format(staging, columns)) as copy,
    ):
        copy.set_types([TYPES[type(column.type)] for column in contract.columns])
        for row in _rows(found.to_arrow_reader(BATCH_ROWS), contract):
            copy.write_row(row)
    connection.execute(sql.SQL("DELETE FROM {} WHERE week = %s").format(target), [week])
    written = connection.execute(
        sql.SQL("INSERT INTO {} ({}) SELECT {} FROM {}").format(target, columns, columns, staging)
    ).rowcount
    connection.execute(sql.SQL("DROP TABLE {}").format(staging))
    return written


def _rows(batches: Iterable[pa.RecordBatch], contract: Table) -> Iterable[list[Any]]:
    """The rows as psycopg takes them, in the contract's order of columns."""
    makers = [_maker(column.type) for column in contract.columns]
    names = [column.name for column in contract.columns]
    for batch in batches:
        for values in zip(*(batch.column(name).to_pylist() for name in names), strict=True):
            yield [None if v is None else make(v) if make else v for make, v in zip(makers, values, strict=True)]


def _maker(kind: IcebergType):
    """What makes a value of a type from the lake's; None: nothing is to be done."""
    if isinstance(kind, StringType):
        return _text
    if isinstance(kind, MapType):
        return lambda pairs: psycopg.types.json.Jsonb({_text(key): value for key, value in pairs}, dumps=_dumps)
    return None


def _text(text: str) -> str:
    """Postgres holds every character but the null character."""
    return text.replace("\0", "\N{REPLACEMENT CHARACTER}")


def _dumps(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False)


def _column(column: Column, required: bool = True) -> sql.Composable:
    """The definition of a column with its rules. A column that is added later cannot be required of older rows."""
    name = sql.Identifier(column.name)
    rules = [sql.SQL("NOT NULL")] if required and column.required else []
    for bound, sign in ((column.minimum, ">="), (column.maximum, "<=")):
        if bound is not None:
            rules.append(sql.SQL("CHECK ({} {} {})").format(name, sql.SQL(sign), sql.Literal(bound)))
    if column.allowed:
        allowed = sql.SQL(", ").join(map(sql.Literal, column.allowed))
        rules.append(sql.SQL("CHECK ({} IN ({}))").format(name, allowed))
    return sql.SQL(" ").join([name, sql.SQL(TYPES[type(column.type)]), *rules])


def _grant(connection: Connection) -> None:
    """Let the reading role read; make it, where this user may."""
    role = sql.Identifier(READER)
    if not connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [READER]).fetchone():
        may = "SELECT rolsuper OR rolcreaterole FROM pg_roles WHERE rolname = current_user"
        if not connection.execute(may).fetchone()[0]:
            log.warning("this user may not create roles; as one who may: CREATE ROLE %s NOLOGIN", READER)
            return
        connection.execute(sql.SQL("CREATE ROLE {} NOLOGIN").format(role))
    schema = sql.Identifier(SCHEMA)
    connection.execute(sql.SQL("GRANT USAGE ON SCHEMA {} TO {}").format(schema, role))
    connection.execute(sql.SQL("GRANT SELECT ON ALL TABLES IN SCHEMA {} TO {}").format(schema, role))
