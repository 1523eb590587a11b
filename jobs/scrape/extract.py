"""The article in a page: main text, title, author, date, language; or why there is none."""

from dataclasses import dataclass
from datetime import datetime
from functools import cache

import trafilatura
from bs4 import BeautifulSoup, Tag
from py3langid.langid import MODEL_FILE, LanguageIdentifier

from jobs.scrape.discover import Link, is_listing, page_links
from jobs.scrape.metadata import Metadata, author_name, language_code, metadata, parse_date
from jobs.scrape.text import clean, clean_line, decode, text_sha256

SURE = 0.9  # probability from which a recognised language counts more than what the page says
LANGUAGE_CHARACTERS = 5000  # the start of a text, from which its language is recognised

MAX_PLACES = 20  # <article> elements that are looked into
BLOCKS = ("p", "h1", "h2", "h3", "h4", "h5", "h6", "li", "blockquote", "pre", "dd")
AROUND = ("script", "style", "noscript", "template", "nav", "header", "footer", "aside", "form", "button", "iframe")


@dataclass(frozen=True)
class Hints:
    """What is known about a page before it is read; each may be None."""

    published_at: datetime | None = None  # as its feed says, UTC
    title: str | None = None  # as its feed says
    language: str | None = None  # ISO 639-1, of its source


@dataclass(frozen=True)
class Article:
    """An article as it goes into the table of that name."""

    title: str | None
    author: str | None
    published_at: datetime | None  # UTC
    language: str  # ISO 639-1
    text: str
    text_sha256: str


@dataclass(frozen=True)
class Reading:
    """What a page is: an article, or the reason (`rejected`) why it is none; and where it leads."""

    article: Article | None
    rejected: str
    links: list[Link]
    listing: bool  # mostly headlines that lead to other pages


def read_page(
    body: bytes,
    charset: str | None,
    url: str,
    hints: Hints,
    robots: str,
    min_characters: int,
    now: datetime,
) -> Reading:
    """Read an HTML page.

    charset : as the HTTP header says, or None; robots : the X-Robots-Tag header; min_characters : pages with less
    main text hold no article; now : UTC, when it was fetched
    """
    markup = decode(body, charset)
    soup = BeautifulSoup(markup, "lxml")
    said = metadata(soup, now)
    wishes = {wish.strip() for wish in f"{robots},{said.robots}".split(",")}
    links = [] if wishes & {"nofollow", "none"} else page_links(soup, url)
    text = main_text(markup, soup, min_characters)
    listing = not said.is_article and is_listing(links, url, text, min_characters)
    if wishes & {"noindex", "none"}:
        return Reading(None, "noindex", links, listing)
    if len(text) < min_characters:
        return Reading(None, "too little text", links, listing)
    return Reading(_article(markup, said, text, hints, url, now), "", links, listing)


def main_text(markup: str, soup: BeautifulSoup, min_characters: int) -> str:
    """The main text of a page, clean.

    trafilatura (Barbaresi 2021, "Trafilatura: A Web Scraping Library and Command-Line Tool for Text Discovery and
    Extraction"), careful first; where that leaves too little, taking more; then what the page's own structure says.
    """
    text = ""
    for careful in (True, False):
        document = trafilatura.bare_extraction(markup, favor_precision=careful, include_comments=False)
        text = max(text, clean(document.text or "") if document else "", key=len)
        if len(text) >= min_characters:
            return text
    return max(text, structural_text(soup), key=len)


def structural_text(soup: BeautifulSoup) -> str:
    """The paragraphs, headings and lists in the largest <article> or <main>, or in the whole body. Takes menus, forms
    and the like out of the soup."""
    for element in soup.find_all(AROUND):
        element.extract()
    places = soup.find_all(["article", "main"], limit=MAX_PLACES) or soup.find_all("body", limit=1)
    return max((_blocks(place) for place in places), key=len, default="")


def _blocks(place: Tag) -> str:
    kept, within = [], set()
    for block in place.find_all(BLOCKS):
        if id(block) not in within:
            within.update(map(id, block.find_all(BLOCKS)))
            kept.append(" ".join(block.get_text(" ").split()))
    return clean("\n".join(kept))


def _article(markup: str, said: Metadata, text: str, hints: Hints, url: str, now: datetime) -> Article:
    title, author = said.title or hints.title, said.author
    published_at = said.published_at or hints.published_at
    if not (title and author and published_at):
        found = trafilatura.extract_metadata(markup, default_url=url, extensive=False)
        title, author = title or clean_line(found.title), author or author_name(found.author)
        published_at = published_at or parse_date(found.date, now)
    language = recognise(text, said.language or language_code(hints.language))
    return Article(title, author, published_at, language, text, text_sha256(text))


def recognise(text: str, stated: str | None) -> str:
    """The ISO 639-1 code of the language of a text (Lui and Baldwin 2012, "langid.py"); what is stated about it
    counts where the text does not make it clear."""
    language, probability = _identifier().classify(text[:LANGUAGE_CHARACTERS])
    return language if probability >= SURE or stated is None else stated


@cache
def _identifier() -> LanguageIdentifier:
    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
