"""What a week's run came to: for people as a page, for programs as JSON."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import date
from html import escape
from itertools import groupby
from pathlib import Path

import duckdb

# $1: the week, $2: places in a full list, $3: days for which a track is a new release.
FIGURES = """
    WITH list AS (SELECT * FROM discover_weekly WHERE week = $1),
    lengths AS (SELECT user_id, count(*) AS places FROM list GROUP BY user_id),
    placed AS (SELECT list.*, path IS NOT NULL AS playable, released_at >= $1 - $3 AS new
        FROM list LEFT JOIN tracks USING (track_id))
    SELECT
        (SELECT count(*) FROM lengths) AS listeners,
        (SELECT count(*) FROM lengths WHERE places < $2) AS short_lists,
        count(*) AS tracks_offered,
        count(DISTINCT track_id) AS different_tracks,
        avg(coalesce(new, false)::INT) AS new_release_share,
        avg(explored::INT) AS explored_share,
        avg(playable::INT) AS playable_share,
        round(avg(score), 6) AS expected_stream_rate -- the last digits of a sum depend on its order
    FROM placed
"""
REASONS = """
    SELECT explanation_kind, count(*) / sum(count(*)) OVER () AS share FROM discover_weekly WHERE week = $1
    GROUP BY explanation_kind ORDER BY share DESC, explanation_kind
"""
METRICS = "SELECT stage, metric, dimension, value FROM metrics WHERE week = $1 AND stage <> 'publish' ORDER BY ALL"


@dataclass(frozen=True)
class Summary:
    """The numbers of a run.

    figures: by name; a share or a rate is between 0 and 1, and missing when there is no list. reasons: the share of
    each explanation_kind. metrics: (stage, metric, dimension, value). set_aside: rows by file under `rejects/`.
    """

    week: str
    figures: dict[str, float]
    reasons: dict[str, float]
    metrics: list[tuple[str, str, str, float]]
    set_aside: dict[str, int]


def summarize(
    connection: duckdb.DuckDBPyConnection, week: date, length: int, new_release_weeks: int, rejects: Path
) -> Summary:
    """The summary of a week from the lake (Lake.connect) and the folder of rejects. length: of a full list."""
    result = connection.execute(FIGURES, [week, length, 7 * new_release_weeks])
    names, (values,) = [column[0] for column in result.description], result.fetchall()
    return Summary(
        week=week.isoformat(),
        figures={name: value for name, value in zip(names, values, strict=True) if value is not None},
        reasons=dict(connection.execute(REASONS, [week]).fetchall()),
        metrics=connection.execute(METRICS, [week]).fetchall(),
        set_aside={path.name: _lines(path) for path in sorted(rejects.glob("*.jsonl"))},
    )


def as_json(summary: Summary) -> dict:
    """The summary as plain data."""
    return asdict(summary) | {
        "metrics": [dict(zip(("stage", "metric", "dimension", "value"), row, strict=True)) for row in summary.metrics]
    }


def number(name: str, value: float) -> str:
    """A figure for people; what is named a share or a rate is a percentage."""
    if name.endswith(("share", "rate")):
        return f"{100 * value:.1f} %"
    return f"{value:,.0f}" if float(value).is_integer() else f"{value:,.4g}"


def page(summary: Summary) -> str:
    """The summary as an HTML page that needs nothing else."""
    figures = [(_words(name), number(name, value)) for name, value in summary.figures.items()]
    reasons = [(_words(kind), number("share", share)) for kind, share in summary.reasons.items()]
    aside = [(name, f"{rows:,}") for name, rows in summary.set_aside.items()]
    sections = [_table("The lists", figures), _table("Reasons", reasons), _table("Rows set aside", aside)]
    for stage, rows in groupby(summary.metrics, key=lambda row: row[0]):
        told = [(_words(metric), dimension, number(metric, value)) for _, metric, dimension, value in rows]
        sections.append(_table(stage, told))
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>Discover Weekly {escape(summary.week)}</title><style>\n"
        ":root{color-scheme:light dark}body{font:16px/1.5 system-ui,sans-serif;max-width:48rem;margin:2rem auto;"
        "padding:0 1rem}table{border-collapse:collapse;width:100%}td{border-top:1px solid #8884;padding:.3rem .5rem;"
        "overflow-wrap:anywhere}td:last-child{text-align:right;font-variant-numeric:tabular-nums}"
        f"\n</style></head><body>\n<h1>Discover Weekly, {escape(summary.week)}</h1>\n"
        f"{''.join(sections)}</body></html>\n"
    )


def _table(title: str, rows: Iterable[tuple[str, ...]]) -> str:
    lines = ["<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>\n" for row in rows]
    return f"<h2>{escape(title)}</h2>\n<table>\n{''.join(lines)}</table>\n" if lines else ""


def _words(name: str) -> str:
    return name.replace("_", " ")


def _lines(path: Path) -> int:
    with path.open("rb") as file:
        return sum(1 for _ in file)
