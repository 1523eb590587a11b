"""The article in a page: main text, title, authors, dates, language and the rest; or why there is none."""

import hashlib
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache

import trafilatura
from lxml.html import HtmlElement
from py3langid.langid import MODEL_FILE, LanguageIdentifier

from jobs.scrape.byline import author_names
from jobs.scrape.copies import sketch
from jobs.scrape.dates import Moment, parse_moment
from jobs.scrape.links import Link, is_listing, page_links, text_links
from jobs.scrape.metadata import Metadata, language_code, metadata
from jobs.scrape.text import clean, clean_line, decode, is_binary, text_sha256
from jobs.scrape.tree import UNSEEN, TooComplex, parse, words

SURE = 0.9  # probability from which a recognised language counts more than what the page says
LANGUAGE_CHARACTERS = 5000  # the start of a text, from which its language is recognised

READABLE = 0.4  # least share of letters and digits in a main text; a table of results has more than half
MAX_CHARACTERS = 1_000_000  # of a main text: two novels
MAX_PLACES = 20  # <article> elements that are looked into
PARAGRAPHS = ("p", "h1", "h2", "h3", "h4", "h5", "h6", "li", "blockquote", "pre", "dd")
AROUND = UNSEEN | {"nav", "header", "footer", "aside", "form", "button", "iframe"}


@dataclass(frozen=True)
class Hints:
    """What is known about a page before it is read; each may be None."""

    published_at: datetime | None = None  # as its feed says, UTC
    title: str | None = None  # as its feed says
    language: str | None = None  # ISO 639-1, of its source


@dataclass(frozen=True)
class Article:
    """An article; each field is the column of that name in `articles`."""

    title: str | None
    authors: list[str]
    published_at: datetime | None  # UTC
    published_utc_offset: int | None  # minutes
    modified_at: datetime | None  # UTC
    language: str  # ISO 639-1
    section: str | None
    tags: list[str]
    canonical_url: str | None
    rating: float | None  # 0 to 1
    reviewed_title: str | None
    reviewed_artist: str | None
    links: list[str]
    text: str
    text_sha256: str
    body_sha256: str
    minhash: bytes
    minhash_bands: list[int]
    names: bytes


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
    agent: str = "",
) -> Reading:
    """Read an HTML page.

    charset : as the HTTP header says, or None; robots : the X-Robots-Tag header; min_characters : pages with less
    main text hold no article; now : UTC, when it was fetched; agent : the name by which the page's robots elements may
    call us, besides "robots"
    """
    if is_binary(body, charset):
        return Reading(None, "not text", [], False)
    try:
        tree = parse(decode(body, charset))
    except TooComplex as error:
        return Reading(None, str(error), [], False)
    said = metadata(tree, url, now, agent)
    wishes = {wish.strip() for wish in f"{robots},{said.robots}".split(",")}
    links = [] if wishes & {"nofollow", "none"} else page_links(tree, url)
    text = main_text(tree, min_characters)
    listing = not said.is_article and is_listing(links, url, text, min_characters)
    if wishes & {"noindex", "none"}:
        return Reading(None, "noindex", links, listing)
    if len(text) < min_characters or sum(map(str.isalnum, text)) < READABLE * len(text):
        return Reading(None, "too little text", links, listing)
    if len(text) > MAX_CHARACTERS:
        return Reading(None, "too much text", links, listing)
    version = hashlib.sha256(body).hexdigest()
    article = _article(tree, completed(said, tree, url, hints, now), text, version, hints, url)
    return Reading(article, "", links, listing)


def main_text(tree: HtmlElement, min_characters: int) -> str:
    """The main text of a page, clean.

    trafilatura (Barbaresi 2021, "Trafilatura: A Web Scraping Library and Command-Line Tool for Text Discovery and
    Extraction"), careful first; where that leaves too little, taking more; then what the page's own structure says.
    """
    text = ""
    for careful in (True, False):
        document = trafilatura.bare_extraction(tree, favor_precision=careful, include_comments=False)
        text = max(text, clean(document.text or "") if document else "", key=len)
        if len(text) >= min_characters:
            return text
    return max(text, structural_text(tree), key=len)


def structural_text(tree: HtmlElement) -> str:
    """The paragraphs, headings and lists in the largest <article> or <main>, or in the whole body, without menus, forms
    and the like."""
    places = list(tree.iter("article", "main"))[:MAX_PLACES] or list(tree.iter("body"))[:1]
    return max(map(_paragraphs, places), key=len, default="")


def _paragraphs(place: HtmlElement) -> str:
    """The outermost paragraphs in a part of a page, one a line."""
    kept, waiting = [], [place]
    while waiting:
        element = waiting.pop()
        if element.tag in PARAGRAPHS:
            kept.append(words(element))
        elif element.tag not in AROUND:
            waiting += reversed(element)
    return clean("\n".join(kept))


def completed(said: Metadata, tree: HtmlElement, url: str, hints: Hints, now: datetime) -> Metadata:
    """What a page says about itself, with what is missing in it from the hints, or else as trafilatura and htmldate
    (Barbaresi 2020, "htmldate: A Python package to extract publication dates from web pages") find it."""
    title, authors, published = said.title or hints.title, said.authors, said.published
    if published is None and hints.published_at is not None:
        published = Moment(hints.published_at, None)
    if not (title and authors and published):
        found = trafilatura.extract_metadata(tree, default_url=url, extensive=False)
        title, authors = title or clean_line(found.title), authors or tuple(author_names(found.author))
        published = published or parse_moment(found.date, now)
    return replace(said, title=title, authors=authors, published=published)


def _article(tree: HtmlElement, said: Metadata, text: str, version: str, hints: Hints, url: str) -> Article:
    sketched = sketch(text)
    return Article(
        title=said.title,
        authors=list(said.authors),
        published_at=said.published.at if said.published else None,
        published_utc_offset=said.published.offset if said.published else None,
        modified_at=said.modified.at if said.modified else None,
        language=recognise(text, said.language or language_code(hints.language)),
        section=said.section,
        tags=list(said.tags),
        canonical_url=said.canonical_url,
        rating=said.review.rating if said.review else None,
        reviewed_title=said.review.title if said.review else None,
        reviewed_artist=said.review.artist if said.review else None,
        links=text_links(tree, url, text),
        text=text,
        text_sha256=text_sha256(text),
        body_sha256=version,
        minhash=sketched.minhash,
        minhash_bands=sketched.bands,
        names=sketched.names,
    )


def recognise(text: str, stated: str | None) -> str:
    """The ISO 639-1 code of the language of a text (Lui and Baldwin 2012, "langid.py"); what is stated about it
    counts where the text does not make it clear."""
    language, probability = _identifier().classify(text[:LANGUAGE_CHARACTERS])
    return language if probability >= SURE or stated is None else stated


@cache
def _identifier() -> LanguageIdentifier:
    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
