"""A web server, a client without delay, whole runs, and pages."""

from datetime import date, timedelta

import pandas as pd
import pytest

from jobs.lake import ALL
from jobs.scrape.__main__ import main
from jobs.scrape.fetch import Client
from jobs.scrape.politeness import Turns
from jobs.scrape.shards import WHOLE
from jobs.settings import settings
from tests.scrape.server import Server

WEEK = date(2026, 11, 23)


@pytest.fixture
def web():
    server = Server()
    yield server
    server.stop()


@pytest.fixture
def other_web():
    """A second host."""
    server = Server("127.0.0.2")
    yield server
    server.stop()


@pytest.fixture
def make_client():
    def make(**options) -> Client:
        defaults = {"user_agent": "TestBot/1.0", "timeout_seconds": 5.0, "max_bytes": 100_000, "allow_private": True}
        return Client(Turns(0.0), **{**defaults, **options})

    return make


@pytest.fixture
def read(lake, monkeypatch):
    """Read these sources (kind, address, and what else is in the table), or those there are; returns the log of the run
    by path."""
    monkeypatch.setenv("DISCOVER_SCRAPE_ALLOW_PRIVATE_ADDRESSES", "true")
    monkeypatch.setenv("DISCOVER_SCRAPE_DELAY_SECONDS", "0")
    monkeypatch.setenv("DISCOVER_SCRAPE_TIMEOUT_SECONDS", "5")
    monkeypatch.setenv("DISCOVER_SCRAPE_BACKOFF_SECONDS", "0")
    monkeypatch.setenv("DISCOVER_SCRAPE_THREADS", "8")

    def run(*sources: tuple, every_source=True, shard=WHOLE, **config: object) -> dict[str, tuple[str, str | None]]:
        for name, value in config.items():
            monkeypatch.setenv(f"DISCOVER_SCRAPE_{name.upper()}", str(value))
        settings.cache_clear()
        rows = [{"kind": kind, "url": url, **(rest[0] if rest else {})} for kind, url, *rest in sources]
        if rows:
            lake.publish("sources", pd.DataFrame(rows), ALL)
        before = len(lake.arrow("crawl_log"))
        main(WEEK, shard, every_source)
        log = lake.sql("SELECT * FROM crawl_log ORDER BY fetched_at").to_pylist()[before:]
        assert len({row["url"] for row in log}) == len(log), "each address has one row"
        return {"/" + row["url"].split("/", 3)[3]: (row["outcome"], row["reason"]) for row in log}

    return run


@pytest.fixture
def pass_days(lake):
    """Let so many days pass: everything in the lake happened so much earlier."""

    def shift(days: float) -> None:
        for name, columns in {"crawl_log": ("fetched_at", "due_at"), "articles": ("fetched_at",)}.items():
            rows = lake.pandas(name)
            for column in columns:
                rows[column] = pd.to_datetime(rows[column], utc=True) - timedelta(days=days)
            lake.publish(name, rows, ALL)

    return shift


def article(subject: str, links: str = "", head: str = "") -> str:
    """A page with an article of its own about the subject, in a page's usual surroundings."""
    sentences = (
        f"The new record by {subject} begins with a long drone and two voices that circle around each other. ",
        f"After four minutes {subject} lets the drums in, dry and close, and the room seems to get smaller. ",
        "Nothing here is in a hurry, and yet no bar is wasted on showing off. ",
        f"When the last song ends, one wants to hear {subject} on a stage, and soon. ",
    )
    text = "".join(f"<p>{sentence * 2}</p>" for sentence in sentences)
    return (
        f"<!DOCTYPE html><html lang='en'><head><title>{subject} | The Paper</title>{head}</head><body>"
        f"<nav><a href='/imprint'>Imprint</a></nav><article><h1>{subject}: the review</h1>{text}</article>"
        f"<footer>{links}All rights reserved by The Paper.</footer></body></html>"
    )
