"""Which week a run is for."""

from datetime import UTC, date, datetime, timedelta, timezone
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs import weeks

MONDAY = date(2026, 11, 23)
MOMENTS = st.datetimes(datetime(1990, 1, 1), datetime(2100, 1, 1), timezones=st.timezones())


@given(MOMENTS)
def test_a_moment_lies_within_its_week(moment):
    week = weeks.floor_to_monday(moment)
    assert week.weekday() == 0
    assert weeks.start(week) <= moment < weeks.start(week) + timedelta(days=7)


def test_the_week_turns_at_midnight_utc_not_local():
    sunday_evening_in_new_york = datetime(2026, 11, 22, 19, tzinfo=timezone(timedelta(hours=-5)))
    assert weeks.floor_to_monday(sunday_evening_in_new_york) == MONDAY
    assert weeks.floor_to_monday(datetime(2026, 11, 22, 23, 59)) == MONDAY - timedelta(days=7)


@pytest.mark.parametrize(("text", "message"), [("2026-11-24", "Tuesday"), ("23.11.2026", "form YYYY-MM-DD")])
def test_a_week_that_is_no_monday_is_refused_with_the_reason(text, message):
    with pytest.raises(ValueError, match=message):
        weeks.parse(text)


def run(**attributes):
    return SimpleNamespace(**{"run_after": datetime(2026, 11, 25, 8, tzinfo=UTC), **attributes})


@pytest.mark.parametrize(
    ("context", "expected"),
    [
        # a manual run with a param: any day of the week will do
        ({"params": {"week": "2026-11-18"}, "dag_run": run()}, date(2026, 11, 16)),
        # a manual or asset-triggered run has neither a logical date nor a data interval
        ({"params": {}, "dag_run": run()}, MONDAY),
        ({"params": {"week": None}, "dag_run": run(data_interval_end=None)}, MONDAY),
        ({"dag_run": run()}, MONDAY),
        # a scheduled run or a backfill: the end of the interval, not the time it happens to run
        ({"dag_run": run(), "data_interval_end": datetime(2026, 11, 2, tzinfo=UTC)}, date(2026, 11, 2)),
        ({"dag_run": run(data_interval_end=datetime(2026, 11, 2, tzinfo=UTC))}, date(2026, 11, 2)),
    ],
)
def test_every_kind_of_run_has_its_week(context, expected):
    assert weeks.resolve(context) == expected


def test_a_param_that_is_no_date_is_refused():
    with pytest.raises(ValueError, match="param week"):
        weeks.resolve({"params": {"week": "; rm -rf /"}, "dag_run": run()})


def test_a_seed_depends_on_week_job_and_base_only():
    seeds = {weeks.seed(MONDAY, "a"), weeks.seed(MONDAY, "b"), weeks.seed(MONDAY, "a", 1)}
    assert len(seeds | {weeks.seed(MONDAY - timedelta(days=7), "a")}) == 4
    assert weeks.seed(MONDAY, "a") == weeks.seed(MONDAY, "a")
    assert all(0 <= seed < 2**31 for seed in seeds)
