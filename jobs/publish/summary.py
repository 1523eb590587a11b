"""What a week's run came to, in numbers."""

from dataclasses import asdict, dataclass
from datetime import date
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
METRICS = """
    SELECT stage, metric, dimension, value FROM metrics WHERE week = $1 AND stage <> 'publish'
    AND stage <> 'process publish' ORDER BY ALL
"""


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


def _lines(path: Path) -> int:
    with path.open("rb") as file:
        return sum(1 for _ in file)
