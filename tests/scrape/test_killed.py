"""A run that is killed goes on where it was."""

import os
import random
import signal
import subprocess
import sys
import time

import pandas as pd
import pytest

from jobs.lake import ALL
from jobs.scrape.run_crawl import crawl
from jobs.scrape.shards import WHOLE, Shard
from jobs.scrape.store import Store
from jobs.settings import ROOT, settings
from tests.scrape.conftest import article
from tests.scrape.server import feed

KILLS = 20


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_killed_at_twenty_random_moments_no_page_is_there_twice_and_none_is_lost(lake, web, other_web, read):
    pages = [f"/{n}" for n in range(60)]
    for server in (web, other_web):
        links = "".join(f"<a href='/site{page}'>Page</a>" for page in pages[:40])
        server.pages = {f"{folder}{page}": article(f"Band {folder}{page} {server.server_port}") for page in pages
                        for folder in ("", "/site")}  # fmt: skip
        server.pages |= {"/feed": feed(*pages), "/site/": links}
    kinds = {"/feed": "feed", "/site/": "site"}
    sources = [{"url": server.url(path), "kind": kind} for server in (web, other_web) for path, kind in kinds.items()]
    lake.publish("sources", pd.DataFrame(sources), ALL)
    environment = {**os.environ, "DISCOVER_SCRAPE_BATCH_PAGES": "4", "DISCOVER_SCRAPE_DELAY_SECONDS": "0.05"}
    chance, killed = random.Random(4), 0
    for _ in range(KILLS):
        asked = len(web.requests)
        run = subprocess.Popen([sys.executable, "-m", "jobs.scrape"], cwd=ROOT, env=environment, start_new_session=True,
                               stderr=subprocess.DEVNULL)  # fmt: skip
        while run.poll() is None and len(web.requests) < asked + chance.choice((1, 2, 4)):
            time.sleep(0.005)
        time.sleep(chance.uniform(0, 0.6))  # reading, extracting or committing
        os.killpg(run.pid, signal.SIGKILL)
        killed += run.wait() == -signal.SIGKILL
    assert killed >= KILLS * 3 // 4, "at the end there may be nothing left to do"
    read(every_source=False, batch_pages=500)

    expected = {server.url(page) for server in (web, other_web) for page in pages}
    expected |= {server.url(f"/site{page}") for server in (web, other_web) for page in pages[:40]}
    urls = lake.sql("SELECT url FROM articles").column("url").to_pylist()
    assert len(urls) == len(set(urls)), "no page is there twice"
    assert set(urls) == expected, "none is lost"
    twice = [path for server in (web, other_web) for path in set(server.paths) if server.paths.count(path) > 1]
    assert len(twice) <= 2 * killed, "only what was under way when it was killed is asked for again"


@pytest.fixture
def unfinished(lake, web, monkeypatch):
    """What is on disk when a run dies after everything was fetched, and nothing is in the lake."""
    for name, value in {"ALLOW_PRIVATE_ADDRESSES": "true", "DELAY_SECONDS": "0", "THREADS": "4"}.items():
        monkeypatch.setenv(f"DISCOVER_SCRAPE_{name}", value)
    settings.cache_clear()
    web.pages = {"/feed": feed("/1", "/2", "/3"), **{f"/{n}": article(f"Band {n}") for n in (1, 2, 3)}}
    lake.publish("sources", pd.DataFrame([{"url": web.url("/feed"), "kind": "feed"}]), ALL)

    def dies(store):
        raise SystemError("killed")

    with monkeypatch.context() as dying:
        dying.setattr(Store, "commit", dies)
        with pytest.raises(SystemError):
            crawl(lake, settings().scrape, WHOLE)
    assert lake.is_empty("crawl_log")
    web.requests.clear()


@pytest.mark.parametrize("committed", [(), ("pages",), ("pages", "articles"), ("pages", "articles", "crawl_log")])
def test_what_was_fetched_is_taken_over_whatever_was_committed(lake, web, unfinished, monkeypatch, committed):
    publish = Store._publish
    with monkeypatch.context() as dying:
        dying.setattr(Store, "_publish", lambda store, name, rows: name in committed and publish(store, name, rows))
        dying.setattr("jobs.scrape.store.Spool.clear", lambda spool: spool._database.execute("ROLLBACK"))
        with Store(lake, WHOLE, 100) as store:
            store._publish = store._spool.clear = lambda *_: None
    crawl(lake, settings().scrape, Shard(1, 1))
    assert web.requests == []
    assert len(lake.arrow("articles")) == len(lake.arrow("pages")) == 3
    assert len(lake.arrow("crawl_log")) == 4


def test_other_shards_of_the_same_hosts_take_it_over(lake, unfinished):
    for number in (1, 2):
        crawl(lake, settings().scrape, Shard(number, 2))
    assert len(lake.arrow("articles")) == 3


def test_articles_that_lack_in_the_log_are_known(lake, web, unfinished):
    crawl(lake, settings().scrape, WHOLE)
    lake.publish("crawl_log", lake.arrow("crawl_log").slice(0, 0), ALL)
    crawl(lake, settings().scrape, WHOLE)
    assert web.paths == ["/feed"]
