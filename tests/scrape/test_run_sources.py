"""`python -m jobs.scrape sources`."""

from datetime import date

import pytest

from jobs.cli import UserError
from jobs.scrape import run_sources
from jobs.scrape.__main__ import arg_parser
from jobs.settings import settings
from tests.scrape.conftest import article
from tests.scrape.server import feed, respond

WEEK = date(2026, 11, 23)


@pytest.fixture
def sources(lake, monkeypatch):
    """Run `sources` with these words."""
    for name, value in {"ALLOW_PRIVATE_ADDRESSES": "true", "DELAY_SECONDS": "0"}.items():
        monkeypatch.setenv(f"DISCOVER_SCRAPE_{name}", value)
    settings.cache_clear()

    def run(*words: str) -> None:
        given = vars(arg_parser().parse_args(["sources", *words]))
        given.pop("run")(**{k: v for k, v in given.items() if k not in ("shard", "every_source")})

    return run


@pytest.fixture
def site(web):
    """A site with a feed, a sitemap, rules and articles."""
    links = "".join(f"<li><a href='/{n}'>The review of record number {n}</a></li>" for n in range(5))
    head = "<link rel=alternate type='application/rss+xml' href='/feed'>"
    web.pages = {
        "/": f"<html><head>{head}</head><body><ul>{links}</ul></body></html>",
        "/feed": feed("/0", "/1"),
        "/robots.txt": f"User-agent: *\nDisallow: /3\nCrawl-delay: 0.01\nSitemap: {web.url('/map.xml')}\n",
        "/map.xml": respond(f"<urlset><url><loc>{web.url('/1')}</loc></url></urlset>".encode(), kind="text/xml"),
        **{f"/{n}": article(f"Band {n}") for n in range(5)},
        "/0": "<p>Too little.</p>",
    }
    return web


def rows(lake) -> dict[str, dict]:
    return {row["url"]: {k: v for k, v in row.items() if v is not None} for row in lake.arrow("sources").to_pylist()}


def test_sources_come_from_a_file_and_keep_what_a_later_one_does_not_say(lake, sources, tmp_path, capsys):
    file = tmp_path / "sources.yaml"
    file.write_text(
        "- {url: HTTP://Example.org:80/feed, kind: feed, name: Example, tags: [jazz, reviews], delay_seconds: 5}\n"
        "- url: https://example.com/music/\n  kind: site\n  max_depth: 1\n  max_pages: 20\n  path: /music/\n"
        "  language: en\n"
    )
    sources("add", str(file))
    assert "2 added, 0 changed" in capsys.readouterr().out
    sources("add", "https://example.com/music/", "--max-depth", "2")
    assert rows(lake) == {
        "http://example.org/feed": {
            "url": "http://example.org/feed", "kind": "feed", "name": "Example", "tags": ["jazz", "reviews"],
            "delay_seconds": 5.0,
        },
        "https://example.com/music/": {
            "url": "https://example.com/music/", "kind": "site", "max_depth": 2, "max_pages": 20, "path": "/music/",
            "language": "en",
        },
    }  # fmt: skip


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("- url: http://e.org/\n  kind: blog\n", "source 1: kind is one of feed, sitemap, site, not 'blog'"),
        ("- url: http://e.org/\n  kind: site\n- kind: feed\n", "source 2: it has no url"),
        ("- url: http://e.org/\n  depth: 3\n", "there is no depth; there are url, kind"),
        ("- url: http://e.org/\n  max_pages: 0\n", "max_pages is at least 1, not 0"),
        ("- url: http://e.org/\n  delay_seconds: often\n", "delay_seconds cannot be 'often'"),
        ("- url: http://e.org/\n  tags: jazz\n", "tags cannot be 'jazz'"),
        ("url: http://e.org/\n", "there should be a list of sources"),
        ("- url: [", "is not YAML"),
    ],
)
def test_a_file_that_is_wrong_is_refused_with_the_place_and_the_reason(lake, sources, tmp_path, text, problem):
    file = tmp_path / "sources.yaml"
    file.write_text(text)
    with pytest.raises(UserError, match=f"(?s){problem}"):
        sources("add", str(file))
    assert lake.is_empty("sources")


@pytest.mark.parametrize(("path", "kind"), [("/", "site"), ("/feed", "feed"), ("/map.xml", "sitemap")])
def test_the_kind_of_a_source_is_found_out(lake, sources, site, path, kind):
    sources("add", site.url(path), "--tags", "jazz", "reviews")
    assert rows(lake) == {site.url(path): {"url": site.url(path), "kind": kind, "tags": ["jazz", "reviews"]}}


def test_a_check_shows_what_a_site_offers_and_forbids_and_three_articles(sources, site, capsys):
    sources("check", site.url("/"))
    shown = capsys.readouterr().out
    for part in ("site, 5 pages", "allows this address, one request in 0.01 s", f"feeds: {site.url('/feed')}",
                 f"sitemaps: {site.url('/map.xml')}", "Band 1: the review", "Band 2: the review", "Band 4: the review",
                 "The new record by Band 1"):  # fmt: skip
        assert part in shown.replace("\n", " ").replace("  ", " ") or part in shown
    assert "robots.txt" in shown.partition(site.url("/3"))[2], "why there is no article"
    assert "/3" not in site.paths


def test_of_an_index_of_sitemaps_the_first_one_is_looked_into(sources, site, capsys):
    maps = "".join(f"<sitemap><loc>{site.url(path)}</loc></sitemap>" for path in ("/map.xml", "/no-map.xml"))
    site.pages["/maps.xml"] = respond(f"<sitemapindex>{maps}</sitemapindex>".encode(), kind="text/xml")
    sources("check", site.url("/maps.xml"))
    shown = " ".join(capsys.readouterr().out.split())
    assert "sitemap, 1 pages in the first of 2 sitemaps" in shown
    assert "Band 1: the review" in shown
    assert f"to read it: python -m jobs.scrape sources add {site.url('/maps.xml')}" in shown


def test_a_check_of_what_cannot_be_read_says_why(sources, site):
    for url, problem in (
        (site.url("/nothing"), "status 404"),
        (site.url("/3"), "robots.txt"),
        ("ftp://example.org/", "not the address of a web page"),
        ("http://no-such-host.invalid/", "unknown host"),
    ):
        with pytest.raises(UserError, match=problem):
            sources("check", url)


def test_the_list_shows_each_source_and_what_came_of_it(sources, site, read, capsys):
    sources("list")
    assert "no sources yet" in capsys.readouterr().out
    read(("feed", site.url("/feed"), {"tags": ["jazz"]}))
    sources("list")
    shown = capsys.readouterr().out
    address, rest = shown.splitlines()
    assert address == site.url("/feed")
    assert "feed, jazz; 1 article, the newest read on 20" in rest
    assert rest.endswith("index: 2 entries")


def test_the_file_in_the_help_can_be_read(tmp_path):
    file = tmp_path / "sources.yaml"
    file.write_text(run_sources.EXAMPLE.partition("\n\n")[2].partition("\n\n")[0])
    first, second = run_sources.read_file(file)
    assert (first["kind"], first["delay_seconds"], second["path"]) == ("feed", 5, "/music/")
