"""What of a week's run a person should look at."""

from collections.abc import Iterator
from datetime import date, timedelta

from duckdb import DuckDBPyConnection

from jobs.alerts import Alert
from jobs.settings import AlertSettings

WEEK = timedelta(days=7)
USUAL_WEEKS = 4  # that a week is compared with

# Who has listened to something and has not left should have a list, as long as others.
LISTS = """
    WITH lists AS (SELECT user_id, count(*) AS places FROM discover_weekly WHERE week = $week GROUP BY user_id),
    listeners AS (SELECT DISTINCT user_id FROM listens WHERE listened_at < CAST($week AS TIMESTAMP)
        AND user_id NOT IN (SELECT user_id FROM exclusions WHERE kind = 'opt_out'))
    SELECT (SELECT count(*) FROM lists), (SELECT count(*) FROM lists WHERE places < $length),
        (SELECT count(*) FROM listeners ANTI JOIN lists USING (user_id))
"""
COVERAGE = """
    SELECT week, count(DISTINCT user_id), count(DISTINCT track_id) FROM discover_weekly
    WHERE week <= $week AND week >= $week - 7 * $usual GROUP BY week ORDER BY week
"""
REWARD = """
    SELECT week, avg(reward) FROM outcomes WHERE week < $week AND week >= $week - 7 * ($usual + 1)
    AND reward IS NOT NULL GROUP BY week ORDER BY week
"""
# Sources that have been read for longer than they may be silent, and how long ago the last article came.
SILENT = """
    SELECT source_url, min(fetched_at) AS first, max(fetched_at) FILTER (outcome = 'article') AS newest FROM crawl_log
    SEMI JOIN sources ON sources.url = source_url WHERE fetched_at < $now GROUP BY source_url ORDER BY source_url
"""


def alerts(connection: DuckDBPyConnection, week: date, length: int, options: AlertSettings) -> Iterator[Alert]:
    """The alerts of a week. length: places of a full list."""
    yield from _lists(connection, week, length, options.short_lists)
    yield from _coverage(connection, week, options.coverage_drop)
    yield from _reward(connection, week, options.reward_drop)
    yield from _silent(connection, week, timedelta(days=options.silent_days))


def _lists(connection: DuckDBPyConnection, week: date, length: int, most: float) -> Iterator[Alert]:
    ((lists, short, without),) = connection.execute(LISTS, {"week": week, "length": length}).fetchall()
    if short > most * lists:
        yield Alert("short_lists", week, f"{short:,} of {lists:,} lists have fewer than {length} tracks")
    if without > most * (lists + without):
        yield Alert("short_lists", week, f"{without:,} listeners have no list at all; {lists:,} have one")


def _coverage(connection: DuckDBPyConnection, week: date, drop: float) -> Iterator[Alert]:
    rows = connection.execute(COVERAGE, {"week": week, "usual": USUAL_WEEKS}).fetchall()
    before = [row for row in rows if row[0] < week]
    if not before:
        return
    now = next((row for row in rows if row[0] == week), (week, 0, 0))
    for column, what in ((1, "listeners have a list"), (2, "different tracks are offered")):
        usual = sum(row[column] for row in before) / len(before)
        if now[column] < (1 - drop) * usual:
            yield Alert("coverage", week, f"{now[column]:,} {what}; in the weeks before it were {usual:,.0f}")


def _reward(connection: DuckDBPyConnection, week: date, drop: float) -> Iterator[Alert]:
    rows = connection.execute(REWARD, {"week": week, "usual": USUAL_WEEKS}).fetchall()
    if len(rows) < 2:
        return
    *before, (last, reward) = rows
    usual = sum(value for _, value in before) / len(before)
    if reward < (1 - drop) * usual:
        text = f"{reward:.3f} of the examined places of {last} were streamed; in the weeks before it were {usual:.3f}"
        yield Alert("reward", week, text)


def _silent(connection: DuckDBPyConnection, week: date, days: timedelta) -> Iterator[Alert]:
    """Once for each silence: in the week in which it has become too long."""
    now = week + WEEK
    for url, first, newest in connection.execute(SILENT, {"now": now}).fetchall():
        since = (newest or first).date()
        if days <= now - since < days + WEEK:
            yield Alert("silent_source", week, f"{url} has brought no article since {since}")
