"""Asking the lake in SQL, as an analyst does."""

import io
import json
import os
import pty
import re
import subprocess
import sys
from datetime import date

import duckdb
import pyarrow.parquet as pq
import pytest
from rich.console import Console

import schemas
from jobs.cli import UserError
from jobs.query.__main__ import main
from jobs.query.export import check_target, export
from jobs.query.show import format_value, show_contract, show_result
from jobs.query.statements import Refused, reading_statements

WEEKS = [date(2026, 11, 9), date(2026, 11, 16), date(2026, 11, 23)]


@pytest.fixture
def connection():
    with duckdb.connect() as active:
        yield active


@pytest.fixture
def three_weeks(lake):
    """One number for each of three weeks."""
    for week in WEEKS:
        lake.record(week, "test", [("day", "", week.day)])
    return lake


def ask(**arguments):
    main(**({"sql": None, "tables": False, "describe": None, "output": None, "rows": None} | arguments))


def shown(connection, sql, most_rows=None, width=80):
    out = Console(width=width, file=io.StringIO())
    show_result(connection.sql(sql), out, most_rows)
    return out.file.getvalue()


# What may run


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT 1",
        "WITH a AS (SELECT 1) FROM a",
        "VALUES (1)",
        "SHOW TABLES",
        "SUMMARIZE SELECT 1",
        "PIVOT (SELECT 1 AS a, 2 AS b) ON a USING sum(b)",
        "EXPLAIN ANALYZE SELECT 1",
        "/* a */ explain (FORMAT json) SELECT 1",
        "SELECT 'DELETE FROM tracks'",
    ],
)
def test_statements_that_read_may_run(connection, sql):
    assert len(reading_statements(connection, sql)) == 1


@pytest.mark.parametrize(
    "sql",
    [
        "COPY (SELECT 1) TO '/tmp/x.parquet'",
        "SELECT 1; DELETE FROM tracks",
        "EXPLAIN ANALYZE COPY (SELECT 1) TO '/tmp/x.csv'",
        "-- a\nEXPLAIN/**/ANALYZE/**/COPY (SELECT 1) TO '/tmp/x.csv'",
        "EXPLAIN (ANALYZE) COPY (SELECT 1) TO '/tmp/x.csv'",
        "CREATE TABLE x AS SELECT 1",
        "DROP VIEW tracks",
        "ATTACH 'x.db'",
        "SET enable_external_access = true",
        "PREPARE x AS COPY (SELECT 1) TO '/tmp/x.csv'",
        "INSTALL httpfs",
        "EXPORT DATABASE 'x'",
        "CALL pragma_version()",
    ],
)
def test_statements_that_change_something_are_refused(connection, sql):
    with pytest.raises((Refused, duckdb.Error)):
        reading_statements(connection, sql)


# What is shown


def test_a_result_is_a_table_with_the_number_of_rows(connection):
    text = shown(connection, "SELECT i AS number, 'n' || i AS name FROM range(3) t(i)")
    assert re.search(r"│ +2 │ n2 +│", text)
    assert "3 rows" in text


def test_a_long_result_is_cut_and_says_so(connection):
    text = shown(connection, "FROM range(25000)", most_rows=2)
    assert text.count("\n│") == 2
    assert "the first 2 of 25,000 rows" in text


def test_wide_values_are_folded_and_nothing_is_lost(connection):
    text = shown(connection, "SELECT repeat('word ', 40) AS long, 7 AS n", width=40)
    assert max(map(len, text.splitlines())) <= 40
    assert text.count("word") == 40


def test_two_columns_of_one_name_are_both_shown(connection):
    assert re.search(r"1 │ 2", shown(connection, "SELECT 1 AS a, 2 AS a"))


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "null"),
        (1 / 3, "0.3333333333"),
        (1234567.0, "1234567"),
        (b"abc", "3 bytes"),
        ("[red]x[/red]", "[red]x[/red]"),
        ("a\x1b[2Jb", r"a\x1b[2Jb"),  # an escape sequence of a terminal
        ("é 日本", "é 日本"),
        ("x" * 3000, "x" * 2000 + "… (3,000 characters)"),
    ],
)
def test_values_are_shown_as_people_read_them(value, text):
    assert format_value(value).plain == text


def test_every_table_can_be_described():
    for contract in schemas.tables().values():
        out = Console(width=200, file=io.StringIO())
        show_contract(contract, out)
        text = out.file.getvalue()
        assert all(column.name in text for column in contract.columns)


# Files


@pytest.mark.parametrize("suffix", [".csv", ".tsv", ".parquet", ".json", ".jsonl"])
def test_a_result_goes_into_a_file_of_the_format_of_its_name(connection, tmp_path, suffix):
    path = tmp_path / f"it's{suffix}"
    (query,) = reading_statements(connection, "SELECT i AS a, 'x,' || i AS b FROM range(2) t(i) /* é */; -- two rows")
    assert export(connection, query, path) == 2
    rows = [{"a": 0, "b": "x,0"}, {"a": 1, "b": "x,1"}]
    if suffix == ".parquet":
        assert pq.read_table(path).to_pylist() == rows
    elif suffix == ".json":
        assert json.loads(path.read_text()) == rows
    elif suffix == ".jsonl":
        assert [json.loads(line) for line in path.read_text().splitlines()] == rows
    else:
        expected = 'a,b\n0,"x,0"\n1,"x,1"\n' if suffix == ".csv" else "a\tb\n0\tx,0\n1\tx,1\n"
        assert path.read_text() == expected
    assert os.listdir(tmp_path) == [path.name]


def test_a_query_that_fails_leaves_the_old_file(connection, tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("old")
    with pytest.raises(duckdb.Error):
        export(connection, "SELECT CASE WHEN i < 5000 THEN i ELSE error('late') END FROM range(9999) t(i)", path)
    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == ["a.csv"]


@pytest.mark.parametrize(
    ("name", "message"),
    [("a.xlsx", "must end in .csv"), ("no/a.csv", "there is no folder"), ("warehouse/x/a.parquet", "another folder")],
)
def test_a_file_that_cannot_be_is_an_error_before_the_query_runs(tmp_path, name, message):
    (tmp_path / "warehouse" / "x").mkdir(parents=True)
    with pytest.raises(UserError, match=message):
        check_target(tmp_path / name, tmp_path / "warehouse")


# The whole command


def test_a_filter_on_the_week_reaches_the_files(three_weeks):
    with three_weeks.connect() as connection:
        plan = connection.sql("EXPLAIN ANALYZE SELECT value FROM metrics WHERE week = '2026-11-16'").fetchall()[0][1]
    assert re.search(r"Filters:\s*│?\s*│?\s*week\s*=\s*'?2026-11-16", plan)
    assert "Row Groups Scanned: 1 / 3" in plan


def test_queries_tables_and_files_of_the_command(three_weeks, tmp_path, capsys):
    ask(sql="SELECT sum(value) AS total FROM metrics; SELECT count(*) AS artists FROM artists")
    text = capsys.readouterr().out
    assert re.search(r"│ +48 │", text)
    assert re.search(r"│ +0 │", text)
    ask(tables=True)
    assert re.search(r"metrics +│ +3 │ Every number", capsys.readouterr().out)
    ask(sql="FROM metrics ORDER BY week", output=tmp_path / "m.parquet")
    assert pq.read_table(tmp_path / "m.parquet")["value"].to_pylist() == [9, 16, 23]


@pytest.mark.parametrize(
    ("sql", "message"),
    [
        ("SELECT nothing", "nothing"),
        ("SELEC 1", "syntax"),
        ("DELETE FROM tracks", "queries only read"),
        ("SELECT * FROM lake", "lake"),  # not the variable of that name in Python
    ],
)
def test_wrong_sql_is_an_error_that_says_what_is_wrong(lake, sql, message):
    with pytest.raises(UserError, match=message):
        ask(sql=sql)


def test_an_unknown_table_is_an_error_that_lists_the_tables():
    with pytest.raises(UserError, match="the tables are: articles"):
        ask(describe="trakcs")


def test_without_a_terminal_the_sql_comes_from_standard_input(three_weeks, capsys, monkeypatch):
    monkeypatch.setattr("sys.stdin", io.StringIO("SELECT max(value) AS newest\nFROM metrics"))
    ask()
    assert "23" in capsys.readouterr().out


def test_an_error_is_one_line_and_status_2():
    command = [sys.executable, "-m", "jobs.query", "SELECT nothing"]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    assert done.returncode == 2
    assert "nothing" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_prompt_takes_sql_over_several_lines_and_an_error_does_not_end_it(three_weeks):
    typed = [".tables", "SELECT nothing;", "SELECT max(value)", "AS newest FROM metrics;", ".describe listens", ".quit"]
    pid, terminal = pty.fork()
    if pid == 0:
        os.environ["TERM"] = "dumb"
        os.execv(sys.executable, [sys.executable, "-m", "jobs.query"])
    os.write(terminal, "".join(line + "\n" for line in typed).encode())
    output = b""
    try:
        while block := os.read(terminal, 65536):
            output += block
    except OSError:  # how a terminal ends on Linux
        pass
    _, status = os.waitpid(pid, 0)
    text = output.decode()
    assert os.waitstatus_to_exitcode(status) == 0
    assert "Every number that a stage reports" in " ".join(text.split())
    assert 'column "nothing" was not found' in text
    assert re.search(r"newest.*23", text, re.DOTALL)
    assert "Milliseconds played" in " ".join(text.split())
    history = (three_weeks.config.home / "query_history").read_text()
    assert "SELECT nothing;" in history
