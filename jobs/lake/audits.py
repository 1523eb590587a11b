"""Audits: does what is about to be written keep its contract? All of it SQL, run out of core by DuckDB."""

from collections.abc import Iterable, Iterator
from datetime import date, datetime

import duckdb

from schemas.contract import Table

EXAMPLES = 5  # offending rows shown for a rule


class AuditFailed(Exception):
    """Rows broke their contract, and nothing was committed. The message names table, rules, counts and some rows."""


def sql_literal(value: object) -> str:
    """A Python value as a SQL literal."""
    if isinstance(value, datetime):
        return f"TIMESTAMPTZ '{value.isoformat()}'"
    if isinstance(value, date):
        return f"DATE '{value.isoformat()}'"
    if isinstance(value, int | float):
        return repr(value)
    return "'" + str(value).replace("'", "''") + "'"


def quoted(name: str) -> str:
    """A column or table name as SQL."""
    return '"' + name.replace('"', '""') + '"'


def rules(contract: Table, against: str | None) -> Iterator[tuple[str, str]]:
    """(rule, SQL that selects the rows that break it) for everything that the contract states.

    `against` names a view of the rows that stay in the table beside the staged ones, for the key; None: none stay.
    """
    for column in contract.columns:
        name = quoted(column.name)
        if column.required:
            yield f"{column.name} is never null", f"SELECT * FROM staged WHERE {name} IS NULL"
        for bound, symbol, words in ((column.minimum, "<", "at least"), (column.maximum, ">", "at most")):
            if bound is not None:
                yield (
                    f"{column.name} is {words} {bound}",
                    f"SELECT * FROM staged WHERE {name} {symbol} {sql_literal(bound)}"
                    + (f" OR isnan({name})" if isinstance(bound, float) else ""),
                )
        if column.allowed:
            values = ", ".join(sql_literal(value) for value in column.allowed)
            yield (
                f"{column.name} is one of {', '.join(column.allowed)}",
                f"SELECT * FROM staged WHERE {name} NOT IN ({values})",
            )
        if column.references:
            table, _, target = column.references.partition(".")
            yield (
                f"{column.name} occurs in {column.references}",
                f"SELECT * FROM staged s WHERE {name} IS NOT NULL AND NOT EXISTS "
                f"(SELECT 1 FROM {quoted(table)} r WHERE r.{quoted(target)} = s.{name})",
            )
    key = ", ".join(map(quoted, contract.key))
    label = " and ".join(contract.key)
    yield (
        f"{label} identify a row",
        f"SELECT {key}, count(*) AS times FROM staged GROUP BY {key} HAVING count(*) > 1",
    )
    if against is not None:
        yield (
            f"{label} are not in the table yet",
            f"SELECT {key} FROM staged SEMI JOIN {against} USING ({key})",
        )
    for audit in contract.audits:
        yield audit.rule, audit.sql


def check(connection: duckdb.DuckDBPyConnection, contract: Table, queries: Iterable[tuple[str, str]]) -> None:
    """Raise `AuditFailed` with every broken rule of the view `staged`; return when all hold.

    queries : of `rules`
    """
    broken = []
    for rule, sql in queries:
        (count,) = connection.execute(f"SELECT count(*) FROM ({sql})").fetchone()
        if count:
            broken.append(f"{rule}: {count:,} broken, for example\n{_examples(connection, sql)}")
    if broken:
        raise AuditFailed(f"table {contract.name}: nothing was committed. " + "\n".join(broken))


def _examples(connection: duckdb.DuckDBPyConnection, sql: str) -> str:
    cursor = connection.execute(f"SELECT * FROM ({sql}) LIMIT {EXAMPLES}")
    names = [column[0] for column in cursor.description]
    lines = []
    for row in cursor.fetchall():
        values = (f"{name}={_short(value)}" for name, value in zip(names, row, strict=True) if value is not None)
        lines.append("    " + ", ".join(values))
    return "\n".join(lines)


def _short(value: object) -> str:
    text = repr(value) if isinstance(value, str | bytes | list | dict) else str(value)
    return text if len(text) <= 60 else text[:57] + "..."
