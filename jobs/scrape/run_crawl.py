"""`python -m jobs.scrape`: one run over the sources."""

import logging
import os
from collections.abc import Iterator
from contextlib import ExitStack, closing
from datetime import UTC, date, datetime
from functools import partial
from typing import TYPE_CHECKING

from jobs import progress
from jobs.scrape.shards import Shard, alone
from jobs.settings import ScrapeSettings, settings

if TYPE_CHECKING:
    from jobs.lake import Lake
    from jobs.scrape.politeness import Turns
    from jobs.scrape.record import Record, Source

log = logging.getLogger("discover")


def main(week: date, shard: Shard, every_source: bool = False) -> None:
    """Read what is due; the numbers go into `metrics` for the week, those of each shard as a stage of their own."""
    from jobs.lake import Lake

    lake, stage = Lake(), "scrape" if shard.count == 1 else f"scrape {shard.name}"
    if lake.is_empty("sources"):
        log.warning("no sources to read: `python -m jobs.scrape sources add URL`, or `python -m jobs.ingest sources`")
        lake.record(week, stage, [("pages", "", 0)])
        return
    with alone(settings().home, shard), progress.step("reading the web"):
        measured = crawl(lake, settings().scrape, shard, every_source)
    lake.record(week, stage, measured)


def crawl(
    lake: "Lake", config: ScrapeSettings, shard: Shard, every_source: bool = False
) -> list[tuple[str, str, float]]:
    """One run over the hosts of a shard; returns rows of `metrics`."""
    from jobs.scrape import state
    from jobs.scrape.crawl import Crawl
    from jobs.scrape.discover import read_feed
    from jobs.scrape.extract import read_page
    from jobs.scrape.fetch import Client
    from jobs.scrape.frontier import Frontier
    from jobs.scrape.isolation import Processes
    from jobs.scrape.robots import Cache, Robots
    from jobs.scrape.sitemap import read_sitemap
    from jobs.scrape.store import Store

    home, started = lake.config.home, datetime.now(UTC)
    with ExitStack() as stack:
        store = stack.enter_context(Store(lake, shard, config.batch_pages))
        sources, turns = read_sources(lake, config), turns_of(config)
        for record in without_address(sources):
            store.add(record)
        frontier = Frontier(turns, home / "tmp" / f"frontier-{shard.name}.db")
        stack.callback(frontier.remove)
        frontier.load(state.visits(lake, sources, shard, started, every_source))
        client = stack.enter_context(closing(Client.of(config, turns)))
        cache = stack.enter_context(closing(Cache(home / "scrape" / "robots.db")))
        isolated = stack.enter_context(
            Processes(len(os.sched_getaffinity(0)), config.extract_seconds, ["jobs.scrape.extract"])
        )
        bar = stack.enter_context(progress.bar("addresses", unit="addresses"))
        reader = Crawl(
            config, shard, sources, frontier, turns, client,
            Robots(config.user_agent, turns, config.max_delay_seconds, cache),
            *(partial(isolated, function) for function in (read_page, read_feed, read_sitemap)),
        )  # fmt: skip
        while frontier.waits():
            for record in reader.run():
                store.add(record)
                bar.advance(note=store.summary())
            store.commit()
            if shard.count > 1:  # others may have found pages on our hosts meanwhile
                frontier.load(state.handed_over(lake, sources, shard, started))
    if not store.counts:
        log.info("nothing is due: `--all` looks at every source all the same")
    log.info("%s", store.summary())
    return [*store.metrics(), ("retries", "", reader.retries)]


def read_sources(lake: "Lake", config: ScrapeSettings) -> "dict[str, Source]":
    """The sources by address."""
    from jobs.scrape.record import Source

    rows = lake.arrow("sources").sort_by("url").to_pylist()
    return {source.url: source for source in (Source.of(row, config) for row in rows)}


def without_address(sources: "dict[str, Source]") -> "Iterator[Record]":
    """Take those out whose address is none, and say so."""
    from jobs.scrape import urls
    from jobs.scrape.record import Record

    for url in [url for url in sources if urls.normalise(url) is None]:
        del sources[url]
        yield Record(url, url, 0, "skipped", datetime.now(UTC), "bad address")


def turns_of(config: ScrapeSettings) -> "Turns":
    """The manners that the settings describe."""
    from jobs.scrape.politeness import Turns

    return Turns(
        config.delay_seconds,
        pace=config.pace,
        backoff=config.backoff_seconds,
        max_delay=config.max_delay_seconds,
        max_failures=config.max_failures,
    )
