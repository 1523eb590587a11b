"""The crawl: visits what is due, follows what it leads to, and tells of every address what became of it."""

import hashlib
import logging
import queue
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from jobs.scrape import revisits, urls
from jobs.scrape.discover import Entry, Listing
from jobs.scrape.extract import Article, Reading
from jobs.scrape.fetch import NOT_MODIFIED, Client, NotFetched, Page, Validators
from jobs.scrape.frontier import Frontier, Visit
from jobs.scrape.isolation import Died
from jobs.scrape.pages import page_row
from jobs.scrape.politeness import Turns
from jobs.scrape.record import Record, Source
from jobs.scrape.revisits import Kind
from jobs.scrape.robots import Robots
from jobs.scrape.shards import Shard
from jobs.settings import ScrapeSettings

HTML = frozenset({"text/html", "application/xhtml+xml"})
XML = frozenset({"application/xml", "text/xml"})
JSON = frozenset({"application/json", "application/feed+json"})
PACKED = frozenset({"application/gzip", "application/x-gzip", "application/octet-stream", "text/plain"})  # of sitemaps
GONE = 410  # for good
UNWELCOME = frozenset({401, 403})  # one is about a page; several in a row are about us
CONSIDERED_PER_PAGE = 20  # so many times max_pages addresses of a source are considered; beyond it is a trap
HOPELESS = frozenset({"unknown host", "no secure connection"})  # not tried again in the same run
NEXT_RUN = frozenset({"page limit", "host limit", "host given up"})  # reasons that do not hold any longer then
RECORDS = 256  # at most so many wait to be stored

log = logging.getLogger("discover")


class Crawl:
    """One run over the sources whose addresses are in the frontier.

    sources : by address
    read_page, read_feed, read_sitemap : as in `extract`, `discover` and `sitemap`, isolated from this process; raise
    Died, or ValueError for what cannot be read
    """

    def __init__(
        self,
        config: ScrapeSettings,
        shard: Shard,
        sources: Mapping[str, Source],
        frontier: Frontier,
        turns: Turns,
        client: Client,
        robots: Robots,
        read_page: Callable[..., Reading],
        read_feed: Callable[..., Listing],
        read_sitemap: Callable[..., Listing],
    ):
        self._config, self._shard, self._sources, self._frontier = config, shard, sources, frontier
        self._turns, self._client, self._robots = turns, client, robots
        self._read_page, self._read_feed, self._read_sitemap = read_page, read_feed, read_sitemap
        self._records: queue.Queue[Record | None] = queue.Queue(RECORDS)
        self._closed = False
        self._lock = threading.Lock()  # of what follows
        self._fetched: Counter[str] = Counter()  # pages of a source, and of a host
        self._considered: Counter[str] = Counter()  # addresses of a source
        self.retries = 0

    def run(self) -> Iterator[Record]:
        """Visit everything in the frontier and what it leads to; yields a record for each address, as they come."""
        threads = [threading.Thread(target=self._work, daemon=True) for _ in range(self._config.threads)]
        for thread in threads:
            thread.start()
        running = len(threads)
        try:
            while running:
                record = self._records.get()
                if record is None:
                    running -= 1
                else:
                    yield record
        finally:
            if running:
                self._closed = True
                self._frontier.close()

    def _work(self) -> None:
        try:
            while (visit := self._frontier.take()) is not None:
                again = False
                try:
                    again = self._visit(visit)
                except Exception as error:
                    log.exception("%s: this page is left out", visit.url)
                    self._tell(visit, "failed", "defect", type(error).__name__)
                finally:
                    self._frontier.done(visit, again)
        finally:
            self._put(None)

    def _visit(self, visit: Visit) -> bool:
        """Read one page, and tell what became of it; or return that it is to be tried again."""
        source = self._sources[visit.source]
        try:
            page = self._fetch(visit, source)
        except NotFetched as failure:
            return self._not_fetched(visit, failure)
        finally:
            self._frontier.fetched(visit)
        now = datetime.now(UTC)
        there = visit
        if visit.depth and page.url != visit.url:
            there = replace(visit, url=page.url)
            if not self._frontier.add([replace(there, fetched_at=now)], mine=False):  # somebody else was there first
                self._tell(visit, "moved", "redirect to", page.url, page)
                return False
        try:
            record = self._read(there, source, page, now)
        except Died as died:
            record = self._unreadable(there, page, now, str(died))
        except (ValueError, RuntimeError, MemoryError, RecursionError) as error:
            record = self._unreadable(there, page, now, str(error)[:200])
        self._put(record)
        if there is not visit:
            self._tell(visit, "moved", "redirect to", page.url, replace(page, received=0))
        return False

    def _fetch(self, visit: Visit, source: Source) -> Page:
        host = urls.host(visit.url)
        with self._lock:
            if self._fetched[source.url] >= source.max_pages:
                raise NotFetched("page limit", refused=True)
            if self._fetched[f"//{host}"] >= self._config.max_host_pages:
                raise NotFetched("host limit", refused=True)
            self._fetched.update((source.url, f"//{host}"))
        try:
            keep_start = self._config.max_bytes if visit.depth == 0 and source.kind == "sitemap" else None
            page = self._client.fetch(
                visit.url, lambda url: self._check(url, visit, source), keep_start=keep_start, known=visit.known
            )
        except NotFetched as failure:
            if failure.refused:
                with self._lock:
                    self._fetched.subtract((source.url, f"//{host}"))
            raise
        self._turns.succeeded(urls.host(page.url))
        return page

    def _check(self, url: str, visit: Visit, source: Source) -> None:
        """Raises NotFetched when an address, or one it redirects to, may not be asked for."""
        host, redirected = urls.host(url), url != visit.url
        given_up = self._turns.given_up(host)
        if given_up:
            raise NotFetched("host given up", given_up, refused=True, retry_after=self._turns.away(host))
        if visit.depth and not source.has(url):
            raise NotFetched("leads off the site", url, refused=True)
        if redirected and visit.depth and self._frontier.is_known(url):
            raise NotFetched("redirect to known", url, refused=True)
        if not self._shard.has(host):
            raise NotFetched("redirect to other shard", url, refused=True)
        self._turns.demand(host, source.delay_seconds)
        self._robots.check(url, self._client)

    def _not_fetched(self, visit: Visit, failure: NotFetched) -> bool:
        """Tell why there is no page, or return that it is to be tried again."""
        host = urls.host(failure.url)
        if failure.host_failed or failure.status in UNWELCOME:
            if self._turns.failed(host, str(failure), failure.retry_after):
                log.warning("%s is left alone for this run: %s", host, self._turns.given_up(host))
            hopeless = not failure.host_failed or failure.reason in HOPELESS or self._turns.given_up(host)
            if visit.attempts < self._config.retries and not hopeless:
                with self._lock:
                    self.retries += 1
                return True
        elif failure.status is not None:  # no page, but an answer
            self._turns.succeeded(host)
        asked_for = timedelta(seconds=failure.retry_after or 0.0)
        if failure.reason == "redirect to other shard":
            there = replace(visit, url=failure.detail)
            found = tuple(self._frontier.add([there], mine=False))
            due_in = None if visit.depth else self._interval(Kind.LISTING, False, visit, datetime.now(UTC))
            self._tell(visit, "moved", "redirect to", failure.detail, failure, due_in=due_in, found=found)
        elif failure.reason == "redirect to known":
            self._tell(visit, "moved", "redirect to", failure.detail, failure)
        elif failure.reason in NEXT_RUN:
            self._tell(visit, "skipped", failure.reason, failure.detail, failure, due_in=asked_for)
        elif failure.status == GONE:
            self._tell(visit, "failed", failure.reason, failure.detail, failure)
        else:
            wait = failure.host_failed or failure.reason == "robots.txt closed"
            due_in = self._interval(Kind.FAILED if wait else Kind.OTHER, False, visit, datetime.now(UTC))
            outcome = "skipped" if failure.refused else "failed"
            self._tell(visit, outcome, failure.reason, failure.detail, failure, due_in=max(due_in, asked_for))
        return False

    def _read(self, visit: Visit, source: Source, page: Page, now: datetime) -> Record:
        if page.status == NOT_MODIFIED:
            kind = Kind.ARTICLE if visit.depth else Kind.LISTING
            return self._record(visit, page, now, "unchanged", self._interval(kind, False, visit, now))
        if visit.depth == 0 and source.kind != "site":
            return self._listing(visit, source, page, now)
        return self._page(visit, source, page, now)

    def _listing(self, visit: Visit, source: Source, page: Page, now: datetime) -> Record:
        """A feed or a sitemap."""
        if source.kind == "feed":
            if not _kind(page) and page.content_type not in JSON:
                return self._no_content(visit, page, now)
            listing = self._read_feed(page.body, page.charset, page.url, now)
        else:
            if not _kind(page) and page.content_type not in PACKED:
                return self._no_content(visit, page, now)
            listing = self._read_sitemap(page.body, page.charset, page.url, now, self._config.max_bytes)
        entries = [(entry, self._entry(entry, source)) for entry in listing.entries if source.has(entry.url)]
        found = self._consider(source, [(there, entry.changed_at) for entry, there in entries], now)
        maps = [(Visit(entry.url, source.url), entry.changed_at) for entry in listing.sitemaps
                if urls.within(entry.url, source.url, "/")]  # fmt: skip
        found += self._consider(source, maps, now)
        version = _digest(*(f"{e.url} {e.changed_at}" for e in (*listing.entries, *listing.sitemaps)))
        due_in = self._interval(Kind.LISTING, version != visit.version, visit, now, listing.interval)
        detail = f"{len(listing.entries) + len(listing.sitemaps)} entries"
        return self._record(visit, page, now, "index", due_in, detail=detail, version=version, found=tuple(found))

    def _entry(self, entry: Entry, source: Source) -> Visit:
        return Visit(entry.url, source.url, 1, entry.title, entry.published_at or entry.changed_at)

    def _page(self, visit: Visit, source: Source, page: Page, now: datetime) -> Record:
        if _kind(page) not in ("html", "xml"):
            return self._no_content(visit, page, now)
        hints = visit.hints(source.language)
        read = self._read_page(page.body, page.charset, page.url, hints, page.robots, self._config.min_characters, now,
                               self._robots.agent)  # fmt: skip
        links = [link.url for link in read.links if source.has(link.url)] if source.kind == "site" else []
        found: list[Visit] = []
        if links and visit.depth < source.max_depth:
            found = self._consider(source, [(Visit(url, source.url, visit.depth + 1), None) for url in links], now)
        if (visit.depth == 0 and (read.links or read.article)) or (read.listing and source.kind == "site"):
            outcome, kind, detail, version = "index", Kind.LISTING, f"{len(read.links)} links", _digest(*links)
        elif read.article is None:
            outcome, kind, detail = "rejected", Kind.OTHER if visit.depth else Kind.LISTING, ""
            version = _digest(hashlib.sha256(page.body).hexdigest())
        else:
            outcome, kind, detail, version = "article", Kind.ARTICLE, "", _article_version(read.article)
        changed = version != visit.version
        raw = None
        if changed and visit.depth and read.rejected != "noindex":
            raw = page_row(page.url, now, source.url, page.body, page.content_type, page.charset, page.robots, hints)
        return self._record(
            visit, page, now, outcome if changed else "unchanged", self._interval(kind, changed, visit, now),
            reason=read.rejected if outcome == "rejected" else "", detail=detail, version=version, page=raw,
            article=read.article if outcome == "article" and changed else None, found=tuple(found),
        )  # fmt: skip

    def _consider(self, source: Source, links: list[tuple[Visit, datetime | None]], now: datetime) -> list[Visit]:
        """Let pages that were found, and when they have changed, wait for their turn, unless that is known to be
        needless; returns those that were not known."""
        with self._lock:
            room = CONSIDERED_PER_PAGE * source.max_pages - self._considered[source.url]
            self._considered[source.url] += len(links)
        if 0 <= room < len(links):
            left_out = links[room][0]
            self._tell(left_out, "skipped", "address limit", "and all others that this source leads to")
        links = links[: max(room, 0)]
        new, unchanged = self._frontier.meet(links, self._shard.has)
        for visit in unchanged:
            self._tell(visit, "skipped", "known")
        return new

    def _interval(
        self, kind: Kind, changed: bool, visit: Visit, now: datetime, own: timedelta | None = None
    ) -> timedelta:
        elapsed = None if visit.fetched_at is None else now - visit.fetched_at
        return revisits.interval(self._config, kind, changed, elapsed, own)

    def _no_content(self, visit: Visit, page: Page, now: datetime) -> Record:
        due_in = self._interval(Kind.OTHER if visit.depth else Kind.FAILED, False, visit, now)
        return self._record(
            visit, page, now, "rejected" if visit.depth else "failed", due_in, reason="content type",
            detail=page.content_type[:100],
        )  # fmt: skip

    def _unreadable(self, visit: Visit, page: Page, now: datetime, why: str) -> Record:
        due_in = self._interval(Kind.OTHER if visit.depth else Kind.FAILED, False, visit, now)
        return self._record(visit, page, now, "failed", due_in, reason="unreadable", detail=why)

    def _record(
        self, visit: Visit, answer: Page, now: datetime, outcome: str, due_in: timedelta, **details: object
    ) -> Record:
        """The record of a page that was fetched."""
        if visit.depth == 0 and answer.url != visit.url:
            details["detail"] = f"{details.get('detail', '')}, redirect to {answer.url}".removeprefix(", ")
        fresh = Validators(answer.etag, answer.last_modified)
        return Record(
            visit.url, visit.source, visit.depth, outcome, now, status=answer.status, received=answer.received,
            seconds=answer.seconds, title=visit.title, published_at=visit.published_at, due_at=now + due_in,
            known=visit.known if answer.status == NOT_MODIFIED else fresh,
            **{"version": visit.version, **details},
        )  # fmt: skip

    def _tell(
        self,
        visit: Visit,
        outcome: str,
        reason: str,
        detail: str = "",
        answer: Page | NotFetched | None = None,
        *,
        due_in: timedelta | None = None,
        found: tuple[Visit, ...] = (),
    ) -> None:
        """The record of an address without a page."""
        now = datetime.now(UTC)
        asked = answer is not None and answer.seconds > 0
        self._put(
            Record(
                visit.url, visit.source, visit.depth, outcome, now, reason, detail,
                status=answer.status if asked else None, received=answer.received if asked else 0,
                seconds=answer.seconds if asked else None, title=visit.title, published_at=visit.published_at,
                known=visit.known, version=visit.version, due_at=None if due_in is None else now + due_in, found=found,
            )
        )  # fmt: skip

    def _put(self, record: Record | None) -> None:
        while not self._closed:
            try:
                self._records.put(record, timeout=1.0)
                return
            except queue.Full:  # the store is busy
                continue


def _kind(page: Page) -> str:
    """ "html" or "xml", or "" for what is neither; without a content type, what begins like markup is HTML."""
    if page.content_type in HTML or (not page.content_type and page.body.lstrip().startswith(b"<")):
        return "html"
    return "xml" if page.content_type in XML or page.content_type.endswith("+xml") else ""


def _digest(*parts: str) -> str:
    return hashlib.sha256("\n".join(parts).encode("utf-8", "replace")).hexdigest()[:16]


def _article_version(article: Article) -> str:
    """Of what makes another article of a page (`copies.new_articles`)."""
    return _digest(str(article.title), article.text_sha256)
