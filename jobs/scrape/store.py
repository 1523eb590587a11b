"""What the crawl found goes into the lake, a batch at a time; what earlier runs found is not asked for again."""

import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from types import TracebackType

import numpy as np
import pyarrow as pa

import schemas
from jobs.lake import APPEND, Lake
from jobs.scrape.copies import new_articles
from jobs.scrape.crawl import Record
from jobs.staging import arrow_schema

READ = ("article", "index", "rejected")  # outcomes of pages that were fetched
BATCH_ROWS = 2000  # addresses, of which most may not have been fetched
BATCH_SECONDS = 60.0

KNOWN = """
    SELECT ('0x' || sha256(url)[:16])::UBIGINT FROM articles
    UNION
    SELECT ('0x' || sha256(url)[:16])::UBIGINT FROM crawl_log
    WHERE outcome = 'article'
       OR (fetched_at >= $since AND (outcome = 'rejected' OR (outcome = 'failed' AND status IN (404, 410))))
    ORDER BY 1
"""
TEXTS = "SELECT DISTINCT ('0x' || text_sha256[:16])::UBIGINT FROM articles ORDER BY 1"


class Known:
    """Pages and texts of earlier runs: 8 bytes each, looked up by bisection. May be asked by any thread."""

    def __init__(self, lake: Lake, forget_days: int):
        """`forget_days`: a page that had no article, or was gone, is known for so long."""
        since = datetime.now(UTC) - timedelta(days=forget_days)
        self._lake = lake
        self._pages = lake.sql(KNOWN, {"since": since}).column(0).to_numpy()
        self._texts = lake.sql(TEXTS).column(0).to_numpy()

    def page(self, identifier: int) -> bool:
        """Whether the page with this `urls.page_id` needs no reading again."""
        return _contains(self._pages, identifier)

    def text(self, text_sha256: str) -> str | None:
        """The address of the article with this very text; None when there is none."""
        if not _contains(self._texts, int(text_sha256[:16], 16)):
            return None
        query = "SELECT min(url) FROM articles WHERE text_sha256 = $text"
        return self._lake.sql(query, {"text": text_sha256}).column(0)[0].as_py()


class Store:
    """Takes records and commits them in batches: first the articles, then the log. Whoever is killed in between has
    the articles, so that the next run knows them. A context manager: the rest is committed at its end, also when
    that is an error."""

    def __init__(self, lake: Lake, known: Known, batch_pages: int):
        self._lake, self._known, self._batch_pages = lake, known, batch_pages
        self._texts: dict[str, str] = {}  # of this run: text_sha256 -> address
        self._articles: list[dict] = []
        self._log: list[dict] = []
        self._pages = 0
        self._since = time.monotonic()
        self.counts: Counter[tuple[str, str]] = Counter()  # (outcome, reason) -> addresses
        self.received = 0  # bytes

    def add(self, record: Record) -> None:
        """Take a record; an exact copy of an article is logged as such, and not kept."""
        outcome, reason, detail = record.outcome, record.reason, record.detail
        if record.article is not None:
            text = record.article.text_sha256
            original = self._texts.get(text) or self._known.text(text)
            if original is None:
                self._texts[text] = record.found_at
                self._articles.append(article_row(record))
            else:
                outcome, reason, detail = "rejected", "copy of", original
        self.counts[outcome, reason] += 1
        self.received += record.received
        self._pages += record.status == 200
        self._log.append(log_row(record, outcome, f"{reason} {detail}".strip()))
        overdue = time.monotonic() - self._since >= BATCH_SECONDS
        if self._pages >= self._batch_pages or len(self._log) >= BATCH_ROWS or overdue:
            self.commit()

    def commit(self) -> None:
        """Put what there is into the lake."""
        if self._articles:
            self._articles = new_articles(self._lake, self._articles)
        for table, rows in (("articles", self._articles), ("crawl_log", self._log)):
            if rows:
                self._lake.publish(table, pa.Table.from_pylist(rows, arrow_schema(schemas.table(table))), APPEND)
                rows.clear()
        self._pages, self._since = 0, time.monotonic()

    def summary(self) -> str:
        """What this run did so far, in one line."""
        by = self._by_outcome()
        pages = sum(by[outcome] for outcome in READ)
        return (
            f"{pages} pages, {self.received / 1e6:.1f} MB, {by['article']} articles, {by['rejected']} rejected, "
            f"{by['failed']} failed, {by['skipped']} skipped"
        )

    def metrics(self) -> list[tuple[str, str, float]]:
        """What this run did, as rows of `metrics`."""
        by_outcome = self._by_outcome()
        reasons = [(outcome, f"reason={reason}", n) for (outcome, reason), n in self.counts.items() if reason]
        pages = sum(by_outcome[outcome] for outcome in READ)
        return [
            *(("addresses", f"outcome={outcome}", n) for outcome, n in sorted(by_outcome.items())),
            *sorted(reasons),
            ("pages", "", pages),
            ("bytes", "", self.received),
        ]

    def _by_outcome(self) -> Counter[str]:
        totals: Counter[str] = Counter()
        for (outcome, _), count in self.counts.items():
            totals[outcome] += count
        return totals

    def __enter__(self) -> "Store":
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, traceback: TracebackType | None) -> None:
        self.commit()


def article_row(record: Record) -> dict:
    """A row of `articles`."""
    return {
        **vars(record.article),
        "url": record.found_at,
        "source_url": record.source_url,
        "fetched_at": record.fetched_at,
    }


def log_row(record: Record, outcome: str, reason: str) -> dict:
    """A row of `crawl_log`."""
    return {
        "fetched_at": record.fetched_at,
        "url": record.url,
        "source_url": record.source_url,
        "outcome": outcome,
        "reason": reason or None,
        "status": record.status,
        "bytes": record.received,
        "seconds": record.seconds,
    }


def _contains(sorted_values: np.ndarray, value: int) -> bool:
    at = np.searchsorted(sorted_values, np.uint64(value))
    return bool(at < len(sorted_values) and sorted_values[at] == np.uint64(value))
