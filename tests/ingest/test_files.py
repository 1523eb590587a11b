"""Reading files: rows with their lines, whatever is in the file."""

import csv
import gzip
import io
import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jobs.cli import UserError
from jobs.ingest.files import read

COLUMNS = ("user", "title")


def read_all(path, batch_rows=1000, columns=COLUMNS, required=("user",)):
    """(rows with their line, broken as (line, reason)) of all batches."""
    rows, broken = [], []
    for batch in read(path, columns, required, batch_rows):
        for line, row in zip(batch.lines.tolist(), batch.rows.to_pylist(), strict=True):
            rows.append((line, *(row.get(c) for c in columns)))
        broken += [(b.line, b.reason) for b in batch.broken]
    return rows, sorted(broken)


def write(path, content):
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def test_columns_go_by_name_in_any_order_and_an_empty_field_is_null(tmp_path):
    path = write(tmp_path / "a.csv", "title,user\nSong,u1\n,u2\n")
    assert read_all(path) == ([(2, "u1", "Song"), (3, "u2", None)], [])


def test_unknown_columns_are_named(tmp_path):
    path = write(tmp_path / "a.csv", "user,shoe size\nu1,43\n")
    (batch,) = read(path, COLUMNS, ["user"], 10)
    assert batch.unknown == ("shoe size",)
    assert batch.rows.column_names == ["user"]


@pytest.mark.parametrize("batch_rows", [1, 2, 1000])
def test_broken_lines_are_told_by_number_and_the_rest_is_read(tmp_path, batch_rows):
    content = b"user,title\nu1,a\nu2\nu3,a,b\n\nu4,\xff\nu5,b\r\nu6,c"
    rows, broken = read_all(write(tmp_path / "a.csv", content), batch_rows)
    assert rows == [(2, "u1", "a"), (7, "u5", "b"), (8, "u6", "c")]  # line 5 is blank
    assert broken == [
        (3, "1 columns where the header has 2"),
        (4, "3 columns where the header has 2"),
        (6, "not UTF-8: invalid start byte"),
    ]


@pytest.mark.parametrize("batch_rows", [1, 2, 3, 1000])
def test_a_quoted_value_may_hold_commas_quotes_and_line_breaks(tmp_path, batch_rows):
    content = 'user,title\nu1,"a, ""b"""\nu2,"one\ntwo\n\nfour"\nu3,plain\n'
    rows, broken = read_all(write(tmp_path / "a.csv", content), batch_rows)
    assert rows == [(2, "u1", 'a, "b"'), (3, "u2", "one\ntwo\n\nfour"), (7, "u3", "plain")]
    assert broken == []


@pytest.mark.parametrize("batch_rows", [1, 2, 1000])
def test_a_quote_that_is_never_closed_costs_its_own_line_only(tmp_path, batch_rows):
    content = 'user,title\nu1,"a\nu2,b\nu3,c\n'
    rows, broken = read_all(write(tmp_path / "a.csv", content), batch_rows)
    assert rows == [(3, "u2", "b"), (4, "u3", "c")]
    assert [line for line, _ in broken] == [2]


def test_a_quote_that_swallows_lines_up_to_another_one_costs_its_own_line_only(tmp_path):
    rows, broken = read_all(write(tmp_path / "a.csv", 'user,title\nu1,"a\nu2,b\nu3,c"d\nu4,e\n'))
    assert rows == [(3, "u2", "b"), (4, "u3", 'c"d'), (5, "u4", "e")]
    assert [line for line, _ in broken] == [2]


def test_bytes_that_are_not_utf8_cost_their_row_beside_quotes_too(tmp_path):
    rows, broken = read_all(write(tmp_path / "a.csv", b'user,title\nu1,"\xff"\nu2,"\xc3\xa9"\n'))
    assert rows == [(3, "u2", "é")]
    assert broken == [(2, "not UTF-8")]


text = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r\x00"), max_size=12)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(text.filter(str.strip), text), max_size=8), st.integers(1, 4))
def test_whatever_pythons_csv_writes_comes_back(tmp_path, table, batch_rows):
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerows([COLUMNS, *table])
    rows, broken = read_all(write(tmp_path / "a.csv", buffer.getvalue()), batch_rows)
    assert [row[1:] for row in rows] == [(user, title or None) for user, title in table]
    assert broken == []


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=60), st.sampled_from(["csv", "tsv", "jsonl"]), st.integers(1, 4))
def test_no_bytes_stop_the_reading_and_every_row_lies_on_its_line(tmp_path, noise, kind, batch_rows):
    header = {"csv": b"user,title\n", "tsv": b"user\ttitle\n", "jsonl": b""}[kind]
    first = {"csv": b"u1,a\n", "tsv": b"u1\ta\n", "jsonl": b'{"user": "u1", "title": "a"}\n'}[kind]
    rows, broken = read_all(write(tmp_path / f"a.{kind}", header + first + noise), batch_rows)
    assert rows[0][1:] == ("u1", "a")
    lines = [row[0] for row in rows] + [line for line, _ in broken]
    assert len(set(lines)) == len(lines)
    assert max(lines) <= (header + first + noise).count(b"\n") + 1


def test_tsv_has_no_quoting(tmp_path):
    rows, broken = read_all(write(tmp_path / "a.tsv", 'user\ttitle\nu1\t"Heroes\nu2\t12" mix\n'))
    assert rows == [(2, "u1", '"Heroes'), (3, "u2", '12" mix')]
    assert broken == []


def test_a_byte_order_mark_and_gzip_make_no_difference(tmp_path):
    path = tmp_path / "a.CSV.gz"
    path.write_bytes(gzip.compress("\ufeffuser,title\nu1,é\n".encode()))
    assert read_all(path) == ([(2, "u1", "é")], [])


def test_json_lines_take_texts_numbers_and_lists(tmp_path):
    lines = [
        {"user": 7, "title": "a"},
        {"user": "8", "title": ["x", "y"]},
        {"user": 9.5},
        {"user": "", "title": "p;q"},
    ]
    rows, broken = read_all(write(tmp_path / "a.jsonl", "\n".join(map(json.dumps, lines))))
    assert rows == [(1, "7", ["a"]), (2, "8", ["x", "y"]), (3, "9.5", None), (4, None, ["p", "q"])]
    assert broken == []


def test_json_objects_without_a_single_known_name_are_rows_of_nulls(tmp_path):
    path = write(tmp_path / "a.jsonl", '{"user": "u1"}\n{}\n{"shoe": 43}\n')
    assert read_all(path, 1) == ([(1, "u1", None), (2, None, None), (3, None, None)], [])


def test_broken_json_lines_are_told_by_number(tmp_path):
    content = (
        b'{"user": "u1"}\n{"user": \n[1]\n\n{"user": {"id": 1}}\n{"user": "\xff"}\n{"user": "\\ud800"}\n{"user": "u2"}'
    )
    rows, broken = read_all(write(tmp_path / "a.jsonl", content))
    assert [(line, user) for line, user, _ in rows] == [(1, "u1"), (8, "u2")]
    assert [line for line, _ in broken] == [2, 3, 5, 6, 7]


def test_json_nested_deeper_than_the_parser_goes_is_one_broken_line(tmp_path):
    rows, broken = read_all(write(tmp_path / "a.jsonl", '{"user": "u1"}\n' + "[" * 100_000 + "\n"))
    assert len(rows) == 1
    assert broken[0][0] == 2


def test_parquet_rows_are_counted_from_one(tmp_path):
    path = tmp_path / "a.parquet"
    table = pa.table({"title": pa.array(["a", "", None]).dictionary_encode(), "user": [1.0, float("nan"), 3.0]})
    pq.write_table(table, path)
    assert read_all(path, 2) == ([(1, 1.0, "a"), (2, None, None), (3, 3.0, None)], [])


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.csv", "title\na\n", "lacks the column 'user'; the columns there are: 'title'"),
        ("a.csv", "", "lacks the column 'user'; the columns there are: none"),
        ("a.csv", "user;title\nu;a\n", "the columns there are: 'user;title'"),
        ("a.csv", "user,user\nu,v\n", "has the column 'user' twice"),
        ("a.csv", b"\xff\xfeu\x00", "no header in UTF-8"),
        ("a.jsonl", '{"name": "u1"}', "lacks the column 'user'"),
        ("a.parquet", "user,title", "damaged or was cut off"),
        ("a.csv.gz", "user,title", "Not a gzipped file"),
        ("a.xlsx", "x", "the name must end in .csv"),
        ("a", "x", "the name must end in .csv"),
    ],
)
def test_a_file_of_the_wrong_form_is_an_error_that_says_what_is_wrong(tmp_path, name, content, message):
    with pytest.raises(UserError, match=message) as caught:
        read_all(write(tmp_path / name, content))
    assert str(tmp_path / name) in str(caught.value)


def test_a_gzip_file_that_was_cut_off_is_an_error(tmp_path):
    whole = gzip.compress(b"user,title\n" + b"".join(b"u%d,a\n" % i for i in range(10_000)))
    with pytest.raises(UserError, match="cut off"):
        read_all(write(tmp_path / "a.csv.gz", whole[: len(whole) // 2]))


def test_a_missing_file_is_an_error(tmp_path):
    with pytest.raises(UserError, match="No such file"):
        read_all(tmp_path / "a.csv")
