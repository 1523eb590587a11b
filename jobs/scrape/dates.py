"""When something was published, as pages write it."""

import re
import unicodedata
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone

OLDEST = datetime(1990, 1, 1, tzinfo=UTC)  # the web is not older: an earlier date is a mistake
MAX_TEXT = 150  # characters in which a date is looked for

# Zones by the names that people write (RFC 5322, section 4.3, and Europe's), in hours ahead of UTC.
ZONES = {"utc": 0, "gmt": 0, "z": 0, "est": -5, "edt": -4, "cst": -6, "cdt": -5, "mst": -7, "mdt": -6, "pst": -8,
         "pdt": -7, "bst": 1, "cet": 1, "cest": 2}  # fmt: skip
_MONTHS = """
    january february march april may june july august september october november december
    januar februar märz april mai juni juli august september oktober november dezember
    janvier février mars avril mai juin juillet août septembre octobre novembre décembre
    enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre
    janeiro fevereiro março abril maio junho julho agosto setembro outubro novembro dezembro
    gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre dicembre
    januari februari maart april mei juni juli augustus september oktober november december
"""
_CLOCK = (
    r"(?:[\s,|•·–-]*(?:(?:at|um|as?|a las|alle|om)\s+)?(?P<hour>\d{1,2})[:.h](?P<minute>\d\d)(?::\d\d)?"
    r"\s*(?P<half>[ap]\.?m\b\.?)?\s*(?P<zone>[a-z]{1,4}\b|[+-]\d\d:?\d\d\b)?)?"
)
_WRITTEN = [
    re.compile(rf"\b(?P<month>[^\W\d_]{{3,10}})\.?\s+(?P<day>\d{{1,2}})(?:st|nd|rd|th)?,?\s+(?P<year>\d{{4}})\b{_CLOCK}"),
    re.compile(rf"\b(?P<day>\d{{1,2}})(?:st|nd|rd|th|er|o|\.)?\s+(?:de\s+)?(?P<month>[^\W\d_]{{3,10}})\.?,?\s+(?:de\s+)?"
               rf"(?P<year>\d{{4}})\b{_CLOCK}"),
    re.compile(rf"\b(?P<day>\d{{1,2}})\.(?P<month>\d{{1,2}})\.(?P<year>\d{{4}})\b{_CLOCK}"),
    re.compile(rf"\b(?P<year>\d{{4}})[-/](?P<month>\d{{1,2}})[-/](?P<day>\d{{1,2}})\b{_CLOCK}"),
]  # fmt: skip


@dataclass(frozen=True)
class Moment:
    """A point in time, and the zone it was given in: minutes ahead of UTC, None when it was given in none (then UTC is
    taken)."""

    at: datetime  # UTC
    offset: int | None


def parse_moment(text: object, now: datetime) -> Moment | None:
    """A moment from ISO 8601, or as mail headers and people write it; None when it is none of them, or not plausible:
    before `OLDEST`, or after `now` and a day.

    >>> parse_moment("2026-11-02T01:30:00+02:00", datetime(2026, 11, 23, tzinfo=UTC))
    Moment(at=datetime.datetime(2026, 11, 1, 23, 30, tzinfo=datetime.timezone.utc), offset=120)
    """
    if not isinstance(text, str):
        return None
    for parse in (datetime.fromisoformat, written_date):
        try:
            moment = parse(text.strip()[:MAX_TEXT])
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


def written_date(text: str) -> datetime:
    """The first date in a text, with the time and zone behind it, if there are any. Raises ValueError without one.

    Months are understood in English, German, French, Spanish, Portuguese, Italian and Dutch.

    >>> written_date("Posted on November 3rd, 2026 at 9:30 p.m. EST").isoformat()
    '2026-11-03T21:30:00-05:00'
    >>> written_date("Von Jana, am 9. März 2026"), written_date("22 de outubro de 2010 às 20:13")
    (datetime.datetime(2026, 3, 9, 0, 0), datetime.datetime(2010, 10, 22, 20, 13))
    """
    plain = _plain(text)
    for form in _WRITTEN:
        for found in form.finditer(plain):
            month = int(found["month"]) if found["month"].isdigit() else MONTHS.get(found["month"])
            if month is not None:
                hour, half = int(found["hour"] or 0), (found["half"] or "")[:1]
                hour = hour % 12 + (12 if half == "p" else 0) if half else hour
                moment = datetime(int(found["year"]), month, int(found["day"]), hour, int(found["minute"] or 0))
                return moment.replace(tzinfo=_zone(found["zone"] or ""))
    raise ValueError("no date in it")


def _zone(text: str) -> timezone | None:
    """The zone of "+02:00", "-0800" or "est"."""
    if text[:1] in ("+", "-"):
        minutes = 60 * int(text[1:3]) + int(text[-2:])
        return timezone(timedelta(minutes=-minutes if text[0] == "-" else minutes))
    hours = ZONES.get(text)
    return None if hours is None else timezone(timedelta(hours=hours))


def _plain(text: str) -> str:
    """In lower case, without accents."""
    return "".join(c for c in unicodedata.normalize("NFKD", text.lower()) if not unicodedata.combining(c))


def _months() -> dict[str, int]:
    """The number of a month by its name, or by the beginning of its name where only one month begins so."""
    numbers: dict[str, set[int]] = {}
    for language in _MONTHS.strip().splitlines():
        for number, name in enumerate(map(_plain, language.split()), start=1):
            for length in range(3, len(name) + 1):
                numbers.setdefault(name[:length], set()).add(number)
    return {name: next(iter(found)) for name, found in numbers.items() if len(found) == 1}


MONTHS = _months()
