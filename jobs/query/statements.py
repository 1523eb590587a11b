"""Which statements may run: those that read."""

import re

import duckdb

READING = {duckdb.StatementType.SELECT, duckdb.StatementType.EXPLAIN, duckdb.StatementType.MULTI}  # MULTI: PIVOT
EXPLAIN = re.compile(
    r"(?:\s+|--[^\n]*(?:\n|$)|/\*.*?\*/)*explain(?:\s+analyze\b)?(?:\s*\([^)]*\))?(?=\s|/|-|\()",
    re.IGNORECASE | re.DOTALL,
)


class Refused(Exception):
    """A statement that would change something; the message says so."""


def reading_statements(connection: duckdb.DuckDBPyConnection, sql: str) -> list[str]:
    """The statements in `sql`, one by one. Raises Refused unless all of them only read (SELECT, WITH, FROM, VALUES,
    PIVOT, DESCRIBE, SHOW, SUMMARIZE, and EXPLAIN of these), duckdb.Error where the SQL is wrong."""
    statements = connection.extract_statements(sql)
    for statement in statements:
        explained = EXPLAIN.match(statement.query) if statement.type == duckdb.StatementType.EXPLAIN else None
        if statement.type == duckdb.StatementType.EXPLAIN and explained is None:
            raise Refused("this form of EXPLAIN is not understood here")
        if explained is not None:  # EXPLAIN ANALYZE runs what it explains
            reading_statements(connection, statement.query[explained.end() :])
        if statement.type not in READING:
            raise Refused(f"queries only read, and this is {statement.type.name}; write a result with --output FILE")
    return [statement.query.strip() for statement in statements]
