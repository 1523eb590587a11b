"""Extraction from files and from the raw pages in the lake."""

import json
from datetime import UTC, date, datetime, timedelta

import pyarrow as pa
import pytest

import schemas
from jobs.cli import UserError
from jobs.lake import APPEND
from jobs.lake.types import arrow_schema
from jobs.scrape import run_extract
from jobs.scrape.copies import new_articles
from jobs.scrape.extract import Hints, read_page
from jobs.scrape.pages import page_body, page_hints, page_row
from tests.scrape.conftest import article

WEEK = date(2026, 11, 23)
NOW = datetime(2026, 11, 20, tzinfo=UTC)
SITE = "http://example.org/"


# Another story, while all by `article` are near copies of each other.
OTHER = "<h1>Hotel</h1>" + "".join(
    f"<p>In room {n} of the hotel somebody plays the piano until {n} in the morning, and nobody minds it much.</p>"
    for n in range(5)
)


def row(path: str, markup: str, minutes: int = 0, **hints) -> dict:
    fetched_at = NOW + timedelta(minutes=minutes)
    return page_row(f"{SITE}{path}", fetched_at, SITE, markup.encode(), "text/html", "utf-8", "", Hints(**hints))


def fill(lake, table: str, rows: list[dict]) -> None:
    lake.publish(table, pa.Table.from_pylist(rows, arrow_schema(schemas.table(table))), APPEND)


def found_in(page: dict) -> dict:
    """A row of articles from a row of pages, as the crawl makes it."""
    read = read_page(page_body(page), page["charset"], page["url"], page_hints(page), "", 250, page["fetched_at"])
    return {**vars(read.article), **{name: page[name] for name in ("url", "source_url", "fetched_at")}}


def articles(lake) -> list[dict]:
    return sorted(lake.arrow("articles").to_pylist(), key=lambda row: (row["fetched_at"], row["url"]))


def test_a_raw_page_comes_back_as_it_was():
    published = datetime(2026, 11, 1, tzinfo=UTC)
    page = row("a", "<p>é</p>" * 100, published_at=published, title="A", language="fr")
    assert page_body(page) == ("<p>é</p>" * 100).encode()
    assert len(page["body"]) < 100
    assert page_hints(page) == Hints(published, "A", "fr")
    for damage in ({"body": b"no zstd"}, {"body": page["body"][:-4]}, {"body_sha256": "0"}):
        with pytest.raises(ValueError, match="damaged"):
            page_body({**page, **damage})


def test_the_article_in_a_file_is_printed_as_json(tmp_path, capsys):
    file = tmp_path / "saved.html"
    page = article("Björk").replace("dry and close", "<a href='/drums'>dry and close</a>")
    file.write_text(page, encoding="utf-8")
    run_extract.main(WEEK, file, url="http://example.org/review")
    said = json.loads(capsys.readouterr().out)
    assert (said["title"], said["language"], said["authors"]) == ("Björk: the review", "en", [])
    assert said["links"] == ["http://example.org/drums"]
    assert "minhash" not in said


def test_a_file_without_an_article_says_why(tmp_path):
    with pytest.raises(UserError, match="No such file"):
        run_extract.main(WEEK, tmp_path / "none.html")
    empty = tmp_path / "empty.html"
    empty.write_text("<p>Short.</p>")
    with pytest.raises(UserError, match="too little text"):
        run_extract.main(WEEK, empty)


def test_without_raw_pages_nothing_is_done(lake):
    run_extract.main(WEEK, all=True)
    assert lake.is_empty("articles")
    assert [row["metric"] for row in lake.arrow("metrics").to_pylist()] == ["pages"]


def test_extraction_from_all_raw_pages_gives_what_the_crawl_gave(lake):
    """Versions, copies and listings included, whatever the batches were in which the crawl found them."""
    press = article("Low").replace("</article>", "<p>About the label: it is in Duluth.</p></article>")
    pages = [
        row("a", article("Low")),
        row("b", OTHER, 1),
        row("a", article("Low") + "<!-- another advert -->", 2),  # the same text
        row("copy", article("Low"), 3),
        row("press", press, 4),
        row("a", article("Low").replace("drums", "guitars"), 5),  # a new version
        row("short", "<p>Nothing here.</p>", 6),
    ]
    fill(lake, "pages", pages)
    for batch in (pages[:2], pages[2:6]):
        fill(lake, "articles", new_articles(lake, map(found_in, batch)))
    crawled = articles(lake)
    assert [row["url"].removeprefix(SITE) for row in crawled] == ["a", "b", "copy", "press", "a"]
    first, other = crawled[0]["article_id"], crawled[1]["article_id"]
    assert [row["story_id"] for row in crawled] == [first, other, first, first, first]

    run_extract.main(WEEK, all=True)
    assert articles(lake) == crawled
    measured = {(m["metric"], m["dimension"]): m["value"] for m in lake.arrow("metrics").to_pylist()}
    assert measured["pages", ""] == 7
    assert measured["articles", ""] == 5
    assert measured["rejected", "reason=too little text"] == 1


def test_a_page_that_cannot_be_read_and_one_that_is_not_there_keep_their_articles(lake, caplog):
    pages = [row("a", article("Low")), row("b", article("Björk"), 1)]
    fill(lake, "articles", new_articles(lake, map(found_in, pages)))
    before = articles(lake)
    fill(lake, "pages", [{**pages[0], "body": b"damaged"}])
    run_extract.main(WEEK, all=True)
    assert articles(lake) == before
    assert "http://example.org/a of 2026-11-20" in caplog.text


def test_what_better_extraction_no_longer_takes_for_an_article_is_gone(lake):
    page = row("a", "<p>Not enough.</p>")
    mistaken = {**found_in(row("a", article("Low"))), "body_sha256": page["body_sha256"]}
    fill(lake, "articles", new_articles(lake, [mistaken]))
    fill(lake, "pages", [page])
    run_extract.main(WEEK, all=True)
    assert articles(lake) == []
