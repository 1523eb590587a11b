"""When something was published, as pages write it."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from email.utils import parsedate_to_datetime

OLDEST = datetime(1990, 1, 1, tzinfo=UTC)  # the web is not older: an earlier date is a mistake

# Names of zones in dates that people write, in hours from UTC (those of RFC 5322, section 4.3, and of Europe).
ZONES = {"utc": 0, "gmt": 0, "z": 0, "est": -5, "edt": -4, "cst": -6, "cdt": -5, "mst": -7, "mdt": -6, "pst": -8,
         "pdt": -7, "bst": 1, "cet": 1, "cest": 2}  # fmt: skip
MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTH = r"(?P<month>(?:jan|feb|mar|apr|may|june?|july?|aug|sept?|oct|nov|dec)[a-z]*)\.?"
_TIME = (
    r"(?:,?\s*(?:at\s+)?(?P<hour>\d{1,2})[:.](?P<minute>\d\d)(?::\d\d)?"
    r"\s*(?P<half>[ap]\.?m\.?)?\s*(?P<zone>[a-z]{1,4})?)?"
)
_WRITTEN = [
    re.compile(rf"\b{_MONTH}\s+(?P<day>\d{{1,2}})(?:st|nd|rd|th)?,?\s+(?P<year>\d{{4}})\b{_TIME}", re.IGNORECASE),
    re.compile(rf"\b(?P<day>\d{{1,2}})(?:st|nd|rd|th)?\s+{_MONTH},?\s+(?P<year>\d{{4}})\b{_TIME}", re.IGNORECASE),
]


@dataclass(frozen=True)
class Moment:
    """A point in time, and the zone it was given in: minutes ahead of UTC, None when it was given in none (then UTC is
    taken)."""

    at: datetime  # UTC
    offset: int | None


def parse_moment(text: object, now: datetime) -> Moment | None:
    """A moment from ISO 8601, the form of mail headers, or English; None when it is none of them, or not plausible:
    before `OLDEST`, or after `now` and a day.

    >>> parse_moment("2026-11-02T01:30:00+02:00", datetime(2026, 11, 23, tzinfo=UTC))
    Moment(at=datetime.datetime(2026, 11, 1, 23, 30, tzinfo=datetime.timezone.utc), offset=120)
    >>> parse_moment("Posted on November 3rd, 2026 at 9:30 p.m. EST", datetime(2026, 11, 23, tzinfo=UTC)).at.isoformat()
    '2026-11-04T02:30:00+00:00'
    """
    if not isinstance(text, str):
        return None
    for parse in (datetime.fromisoformat, parsedate_to_datetime, _written):
        try:
            moment = parse(text.strip()[:100])
            offset = moment.utcoffset()
            at = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
        except (ValueError, OverflowError):
            continue
        if not OLDEST <= at <= now + timedelta(days=1):
            return None
        return Moment(at, None if offset is None else round(offset.total_seconds() / 60))
    return None


def parse_date(text: object, now: datetime) -> datetime | None:
    """The time in UTC of `parse_moment`."""
    moment = parse_moment(text, now)
    return None if moment is None else moment.at


def _written(text: str) -> datetime:
    """The date in "November 3, 2026, 9:30 pm EST" or "3 Nov 2026". Raises ValueError when there is none."""
    found = next(filter(None, (form.search(text) for form in _WRITTEN)), None)
    if found is None:
        raise ValueError("no date")
    hour, half = int(found["hour"] or 0), (found["half"] or "").lower()[:1]
    if half:
        hour = hour % 12 + (12 if half == "p" else 0)
    day = datetime(int(found["year"]), MONTHS.index(found["month"][:3].lower()) + 1, int(found["day"]))
    moment = day + timedelta(hours=hour, minutes=int(found["minute"] or 0))
    zone = ZONES.get((found["zone"] or "").lower())
    return moment if zone is None else moment.replace(tzinfo=timezone(timedelta(hours=zone)))
