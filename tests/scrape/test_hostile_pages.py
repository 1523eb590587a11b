"""Pages that are made, or broken, so that reading them goes wrong: each costs itself, is named, and is soon over."""

import random
import time
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jobs.scrape.extract import Hints, read_page
from tests.scrape.conftest import article

NOW = datetime(2026, 11, 20, tzinfo=UTC)
SECONDS = 15.0  # of CPU; none takes one on an idle machine, and a process is ended after 20
LINE = "the record begins with a drone and no bar is wasted " * 200_000  # 10 MB
LINK = "<a href='/{0}'>A headline of number {0}</a>"


def read(page: str | bytes, charset: str | None = None):
    body = page.encode() if isinstance(page, str) else page
    return read_page(body, charset, "http://example.org/a", Hints(), "", 250, NOW)


def json_ld(text: str) -> str:
    return f"<script type='application/ld+json'>{text}</script>"


@pytest.mark.parametrize(
    ("page", "why"),
    [
        (f"<h1>T</h1><p>{LINE}</p>", "too much text"),
        (f"<p title='{LINE}'>Text.</p>", "too little text"),
        (f"<title>{LINE}</title>{article('x')}", ""),
        (json_ld('{"@type": "Article", "headline": "' + LINE + '"}') + article("x"), ""),
        (json_ld("[[]," * 2_000_000) + article("x"), ""),
        (json_ld("[" + '{"@type": "Article", "author": [{"name": "A B"}]},' * 20_000 + "{}]") + article("x"), ""),
        (article("x", "".join(map(LINK.format, range(100_000)))), "too many elements"),
        (article("x") + "<meta name='author' content='A B'>" * 100_000, "too many elements"),
        (article("x", "".join(map(LINK.format, range(20_000)))), ""),
        ("<div>" * 100_000 + article("x"), "nested too deep"),
        ("<div>" * 1_500 + article("x"), ""),
        ("<title>" + " | " * 300_000 + "</title>" + article("x"), ""),
        (article("x").replace("</h1>", "</h1>" + "<p>By </p>" * 20_000), ""),
    ],
    ids=lambda value: value[:40] if isinstance(value, str) else None,
)
def test_it_is_named_and_soon_over(page, why):
    began = time.process_time()
    found = read(page)
    assert time.process_time() - began < SECONDS
    assert found.rejected == why
    if found.article:
        assert "dry and close" in found.article.text
        assert len(found.article.title) <= 500
        assert len(found.article.authors) <= 20


def test_of_a_hundred_thousand_links_so_many_are_followed():
    found = read(article("x", "".join(map(LINK.format, range(20_000)))))
    assert len(found.links) <= 2000
    assert len(found.article.links) <= 500


@pytest.mark.parametrize(
    "body",
    [
        b"\x89PNG\r\n\x1a\n" + random.Random(1).randbytes(100_000),
        b"%PDF-1.7\n" + random.Random(2).randbytes(100_000),
        b"PK\x03\x04" + random.Random(3).randbytes(100_000),
        b"\x1f\x8b\x08" + random.Random(4).randbytes(100_000),
        b"\x00" * 100_000,
        b"<" * 100_000,
        b"&" * 100_000,
        b"<!--" * 25_000,
        b"<![CDATA[" * 10_000,
    ],
)
def test_what_is_no_page_whatever_its_content_type_says_holds_no_article(body):
    found = read(body)
    assert found.article is None
    assert found.rejected in ("not text", "too little text", "too many elements")


@pytest.mark.parametrize("really", ["utf-8", "utf-16", "utf-16-le", "utf-32", "cp1252", "shift_jis"])
@pytest.mark.parametrize("claimed", [None, "utf-8", "iso-8859-1", "utf-16", "utf-7", "x" * 1000, "\x00"])
def test_a_wrong_charset_costs_at_most_the_page(really, claimed):
    found = read(article("Low").encode(really), claimed)
    assert found.article is None or found.article.text.isprintable() or "\n" in found.article.text


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=300))
@settings(max_examples=50)
def test_the_text_is_normalised_whatever_is_in_the_page(words):
    found = read(article("x").replace("</article>", f"<p>{words}</p></article>", 1)).article
    if found is not None:
        assert not set("\x00\x0b\x1b\u200b\u202e\ufeff") & set(found.text + (found.title or ""))
