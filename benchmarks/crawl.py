"""`python -m benchmarks.crawl`: pages a second, CPU a page and memory of the crawler, beside Scrapy on the same task;
and its manners, by the log of the server.

The web is `benchmarks.crawl_server`: 200 hosts of 50 pages on loopback, each answer after 50 ms, never two requests at
once to a host. Two tasks:

links: fetch all pages, parse each, follow its links. Ours is the crawl with its frontier, robots.txt, address checks
and time limits, and links by `jobs.scrape.links` in processes of their own, as the job reads pages; Scrapy's is a
spider with LxmlLinkExtractor. Nothing is stored.

articles: what `python -m jobs.scrape` does: extraction in processes of their own, everything committed to the lake.
Scrapy calls the same extraction in its callback and writes JSON lines.

With a delay of a second for each host, the time that the delays alone take is the floor. Bytes are measured for a first
run and for one a day later, when no page has changed.
"""

import argparse
import json
import math
import os
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

from benchmarks.contest import alone, arg_parser, is_installed, save, show
from benchmarks.crawl_server import FORBIDDEN, LATENCY, address

PARTS = ("links", "articles", "delay", "daily")
TOLERANCE = 0.002  # seconds by which the server's clock may see a rest shorter than it was


@dataclass(frozen=True)
class Web:
    """What is served: so many hosts, each with so many pages."""

    hosts: int
    pages: int
    port: int


@contextmanager
def serving(web: Web, log: list) -> Iterator[None]:
    """Serve in a process of its own; the requests are in `log` afterwards."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "log.json"
        arguments = [str(number) for number in (web.hosts, web.pages, web.port)]
        command = [sys.executable, "-m", "benchmarks.crawl_server", *arguments, str(file)]
        server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        try:
            server.stdout.readline()
            yield
        finally:
            server.send_signal(signal.SIGTERM)
            server.wait()
            server.stdout.close()
        log += json.loads(file.read_text())


# Contenders


def ours_links(hosts: int, port: int, delay: float, pages: int, shard: str = "1/1") -> dict:
    """Our crawl, or a shard of it; pages are only parsed for their links."""
    from contextlib import closing

    from jobs.scrape import urls
    from jobs.scrape.crawl import Crawl
    from jobs.scrape.fetch import Client
    from jobs.scrape.frontier import Frontier, Visit
    from jobs.scrape.isolation import Processes
    from jobs.scrape.record import Source
    from jobs.scrape.robots import Cache, Robots
    from jobs.scrape.run_crawl import turns_of
    from jobs.scrape.shards import Shard
    from jobs.settings import settings

    config, counts, part = settings().scrape, {"pages": 0}, Shard.parse(shard)
    starts = [url for url in _starts(hosts, port) if part.has(urls.host(url))]
    rows = [{"url": url, "kind": "site", "delay_seconds": delay} for url in starts]
    sources = {row["url"]: Source.of(row, config) for row in rows}
    turns = turns_of(config)
    with tempfile.TemporaryDirectory() as folder:
        frontier = Frontier(turns, Path(folder) / "frontier.db")
        frontier.load((Visit(url, url), True) for url in sources)
        with (
            closing(Client.of(config, turns)) as client,
            closing(Cache(Path(folder) / "robots.db")) as cache,
            Processes(len(os.sched_getaffinity(0)), config.extract_seconds, ["jobs.scrape.extract"]) as isolated,
        ):
            robots = Robots(config.user_agent, turns, config.max_delay_seconds, cache)
            read_page = partial(isolated, links_alone)
            read_page(b"", None, "http://start.test/")  # the processes start before the clock does
            reader = Crawl(config, part, sources, frontier, turns, client, robots, read_page, None, None)
            began = time.monotonic()
            for record in reader.run():
                counts["pages"] += record.status == 200
        seconds = time.monotonic() - began
        frontier.remove()
    return {**counts, "seconds": seconds}


def links_alone(body: bytes, charset: str | None, url: str, *others: object) -> object:
    """A page of which only the links are wanted."""
    from jobs.scrape.extract import Reading
    from jobs.scrape.links import page_links
    from jobs.scrape.text import decode
    from jobs.scrape.tree import parse

    return Reading(None, "noindex", page_links(parse(decode(body, charset)), url), False)


def ours_articles(hosts: int, port: int, delay: float, pages: int) -> dict:
    """`python -m jobs.scrape`."""
    import pandas as pd

    from jobs.lake import ALL, Lake
    from jobs.scrape.run_crawl import crawl
    from jobs.scrape.shards import WHOLE
    from jobs.settings import settings

    lake = Lake()
    rows = [{"url": url, "kind": "site", "delay_seconds": delay} for url in _starts(hosts, port)]
    lake.publish("sources", pd.DataFrame(rows), ALL)
    began = time.monotonic()
    measured = {metric: value for metric, dimension, value in crawl(lake, settings().scrape, WHOLE) if not dimension}
    return {"pages": int(measured["pages"]), "seconds": time.monotonic() - began}


def ours_daily(hosts: int, port: int, delay: float, pages: int) -> dict:
    """`python -m jobs.scrape`, and once more a day later; `next`: when that begins, in monotonic seconds."""
    import pandas as pd

    from jobs.lake import ALL, Lake
    from jobs.scrape.run_crawl import crawl
    from jobs.scrape.shards import WHOLE
    from jobs.settings import settings

    measured = ours_articles(hosts, port, delay, pages)
    lake = Lake()
    rows = lake.pandas("crawl_log")
    for column in ("fetched_at", "due_at"):
        rows[column] = pd.to_datetime(rows[column], utc=True) - pd.Timedelta(days=1)
    lake.publish("crawl_log", rows, ALL)
    began = time.monotonic()
    crawl(lake, settings().scrape, WHOLE, every_source=True)
    return {**measured, "next": began}


def scrapy_links(hosts: int, port: int, delay: float, pages: int) -> dict:
    """A spider that follows links."""
    return _scrapy(hosts, port, delay, None)


def scrapy_articles(hosts: int, port: int, delay: float, pages: int) -> dict:
    """A spider that extracts articles, too, and writes them as JSON lines."""
    with tempfile.TemporaryDirectory() as folder:
        return _scrapy(hosts, port, delay, Path(folder) / "articles.jsonl")


def _scrapy(hosts: int, port: int, delay: float, output: Path | None) -> dict:
    import scrapy
    from scrapy.crawler import CrawlerProcess
    from scrapy.linkextractors import LinkExtractor

    extractor, counts = LinkExtractor(), {"pages": 0}
    if output is not None:
        from datetime import UTC, datetime

        from jobs.scrape.extract import Hints, read_page

    class Spider(scrapy.Spider):
        name = "benchmark"
        start_urls = _starts(hosts, port)

        def parse(self, response):
            counts["pages"] += 1
            for link in extractor.extract_links(response):
                yield scrapy.Request(link.url, callback=self.parse)
            if output is not None:
                read = read_page(response.body, None, response.url, Hints(), "", 250, datetime.now(UTC))
                if read.article is not None:
                    article = asdict(read.article)
                    yield {name: value.hex() if isinstance(value, bytes) else value for name, value in article.items()}

    process = CrawlerProcess(
        {
            "ROBOTSTXT_OBEY": True,
            "CONCURRENT_REQUESTS": hosts,
            "CONCURRENT_REQUESTS_PER_DOMAIN": 1,
            "DOWNLOAD_DELAY": delay,
            "RANDOMIZE_DOWNLOAD_DELAY": False,
            "SCHEDULER_PRIORITY_QUEUE": "scrapy.pqueues.DownloaderAwarePriorityQueue",  # as its docs say for many hosts
            "LOG_LEVEL": "ERROR",
            "TELNETCONSOLE_ENABLED": False,
            "COOKIES_ENABLED": False,
            "FEEDS": {str(output): {"format": "jsonlines"}} if output else {},
        }
    )
    process.crawl(Spider)
    began = time.monotonic()
    process.start()
    return {**counts, "seconds": time.monotonic() - began}


def _starts(hosts: int, port: int) -> list[str]:
    return [f"http://{address(number)}:{port}/" for number in range(hosts)]


# The contest


def run(contender: str, web: Web, delay: float, shards: int = 1) -> dict:
    """One run of a contender in a process of its own, or in one for each shard, against a server of its own."""
    log: list = []
    with tempfile.TemporaryDirectory() as home, serving(web, log):
        environment = {
            "DISCOVER_HOME": home,
            "DISCOVER_SCRAPE_ALLOW_PRIVATE_ADDRESSES": "true",
            "DISCOVER_SCRAPE_PACE": "0",
            "OMP_NUM_THREADS": "1",
        }
        arguments = {"hosts": web.hosts, "port": web.port, "delay": delay, "pages": web.pages}
        parts = [{"shard": f"{number}/{shards}"} for number in range(1, shards + 1)] if shards > 1 else [{}]
        with ThreadPoolExecutor(shards) as pool:
            call = partial(alone, f"benchmarks.crawl:{contender}", environment, **arguments)
            found = list(pool.map(lambda part: call(**part), parts))
    measured = found[0] | {name: sum(one[name] for one in found) for name in ("pages", "cpu_seconds", "peak_mib")}
    measured["seconds"] = max(one["seconds"] for one in found)
    return {"contender": contender, **measured, "log": log}


def manners(log: list, delay: float) -> dict:
    """What the server has seen: requests, requests while another one of the same host was under way, the shortest rest
    between two of a host in seconds, rests that are too short, and requests for what robots.txt forbids."""
    by_host = defaultdict(list)
    for host, path, began, ended, _ in log:
        by_host[host].append((began, ended, path))
    rests = [
        later[0] - earlier[1]
        for requests in by_host.values()
        for earlier, later in zip(sorted(requests), sorted(requests)[1:], strict=False)
    ]
    return {
        "requests": len(log),
        "at once": sum(rest < 0 for rest in rests),
        "shortest rest": min(rests),
        "too short": sum(rest < delay - TOLERANCE for rest in rests),
        "forbidden": sum(path.startswith(FORBIDDEN) for _, path, *_ in log),
    }


def daily(web: Web) -> list[dict]:
    """What two runs cost that are a day apart: a row for each."""
    found = run("ours_daily", web, 0.0)
    rows = []
    for name, begins, ends in (("first run", 0.0, found["next"]), ("a day later", found["next"], math.inf)):
        sizes = [size for _, _, began, _, size in found["log"] if begins <= began < ends]
        rows.append(
            {"run": name, "requests": len(sizes), "MB": sum(sizes) / 1e6, "bytes/request": statistics.fmean(sizes)}
        )
    return rows


def free_port() -> int:
    """A port that is free on loopback."""
    with socket.socket() as probe:
        probe.bind(("127.0.1.1", 0))
        return probe.getsockname()[1]


def contest(web: Web, contenders: list[str], repeats: int) -> list[dict]:
    """The contenders in turns, without a delay; of each the run of median speed."""
    runs = defaultdict(list)
    for _ in range(repeats):
        for contender in contenders:
            runs[contender].append(run(contender, web, 0.0))
    return [sorted(found, key=lambda r: r["pages"] / r["seconds"])[len(found) // 2] for found in runs.values()]


def row(measured: dict, best: dict) -> dict:
    """A line of the table; the ratio is to the speed of `best`."""
    speed = measured["pages"] / measured["seconds"]
    return {
        "contender": measured["contender"],
        "pages": measured["pages"],
        "seconds": measured["seconds"],
        "pages/s": speed,
        "ratio": speed / (best["pages"] / best["seconds"]),
        "CPU ms/page": 1000 * measured["cpu_seconds"] / max(measured["pages"], 1),
        "peak MiB": measured["peak_mib"],
    }


def compare(task: str, web: Web, repeats: int) -> list[dict]:
    """Ours beside Scrapy's; the ratio is to the last one."""
    contenders = [f"ours_{task}", *([f"scrapy_{task}"] if is_installed("scrapy") else [])]
    measured = contest(web, contenders, repeats)
    load = ", ".join(f"{value:.1f}" for value in os.getloadavg())
    rows = [row(one, measured[-1]) for one in measured]
    show(f"{task}: {web.hosts} hosts x {web.pages} pages, {LATENCY * 1000:g} ms latency; load {load}", rows)
    return rows


def with_delay(web: Web, delay: float) -> dict:
    """Crawls with a delay, in one process and in as many shards as there are cores: time beside the floor, manners."""
    floor = web.pages * delay + (web.pages + 1) * LATENCY  # a rest between robots.txt and each of the pages
    times, seen = [], []
    for shards in sorted({1, len(os.sched_getaffinity(0))}):
        polite = run("ours_links", web, delay, shards)
        seconds, processes = polite["seconds"], {"processes": shards}
        times.append(processes | {"delay": delay, "seconds": seconds, "floor": floor, "seconds/floor": seconds / floor})
        seen.append(processes | manners(polite["log"], delay))
    show("with a delay: the floor is one latency and one rest for each request", times)
    show("manners, by the server's log", seen)
    return {"delay": times, "manners": seen}


def main() -> None:
    """Run all, or the parts that are asked for, and show it."""
    parser = arg_parser("crawl", __doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--repeats", type=int, default=3, metavar="N", help="runs of links, of which the median counts")
    parser.add_argument(
        "--only", nargs="+", choices=PARTS, default=PARTS, metavar="PART", help=f"of {', '.join(PARTS)}"
    )
    given = parser.parse_args()
    web = Web(*((20, 10) if given.small else (200, 50)), free_port())
    repeats, results = 1 if given.small else given.repeats, {}
    if "links" in given.only:
        results["links"] = compare("links", web, repeats)
    if "articles" in given.only:
        results["articles"] = compare("articles", web, 1)
    if "delay" in given.only:
        results |= with_delay(web, 0.2 if given.small else 1.0)
    if "daily" in given.only:
        results["daily"] = daily(web)
        show("bytes sent by the servers, heads included; no page has changed", results["daily"])
    save(given.json, **results)


if __name__ == "__main__":
    main()
