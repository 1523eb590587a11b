"""Results, tables and columns on the terminal."""

from collections.abc import Iterable

import duckdb
import pyarrow as pa
from rich.console import Console
from rich.table import Table
from rich.text import Text

from schemas.contract import Column
from schemas.contract import Table as Contract

BATCH_ROWS = 10_000
LONGEST_VALUE = 2_000  # characters shown of one value
WIDE = 100_000  # columns of an output that is no terminal: nothing is folded there


def console() -> Console:
    """Standard output: as wide as the terminal, or as wide as need be where it goes to a file or a pipe."""
    out = Console()
    return out if out.is_terminal else Console(width=WIDE)


def show_result(result: duckdb.DuckDBPyRelation, out: Console, most_rows: int | None) -> int:
    """Print the first `most_rows` rows (None: all) as a table, then how many there are; return that number."""
    names = result.columns
    if names == ["explain_key", "explain_value"]:
        for _, plan in result.fetchall():
            out.print(Text(plan), soft_wrap=True)
        return 0
    reader = result.to_arrow_reader(BATCH_ROWS)
    shown: list[pa.RecordBatch] = []
    held = total = 0
    for batch in reader:
        if most_rows is None or held < most_rows:
            shown.append(batch if most_rows is None else batch.slice(0, most_rows - held))
            held += len(shown[-1])
        total += len(batch)
    columns = [[value for batch in shown for value in batch.column(i).to_pylist()] for i in range(len(names))]
    table = Table()
    for name, kind in zip(names, reader.schema.types, strict=True):
        is_number = pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind)
        table.add_column(Text(name), justify="right" if is_number else "left", overflow="fold")
    for row in zip(*columns, strict=True):
        table.add_row(*map(format_value, row))
    out.print(table)
    note = f"{total:,} row{'' if total == 1 else 's'}"
    if held < total:
        note = f"the first {held:,} of {note}; --rows 0 shows all, --output FILE writes them to a file"
    out.print(Text(note, style="dim"))
    return total


def show_tables(connection: duckdb.DuckDBPyConnection, contracts: Iterable[Contract], out: Console) -> None:
    """Print each table with its rows and what it holds."""
    table = Table()
    table.add_column("table")
    table.add_column("rows", justify="right")
    table.add_column("what it holds", overflow="fold")
    for contract in contracts:
        (count,) = connection.execute(f'SELECT count(*) FROM "{contract.name}"').fetchall()[0]
        table.add_row(contract.name, f"{count:,}", Text(contract.doc))
    out.print(table)


def show_contract(contract: Contract, out: Console) -> None:
    """Print what a table's rows mean: columns with type, meaning and rules; key and partition."""
    out.print(Text(f"{contract.name}: {contract.doc}"))
    table = Table()
    for header in ("column", "type", "meaning", "rules"):
        table.add_column(header, overflow="fold")
    for column in contract.columns:
        table.add_row(column.name, Text(str(column.type)), Text(column.doc), Text(_rules(column)))
    out.print(table)
    out.print(Text(f"key: {', '.join(contract.key)}"))
    if contract.partition:
        out.print(Text(f"partition: {', '.join(p.replace('|', ' by ') for p in contract.partition)}"))
    for audit in contract.audits:
        out.print(Text(f"audit: {audit.rule}"))


def format_value(value: object) -> Text:
    """A value as a person reads it; control characters, which could steer the terminal, are spelled out."""
    if value is None:
        return Text("null", style="dim")
    if isinstance(value, float):
        return Text(format(value, ".10g"))
    if isinstance(value, bytes):
        return Text(f"{len(value):,} bytes", style="dim")
    text = str(value)
    if len(text) > LONGEST_VALUE:
        text = f"{text[:LONGEST_VALUE]}… ({len(text):,} characters)"
    return Text("".join(c if c.isprintable() or c == "\n" else ascii(c)[1:-1] for c in text))


def _rules(column: Column) -> str:
    rules = ["never null"] if column.required else []
    if column.minimum is not None:
        rules.append(f"at least {column.minimum}")
    if column.maximum is not None:
        rules.append(f"at most {column.maximum}")
    if column.allowed:
        rules.append(f"one of {', '.join(column.allowed)}")
    if column.references:
        rules.append(f"in {column.references}")
    return "; ".join(rules)
