"""Casting raw values to the contract, with a reason for every row that does not fit."""

from datetime import UTC, date, datetime, timedelta, timezone

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyiceberg.types import BinaryType

import schemas
from jobs.ingest.check import Checker, cast


@pytest.fixture(scope="module")
def listens():
    with Checker(schemas.table("listens")) as checker:
        yield checker


@pytest.fixture(scope="module")
def tracks():
    with Checker(schemas.table("tracks")) as checker:
        yield checker


def check_times(checker, values):
    """(listened_at, reason) for each value."""
    n = len(values)
    raw = pa.table({"listened_at": values, "user_id": ["u"] * n, "track_id": ["t"] * n})
    rows, reasons = checker.check(raw)
    return list(zip(rows["listened_at"].to_pylist(), reasons.to_pylist(), strict=True))


def check_one(checker, **values):
    """(row, reason) of one row, otherwise in order."""
    row = {"listened_at": "2026-01-05", "user_id": "u", "track_id": "t"} | values
    rows, reasons = checker.check(pa.table({k: v if isinstance(v, pa.Array) else [v] for k, v in row.items()}))
    return rows.to_pylist()[0], reasons.to_pylist()[0]


NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    "value",
    [
        "2026-01-05T12:00:00Z",
        "2026-01-05 12:00",
        "2026-01-05T12:00:00.000+00:00",
        "2026-01-05T14:00:00+02",
        "2026-01-05T06:30:00-05:30",
        " 1767614400 ",
        "1767614400000",
        "1767614400.0",
        1767614400,
        1767614400000,
        1767614400.0,
    ],
)
def test_a_time_is_iso_or_unix_and_utc_unless_it_says_otherwise(listens, value):
    assert check_times(listens, [value]) == [(NOON, None)]


@pytest.mark.parametrize(
    "kind", [pa.timestamp("ns"), pa.timestamp("us", "Europe/Berlin"), pa.timestamp("ms"), pa.timestamp("s", "UTC")]
)
def test_times_of_parquet_keep_their_moment(listens, kind):
    raw = pa.array([1767614400], pa.int64()).cast(pa.timestamp("s")).cast(kind)
    assert check_times(listens, raw) == [(NOON, None)]


@pytest.mark.parametrize(
    "value",
    ["2026", "20260105", "yesterday", "infinity", "epoch", "2026-02-30", "05.01.2026", "2026-01-05T25:00", "-1", "1e9"],
)
def test_what_is_no_time_is_rejected_with_what_stands_there(listens, value):
    ((_, reason),) = check_times(listens, [value])
    assert reason.startswith(f"listened_at: {value} is not a time like 2026-11-23T10:00:00Z")


def test_times_outside_of_the_contract_are_rejected(listens):
    (_, early), (_, late) = check_times(listens, ["1969-12-31T23:59:59Z", "2100-01-02"])
    assert "is below 1970-01-01" in early
    assert "is above 2100-01-01" in late


@settings(max_examples=50)
@given(st.datetimes(datetime(1970, 1, 2), datetime(2099, 12, 30)), st.integers(-14 * 60, 14 * 60))
def test_every_moment_in_any_zone_comes_back(listens, moment, minutes):
    moment = moment.replace(tzinfo=timezone(timedelta(minutes=minutes)))
    assert check_times(listens, [moment.isoformat()]) == [(moment, None)]


@pytest.mark.parametrize(("value", "number"), [("7", 7), ("7.0", 7), (" 7 ", 7), ("+7", 7), (7.0, 7), ("0", 0)])
def test_whole_numbers_are_read_as_programs_write_them(listens, value, number):
    assert check_one(listens, ms_played=value) == (
        {"listened_at": datetime(2026, 1, 5, tzinfo=UTC), "user_id": "u", "track_id": "t", "ms_played": number},
        None,
    )


@pytest.mark.parametrize("value", ["7.5", "1e3", "1_000", "0x10", "seven", "99999999999999999999", 7.5, True])
def test_what_is_no_whole_number_is_rejected(listens, value):
    _, reason = check_one(listens, ms_played=value)
    assert "is not a whole number" in reason


@settings(max_examples=50)
@given(st.integers(-(2**63), 2**63 - 1))
def test_every_64_bit_number_comes_back_exactly_or_is_below_the_minimum(listens, number):
    row, reason = check_one(listens, ms_played=str(number))
    assert row["ms_played"] == number
    assert reason == (None if number >= 0 else f"ms_played: {number} is below 0")


def test_a_missing_required_value_is_named(listens):
    assert check_one(listens, user_id=pa.array([None], pa.string()))[1] == "user_id is missing"
    _, reasons = listens.check(pa.table({"listened_at": ["2026-01-05"]}))
    assert reasons.to_pylist() == ["user_id is missing"]


def test_identifiers_that_were_stored_as_numbers_become_text_without_a_fraction(listens):
    assert check_one(listens, user_id=7)[0]["user_id"] == "7"
    assert check_one(listens, user_id=7.0)[0]["user_id"] == "7"  # a column of pandas with a gap in it


def test_the_first_thing_that_is_wrong_is_told_for_each_row_on_its_own(listens):
    raw = pa.table(
        {
            "listened_at": ["2026-01-05", "x", "2026-01-05", "2026-01-05"],
            "user_id": ["a", None, "c", "d"],
            "track_id": ["t"] * 4,
            "ms_played": ["1", "y", "-1", None],
        }
    )
    rows, reasons = listens.check(raw)
    assert [r and r.split(":")[0] for r in reasons.to_pylist()] == [None, "listened_at", "ms_played", None]
    assert rows["user_id"].to_pylist() == ["a", None, "c", "d"]


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (pa.array(["a;b", " a ; ;b ", "", None]), [["a", "b"], ["a", "b"], None, None]),
        (pa.array([["a", "b"], [], None, ["a", None]]), [["a", "b"], None, None, ["a"]]),
        (pa.array([[1, 2], None, None, []]), [["1", "2"], None, None, None]),
    ],
)
def test_lists_come_as_lists_or_with_semicolons(tracks, raw, expected):
    ids = pa.array(["x"] * 4)
    table = pa.table({"track_id": ids, "artist_id": ids, "title": ids, "work_id": ids, "featured_artist_ids": raw})
    rows, reasons = tracks.check(table)
    assert rows["featured_artist_ids"].to_pylist() == expected
    assert reasons.null_count == 4


def test_a_date_is_iso_or_a_midnight(tracks):
    raw = pa.table({"released_at": ["2026-11-23", "2026-11-23T00:00:00.000Z", "2026", "2026-11-23T01:00"]})
    days = tracks.check(raw)[0]["released_at"].to_pylist()
    assert days == [date(2026, 11, 23), date(2026, 11, 23), None, None]


def test_allowed_values_are_listed_to_whoever_has_another():
    with Checker(schemas.table("exclusions")) as checker:
        _, reasons = checker.check(pa.table({"user_id": ["u"], "kind": ["genre"], "excluded_id": ["x"]}))
    assert reasons.to_pylist() == ["kind: genre is not one of track, artist, exploration, opt_out"]


def test_a_nested_value_in_a_plain_column_is_rejected(listens):
    _, reason = check_one(listens, ms_played=pa.array([{"ms": 1}]))
    assert "is not a whole number" in reason


def test_a_type_that_no_import_has_is_an_error():
    with pytest.raises(TypeError, match="binary"):
        cast(BinaryType(), "x", pa.string())
