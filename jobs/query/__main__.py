"""Ask the lake: `python -m jobs.query "SELECT ..."`, or a prompt."""

import argparse
import sys
from pathlib import Path

from jobs import cli

SHOWN_ROWS = 100  # on a terminal
SHOWN_ELSEWHERE = 10_000  # in a file or a pipe; more belong into --output


def arg_parser() -> argparse.ArgumentParser:
    """The command line."""
    parser = argparse.ArgumentParser(
        prog="python -m jobs.query",
        description="SQL (DuckDB) over the current state of all tables. Without SQL: a prompt, or the SQL on "
        "standard input. Queries only read.",
        epilog="""\
examples:
  python -m jobs.query --tables
  python -m jobs.query --describe discover_weekly
  python -m jobs.query "SELECT rank, name, title, explanation FROM discover_weekly
      JOIN tracks USING (track_id) JOIN artists USING (artist_id)
      WHERE week = '2026-11-23' AND user_id = 'u001' ORDER BY rank"
  python -m jobs.query "FROM metrics" --output metrics.csv""",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("sql", nargs="?", metavar="SQL", help="one or more statements that read")
    parser.add_argument("--tables", action="store_true", help="list the tables, with their rows and what they hold")
    parser.add_argument("--describe", metavar="TABLE", help="list the columns of a table and what they mean")
    parser.add_argument(
        "--output", type=Path, metavar="FILE", help="write all rows to a .csv, .tsv, .parquet, .json or .jsonl file"
    )
    parser.add_argument(
        "--rows",
        type=int,
        metavar="N",
        help=f"show at most N rows, 0: all (default: {SHOWN_ROWS} on a terminal, {SHOWN_ELSEWHERE} elsewhere)",
    )
    return parser


def main(sql: str | None, tables: bool, describe: str | None, output: Path | None, rows: int | None) -> None:
    """Run what was asked for."""
    import duckdb

    from jobs.query.statements import Refused

    try:
        _main(sql, tables, describe, output, rows)
    except (duckdb.Error, Refused, KeyError) as error:
        raise cli.UserError(error.args[0]) from None


def _main(sql: str | None, tables: bool, describe: str | None, output: Path | None, rows: int | None) -> None:
    import schemas
    from jobs.lake import Lake
    from jobs.query import show
    from jobs.query.export import check_target, export
    from jobs.query.statements import reading_statements
    from jobs.settings import settings

    out = show.console()
    default_rows = SHOWN_ROWS if out.is_terminal else SHOWN_ELSEWHERE
    most_rows = default_rows if rows is None else rows or None
    if describe is not None:
        show.show_contract(schemas.table(describe), out)
        return
    if output is not None:
        check_target(output, settings().home / "warehouse")
    with Lake().connect() as connection:
        connection.execute("SET python_enable_replacements = false")  # a name means a table, not a Python variable

        def run(text: str) -> None:
            for statement in reading_statements(connection, text):
                show.show_result(connection.sql(statement), out, most_rows)

        def list_tables() -> None:
            show.show_tables(connection, schemas.tables().values(), out)

        if tables:
            list_tables()
            return
        if sql is None and sys.stdin.isatty() and output is None:
            from jobs.query.prompt import prompt

            prompt(
                run,
                list_tables,
                lambda name: show.show_contract(schemas.table(name), out),
                settings().home / "query_history",
            )
            return
        text = sys.stdin.read() if sql is None else sql
        if output is None:
            run(text)
            return
        statements = reading_statements(connection, text)
        if len(statements) != 1:
            raise cli.UserError(f"--output takes one statement, not {len(statements)}")
        out.print(f"{export(connection, statements[0], output):,} rows in {output}", markup=False)


if __name__ == "__main__":
    cli.run(arg_parser(), main)
