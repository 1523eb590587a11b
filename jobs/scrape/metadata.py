"""What a page says about itself: title, authors, dates, language, section, tags, address; from schema.org, then meta
elements (OpenGraph, https://ogp.me, and the like), then what readers see."""

import html
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from lxml.html import HtmlElement

from jobs.scrape import urls
from jobs.scrape.dates import Moment, parse_moment
from jobs.scrape.linked_data import LinkedData, is_article, linked_data
from jobs.scrape.reviews import Review, review
from jobs.scrape.text import clean_line
from jobs.scrape.tree import base_url, words

TITLES = ("og:title", "twitter:title", "dc.title", "dcterms.title", "parsely-title", "sailthru.title")
AUTHORS = ("author", "article:author", "dc.creator", "dcterms.creator", "parsely-author", "sailthru.author", "byl")
PUBLISHED = ("article:published_time", "og:article:published_time", "datepublished", "date", "dc.date",
             "dcterms.created", "dc.date.issued", "parsely-pub-date", "sailthru.date", "pubdate", "publishdate",
             "publish-date", "publication_date")  # fmt: skip
MODIFIED = ("article:modified_time", "og:article:modified_time", "og:updated_time", "datemodified", "dcterms.modified",
            "last-modified")  # fmt: skip
SECTIONS = ("article:section", "og:article:section", "parsely-section", "section")
TAGS = ("article:tag", "og:article:tag", "keywords", "news_keywords", "parsely-tags", "sailthru.tags")

# Elements that hold the date, and those that hold the authors, of the article that a page is about; best first.
TIMES = ("//time[@pubdate]", "//time[@itemprop='datePublished']", "//article//header//time", "//header//time",
         "//article//time")  # fmt: skip
BYLINES = ("//*[@itemprop='author']", "//article//*[@rel='author']", "//*[@rel='author']",
           "//*[contains(concat(' ', @class, ' '), ' byline ')]",
           "//*[contains(concat(' ', @class, ' '), ' author ')]")  # fmt: skip

MAX_AUTHORS, MAX_TAGS = 20, 50
MAX_NAME = 80  # characters; what is longer is no name
_BY = re.compile(r"^(?:(?:words|written|posted|story|review|text|reported)\s+)?(?:by|von|par|por|di|door)\b:?\s+",
                 re.IGNORECASE)  # fmt: skip
_BETWEEN_NAMES = re.compile(r"\s+(?:and|und|et|y|&)\s+|\s*[;|•·]\s*|,\s+(?:and\s+)?", re.IGNORECASE)
_SITE = re.compile(r"\s+[|–—·•«»-]\s+|\s*::\s*")  # between the title of a page and the name of its site


@dataclass(frozen=True)
class Metadata:
    """Each is None, or empty, where the page does not say it. `is_article`: it declares itself as one."""

    title: str | None
    authors: tuple[str, ...]
    published: Moment | None
    modified: Moment | None
    language: str | None  # ISO 639-1
    section: str | None
    tags: tuple[str, ...]
    canonical_url: str | None
    review: Review | None
    robots: str  # lower case: noindex, nofollow, none
    is_article: bool


def metadata(tree: HtmlElement, url: str, now: datetime) -> Metadata:
    """Read the metadata of a page; dates after `now` and a day are mistakes."""
    data, metas = linked_data(tree), _metas(tree)
    canonical = _canonical(tree, metas, url)
    said = _article(data, {url, canonical})
    published = _moment([*_texts(data, said, "datePublished"), *_contents(metas, PUBLISHED), *_times(tree)], now)
    modified = _moment([*_texts(data, said, "dateModified"), *_contents(metas, MODIFIED)], now)
    if published and modified and modified.at < published.at:
        modified = None
    return Metadata(
        title=_first(
            [*_texts(data, said, "headline"), *_texts(data, said, "name"), *_contents(metas, TITLES), *_headings(tree)]
        ),
        authors=_authors(data, said, metas, tree),
        published=published,
        modified=modified,
        language=_language(tree, metas, data, said),
        section=_first([*_texts(data, said, "articleSection"), *_contents(metas, SECTIONS)]),
        tags=_tags(data, said, metas, tree),
        canonical_url=canonical,
        review=review(data, said),
        robots=",".join(metas.get("robots", [])).lower(),
        is_article=said is not None or "article" in metas.get("og:type", []),
    )


def language_code(tag: object) -> str | None:
    """The ISO 639-1 code of a language tag ("en-GB", "pt_BR"); None when it has none."""
    code = tag.replace("_", "-").split("-")[0].strip().lower() if isinstance(tag, str) else ""
    return code if len(code) == 2 and code.isascii() and code.isalpha() else None


def author_names(text: object) -> list[str]:
    """The names in a byline; none of what is an address or no name.

    >>> author_names("By Jane Doe and Ann Other"), author_names("https://example.org/jane")
    (['Jane Doe', 'Ann Other'], [])
    """
    line = _BY.sub("", clean_line(text) or "")
    parts = [part.strip(" ,.:-–") for part in _BETWEEN_NAMES.split(line)]
    if not all(" " in part for part in parts):  # one name with a comma or an "and", as of an agency
        parts = [line]
    return [part for part in parts if _is_name(part)]


def _is_name(text: str) -> bool:
    return len(text) <= MAX_NAME and any(c.isalpha() for c in text) and not re.search(r"://|@|\bwww\.", text)


def _article(data: LinkedData, addresses: set[str | None]) -> dict | None:
    """The thing that is the article of the page: the one that says so by its address, or else the first."""
    articles = [thing for thing in data.things if is_article(thing)]
    for thing in articles:
        named = [thing.get("@id"), *data.values(thing, "url"), *data.values(thing, "mainEntityOfPage")]
        if any((one.get("@id") if isinstance(one, dict) else one) in addresses for one in named if one):
            return thing
    return articles[0] if articles else None


def _texts(data: LinkedData, thing: dict | None, name: str) -> list[str]:
    """The values of a property that are texts, or have a name."""
    values = data.values(thing, name) if thing is not None else []
    return [text for text in map(data.name, values) if text]


def _metas(tree: HtmlElement) -> dict[str, list[str]]:
    """The contents of meta elements by name, in lower case, in the order of the page."""
    metas: dict[str, list[str]] = {}
    for element in tree.iter("meta"):
        name = element.get("property") or element.get("name") or element.get("itemprop")
        content = html.unescape(element.get("content") or "").strip()
        if name and content:
            metas.setdefault(name.strip().lower(), []).append(content)
    return metas


def _contents(metas: dict[str, list[str]], names: Iterable[str]) -> list[str]:
    return [content for name in names for content in metas.get(name, [])]


def _first(texts: Iterable[object]) -> str | None:
    return next(filter(None, map(clean_line, texts)), None)


def _headings(tree: HtmlElement) -> Iterator[str]:
    """The title that readers see: the heading of the page, or else its window's title without the site's name. A page
    with several first-level headings may mean its own name by them: the one in the window's title is taken."""
    window = next((words(title) for title in tree.iter("title")), "")
    headings = [heading for heading in map(words, tree.iter("h1")) if heading]
    yield from (heading for heading in headings if heading in window)
    yield from headings if len(headings) == 1 else ()
    yield max(_SITE.split(window), key=len)
    yield from headings


def _authors(data: LinkedData, said: dict | None, metas: dict[str, list[str]], tree: HtmlElement) -> tuple[str, ...]:
    """The names by the first of the sources that has one."""
    by_name = {"linked": [*_texts(data, said, "author"), *(() if said is None else _texts(data, said, "creator"))]}
    found = _names(by_name["linked"]) or _names(_contents(metas, AUTHORS))
    for place in () if found else BYLINES:
        found = found or _names(map(words, tree.xpath(place)[:MAX_AUTHORS]))
    return tuple(found)


def _names(texts: Iterable[str]) -> list[str]:
    names = {name.casefold(): name for text in texts for name in author_names(text)}
    return list(names.values())[:MAX_AUTHORS]


def _moment(texts: Iterable[object], now: datetime) -> Moment | None:
    return next(filter(None, (parse_moment(text, now) for text in texts)), None)


def _times(tree: HtmlElement) -> Iterator[str]:
    """The dates of <time> elements: those marked as the day of publication, then those in the article's own head."""
    for place in TIMES:
        for element in tree.xpath(place)[:1]:
            yield element.get("datetime") or words(element)


def _language(tree: HtmlElement, metas: dict[str, list[str]], data: LinkedData, said: dict | None) -> str | None:
    tags = [tree.get("lang"), *_texts(data, said, "inLanguage"), *_contents(metas, ("og:locale", "content-language"))]
    return next(filter(None, map(language_code, tags)), None)


def _tags(data: LinkedData, said: dict | None, metas: dict[str, list[str]], tree: HtmlElement) -> tuple[str, ...]:
    linked = _texts(data, said, "keywords")
    marked = (words(link) for link in tree.xpath("//a[@rel='tag']")[:MAX_TAGS])
    for texts in (linked, *([*metas.get(name, [])] for name in TAGS), marked):
        tags = [clean_line(tag) for text in texts for tag in text.split(",")]
        kept = {tag.casefold(): tag for tag in tags if tag and len(tag) <= MAX_NAME}
        if kept:
            return tuple(kept.values())[:MAX_TAGS]
    return ()


def _canonical(tree: HtmlElement, metas: dict[str, list[str]], url: str) -> str | None:
    links = [link.get("href") for link in tree.iter("link") if "canonical" in (link.get("rel") or "").lower().split()]
    for address in (*links, *metas.get("og:url", [])):
        canonical = urls.normalise(address, base_url(tree, url)) if address else None
        if canonical is not None:
            return canonical
    return None
