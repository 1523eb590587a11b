"""Reads the feeds and sites in `sources` and appends to articles and crawl_log; or shows what one page gives."""

import argparse
import fcntl
import json
import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from jobs import cli, progress
from jobs.settings import settings

if TYPE_CHECKING:
    from jobs.lake import Lake
    from jobs.scrape.extract import Reading
    from jobs.scrape.frontier import Source

log = logging.getLogger("discover")


def arg_parser() -> argparse.ArgumentParser:
    """The command line."""
    parser = argparse.ArgumentParser(
        prog="python -m jobs.scrape",
        description="Read the feeds and sites in `sources`: new articles go into `articles`, what became of every "
        "address into `crawl_log`. Known pages are not fetched again; robots.txt and a delay per host are kept.",
        epilog="examples: python -m jobs.scrape --week 2026-11-23; "
        "python -m jobs.scrape extract https://example.org/review.html",
    )
    cli.add_week(parser)
    parser.set_defaults(step="crawl", page=None)
    steps = parser.add_subparsers(title="steps", metavar="[extract]", description="without one, the sources are read")
    extract = steps.add_parser(
        "extract",
        help="show the article in one page as JSON; nothing is stored",
        epilog="example: python -m jobs.scrape extract saved.html",
    )
    extract.add_argument("page", metavar="FILE_OR_URL", help="an HTML file, or the address of a page")
    extract.set_defaults(step="extract")
    return parser


def main(week: date, step: str = "crawl", page: str | None = None) -> None:
    """Read the sources, or show one page."""
    if step == "extract":
        show(page)
        return
    from jobs.lake import Lake

    lake = Lake()
    with alone(settings().home):
        crawl(lake, week)


@contextmanager
def alone(home: Path) -> Iterator[None]:
    """Wait until no other run reads the web: two would ask the same hosts at once, and store pages twice. A run that
    is killed makes way."""
    home.mkdir(parents=True, exist_ok=True)
    with (home / "scrape.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            log.info("another run is reading the web: waiting for its end")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def crawl(lake: "Lake", week: date) -> None:
    """Read all sources; the numbers go into `metrics` for the week."""
    if lake.is_empty("sources"):
        log.warning("no sources to read: bring some in with `python -m jobs.ingest sources FILE`")
        lake.record(week, "scrape", [("pages", "", 0)])
        return
    from jobs.scrape.crawl import Crawl
    from jobs.scrape.discover import read_feed
    from jobs.scrape.extract import read_page
    from jobs.scrape.isolation import Processes
    from jobs.scrape.store import Known, Store

    config = settings().scrape
    known = Known(lake, config.forget_days)
    with (
        progress.step("reading the web"),
        Processes(len(os.sched_getaffinity(0)), config.extract_seconds, ["jobs.scrape.extract"]) as isolated,
        progress.bar("addresses", unit="addresses") as bar,
        Store(lake, known, config.batch_pages) as store,
    ):
        reader = Crawl(
            config,
            known.page,
            partial(isolated, read_page),
            partial(isolated, read_feed),
        )
        for record in reader.run(sources(lake)):
            store.add(record)
            bar.advance(note=store.summary())
    lake.record(week, "scrape", store.metrics())
    log.info("%s", store.summary())


def sources(lake: "Lake") -> "list[Source]":
    """The sources, in the order of their addresses."""
    from jobs.scrape.frontier import Source

    config = settings().scrape
    return [
        Source(
            url=row["url"],
            kind=row["kind"],
            language=row["language"],
            delay_seconds=config.delay_seconds if row["delay_seconds"] is None else row["delay_seconds"],
            max_pages=row["max_pages"] or config.max_pages,
        )
        for row in lake.arrow("sources").sort_by("url").to_pylist()
    ]


def show(page: str) -> None:
    """Print the article in one page as JSON. Raises UserError when it cannot be read, or holds none."""
    if page.startswith(("http://", "https://")):
        read = read_address(page)
    else:
        try:
            body = Path(page).read_bytes()
        except OSError as error:
            raise cli.UserError(f"{page}: {error.strerror}") from None
        read = read_body(body, None, "", "")
    if read.article is None:
        raise cli.UserError(f"{page}: no article in it: {read.rejected}")
    print(json.dumps(asdict(read.article), ensure_ascii=False, indent=2, default=str))


def read_address(page: str) -> "Reading":
    """Fetch a page as the crawl does, robots.txt included, and read it."""
    from jobs.scrape import urls
    from jobs.scrape.fetch import Client, NotFetched
    from jobs.scrape.politeness import Turns
    from jobs.scrape.robots import Robots

    config, address = settings().scrape, urls.normalise(page)
    if address is None:
        raise cli.UserError(f"{page} is not the address of a web page")
    turns = Turns(config.delay_seconds)
    robots = Robots(config.user_agent, turns, config.max_delay_seconds)
    client = Client.of(config, turns)
    try:
        fetched = client.fetch(address, lambda url: robots.check(url, client))
    except NotFetched as failure:
        raise cli.UserError(f"{page}: {failure}") from None
    return read_body(fetched.body, fetched.charset, fetched.url, fetched.robots)


def read_body(body: bytes, charset: str | None, url: str, robots: str) -> "Reading":
    """What `jobs.scrape.extract.read_page` finds in a page of which nothing else is known."""
    from jobs.scrape.extract import Hints, read_page

    return read_page(body, charset, url, Hints(), robots, settings().scrape.min_characters, datetime.now(UTC))


if __name__ == "__main__":
    cli.run(arg_parser(), main)
