"""Whole runs against real servers: what is asked for and when, and what is in the lake afterwards."""

from datetime import date

import pytest

from jobs.scrape.__main__ import main
from tests.scrape.conftest import article
from tests.scrape.server import endless, feed, redirect, respond

WEEK = date(2026, 11, 23)


def test_a_feed_and_a_site_become_articles(lake, web, read):
    web.pages = {
        "/feed": feed("/post/1", "/post/2"),
        "/post/1": article("Low"),
        "/post/2": "<p>Nothing to see.</p>",
        "/site/": "<a href='review'>a</a> <a href='list'>b</a> <a href='/elsewhere'>c</a> <a href='song.mp3'>d</a>",
        "/site/review": article("Can", "<a href='deep'>deeper</a>"),
        "/site/deep": article("Air", "<a href='deeper'>too deep</a>"),
        "/site/list": "".join(f"<h2><a href='/site/{n}'>Headline of number {n}</a></h2>" for n in range(3)),
        "/site/0": article("Yes"),
        "/site/song.mp3": respond(b"ID3", kind="audio/mpeg"),
    }
    assert read(("feed", web.url("/feed"), {"language": "en"}), ("site", web.url("/site/"))) == {
        "/feed": ("index", "2 entries"),
        "/post/1": ("article", None),
        "/post/2": ("rejected", "too little text"),
        "/site/": ("index", "4 links"),
        "/site/review": ("article", None),
        "/site/list": ("index", "3 links"),
        "/site/song.mp3": ("rejected", "content type audio/mpeg"),
        "/site/deep": ("article", None),
        "/site/0": ("article", None),
        "/site/1": ("failed", "status 404"),
        "/site/2": ("failed", "status 404"),
    }
    rows = {row["url"]: row for row in lake.arrow("articles").to_pylist()}
    assert set(rows) == {web.url(path) for path in ("/post/1", "/site/review", "/site/deep", "/site/0")}
    low = rows[web.url("/post/1")]
    assert (low["source_url"], low["title"], low["language"]) == (web.url("/feed"), "Low: the review", "en")
    metrics = {
        (m["metric"], m["dimension"]): m["value"] for m in lake.arrow("metrics", {"stage": "scrape"}).to_pylist()
    }
    assert metrics["addresses", "outcome=article"] == 4
    assert metrics["failed", "reason=status 404"] == 2
    assert metrics["pages", ""] == 9
    assert metrics["bytes", ""] == sum(row["bytes"] for row in lake.arrow("crawl_log").to_pylist()) > 0


def test_known_pages_are_not_fetched_again_until_they_are_due_and_feeds_are(lake, web, read):
    web.pages = {
        "/feed": feed("/1", "/thin", "/gone", "/busy", "/moved"),
        "/1": article("Low"),
        "/thin": "<p>Thin.</p>",
        "/gone": respond(status=410),
        "/busy": respond(status=500),
        "/moved": redirect("/target"),
        "/target": article("Can"),
    }
    first = read(("feed", web.url("/feed")))
    assert first["/moved"] == ("moved", f"redirect to {web.url('/target')}")
    assert first["/target"] == ("article", None)
    assert web.paths.count("/busy") == 3, "it is tried again in the same run"
    web.requests.clear()
    web.pages["/feed"] = feed("/1", "/thin", "/gone", "/busy", "/moved", "/target", "/new")
    web.pages["/new"] = article("Air")
    assert read(("feed", web.url("/feed"))) == {
        "/feed": ("index", "7 entries"),
        **dict.fromkeys(("/1", "/thin", "/gone", "/busy", "/moved", "/target"), ("skipped", "known")),
        "/new": ("article", None),
    }
    assert web.paths == ["/feed", "/new"], "robots.txt holds for a day"


def test_robots_are_obeyed_also_behind_redirects(web, read):
    web.pages = {
        "/robots.txt": "User-agent: DiscoverWeeklyBot\nDisallow: /private/\n",
        "/feed": feed("/private/1", "/moved", "/2"),
        "/private/1": article("Low"),
        "/moved": redirect("/private/2"),
        "/private/2": article("Can"),
        "/2": article("Air"),
    }
    log = read(("feed", web.url("/feed")))
    assert log["/private/1"] == log["/moved"] == ("skipped", "robots.txt")
    assert log["/2"] == ("article", None)
    assert web.paths == ["/robots.txt", "/feed", "/moved", "/2"]


def test_a_host_is_asked_once_at_a_time_with_its_delay_and_hosts_side_by_side(web, other_web, read):
    for server, other in ((web, other_web), (other_web, web)):
        server.pages = {f"/{n}": article(f"{server.server_address[0]} {n}") for n in range(4)}
        server.pages["/feed"] = feed("/0", "/1", other.url("/2"), other.url("/3"))  # they lead to each other, too
    sources = [("feed", server.url("/feed"), {"delay_seconds": 0.2}) for server in (web, other_web)]
    read(*sources, delay_seconds=60)
    for server in (web, other_web):
        assert sorted(server.paths) == ["/0", "/1", "/2", "/3", "/feed", "/robots.txt"]
        rests = [b.began - a.ended for a, b in zip(server.requests, server.requests[1:], strict=False)]
        assert min(rests) > 0.19, "from the end of a request to the next one"
    ends = [server.requests[-1].ended for server in (web, other_web)]
    assert max(server.requests[0].began for server in (web, other_web)) < min(ends), "hosts go side by side"


def test_a_copy_is_kept_and_points_to_the_original(lake, web, read):
    web.pages = {"/feed": feed("/1", "/2"), "/1": article("Low"), "/2": article("Low"), "/3": article("Low")}
    assert read(("feed", web.url("/feed")))["/2"] == ("article", None)
    web.pages["/feed"] = feed("/3")
    read(("feed", web.url("/feed")))
    rows = lake.sql("SELECT article_id, story_id FROM articles ORDER BY fetched_at").to_pylist()
    assert len(rows) == 3
    assert {row["story_id"] for row in rows} == {rows[0]["article_id"]}


def test_hostile_pages_cost_themselves_only(lake, web, read):
    attributes = " ".join(f'a{n}="x"' for n in range(150_000))  # keeps the parser busy for minutes
    web.pages = {
        "/feed": feed("/hang", "/bomb", "/slow", "/loop", "/ok", "http://10.0.0.1:1x/"),
        "/hang": f"<div {attributes}>" + "text " * 100,
        "/bomb": endless(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n", b"x" * 100_000),
        "/slow": endless(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n", b"x", pause=0.05),
        "/loop": redirect("/loop"),
        "/ok": article("Low"),
    }
    log = read(("feed", web.url("/feed")), timeout_seconds=1.5, extract_seconds=2)
    assert log["/hang"] == ("failed", "unreadable more than 2 s"), "of CPU time"
    assert log["/bomb"][1].startswith("too large")
    assert log["/slow"] == ("failed", "timeout")
    assert log["/loop"][1].startswith("too many redirects")
    assert log["/ok"] == ("article", None)


def test_a_host_that_fails_again_and_again_is_left_alone(web, other_web, read):
    web.pages = {"/feed": feed(*(f"/{n}" for n in range(8))), **{f"/{n}": respond(status=500) for n in range(8)}}
    other_web.pages = {"/feed": feed("/1"), "/1": article("Low")}
    log = read(("feed", web.url("/feed")), ("site", other_web.url("/1")), max_failures=3, retries=0)
    assert [log[f"/{n}"][0] for n in range(8) if n != 1] == ["failed"] * 2 + ["skipped"] * 5
    assert log["/7"][1] == "host given up 3 failures in a row, the last one: status 500"
    assert len(web.requests) == 5


@pytest.mark.parametrize(
    ("status", "asked_for"), [(403, 3), (404, 8)], ids=["they do not want us", "they are not there"]
)
def test_a_host_that_refuses_page_after_page_is_left_alone(web, read, status, asked_for):
    pages = [f"/{n}" for n in range(8)]
    web.pages = {"/feed": feed(*pages), **dict.fromkeys(pages, respond(status=status))}
    log = read(("feed", web.url("/feed")), max_failures=3)
    assert [log[page][0] for page in pages] == ["failed"] * asked_for + ["skipped"] * (8 - asked_for)
    assert web.paths == ["/robots.txt", "/feed", *pages[:asked_for]], "none is tried again"


def test_a_host_that_asks_us_to_stay_away_is_left_alone_until_then(lake, web, read, pass_days):
    web.pages = {"/feed": feed("/1", "/2"), "/1": respond(status=429, Retry_After="172800"), "/2": article("Low")}
    log = read(("feed", web.url("/feed")))
    assert log["/2"] == ("skipped", "host given up it asks to come back in 172800 s")
    pass_days(1.9)
    web.pages = {"/feed": feed(), "/1": article("Can"), "/2": article("Low")}
    assert set(read(every_source=False)) == {"/feed"}
    pass_days(0.1)
    assert read(every_source=False) == {"/1": ("article", None), "/2": ("article", None)}


def test_a_source_is_read_up_to_its_limit(web, read):
    web.pages = {"/feed": feed(*(f"/{n}" for n in range(5))), **{f"/{n}": article(f"Band {n}") for n in range(5)}}
    log = read(("feed", web.url("/feed"), {"max_pages": 3}))
    assert [log[f"/{n}"] for n in range(5)] == [("article", None)] * 2 + [("skipped", "page limit")] * 3


def test_a_site_is_not_left(web, other_web, read):
    web.pages = {"/": "<a href='/out'>out</a>" + f"<a href='{other_web.url('/1')}'>other</a>",
                 "/out": redirect(other_web.url("/1"))}  # fmt: skip
    log = read(("site", web.url("/")))
    assert log["/out"] == ("skipped", f"leads off the site {other_web.url('/1')}")
    assert other_web.requests == []


def test_addresses_that_are_none_and_hosts_that_are_not_there_are_named(web, read):
    log = read(
        ("feed", "gopher://old.test/feed"), ("site", "http://no-such-host.invalid/a"), ("feed", web.url("/html"))
    )
    assert log["/feed"] == ("skipped", "bad address")
    assert log["/a"][0] == "skipped"
    assert log["/a"][1].startswith("robots.txt closed unknown host")
    assert log["/html"] == ("failed", "status 404")


def test_without_sources_the_job_says_so_and_ends_well(lake, caplog):
    main(WEEK)
    assert "no sources to read" in caplog.text
    assert lake.is_empty("crawl_log")
