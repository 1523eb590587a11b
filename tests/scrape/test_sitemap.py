import gzip
from datetime import UTC, datetime

import pytest

from jobs.scrape.discover import Entry
from jobs.scrape.sitemap import read_sitemap

NOW = datetime(2026, 11, 20, tzinfo=UTC)
URL = "http://example.org/sitemap.xml"
SPACE = (
    "xmlns='http://www.sitemaps.org/schemas/sitemap/0.9' xmlns:news='http://www.google.com/schemas/sitemap-news/0.9'"
)


def read(body: bytes, max_bytes: int = 1_000_000):
    return read_sitemap(body, None, URL, NOW, max_bytes)


def urlset(entries: str) -> bytes:
    return f"<?xml version='1.0' encoding='UTF-8'?><urlset {SPACE}>{entries}</urlset>".encode()


def test_pages_come_newest_first_with_what_the_news_say_about_them():
    listed = urlset(
        "<url><loc>http://example.org/old</loc></url>"
        "<url><loc> /1 </loc><lastmod>2026-11-01</lastmod></url>"
        "<url><loc>http://example.org/2</loc><lastmod>2026-11-03T10:00:00+02:00</lastmod><news:news><news:title>"
        "Can &amp; Neu!</news:title><news:publication_date>2026-11-02</news:publication_date></news:news></url>"
        "<url><loc>mailto:a@example.org</loc></url><url/><url><loc>/1</loc></url>"
    )
    assert read(listed).entries == [
        Entry(
            "http://example.org/2",
            "Can & Neu!",
            datetime(2026, 11, 2, tzinfo=UTC),
            datetime(2026, 11, 3, 8, tzinfo=UTC),
        ),
        Entry("http://example.org/1", changed_at=datetime(2026, 11, 1, tzinfo=UTC)),
        Entry("http://example.org/old"),
    ]


def test_an_index_leads_to_sitemaps_and_gzip_and_text_are_read():
    index = b"<sitemapindex><sitemap><loc>/a.xml.gz</loc></sitemap></sitemapindex>"
    assert read(gzip.compress(index)).sitemaps == [Entry("http://example.org/a.xml.gz")]
    assert [e.url for e in read(b"http://example.org/1\r\n\r\nhttp://example.org/2\nhttp://exa").entries] == [
        "http://example.org/1", "http://example.org/2", "http://exa/",
    ]  # fmt: skip


def test_of_a_sitemap_that_is_cut_off_the_beginning_counts():
    listed = urlset("".join(f"<url><loc>http://example.org/{n}</loc></url>" for n in range(10_000)))
    assert 100 < len(read(gzip.compress(listed), max_bytes=10_000).entries) < 1000
    assert 100 < len(read(gzip.compress(listed)[:5000]).entries) < 10_000
    assert 100 < len(read(listed[:10_000]).entries) < 1000


def test_a_bomb_in_gzip_is_not_unpacked_and_entities_are_not_expanded():
    with pytest.raises(ValueError, match="not a sitemap"):
        read(gzip.compress(b"\0" * 100_000_000, 1))
    bomb = "<!DOCTYPE r [<!ENTITY a 'xxxxxxxxxx'>" + "".join(
        f"<!ENTITY {chr(98 + n)} '{f'&{chr(97 + n)};' * 10}'>" for n in range(9)
    )
    named = "]><urlset><url><loc>http://example.org/1</loc><lastmod>&j;</lastmod></url></urlset>"
    assert [entry.url for entry in read((bomb + named).encode()).entries] == ["http://example.org/1"]
    secret = "<!DOCTYPE r [<!ENTITY x SYSTEM 'file:///etc/hostname'>]><urlset><url><loc>http://e.org/&x;</loc></url></urlset>"
    assert [entry.url for entry in read(secret.encode()).entries] in ([], ["http://e.org/"])


@pytest.mark.parametrize(
    "body", [b"", b"<html><body>Hello</body></html>", b"\x00\xff", b"\x1f\x8bnothing", b"a b c\nd"]
)
def test_what_is_no_sitemap_says_so(body):
    with pytest.raises(ValueError, match="not a sitemap"):
        read(body)
