"""Whether a site can be read: what it offers, what it forbids, and what its articles look like."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from jobs.cli import UserError
from jobs.scrape import urls
from jobs.scrape.discover import Listing, announced_feeds, read_feed
from jobs.scrape.extract import Article, Hints, Reading, read_page
from jobs.scrape.fetch import Client, NotFetched, Page
from jobs.scrape.isolation import Died, Processes
from jobs.scrape.robots import Cache, Robots
from jobs.scrape.run_crawl import turns_of
from jobs.scrape.sitemap import read_sitemap
from jobs.settings import ScrapeSettings

ARTICLES = 3  # that are shown
TRIES = 8  # pages that are asked for to find them
UNREADABLE = (Died, ValueError, RuntimeError, MemoryError, RecursionError)


@dataclass(frozen=True)
class Findings:
    """What there is at an address: its kind ("feed", "sitemap" or "site"), what its robots.txt says, the feeds and
    sitemaps of the site, how many pages it leads to (of an index of so many `maps`, those in the first one), some of
    their articles by address, and of pages without one the reason."""

    url: str
    kind: str
    robots: str
    feeds: list[str]
    sitemaps: list[str]
    pages: int
    maps: int
    articles: dict[str, Article]
    troubles: dict[str, str]


def look(url: str, config: ScrapeSettings, home: Path) -> Findings:
    """Look at an address and at a few of the pages that it leads to, as politely as a run does. Raises UserError when
    it cannot be read."""
    address = urls.normalise(url)
    if address is None:
        raise UserError(f"{url} is not the address of a web page: https://example.org/ is one")
    with ExitStack() as stack:
        turns = turns_of(config)
        client = stack.enter_context(closing(Client.of(config, turns)))
        cache = stack.enter_context(closing(Cache(home / "scrape" / "robots.db")))
        robots = Robots(config.user_agent, turns, config.max_delay_seconds, cache)
        isolated = stack.enter_context(Processes(1, config.extract_seconds, ["jobs.scrape.extract"]))
        return _look(address, config, client, robots, isolated)


def _look(
    address: str, config: ScrapeSettings, client: Client, robots: Robots, isolated: Callable[..., object]
) -> Findings:
    def fetch(url: str) -> Page:
        return client.fetch(url, lambda hop: robots.check(hop, client))

    def read(page: Page) -> Reading:
        return isolated(read_page, page.body, page.charset, page.url, Hints(), page.robots, config.min_characters,
                        datetime.now(UTC), robots.agent)  # fmt: skip

    try:
        page = fetch(address)
    except NotFetched as failure:
        raise UserError(f"{address}: {failure}") from None
    kind, listing = _kind(page, config, isolated)
    feeds, maps = [], len(listing.sitemaps) if listing else 0
    try:
        if listing is None:
            found = [link for link in read(page).links if urls.within(link.url, page.url)]
            links = [link.url for link in sorted(found, key=lambda link: not link.headline) if link.url != page.url]
            feeds = isolated(announced_feeds, page.body, page.charset, page.url)
        else:
            if not listing.entries and maps:  # an index: the sitemap that was changed last has the newest pages
                listing = _kind(fetch(listing.sitemaps[0].url), config, isolated)[1] or listing
            links = [entry.url for entry in listing.entries]
    except (NotFetched, *UNREADABLE) as error:
        raise UserError(f"{address} cannot be read: {error}") from None
    articles, troubles = {}, {}
    for link in links[:TRIES]:
        try:
            reading = read(fetch(link))
        except (NotFetched, *UNREADABLE) as failure:
            troubles[link] = str(failure)[:200]
            continue
        if reading.article is not None and not reading.listing:
            articles[link] = reading.article
        else:
            troubles[link] = reading.rejected or "a page that lists others"
        if len(articles) == ARTICLES:
            break
    sitemaps = list(_sitemaps(address, fetch, robots, client))
    return Findings(
        address, kind, _rules(address, robots, client), feeds, sitemaps, len(links), maps, articles, troubles
    )


def _kind(page: Page, config: ScrapeSettings, isolated: Callable[..., object]) -> tuple[str, Listing | None]:
    """What a page is, and what it lists when it is a feed or a sitemap."""
    now = datetime.now(UTC)
    readers = {"feed": read_feed, "sitemap": partial(read_sitemap, max_bytes=config.max_bytes)}
    if page.content_type not in ("text/html", "application/xhtml+xml"):
        for kind, reader in readers.items():
            try:
                return kind, isolated(reader, page.body, page.charset, page.url, now)
            except UNREADABLE:
                continue
    return "site", None


def _sitemaps(address: str, fetch: Callable[[str], Page], robots: Robots, client: Client) -> Iterator[str]:
    """The sitemaps that robots.txt names, or the one at the usual place."""
    named = [urls.normalise(url, address) for url in robots.rules(address, client).sitemaps()]
    if named:
        yield from filter(None, named)
        return
    usual = f"{urls.authority(address)}/sitemap.xml"
    try:
        if usual != address and fetch(usual).content_type != "text/html":
            yield usual
    except NotFetched:
        return


def _rules(address: str, robots: Robots, client: Client) -> str:
    rules = robots.rules(address, client)
    delay = rules.delay(robots.agent)
    every = f", one request in {delay:g} s" if delay else ""
    return "there is none" if rules.parsed is None else f"allows this address{every}"
