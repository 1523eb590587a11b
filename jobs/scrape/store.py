"""What the crawl found goes into the lake, a batch at a time. Until then it lies in a file, where a killed run leaves
it for the next one, so that nothing is fetched twice."""

import logging
import pickle
import sqlite3
import time
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType

import pyarrow as pa

import schemas
from jobs.lake import APPEND, Lake
from jobs.lake.types import arrow_schema
from jobs.scrape import urls
from jobs.scrape.copies import new_articles
from jobs.scrape.record import Record
from jobs.scrape.shards import Shard

READ = ("article", "unchanged", "index", "rejected")  # outcomes of pages that were fetched
NOT_COUNTED = frozenset({"known"})  # reasons that are no trouble
BATCH_ROWS = 10_000  # addresses, of which most may not have been fetched
BATCH_SECONDS = 60.0
BATCH_BYTES = 64 * 2**20  # of raw pages, compressed
REASONS_SHOWN = 4

log = logging.getLogger("discover")


class Spool:
    """Rows of tables that wait to be committed, in a file that outlives its process. Each `add` is there as a whole, or
    not at all."""

    def __init__(self, path: Path):
        path.parent.mkdir(parents=True, exist_ok=True)
        self._database = sqlite3.connect(path, timeout=60.0, isolation_level=None)
        self._database.execute("PRAGMA journal_mode = WAL")
        self._database.execute("PRAGMA synchronous = NORMAL")
        self._database.execute("CREATE TABLE IF NOT EXISTS spool (name TEXT NOT NULL, row BLOB NOT NULL)")

    def add(self, rows: Iterable[tuple[str, dict]]) -> None:
        """Keep rows, each with the name of its table."""
        self._database.execute("BEGIN")
        self._database.executemany("INSERT INTO spool VALUES (?, ?)", ((name, pickle.dumps(row)) for name, row in rows))
        self._database.execute("COMMIT")

    def rows(self, name: str) -> list[dict]:
        """The rows of a table, in the order in which they came."""
        rows = self._database.execute("SELECT row FROM spool WHERE name = ? ORDER BY rowid", (name,))
        return [pickle.loads(row) for (row,) in rows]  # noqa: S301 - the file is our own

    def hold(self) -> None:
        """Keep other processes away until `clear`."""
        self._database.execute("BEGIN IMMEDIATE")

    def clear(self) -> None:
        """All rows are in the lake."""
        self._database.execute("DELETE FROM spool")
        if self._database.in_transaction:
            self._database.execute("COMMIT")

    def close(self) -> None:
        """Close the file."""
        self._database.close()


class Store:
    """Takes records and commits them in batches: raw pages, then articles, then the log. A context manager: what killed
    runs over the same hosts left is committed at its beginning, the rest at its end, also when that is an error.

    batch_pages : commit after so many pages
    """

    def __init__(self, lake: Lake, shard: Shard, batch_pages: int):
        self._lake, self._shard, self._batch_pages = lake, shard, batch_pages
        self._folder = lake.config.home / "scrape"
        self._pages = self._rows = self._bytes = 0
        self._since = time.monotonic()
        self._hosts: set[str] = set()
        self.counts: Counter[tuple[str, str]] = Counter()  # (outcome, reason) -> addresses
        self.received = 0  # bytes

    def add(self, record: Record) -> None:
        """Take a record."""
        self.counts[record.outcome, record.reason] += 1
        self.received += record.received
        if record.status is not None:
            self._hosts.add(urls.host(record.url))
        rows = [("crawl_log", row) for row in (record.log_row(), *record.found_rows())]
        if record.article is not None:
            rows.append(("articles", record.article_row()))
        if record.page is not None:
            rows.append(("pages", record.page))
            self._bytes += len(record.page["body"])
        self._spool.add(rows)
        self._pages += record.outcome in READ
        self._rows += len(rows)
        overdue = time.monotonic() - self._since >= BATCH_SECONDS
        if self._pages >= self._batch_pages or self._rows >= BATCH_ROWS or self._bytes >= BATCH_BYTES or overdue:
            self.commit()

    def commit(self) -> None:
        """Put what there is into the lake."""
        for name in ("pages", "articles", "crawl_log"):
            self._publish(name, waiting(self._spool, name))
        self._spool.clear()
        self._pages = self._rows = self._bytes = 0
        self._since = time.monotonic()

    def _publish(self, name: str, rows: list[dict]) -> None:
        if name == "articles" and rows:
            rows = new_articles(self._lake, rows)
        if rows:
            self._lake.publish(name, pa.Table.from_pylist(rows, arrow_schema(schemas.table(name))), APPEND)

    def _recover(self) -> None:
        """Commit what killed runs left, of this shard or any other that had some of its hosts: none of them runs. Some
        of it may have been committed already."""
        for path in sorted(self._folder.glob("*.spool")):
            if not self._shard.overlaps(Shard.parse(path.stem)):
                continue
            spool = Spool(path)
            spool.hold()
            for name in ("pages", "articles", "crawl_log"):
                rows = self._not_committed(name, waiting(spool, name))
                if rows:
                    log.info("a killed run left %d rows of %s, which are taken over", len(rows), name)
                self._publish(name, rows)
            spool.clear()
            spool.close()

    def _not_committed(self, name: str, rows: list[dict]) -> list[dict]:
        if not rows or name == "articles":  # of which `new_articles` knows
            return rows
        key = schemas.table(name).key
        with self._lake.connect() as connection:
            schema = arrow_schema(schemas.table(name), key)
            connection.register("spooled", pa.Table.from_pylist([{k: row[k] for k in key} for row in rows], schema))
            there = connection.sql(f"SELECT {', '.join(key)} FROM {name} SEMI JOIN spooled USING ({', '.join(key)})")
            known = {tuple(row.values()) for row in there.to_arrow_table().to_pylist()}
        return [row for row in rows if tuple(row[k] for k in key) not in known]

    def summary(self) -> str:
        """What this run did so far, in one line."""
        by = self._by_outcome()
        pages = sum(by[outcome] for outcome in READ)
        trouble = Counter({reason: n for (outcome, reason), n in self.counts.items()
                           if outcome in ("failed", "skipped") and reason not in NOT_COUNTED})  # fmt: skip
        shown = "".join(f", {reason} {n}" for reason, n in trouble.most_common(REASONS_SHOWN))
        return (
            f"{pages} pages, {self.received / 1e6:.1f} MB, {len(self._hosts)} hosts; {by['article']} articles, "
            f"{by['unchanged']} unchanged, {by['rejected']} rejected, {by['failed']} failed, "
            f"{by['skipped']} skipped{shown}"
        )

    def metrics(self) -> list[tuple[str, str, float]]:
        """What this run did, as rows of `metrics`."""
        by_outcome = self._by_outcome()
        reasons = [(outcome, f"reason={reason}", n) for (outcome, reason), n in self.counts.items() if reason]
        return [
            *(("addresses", f"outcome={outcome}", n) for outcome, n in sorted(by_outcome.items())),
            *sorted(reasons),
            ("pages", "", sum(by_outcome[outcome] for outcome in READ)),
            ("bytes", "", self.received),
            ("hosts", "", len(self._hosts)),
        ]

    def _by_outcome(self) -> Counter[str]:
        totals: Counter[str] = Counter()
        for (outcome, _), count in self.counts.items():
            totals[outcome] += count
        return totals

    def __enter__(self) -> "Store":
        self._folder.mkdir(parents=True, exist_ok=True)
        self._recover()
        self._spool = Spool(self._folder / f"{self._shard.name}.spool")
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, traceback: TracebackType | None) -> None:
        try:
            self.commit()
        finally:
            self._spool.close()


def waiting(spool: Spool, name: str) -> list[dict]:
    """The rows of a table in a spool; of `crawl_log` without those that say of an address that it was found where
    another one says what became of it."""
    rows = spool.rows(name)
    visited = {row["url"] for row in rows if row.get("outcome") != "found"} if name == "crawl_log" else ()
    return [row for row in rows if row.get("outcome") != "found" or row["url"] not in visited]
