from datetime import UTC, datetime, timedelta

import pytest

from jobs.scrape.discover import MAX_LINKS, Entry, announced_feeds, read_feed

NOW = datetime(2026, 11, 20, tzinfo=UTC)
URL = "http://example.org/blog/feed.xml"


def rss(items: str, before: str = "") -> bytes:
    return f"{before}<rss version='2.0'><channel><title>x</title>{items}</channel></rss>".encode()


def test_entries_of_rss_have_address_title_and_date():
    feed = rss(
        "<item><title>Bj&#246;rk &amp;amp; friends &eacute;</title><link> /blog/1?utm_source=rss </link>"
        "<pubDate>Mon, 02 Nov 2026 10:00:00 +0200</pubDate></item>"
        "<item><title>the same</title><link>http://example.org/blog/1</link></item>"
        "<item><title>no link</title></item><item><link>mailto:a@example.org</link></item>"
        "<item><link>2</link><pubDate>yesterday</pubDate></item>"
    )
    assert read_feed(feed, None, URL, NOW).entries == [
        Entry("http://example.org/blog/1", "Björk & friends é", datetime(2026, 11, 2, 8, tzinfo=UTC)),
        Entry("http://example.org/blog/2", None, None),
    ]


def test_entries_of_atom_have_address_title_and_date():
    feed = (
        b"<?xml version='1.0' encoding='iso-8859-1'?><feed xmlns='http://www.w3.org/2005/Atom'><entry>"
        b"<title>Sigur R\xf3s</title><link rel='alternate' href='http://example.org/3'/>"
        b"<updated>2026-11-03T00:00:00Z</updated></entry></feed>"
    )
    assert read_feed(feed, None, URL, NOW).entries == [
        Entry("http://example.org/3", "Sigur Rós", datetime(2026, 11, 3, tzinfo=UTC))
    ]


def test_broken_xml_gives_what_can_be_read():
    feed = b"<rss version='2.0'><channel><item><link>http://example.org/4</link><title>a & b < c</title></item><item>"
    assert [entry.url for entry in read_feed(feed, None, URL, NOW).entries] == ["http://example.org/4"]


@pytest.mark.parametrize("before", ["", "<?xml version='1.0'?>" + "\n" * 5000, f"<!--{'<a>' * 5000}-->\n<?x y?>"])
def test_entities_that_multiply_are_not_expanded(before):
    bomb = (
        before
        + "<!DOCTYPE r [<!ENTITY a 'xxxxxxxxxx'>"
        + "".join(f"<!ENTITY {chr(98 + n)} '{f'&{chr(97 + n)};' * 10}'>" for n in range(9))
    )
    feed = rss("<item><link>http://example.org/5</link><title>&j;</title></item>", bomb + "]>")
    (entry,) = read_feed(feed, None, URL, NOW).entries
    assert entry.url == "http://example.org/5"
    assert entry.title == "&j;", "as it stands there: its declaration is gone"


def test_entities_that_name_files_are_not_read():
    declared = "<!DOCTYPE r [<!ENTITY x SYSTEM 'file:///etc/passwd'>]>"
    feed = rss("<item><link>http://example.org/6</link><title>&x;</title></item>", declared)
    (entry,) = read_feed(feed, None, URL, NOW).entries
    assert "root" not in (entry.title or "")


@pytest.mark.parametrize("body", [b"", b"<html><body><p>Hello</body></html>", b"\x00\xff", b"<!DOCTYPE r [<!ENTITY"])
def test_what_is_no_feed_says_so(body):
    with pytest.raises(ValueError, match="not a feed"):
        read_feed(body, None, URL, NOW)


def test_endless_feeds_are_cut():
    feed = rss("".join(f"<item><link>http://example.org/{n}</link></item>" for n in range(MAX_LINKS + 10)))
    assert len(read_feed(feed, None, URL, NOW).entries) == MAX_LINKS


def test_entries_of_a_json_feed_have_address_title_and_dates():
    feed = (
        b'{"version": "https://jsonfeed.org/version/1.1", "title": "x", "items": [{"id": "1", "url": "/7", '
        b'"title": "Can &amp; Neu!", "date_published": "2026-11-02T10:00:00+02:00", '
        b'"date_modified": "2026-11-05T00:00:00Z"}, {"id": 2}, "no item", {"url": 7}]}'
    )
    assert read_feed(feed, None, URL, NOW).entries == [
        Entry(
            "http://example.org/7",
            "Can & Neu!",
            datetime(2026, 11, 2, 8, tzinfo=UTC),
            datetime(2026, 11, 5, tzinfo=UTC),
        )
    ]


@pytest.mark.parametrize(
    "body", [b"{", b'{"version": 1, "items": []}', b"[1]", b'{"version": "https://jsonfeed.org/"}']
)
def test_other_json_is_no_feed(body):
    with pytest.raises(ValueError, match="not a feed"):
        read_feed(body, None, URL, NOW)


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("", timedelta(days=1)),  # entries every two days: half of that
        ("<ttl>60</ttl>", timedelta(days=1)),
        ("<ttl>10080</ttl>", timedelta(weeks=1)),  # it asks for less
        ("<sy:updatePeriod>weekly</sy:updatePeriod>", timedelta(weeks=1)),
        ("<sy:updatePeriod>daily</sy:updatePeriod><sy:updateFrequency>4</sy:updateFrequency>", timedelta(days=1)),
        ("<ttl>soon</ttl>", timedelta(days=1)),
    ],
)
def test_a_feed_is_read_twice_as_often_as_it_publishes_but_no_more_often_than_it_says(said, expected):
    items = "".join(
        f"<item><link>{day}</link><pubDate>{day:02} Nov 2026 00:00:00 GMT</pubDate></item>" for day in (1, 3, 5, 7, 16)
    )
    feed = f"<rss version='2.0' xmlns:sy='http://purl.org/rss/1.0/modules/syndication/'><channel>{said}{items}</channel></rss>"
    assert read_feed(feed.encode(), None, URL, NOW).interval == expected


def test_a_page_announces_its_feeds():
    page = b"""<head><link rel=alternate type=application/rss+xml href=/feed><link rel="alternate home" title=x
        type="application/atom+xml; charset=utf-8" href=atom.xml><link rel=alternate hreflang=de href=/de>
        <link rel=stylesheet href=a.css></head>"""
    assert announced_feeds(page, None, URL) == ["http://example.org/feed", "http://example.org/blog/atom.xml"]
