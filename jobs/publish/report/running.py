"""Sections about the run: pages read, terms, pictures of sound, rows set aside, time and memory of every job."""

import json
from collections import Counter
from datetime import timedelta
from itertools import groupby
from pathlib import Path
from urllib.parse import quote

from jobs.publish.entries import one_line
from jobs.publish.report import plots
from jobs.publish.report.parts import Facts, Picture, Plot, Section, Table, numbers, short, words

READ_DAYS = 7  # before the week, whose crawl is shown
MOST_SOURCES = 30
MOST_TERMS = 12
MOST_REASONS = 8  # of each file of rows set aside
LONGEST_REASON = 120  # characters
PICTURES = (".svg", ".png", ".jpg", ".webp")
ADDRESSES = """
    SELECT outcome, count(*), count(DISTINCT url), sum(bytes) / 1e6 FROM crawl_log
    WHERE fetched_at >= CAST($since AS TIMESTAMP) AND fetched_at < CAST($until AS TIMESTAMP) AND outcome <> 'found'
    GROUP BY outcome ORDER BY count(*) DESC, outcome
"""
BY_SOURCE = """
    SELECT url, kind, read, articles, newest FROM sources LEFT JOIN (SELECT source_url AS url,
        count(*) FILTER (outcome IN ('article', 'unchanged', 'index')) AS read,
        count(*) FILTER (outcome = 'article') AS articles,
        max(fetched_at) FILTER (outcome = 'article') AS newest FROM crawl_log
        WHERE fetched_at < CAST($until AS TIMESTAMP) GROUP BY source_url) USING (url)
    ORDER BY newest IS NOT NULL, newest, url LIMIT $most
"""
# How much more, or less, the world uses a term: the sum of its weights over all artists, this week and the one before.
TERMS = """
    WITH weights AS (SELECT term, sum(weight) FILTER (week = $week) AS now,
        sum(weight) FILTER (week = $before) AS earlier, count(*) FILTER (week = $week) AS artists FROM cultural_vectors
        WHERE entity_kind = 'artist' AND kind <> 'artist' AND (week = $week OR week = $before) GROUP BY term)
    SELECT term, round(coalesce(now, 0), 6), round(coalesce(earlier, 0), 6), artists FROM weights
    WHERE coalesce(now, 0) <> coalesce(earlier, 0)
    ORDER BY round(coalesce(now, 0) - coalesce(earlier, 0), 6) {order}, term LIMIT $most
"""
FIRST_TERMS = """
    SELECT term, round(sum(weight), 6) AS now, count(*) FROM cultural_vectors WHERE week = $week
    AND entity_kind = 'artist' AND kind <> 'artist' GROUP BY term ORDER BY now DESC, term LIMIT $most
"""


def reading(facts: Facts) -> Section | None:
    """What was read of the web since the week before, and of which sources nothing has come for long."""
    until = facts.week + timedelta(days=READ_DAYS)
    since = facts.week - timedelta(days=READ_DAYS)
    sources = facts.rows(BY_SOURCE, until=until, most=MOST_SOURCES)
    if not sources:
        return None
    counted = facts.rows(ADDRESSES, since=since, until=until)
    outcomes = [(words(outcome), *numbers([rows, urls, round(mb, 2)])) for outcome, rows, urls, mb in counted]
    told = [
        (one_line(url), kind or "", *numbers([read or 0, articles or 0]), f"{newest:%Y-%m-%d}" if newest else "never")
        for url, kind, read, articles, newest in sources
    ]
    head = ["Source", "Kind", "Pages read", "Articles", "Newest article taken"]
    parts = [
        Table(f"Addresses, {short(since)} to {short(until)}", ["Outcome", "Times", "Addresses", "MB"], outcomes),
        Table("Sources, those that have been silent for longest first", head, told, words=2),
    ]
    return Section("reading", "Pages read", [], parts)


def terms(facts: Facts) -> Section | None:
    """Terms that rose and fell; of a first week, the strongest ones."""
    if facts.before and facts.rows("SELECT 1 FROM cultural_vectors WHERE week = $before LIMIT 1"):
        parts = []
        for title, order in (("Rising", "DESC"), ("Falling", "ASC")):
            found = facts.rows(TERMS.format(order=order), most=MOST_TERMS)
            rising = order == "DESC"
            found = [row for row in found if (row[1] > row[2]) == rising]
            rows = [(one_line(term), *numbers([now, then, artists])) for term, now, then, artists in found]
            if rows:
                head = ["Term", short(facts.week), short(facts.before), "Artists"]
                parts.append(Table(title, head, rows))
        said = "The weights of a term, added up over all artists."
        return Section("terms", "Terms rising and falling", [said], parts) if parts else None
    found = facts.rows(FIRST_TERMS, most=MOST_TERMS)
    if not found:
        return None
    table = Table(
        "Strongest terms", ["Term", "Weights", "Artists"], [(one_line(t), *numbers([w, n])) for t, w, n in found]
    )
    return Section("terms", "Terms", ["The weights of a term, added up over all artists."], [table])


def pictures(folder: Path) -> Section | None:
    """Pictures from the audio model: what `index.json` in the folder lists as {"file", "title", "text"}, in its order.

    Only files in the folder itself are shown, and of kinds that browsers draw.
    """
    index = folder / "index.json"
    if not index.is_file():
        return None
    listed = json.loads(index.read_text(encoding="utf-8"))
    shown = [
        Picture(f"audio/{quote(row['file'])}", one_line(row["title"]), one_line(row.get("text", "")))
        for row in (listed["pictures"] if isinstance(listed, dict) else listed)
        if Path(row["file"]).name == row["file"]
        and row["file"].lower().endswith(PICTURES)
        and (folder / row["file"]).is_file()
    ]
    return Section("sound", "What the audio model hears", [], shown) if shown else None


def set_aside(facts: Facts, rejects: Path) -> Section:
    """Rows that could not be used and why: from the files of the imports, and as stages counted them."""
    rows = []
    for path in sorted(rejects.glob("*.jsonl")):
        reasons: Counter[str] = Counter()
        with path.open(encoding="utf-8", errors="replace") as file:
            for line in file:
                reasons[_reason(line)] += 1
        for reason, count in reasons.most_common(MOST_REASONS):
            rows.append((one_line(path.name), reason, f"{count:,}"))
        rest = sum(reasons.values()) - sum(count for _, count in reasons.most_common(MOST_REASONS))
        if rest:
            rows.append((one_line(path.name), "other reasons", f"{rest:,}"))
    for stage, metric, dimension, value in facts.rows(
        "SELECT stage, metric, dimension, value FROM metrics WHERE week = $week AND value > 0 AND "
        "(contains(metric, 'set_aside') OR contains(metric, 'rejected') OR contains(metric, 'skipped')) ORDER BY ALL"
    ):
        rows.append((stage, words(f"{metric} {dimension}").strip(), *numbers([value])))
    said = [] if rows else ["None."]
    parts = [Table("Rows that could not be used", ["Where", "Why", "Rows"], rows, words=2)] if rows else []
    return Section("aside", "Rows set aside", said, parts)


def jobs(facts: Facts) -> Section | None:
    """Time and memory of every job, and the whole time of the weeks before."""
    rows = facts.rows(
        "SELECT stage[9:], max(value) FILTER (metric = 'seconds'), max(value) FILTER (metric = 'peak_memory_mib') "
        "FROM metrics WHERE week = $week AND stage LIKE 'process %' AND stage <> 'process publish' GROUP BY stage "
        "ORDER BY 2 DESC"
    )
    if not rows:
        return None
    parts = []
    for title, column, head in (("Time of each job", 1, "Seconds"), ("Memory of each job", 2, "Peak, MiB")):
        shown = {row[0]: [round(row[column], 1)] for row in rows}
        table = Table(title, ["Job", head], [(name, *numbers(values)) for name, values in shown.items()])
        parts.append(Plot(title, plots.bars(title, shown), table))
    said = (
        "Of a job and the processes it starts. Memory is resident memory, looked at every second; what processes "
        "share counts in each. The job that writes this page has not ended yet and is missing."
    )
    return Section("jobs", "Time and memory", [said], parts)


def all_numbers(facts: Facts) -> list[Table]:
    """Everything that the stages have measured in this week, a table for each."""
    found = facts.rows(
        "SELECT stage, metric, dimension, value FROM metrics WHERE week = $week AND stage NOT LIKE 'process %' "
        "AND stage <> 'publish' ORDER BY ALL"
    )
    return [
        Table(stage, ["Metric", "Of", "Value"], [(words(m), d, *numbers([v])) for _, m, d, v in rows], words=2)
        for stage, rows in groupby(found, key=lambda row: row[0])
    ]


def _reason(line: str) -> str:
    """The reason in a line of a file of rejects; what is quoted in it differs from row to row and is left out."""
    try:
        reason = str(json.loads(line)["reason"])
    except (ValueError, KeyError, TypeError):
        return "unreadable"
    return one_line(reason)[:LONGEST_REASON]
