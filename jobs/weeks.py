"""A week is a Monday, UTC: which week a run is for, and where it begins and ends."""

import hashlib
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Any


def floor_to_monday(moment: date | datetime) -> date:
    """The Monday (UTC) of the week in which `moment` lies; a datetime without a zone is taken as UTC.

    >>> floor_to_monday(date(2026, 11, 29))
    datetime.date(2026, 11, 23)
    """
    if isinstance(moment, datetime):
        moment = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC).date()
    return moment - timedelta(days=moment.weekday())


def newest() -> date:
    """The Monday of the present week."""
    return floor_to_monday(datetime.now(UTC))


def parse(text: str) -> date:
    """The week in "YYYY-MM-DD". Raises ValueError when it is not a date or not a Monday."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise ValueError(f"{text!r} is not a date of the form YYYY-MM-DD") from None
    if day.weekday():
        raise ValueError(f"a week is named by its Monday: {text} is a {day:%A}, its week is {floor_to_monday(day)}")
    return day


def start(week: date) -> datetime:
    """The first moment of the week: whatever a run for this week reads happened before it."""
    return datetime.combine(week, time(), tzinfo=UTC)


def seed(week: date, job: str, base: int = 0) -> int:
    """The seed of one job in one week, in [0, 2**31): the same for each run, another one for each job and week."""
    digest = hashlib.sha256(f"{base}/{week.isoformat()}/{job}".encode()).digest()
    return int.from_bytes(digest[:4], "big") >> 1


def resolve(context: Mapping[str, Any]) -> date:
    """The week of an Airflow run: the `week` param (any day of it), else the end of the data interval, else the time
    after which the run was due, floored to Monday.

    A manual or asset-triggered run has neither a logical date nor a data interval in Airflow 3, so nothing here
    may need one. Raises ValueError when the param is not a date.
    """
    chosen = (context.get("params") or {}).get("week")
    if chosen:
        try:
            return floor_to_monday(date.fromisoformat(str(chosen)))
        except ValueError:
            raise ValueError(f"param week: {chosen!r} is not a date of the form YYYY-MM-DD") from None
    run = context.get("dag_run")
    moment = context.get("data_interval_end") or getattr(run, "data_interval_end", None) or run.run_after
    return floor_to_monday(moment)
