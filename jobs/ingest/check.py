"""From raw values to the contract's types, with a reason for every row that does not fit.

One SQL expression a column, made from the contract, run by DuckDB over a whole batch at a time.

    text          numbers become text; a whole float loses its ".0"
    whole number  7, 7.0; not 1e3, 7.5 or 1_000
    number        finite
    date          2026-11-23, also with midnight behind it
    time          2026-11-23T10:00:00Z, without a zone in UTC; or unix seconds, or milliseconds from 10^11 on
    truth value   true, false; 1, 0
    list          a list, or text with ";" between the values
"""

from collections.abc import Iterator

import duckdb
import pyarrow as pa
from pyiceberg.types import (
    BooleanType,
    DateType,
    DoubleType,
    FloatType,
    IcebergType,
    IntegerType,
    ListType,
    LongType,
    StringType,
    TimestamptzType,
)

from jobs.lake.audits import quoted, sql_literal
from jobs.lake.types import sql_type
from schemas.contract import Column, Table

WHOLE = r"\s*[+-]?\d{1,19}(\.0*)?\s*"
NUMBER = r"\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\s*"
DATE = r"\d{4}-\d{2}-\d{2}([T ]00:00(:00(\.0+)?)?Z?)?"
TIME = r"\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)? ?(Z|[+-]\d{2}(:?\d{2})?)?)?"
UNIX = r"\d{9,14}(\.\d+)?"  # fewer digits are a year, or a date without its dashes, more often than a second of 1970
FIRST_MILLISECOND = 100_000_000_000  # as seconds the year 5138, as milliseconds March 1973

KINDS = {
    StringType: "a text",
    LongType: "a whole number",
    IntegerType: "a whole number of 32 bits",
    DoubleType: "a number",
    FloatType: "a number",
    BooleanType: "true or false",
    DateType: "a date like 2026-11-23",
    TimestamptzType: "a time like 2026-11-23T10:00:00Z, or unix seconds or milliseconds",
    ListType: "a list, or texts with ';' between them",
}


class Checker:
    """Casts batches to one contract. Keeps a DuckDB connection; close it when done."""

    def __init__(self, contract: Table):
        self.contract = contract
        self.connection = duckdb.connect()
        self.connection.execute("SET TimeZone = 'UTC'")

    def __enter__(self) -> "Checker":
        return self

    def __exit__(self, *_: object) -> None:
        self.connection.close()

    def check(self, raw: pa.Table) -> tuple[pa.Table, pa.ChunkedArray]:
        """Cast one batch.

        raw: columns of the contract as they came, of any type; those that it lacks are null.

        Returns the rows with all of the contract's columns in its types, and for each row the first thing that is
        wrong with it (text; null: nothing). The values of a row with something wrong mean nothing.
        """
        casts = [f"NULL::{sql_type(c.type)} AS {quoted(c.name)}" for c in self.contract.columns]
        raw = raw.append_column("#", pa.array(range(len(raw)), pa.int64()))
        for i, column in enumerate(self.contract.columns):
            if column.name in raw.column_names:
                casts[i] = f"{cast(column.type, quoted(column.name), raw[column.name].type)} AS {quoted(column.name)}"
        tests = [test for column in self.contract.columns for test in _tests(column, column.name in raw.column_names)]
        reason = (
            "CASE " + " ".join(f"WHEN {wrong} THEN {words}" for wrong, words in tests) + " END" if tests else "NULL"
        )
        names = ", ".join(f"c.{quoted(c.name)}" for c in self.contract.columns)
        self.connection.register("raw", raw)
        checked = self.connection.sql(
            f'SELECT {names}, {reason} AS "#reason" FROM (SELECT {", ".join(casts)}, "#" FROM raw) c '
            f"POSITIONAL JOIN raw r"
        ).to_arrow_table()
        return checked.drop_columns("#reason"), checked["#reason"]


def cast(kind: IcebergType, value: str, source: pa.DataType) -> str:
    """The SQL that casts `value`, a column of Arrow type `source`, to a contract's type; null where it cannot.

    Raises TypeError for a type that no imported table has.
    """
    is_text = pa.types.is_string(source)
    is_time = pa.types.is_timestamp(source)
    if isinstance(kind, ListType):
        return _cast_list(kind, value, source)
    if pa.types.is_nested(source) or pa.types.is_binary(source) or pa.types.is_null(source):
        return f"NULL::{sql_type(kind)}"
    if isinstance(kind, StringType):
        text = f"CAST({value} AS VARCHAR)"
        return f"regexp_replace({text}, '\\.0$', '')" if pa.types.is_floating(source) else text
    if isinstance(kind, LongType | IntegerType):
        return f"CASE WHEN {_matches(value, WHOLE)} THEN TRY_CAST(trim({_words(value)}) AS {sql_type(kind)}) END"
    if isinstance(kind, DoubleType | FloatType):
        return f"CASE WHEN {_matches(value, NUMBER)} THEN TRY_CAST(trim({_words(value)}) AS {sql_type(kind)}) END"
    if isinstance(kind, BooleanType):
        text = f"lower(trim({_words(value)}))"
        return f"CASE WHEN {text} IN ('true', '1') THEN true WHEN {text} IN ('false', '0') THEN false END"
    if isinstance(kind, DateType):
        if is_time or pa.types.is_date(source):
            return f"CAST({value} AS DATE)"
        return f"CASE WHEN {_matches(f'trim({_words(value)})', DATE)} THEN TRY_CAST(trim({value})[:10] AS DATE) END"
    if isinstance(kind, TimestamptzType):
        if is_time or pa.types.is_date(source):
            return f"CAST(CAST({value} AS TIMESTAMPTZ) AS TIMESTAMPTZ)"
        text = f"trim({_words(value)})"
        seconds = f"CAST({text} AS DOUBLE)"
        unix = (
            f"CASE WHEN {_matches(text, UNIX)} THEN to_timestamp({seconds} / "
            f"CASE WHEN {seconds} >= {FIRST_MILLISECOND} THEN 1000 ELSE 1 END) END"
        )
        iso = f"CASE WHEN {_matches(text, TIME)} THEN TRY_CAST({text} AS TIMESTAMPTZ)"
        return f"{iso} ELSE {unix} END" if is_text else unix
    raise TypeError(f"no import of columns of type {kind}")


def _cast_list(kind: ListType, value: str, source: pa.DataType) -> str:
    if pa.types.is_nested(source):
        parts = f"TRY_CAST({value} AS VARCHAR[])"
    else:
        parts = f"string_split(CAST({value} AS VARCHAR), ';')"
    parts = f"list_filter(list_transform({parts}, lambda p: trim(p)), lambda p: p <> '')"
    return f"CASE WHEN len({parts}) > 0 THEN TRY_CAST({parts} AS {sql_type(kind)}) END"


def _words(value: str) -> str:
    return f"CAST({value} AS VARCHAR)"


def _matches(value: str, pattern: str) -> str:
    return f"regexp_full_match(CAST({value} AS VARCHAR), '{pattern}')"


def _tests(column: Column, is_there: bool) -> Iterator[tuple[str, str]]:
    """(SQL condition, SQL text of the reason) of what may be wrong with a column of `c`, whose raw row is `r`."""
    value, raw = f"c.{quoted(column.name)}", f"r.{quoted(column.name)}"
    if column.required:
        yield (f"{raw} IS NULL" if is_there else "true"), sql_literal(f"{column.name} is missing")
    if not is_there:
        return
    shown = f"{sql_literal(column.name + ': ')} || left(CAST({raw} AS VARCHAR), 60)"
    if not isinstance(column.type, ListType):
        yield (
            f"{raw} IS NOT NULL AND {value} IS NULL",
            f"{shown} || {sql_literal(' is not ' + KINDS[type(column.type)])}",
        )
    if column.minimum is not None:
        yield f"{value} < {sql_literal(column.minimum)}", f"{shown} || {sql_literal(f' is below {column.minimum}')}"
    if column.maximum is not None:
        yield f"{value} > {sql_literal(column.maximum)}", f"{shown} || {sql_literal(f' is above {column.maximum}')}"
    if column.allowed:
        allowed = ", ".join(map(sql_literal, column.allowed))
        words = sql_literal(f" is not one of {', '.join(column.allowed)}")
        yield f"{value} NOT IN ({allowed})", f"{shown} || {words}"
