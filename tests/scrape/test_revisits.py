"""What is asked for again, and when."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs.scrape.revisits import HOUR, Kind, interval, publishing_interval
from jobs.settings import ScrapeSettings
from tests.scrape.conftest import article
from tests.scrape.server import feed, redirect, respond, versioned

DAY = timedelta(days=1)
CONFIG = ScrapeSettings()


@pytest.mark.parametrize(
    ("kind", "changed", "elapsed", "own", "expected"),
    [
        (Kind.ARTICLE, True, None, None, DAY),
        (Kind.ARTICLE, False, DAY, None, 2 * DAY),
        (Kind.ARTICLE, True, 8 * DAY, None, 4 * DAY),
        (Kind.ARTICLE, False, 50 * DAY, None, 64 * DAY),  # the most
        (Kind.LISTING, True, None, None, HOUR),
        (Kind.LISTING, True, DAY, 3 * DAY, 3 * DAY),  # as it says
        (Kind.LISTING, False, DAY, 90 * DAY, 7 * DAY),
        (Kind.OTHER, False, None, None, 30 * DAY),
        (Kind.FAILED, False, None, None, DAY / 2),
    ],
)
def test_what_has_not_changed_is_left_for_twice_as_long(kind, changed, elapsed, own, expected):
    assert interval(CONFIG, kind, changed, elapsed, own) == expected


@given(st.sampled_from(Kind), st.booleans(), st.none() | st.timedeltas(timedelta(0), 1000 * DAY))
def test_an_interval_is_never_shorter_than_an_hour_nor_longer_than_the_settings_allow(kind, changed, elapsed):
    assert HOUR <= interval(CONFIG, kind, changed, elapsed) <= 64 * DAY


def test_a_feed_without_dates_and_hints_has_no_frequency():
    assert publishing_interval([], None) is None
    assert publishing_interval([DAY, 2 * DAY, 90 * DAY], None) == DAY


def test_known_pages_cost_no_bytes_and_changed_ones_come_as_another_version(lake, web, read, pass_days):
    web.pages = {
        "/feed": feed("/1", "/2", "/3"),
        "/1": versioned(article("Low"), "a"),
        "/2": versioned(article("Can"), "a"),
        "/3": article("Air"),  # it has no version that it would tell
    }
    read(("feed", web.url("/feed")))
    web.requests.clear()
    assert read(every_source=False) == {}
    assert web.requests == [], "nothing is due"
    pass_days(1)
    web.pages["/feed"] = feed()
    web.pages["/2"] = versioned(article("Can, corrected"), "b")
    log = read(every_source=False)
    assert log["/1"] == log["/3"] == ("unchanged", None)
    assert log["/2"] == ("article", None)
    rows = {row["url"]: row for row in lake.sql("SELECT * FROM crawl_log ORDER BY fetched_at").to_pylist()}
    assert (rows[web.url("/1")]["status"], rows[web.url("/1")]["bytes"]) == (304, 0)
    assert rows[web.url("/1")]["etag"] == '"a"', "it is known the next time, too"
    versions = lake.sql("SELECT url, title FROM articles ORDER BY fetched_at").to_pylist()
    assert [row["title"] for row in versions if row["url"] == web.url("/2")] == [
        "Can: the review", "Can, corrected: the review",
    ]  # fmt: skip
    assert len(versions) == 4
    assert len(lake.arrow("pages")) == 4
    pass_days(1)
    assert set(read(every_source=False)) == {"/feed", "/2"}, "what has not changed is left for two days"


def test_gone_pages_are_remembered(web, read, pass_days):
    web.pages = {"/feed": feed("/404", "/410"), "/410": respond(status=410)}
    read(("feed", web.url("/feed")))
    pass_days(20)
    assert read() == {"/feed": ("index", "2 entries"), "/404": ("skipped", "known"), "/410": ("skipped", "known")}
    pass_days(20)
    log = read()
    assert log["/404"] == ("failed", "status 404"), "after a month it may be back"
    assert log["/410"] == ("skipped", "known"), "gone for good"


def test_a_feed_is_read_by_its_own_frequency(web, read, pass_days):
    web.pages = {"/feed": feed("/1", head="<ttl>4320</ttl>"), "/1": article("Low")}
    read(("feed", web.url("/feed")))
    pass_days(2)
    assert set(read(every_source=False)) == {"/1"}
    pass_days(1)
    assert "/feed" in read(every_source=False)


def test_a_sitemap_leads_to_pages_and_says_which_have_changed(web, read, pass_days):
    def sitemap(*entries: str):
        listed = "".join(f"<url><loc>{web.url(path)}</loc><lastmod>{day}</lastmod></url>" for path, day in entries)
        return respond(f"<urlset>{listed}</urlset>".encode(), kind="application/xml")

    index = f"<sitemapindex><sitemap><loc>{web.url('/part.xml')}</loc></sitemap></sitemapindex>"
    web.pages = {
        "/sitemap.xml": respond(index.encode(), kind="text/xml"),
        "/part.xml": sitemap(("/music/1", "2020-01-01"), ("/music/2", "2020-01-01"), ("/sport/3", "2020-01-01")),
        "/music/1": article("Low"),
        "/music/2": article("Can"),
    }
    source = ("sitemap", web.url("/sitemap.xml"), {"path": "/music/"})
    assert read(source) == {
        "/sitemap.xml": ("index", "1 entries"),
        "/part.xml": ("index", "3 entries"),
        "/music/1": ("article", None),
        "/music/2": ("article", None),
    }
    pass_days(0.5)  # no article is due yet
    an_hour_ago = (datetime.now(UTC) - HOUR).isoformat()
    web.pages["/part.xml"] = sitemap(("/music/1", "2020-01-01"), ("/music/2", an_hour_ago), ("/music/4", ""))
    web.pages["/music/2"], web.pages["/music/4"] = article("Can, corrected"), article("Yes")
    web.requests.clear()
    read()
    assert sorted(web.paths) == ["/music/2", "/music/4", "/part.xml", "/sitemap.xml"]


def test_a_moved_page_is_known_under_both_addresses(web, read):
    web.pages = {"/feed": feed("/old"), "/old": redirect("/new"), "/new": article("Low")}
    read(("feed", web.url("/feed")))
    web.requests.clear()
    web.pages["/feed"] = feed("/new", "/old")
    assert read()["/new"] == ("skipped", "known")
    assert web.paths == ["/feed"]


def test_what_a_page_limit_left_out_is_read_in_the_next_run(web, read):
    web.pages = {"/feed": feed(*(f"/{n}" for n in range(5))), **{f"/{n}": article(f"Band {n}") for n in range(5)}}
    assert read(("feed", web.url("/feed"), {"max_pages": 3}))["/4"] == ("skipped", "page limit")
    assert read(every_source=False) == {f"/{n}": ("article", None) for n in (2, 3, 4)}
