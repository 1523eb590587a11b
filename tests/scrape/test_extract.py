import json
from datetime import UTC, datetime

import pytest

from jobs.scrape.extract import Hints, read_page, recognise
from tests.scrape.conftest import article

NOW = datetime(2026, 11, 20, tzinfo=UTC)


def read(page: str | bytes, hints: Hints | None = None, robots: str = "", charset: str | None = None):
    body = page.encode("utf-8", "surrogatepass") if isinstance(page, str) else page
    return read_page(body, charset, "http://example.org/a", hints or Hints(), robots, 250, NOW)


def test_the_main_text_is_without_what_surrounds_it():
    found = read(article("Björk")).article
    assert found.text.count("dry and close") == 2
    assert "\n" in found.text
    assert "Imprint" not in found.text
    assert "All rights reserved" not in found.text
    assert (found.title, found.language, found.authors) == ("Björk: the review", "en", [])


def json_ld(thing: object) -> str:
    return f'<script type="application/ld+json">{json.dumps(thing)}</script>'


def test_json_ld_counts_before_meta_elements_and_they_before_the_rest():
    said = {"@graph": [{"@type": "WebPage"}, {"@type": ["Thing", "NewsArticle"], "headline": "From JSON-LD",
            "author": [{"name": "Ann"}, {"name": "Bo"}], "datePublished": "2026-11-02T10:00:00+01:00"}]}  # fmt: skip
    metas = (
        "<meta property='og:title' content='From meta'><meta name='author' content='By Meta'>"
        "<meta property='article:published_time' content='2026-11-05'>"
    )
    both = read(article("x", head=metas + json_ld(said))).article
    assert (both.title, both.authors, both.published_at) == (
        "From JSON-LD", ["Ann", "Bo"], datetime(2026, 11, 2, 9, tzinfo=UTC),
    )  # fmt: skip
    some = read(article("x", head=metas)).article
    assert (some.title, some.authors, some.published_at) == ("From meta", ["Meta"], datetime(2026, 11, 5, tzinfo=UTC))


def test_dates_come_from_time_elements_then_from_the_feed():
    page = article("x").replace("</h1>", "</h1><time datetime='2026-10-01T12:00:00Z'>")
    hints = Hints(published_at=datetime(2026, 9, 9, tzinfo=UTC))
    assert read(page, hints).article.published_at == datetime(2026, 10, 1, 12, tzinfo=UTC)
    assert read(article("x"), hints).article.published_at == datetime(2026, 9, 9, tzinfo=UTC)
    assert read(article("x")).article.published_at is None


@pytest.mark.parametrize("date", ["2027-01-01", "0001-01-01", "1969-12-31", "soon", "99999-01-01", "", "2026-13-45"])
def test_dates_that_cannot_be_are_left_out(date):
    head = f"<meta property='article:published_time' content='{date}'>"
    assert read(article("x", head=head)).article.published_at is None


@pytest.mark.parametrize(
    "hostile",
    [
        '{"@type": "Article", "headline": "\\ud800 broken \\u0000", "author": {"name": 7}, "datePublished": [1]}',
        "[" * 100_000,
        '{"@type": {"a": 1}, "@graph": 5}',
        '{"@type": "Article", "headline": {"a": [null]}, "author": [[["x"]]]}',
        "{not json",
    ],
)
def test_hostile_json_ld_breaks_nothing(hostile):
    found = read(article("x", head=f'<script type="application/ld+json">{hostile}</script>')).article
    assert (found.title or "").encode()
    assert "dry and close" in found.text


def test_broken_html_is_read():
    page = article("Low").replace("</p>", "").replace("</h1>", "").replace("</article>", "<p><b><i></div></p>")
    assert read(page[: page.index("<footer>")]).article.text.count("dry and close") == 2


def test_a_wrong_charset_does_not_spoil_the_text():
    assert "Sigur Rós" in read(article("Sigur Rós").encode(), charset="iso-8859-1").article.text
    declared = article("Sigur Rós", head="<meta charset='iso-8859-1'>").encode("latin-1")
    assert "Sigur Rós" in read(declared, charset="utf-8").article.text


@pytest.mark.parametrize(
    "page",
    ["", "<html>", "<p>Short.</p>", "plain text", b"\xff\xfe", b"%PDF-1.7 ...", b"<" * 999, "<p>" + "7, 1; " * 99],
)
def test_a_page_with_too_little_text_is_none(page):
    assert (read(page).article, read(page).rejected) == (None, "too little text")


@pytest.mark.parametrize("nested", ["<div>", "<b><i>", "<table><tr><td>", "<ul><li>"])
def test_a_page_that_is_nested_without_end_is_none(nested):
    assert read(article("x") + nested * 5_000 + "text").rejected == "nested too deep"


def test_a_short_review_beside_a_list_of_others_is_an_article():
    others = "".join(f"<li><a href='/{n}'>Some Band {n}: The Record of {n}</a></li>" for n in range(5))
    page = (
        f"<html lang='en'><body><table><tr><td><ul>{others}</ul></td><td><h1>Low: Hey What</h1>"
        f"<p>{'The room seems to get smaller with each song on this side. ' * 5}</p>"
        f"<p>{'Nothing here is in a hurry, and no bar is wasted at all. ' * 5}</p></td></tr></table></body></html>"
    )
    assert not read(page).listing
    assert read(page).article.title == "Low: Hey What"


def test_wishes_of_the_page_are_respected():
    link = "<a href='/b'>more</a>"
    closed = read(article("x", link, "<meta name='robots' content='NOINDEX, follow'>"))
    assert (closed.article, closed.rejected) == (None, "noindex")
    assert any(found.url.endswith("/b") for found in closed.links)
    dead_end = read(article("x", link), robots="nofollow")
    assert dead_end.article is not None
    assert dead_end.links == []
    assert read(article("x", link), robots="none").article is None


def test_the_language_is_recognised_and_the_page_decides_where_it_is_not_clear():
    german = "Die neue Platte beginnt mit einem langen Ton und zwei Stimmen, die einander umkreisen. " * 3
    assert recognise(german, "en") == "de"
    assert recognise("1234 5678", "fr") == "fr"
    assert recognise("Ok", None)
