"""The prompt: SQL line by line, with a history, until `.quit`."""

import contextlib
import readline
from collections.abc import Callable
from pathlib import Path

import duckdb

from jobs.query.statements import Refused

WELCOME = "SQL ends with a semicolon or an empty line. .tables, .describe TABLE, .help, .quit"
HELP = """\
.tables            the tables, with their rows
.describe TABLE    its columns and what they mean
.quit              leave (so does Ctrl-D)
Ctrl-C             drop what is typed, or stop the query"""
LONGEST_HISTORY = 1000  # lines


def prompt(
    run: Callable[[str], None],
    show_tables: Callable[[], None],
    describe: Callable[[str], None],
    history: Path,
) -> None:
    """Read statements and commands from the terminal and carry them out, until .quit or the end of the input.

    run(sql) shows a result. An error is printed and does not end it. `history` keeps what was typed.
    """
    with contextlib.suppress(OSError):
        readline.read_history_file(history)
    print(WELCOME)
    try:
        while (text := _read()) is not None:
            command, _, argument = text.rstrip("; ").partition(" ")
            try:
                if command in (".quit", ".exit"):
                    return
                if command == ".tables":
                    show_tables()
                elif command == ".describe":
                    describe(argument.strip())
                elif command.startswith("."):
                    print(HELP)
                elif text:
                    run(text)
            except (duckdb.Error, Refused, KeyError) as error:
                print(error.args[0] if error.args else error)
            except KeyboardInterrupt:
                print("stopped")
    finally:
        readline.set_history_length(LONGEST_HISTORY)
        history.parent.mkdir(parents=True, exist_ok=True)
        readline.write_history_file(history)


def _read() -> str | None:
    """The next command or statement, which may take several lines; None at the end of the input."""
    lines: list[str] = []
    while True:
        try:
            line = input("     ... " if lines else "discover> ")
        except KeyboardInterrupt:
            print()
            lines.clear()
            continue
        except EOFError:
            print()
            return None
        if not line.strip() or (not lines and line.lstrip().startswith(".")) or line.rstrip().endswith(";"):
            return "\n".join([*lines, line]).strip()
        lines.append(line)
