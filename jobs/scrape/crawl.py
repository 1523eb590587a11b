"""The crawl: visits sources, follows what they lead to, and tells of every address what became of it."""

import logging
import queue
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from jobs.scrape import urls
from jobs.scrape.discover import Entry
from jobs.scrape.extract import Article, Hints, Reading
from jobs.scrape.fetch import Client, NotFetched, Page
from jobs.scrape.frontier import Frontier, Source, Visit
from jobs.scrape.isolation import Died
from jobs.scrape.politeness import Turns
from jobs.scrape.robots import Robots
from jobs.settings import ScrapeSettings

HTML = frozenset({"text/html", "application/xhtml+xml"})
XML = frozenset({"application/xml", "text/xml"})
CONSIDERED_PER_PAGE = 20  # so many times max_pages addresses of a source are considered; beyond it is a trap

log = logging.getLogger("discover")


@dataclass(frozen=True)
class Record:
    """What became of an address: a row of crawl_log, and of articles when there is one.

    `reason` is from a small vocabulary and is counted; `detail` goes behind it for people. `found_at` is the address
    of the page after redirects.
    """

    url: str
    source_url: str
    outcome: str
    reason: str = ""
    detail: str = ""
    fetched_at: datetime | None = None  # UTC
    status: int | None = None
    received: int = 0  # bytes
    seconds: float | None = None
    found_at: str = ""
    article: Article | None = None


class Crawl:
    """One run over the sources.

    is_known : whether a page with this `urls.page_id` was read before, and needs no reading again
    read_page, read_feed : as in `jobs.scrape.extract` and `jobs.scrape.discover`, isolated from this process; raise
    Died, or ValueError for what cannot be read
    """

    def __init__(
        self,
        config: ScrapeSettings,
        is_known: Callable[[int], bool],
        read_page: Callable[..., Reading],
        read_feed: Callable[..., list[Entry]],
    ):
        self._config, self._is_known = config, is_known
        self._read_page, self._read_feed = read_page, read_feed
        self._turns = Turns(config.delay_seconds)
        self._frontier = Frontier(self._turns)
        self._robots = Robots(config.user_agent, self._turns, config.max_delay_seconds)
        self._records: queue.SimpleQueue[Record | None] = queue.SimpleQueue()
        self._lock = threading.Lock()  # of what follows
        self._seen: set[int] = set()
        self._failures: Counter[str] = Counter()  # of a host, in a row
        self._given_up: dict[str, str] = {}  # hosts, and why

    def run(self, sources: Iterable[Source]) -> Iterator[Record]:
        """Read the sources; yields a record for each address, as they come."""
        for source in sources:
            self._begin(source)
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
            self._frontier.close()

    def _begin(self, source: Source) -> None:
        url = urls.normalise(source.url)
        if url is None:
            self._records.put(Record(source.url, source.url, "skipped", "bad address", fetched_at=datetime.now(UTC)))
        elif self._first_time(urls.page_id(url)):
            self._turns.demand(urls.host(url), source.delay_seconds)
            self._frontier.add(Visit(url, source, hints=Hints(language=source.language)))

    def _work(self) -> None:
        client = Client.of(self._config, self._turns)
        try:
            while (visit := self._frontier.take()) is not None:
                try:
                    self._visit(visit, client)
                except Exception as error:
                    log.exception("%s: this page is left out", visit.url)
                    self._tell(visit, "failed", "defect", type(error).__name__)
                finally:
                    self._frontier.done(visit)
        finally:
            client.close()
            self._records.put(None)

    def _visit(self, visit: Visit, client: Client) -> None:
        """Read one page, and tell what became of it."""
        refusal = self._refusal(visit)
        if refusal is not None:
            self._tell(visit, "skipped", *refusal)
            return
        try:
            page = client.fetch(visit.url, lambda url: self._check(url, visit, client))
        except NotFetched as failure:
            self._count(failure, visit.source)
            self._tell(visit, "skipped" if failure.refused else "failed", failure.reason, failure.detail, failure)
            return
        with self._lock:
            self._failures[urls.host(page.url)] = 0
        fetched_at = datetime.now(UTC)
        try:
            if visit.depth == 0 and visit.source.kind == "feed":
                outcome = self._feed(visit, page, fetched_at)
            else:
                outcome = self._page(visit, page, fetched_at)
        except Died as died:
            outcome = ("failed", "unreadable", str(died))
        except (ValueError, RuntimeError, MemoryError, RecursionError) as error:
            outcome = ("failed", "unreadable", str(error)[:200])
        self._tell(visit, *outcome[:3], page, fetched_at, *outcome[3:])

    def _refusal(self, visit: Visit) -> tuple[str, str] | None:
        """Why not to ask for the page at all: reason and detail. Counts it for its source when there is none."""
        with self._lock:
            given_up = self._given_up.get(urls.host(visit.url))
            if given_up is not None:
                return "host given up", given_up
            if visit.source.fetched >= visit.source.max_pages:
                return "page limit", ""
            visit.source.fetched += 1
        return None

    def _check(self, url: str, visit: Visit, client: Client) -> None:
        """Raises NotFetched when an address, or one it redirects to, may not be asked for."""
        if visit.source.kind == "site" and visit.depth and not urls.within(url, visit.source.scope):
            raise NotFetched("leads off the site", url, refused=True)
        self._robots.check(url, client)

    def _count(self, failure: NotFetched, source: Source) -> None:
        """Give a host up that fails again and again, or asks for a longer rest than a run can give."""
        host = urls.host(failure.url)
        with self._lock:
            if failure.refused:
                source.fetched -= 1
            if not failure.host_failed or host in self._given_up:
                return
            self._failures[host] += 1
            rest = failure.retry_after or 0.0
            if rest > self._config.max_delay_seconds:
                self._given_up[host] = f"it asks to come back in {rest:.0f} s"
            elif self._failures[host] >= self._config.max_failures:
                self._given_up[host] = f"{self._failures[host]} failures in a row, the last one: {failure}"
            else:
                self._turns.postpone(host, rest)
                return
        log.warning("%s is left alone for this run: %s", host, self._given_up[host])

    def _feed(self, visit: Visit, page: Page, now: datetime) -> tuple:
        if not _kind(page):
            return "failed", "content type", page.content_type[:100]
        entries = self._read_feed(page.body, page.charset, page.url, now)
        for entry in entries:
            hints = Hints(entry.published_at, entry.title, visit.source.language)
            self._consider(Visit(entry.url, visit.source, 1, hints))
        return "index", "", f"{len(entries)} entries"

    def _page(self, visit: Visit, page: Page, now: datetime) -> tuple:
        if not _kind(page):
            return "rejected", "content type", page.content_type[:100]
        if page.url != visit.url and not self._is_new(page.url) and visit.depth:
            return "rejected", "redirect to known", page.url
        read = self._read_page(
            page.body, page.charset, page.url, visit.hints, page.robots, self._config.min_characters, now
        )
        start = visit.source.kind == "site" and visit.depth == 0
        if start:
            visit.source.scope = page.url
        if visit.source.kind == "site" and visit.depth < self._config.max_depth:
            for link in read.links:
                if urls.within(link.url, visit.source.scope):
                    self._consider(Visit(link.url, visit.source, visit.depth + 1, Hints(language=visit.hints.language)))
        if start or (read.listing and visit.source.kind == "site"):
            return "index", "", f"{len(read.links)} links"
        if read.article is None:
            return "rejected", read.rejected, ""
        moved = ("redirect to", page.url) if page.url != visit.url else ("", "")
        return "article", *moved, read.article

    def _consider(self, visit: Visit) -> None:
        """Let a page that was found wait for its turn, unless it was read before."""
        if not self._first_time(urls.page_id(visit.url)):
            return
        with self._lock:
            visit.source.considered += 1
            beyond = visit.source.considered - CONSIDERED_PER_PAGE * visit.source.max_pages
        if beyond > 0:
            if beyond == 1:
                self._tell(visit, "skipped", "address limit", "and all others that this source leads to")
            return
        if self._is_known(urls.page_id(visit.url)):
            self._tell(visit, "skipped", "known")
            return
        self._turns.demand(urls.host(visit.url), visit.source.delay_seconds)
        self._frontier.add(visit)

    def _is_new(self, url: str) -> bool:
        return self._first_time(urls.page_id(url)) and not self._is_known(urls.page_id(url))

    def _first_time(self, page_id: int) -> bool:
        with self._lock:
            new = page_id not in self._seen
            self._seen.add(page_id)
        return new

    def _tell(
        self,
        visit: Visit,
        outcome: str,
        reason: str,
        detail: str = "",
        answer: Page | NotFetched | None = None,
        fetched_at: datetime | None = None,
        article: Article | None = None,
    ) -> None:
        record = Record(
            visit.url, visit.source.url, outcome, reason, detail, fetched_at or datetime.now(UTC), article=article
        )
        if answer is not None and answer.seconds > 0:
            record = replace(record, status=answer.status, received=answer.received, seconds=answer.seconds)
        if isinstance(answer, Page):
            record = replace(record, found_at=answer.url)
        self._records.put(record)


def _kind(page: Page) -> str:
    """ "html" or "xml", or "" for what is neither; without a content type, what begins like markup is HTML."""
    if page.content_type in HTML or (not page.content_type and page.body.lstrip().startswith(b"<")):
        return "html"
    return "xml" if page.content_type in XML or page.content_type.endswith("+xml") else ""
