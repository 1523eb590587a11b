"""What earlier runs left in the lake: which addresses are known, and which are to be asked for now."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime

from jobs.lake import Lake
from jobs.scrape import urls
from jobs.scrape.fetch import Validators
from jobs.scrape.frontier import Visit
from jobs.scrape.record import Source
from jobs.scrape.revisits import SOON
from jobs.scrape.shards import Shard

BATCH = 10_000  # rows in memory at a time

_COLUMNS = "url, source_url, depth, feed_title, feed_published_at, etag, last_modified, version, visited_at, due_at"
# The last row of each address that says when to ask for it again, or that it is not to be asked for; and articles that
# a run had stored when it was killed before it could log them.
_STATE = f"""
    CREATE TEMP TABLE state AS
    WITH logged AS (
        SELECT *, CASE WHEN outcome NOT IN ('found', 'skipped') THEN fetched_at END AS visited_at FROM crawl_log
        WHERE outcome <> 'skipped' OR due_at IS NOT NULL
        QUALIFY row_number() OVER (PARTITION BY url ORDER BY fetched_at DESC) = 1
    )
    SELECT {_COLUMNS} FROM logged
    UNION ALL
    SELECT url, any_value(source_url), 1, NULL, NULL, NULL, NULL, NULL, max(fetched_at),
        max(fetched_at) + INTERVAL 1 DAY
    FROM articles ANTI JOIN logged USING (url) GROUP BY url
"""
_FOUND = f"""
    SELECT {_COLUMNS.replace("visited_at", "NULL")} FROM crawl_log WHERE outcome = 'found' AND fetched_at >= $since
"""


def visits(
    lake: Lake, sources: Mapping[str, Source], shard: Shard, now: datetime, every_source: bool = False
) -> Iterator[tuple[Visit, bool]]:
    """All addresses that are known, the sources first, and whether each is to be visited now: it is due, its source is
    still read, and its host belongs to the shard.

    every_source : visit all sources, due or not
    """
    with lake.connect() as connection:
        connection.execute(_STATE)
        wanted = f"SELECT * FROM state WHERE url = source_url AND url IN (SELECT unnest($urls))"  # noqa: F541
        known = {row[0]: row for row in connection.execute(wanted, {"urls": list(sources)}).fetchall()}
        for url in sorted(sources):
            visit, due = _visit(known[url], now) if url in known else (Visit(url, url), True)
            yield visit, (due or every_source) and shard.has(urls.host(url))
        rows = connection.execute("SELECT * FROM state ORDER BY due_at, url")
        while batch := rows.fetchmany(BATCH):
            for row in batch:
                visit, due = _visit(row, now)
                yield visit, due and visit.source in sources and shard.has(urls.host(visit.url))


def handed_over(lake: Lake, sources: Iterable[str], shard: Shard, since: datetime) -> Iterator[tuple[Visit, bool]]:
    """Addresses on the hosts of the shard that others have found since then."""
    with lake.connect() as connection:
        rows = connection.execute(_FOUND, {"since": since})
        while batch := rows.fetchmany(BATCH):
            for row in batch:
                if row[1] in sources and shard.has(urls.host(row[0])):
                    yield _visit(row, since)[0], True


def _visit(row: tuple, now: datetime) -> tuple[Visit, bool]:
    url, source, depth, title, published_at, etag, last_modified, version, visited_at, due_at = row
    visit = Visit(
        url, source, depth or 0, title, _utc(published_at), Validators(etag, last_modified), version, _utc(visited_at)
    )
    return visit, due_at is not None and _utc(due_at) <= now + SOON


def _utc(moment: datetime | None) -> datetime | None:
    return None if moment is None else moment.astimezone(UTC)
