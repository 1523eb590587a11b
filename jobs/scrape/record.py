"""What there is to read, and what became of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from jobs.scrape import urls
from jobs.scrape.extract import Article
from jobs.scrape.fetch import NOTHING_KNOWN, Validators
from jobs.scrape.frontier import Visit
from jobs.settings import ScrapeSettings


@dataclass(frozen=True)
class Source:
    """A row of `sources`, with the settings in place of what it leaves open. `path` is what the paths of its pages
    begin with, or empty."""

    url: str
    kind: str  # "feed", "sitemap" or "site"
    language: str | None
    delay_seconds: float
    max_pages: int
    max_depth: int
    path: str

    @classmethod
    def of(cls, row: Mapping[str, object], config: ScrapeSettings) -> "Source":
        """From a row of the table; its address is normalised where it is one."""
        delay, depth = row.get("delay_seconds"), row.get("max_depth")
        return cls(
            url=urls.normalise(row["url"]) or row["url"],
            kind=row["kind"],
            language=row.get("language"),
            delay_seconds=config.delay_seconds if delay is None else delay,
            max_pages=row.get("max_pages") or config.max_pages,
            max_depth=config.max_depth if depth is None else depth,
            path=row.get("path") or ("/" if row["kind"] == "sitemap" else ""),
        )

    def has(self, url: str) -> bool:
        """Whether a page that it leads to is a part of it. A feed may lead anywhere."""
        return self.kind == "feed" or urls.within(url, self.url, self.path)


@dataclass(frozen=True)
class Record:
    """What became of an address: a row of crawl_log; and of articles and pages, where there is an article or a page.

    `reason` is from a small vocabulary and is counted; `detail` goes behind it for people. `found` are the addresses
    that it led to and that nobody knew.
    """

    url: str
    source_url: str
    depth: int
    outcome: str
    fetched_at: datetime  # UTC
    reason: str = ""
    detail: str = ""
    status: int | None = None
    received: int = 0  # bytes
    seconds: float | None = None
    title: str | None = None
    published_at: datetime | None = None  # UTC
    known: Validators = NOTHING_KNOWN
    version: str | None = None
    due_at: datetime | None = None  # UTC
    article: Article | None = None
    page: dict | None = None  # a row of `pages`
    found: tuple[Visit, ...] = ()

    def log_row(self) -> dict:
        """A row of `crawl_log`."""
        return {
            "fetched_at": self.fetched_at,
            "url": self.url,
            "source_url": self.source_url,
            "outcome": self.outcome,
            "reason": f"{self.reason} {self.detail}".strip() or None,
            "status": self.status,
            "bytes": self.received,
            "seconds": self.seconds,
            "depth": self.depth,
            "feed_title": self.title,
            "feed_published_at": self.published_at,
            "etag": self.known.etag,
            "last_modified": self.known.last_modified,
            "version": self.version,
            "due_at": self.due_at,
        }

    def found_rows(self) -> list[dict]:
        """Rows of `crawl_log` for the addresses that it led to, which wait for whoever reads their host."""
        return [
            Record(
                visit.url, visit.source, visit.depth, "found", self.fetched_at,
                title=visit.title, published_at=visit.published_at, due_at=self.fetched_at,
            ).log_row()
            for visit in self.found
        ]  # fmt: skip

    def article_row(self) -> dict | None:
        """A row of `articles` without its identifier and its story."""
        if self.article is None:
            return None
        known = {name: self.page[name] for name in ("url", "source_url", "fetched_at", "body_sha256")}
        return {**vars(self.article), **known}
