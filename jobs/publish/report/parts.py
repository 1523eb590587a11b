"""What a report is made of: sections of tables, plots with their numbers, and pictures."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import duckdb
from markupsafe import Markup

from jobs.publish.report.plots import value_text

MOST_WEEKS = 26  # on the axis of a plot


@dataclass(frozen=True)
class Table:
    """Numbers to read. The first `words` columns are text."""

    caption: str
    head: Sequence[str]
    rows: Sequence[Sequence[str]]
    words: int = 1


@dataclass(frozen=True)
class Plot:
    """A drawing with the names of its curves (in the order of their colours), and the numbers it shows."""

    title: str
    svg: Markup
    table: Table
    curves: Sequence[str] = ()


@dataclass(frozen=True)
class Picture:
    """A picture that another stage made. file: relative to the report."""

    file: str
    title: str
    words: str


@dataclass(frozen=True)
class Section:
    """A heading, some words, and what belongs to it."""

    name: str
    title: str
    words: Sequence[str]
    parts: Sequence[Table | Plot | Picture]

    @property
    def kinds(self) -> list[tuple[str, Any]]:
        """Each part with the name of its kind."""
        return [(type(part).__name__.lower(), part) for part in self.parts]


class Facts:
    """The lake as it was for a week: later weeks are not looked at. `weeks` have lists, the newest last, `week` among
    them; `before` is the one before it, or None."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, week: date, new_release_days: int):
        self.connection, self.week, self.new_release_days = connection, week, new_release_days
        listed = self.rows("SELECT DISTINCT week FROM discover_weekly WHERE week <= $week ORDER BY week")
        self.weeks: list[date] = sorted({*(row[0] for row in listed), week})[-MOST_WEEKS:]
        self.before = self.weeks[-2] if len(self.weeks) > 1 else None

    def rows(self, query: str, **parameters: Any) -> list[tuple]:
        """The rows of a query, which may use $week, $first (of `weeks`), $before and $days."""
        known = {
            "week": self.week,
            "first": getattr(self, "weeks", [None])[0],
            "before": getattr(self, "before", None),
            "days": self.new_release_days,
        }
        used = {name: value for name, value in (known | parameters).items() if f"${name}" in query}
        return self.connection.execute(query, used).fetchall()

    def labels(self) -> list[str]:
        """The weeks as labels of an axis."""
        return [short(week) for week in self.weeks]

    def metric(self, stage: str, metric: str) -> dict[str, dict[date, float]]:
        """A metric of the weeks there are, by its dimension and week."""
        found: dict[str, dict[date, float]] = {}
        for week, dimension, value in self.rows(
            "SELECT week, dimension, value FROM metrics WHERE stage = $stage AND metric = $metric AND week <= $week "
            "AND week >= $first ORDER BY dimension, week",
            stage=stage,
            metric=metric,
        ):
            found.setdefault(dimension, {})[week] = value
        return found


def short(week: date) -> str:
    """A week as a label.

    >>> short(date(2026, 11, 3))
    '3 Nov'
    """
    return f"{week.day} {week:%b}"


def words(name: str) -> str:
    """A name from the tables, for people."""
    return name.replace("_", " ")


def numbers(values: Iterable[float | None], percent: bool = False) -> list[str]:
    """Values for people; what is not there is a dash."""
    return ["–" if value is None else value_text(value, percent) for value in values]
