"""What a page says about itself: title, authors, dates, language, section, tags, address; from schema.org, then meta
elements (OpenGraph, https://ogp.me, and the like), then what readers see."""

import html
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from lxml.html import HtmlElement

from jobs.scrape import urls
from jobs.scrape.byline import MAX_AUTHORS, around, author_names, authors_among, date_among
from jobs.scrape.dates import Moment, parse_moment
from jobs.scrape.linked_data import LinkedData, is_article, is_review, linked_data, types
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

MAX_HEADINGS = 20
MAX_TAGS = 50
MAX_TAG = 80  # characters; what is longer is no keyword
_SITE = re.compile(r"\s+[|–—·•«»›-]+\s+|\s*::\s*")  # between the title of a page and the name of its site or section


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


def metadata(tree: HtmlElement, url: str, now: datetime, agent: str = "") -> Metadata:
    """Read the metadata of a page; dates after `now` and a day are mistakes; what it says to robots is for all of them
    or for `agent`."""
    data, metas = linked_data(tree), _metas(tree)
    canonical = _canonical(tree, metas, url)
    said = article_thing(data, {url, canonical})
    heading = _heading(tree, metas)
    authors = _authors(data, said) or _names(_contents(metas, AUTHORS))
    published = _moment([*_texts(data, said, "datePublished"), *_contents(metas, PUBLISHED)], now)
    if not authors or published is None:
        pieces = around(tree, heading)
        authors = authors or authors_among(pieces)
        published = published or date_among(pieces, now)
    modified = _moment([*_texts(data, said, "dateModified"), *_contents(metas, MODIFIED)], now)
    return Metadata(
        title=_title(data, said, metas, heading, tree),
        authors=tuple(authors),
        published=published,
        modified=None if modified and published and modified.at < published.at else modified,
        language=_language(tree, metas, data, said),
        section=_first([*_texts(data, said, "articleSection"), *_contents(metas, SECTIONS)]),
        tags=_tags(data, said, metas, tree),
        canonical_url=canonical,
        review=review(data, said),
        robots=",".join(_contents(metas, ("robots", agent.lower()))).lower(),
        is_article=said is not None or "article" in metas.get("og:type", []),
    )


def language_code(tag: object) -> str | None:
    """The ISO 639-1 code of a language tag ("en-GB", "pt_BR"); None when it has none."""
    code = tag.replace("_", "-").split("-")[0].strip().lower() if isinstance(tag, str) else ""
    return code if len(code) == 2 and code.isascii() and code.isalpha() else None


def article_thing(data: LinkedData, addresses: set[str | None]) -> dict | None:
    """The thing that is the article of the page: the one that says so by its address, or else the first; of several
    reviews none, because readers wrote them."""
    articles = [thing for thing in data.things if is_article(thing)]
    for thing in articles:
        named = [thing.get("@id"), *data.values(thing, "url"), *data.values(thing, "mainEntityOfPage")]
        said = [one.get("@id") if isinstance(one, dict) else one for one in named]
        if any(one in addresses for one in said if isinstance(one, str)):
            return thing
    reviews = [thing for thing in articles if is_review(thing)]
    return next((thing for thing in articles if len(reviews) < 2 or not is_review(thing)), None)


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


def _heading(tree: HtmlElement, metas: dict[str, list[str]]) -> HtmlElement | None:
    """The heading of the article. On a page with several first-level headings it is the one in the page's own title,
    because some sites mean their name by them; a page without one may use the second level."""
    titles = " ".join([*_contents(metas, TITLES), *map(words, tree.iter("title"))])
    for level in ("h1", "h2"):
        headings = [heading for heading in tree.iter(level) if words(heading)][:MAX_HEADINGS]
        named = [heading for heading in headings if words(heading) in titles]
        if named:
            return max(named, key=lambda heading: len(words(heading)))
        if level == "h1" and headings:
            return headings[0]
    return None


def _title(
    data: LinkedData, said: dict | None, metas: dict[str, list[str]], heading: HtmlElement | None, tree: HtmlElement
) -> str | None:
    """The title that is marked, or the heading, or the window's title; without the name of the site or section that
    some write before or behind it."""
    shown = words(heading) if heading is not None else ""
    sites = {site.casefold() for site in _contents(metas, ("og:site_name", "application-name"))}
    marked = [*_texts(data, said, "headline"), *_texts(data, said, "name"), *_contents(metas, TITLES)]
    window = next((words(title) for title in tree.iter("title")), "")
    titles = [*(_bare(title, shown, sites) for title in marked), shown, max(_SITE.split(window), key=len)]
    return _first(titles)


def _bare(title: str, shown: str, sites: set[str]) -> str:
    """A title without what the heading does not say, or the name of its site."""
    title = " ".join(title.split())
    for between in _SITE.finditer(title):
        before, behind = title[: between.start()], title[between.end() :]
        if shown in (before, behind):
            return shown
        if behind.casefold() in sites:
            return before
        if before.casefold() in sites:
            return behind
    return title


def _authors(data: LinkedData, said: dict | None) -> list[str]:
    """The names of a thing's authors: what is a text, or the name of a person, may be a whole byline."""
    if said is None:
        return []
    values = data.values(said, "author") or data.values(said, "creator")
    names = [author_names(data.name(value)) if _is_person(value) else [data.name(value)] for value in values]
    return list(dict.fromkeys(name for several in names for name in several if name and "://" not in name))[
        :MAX_AUTHORS
    ]


def _is_person(value: object) -> bool:
    return not isinstance(value, dict) or "person" in map(str.casefold, types(value))


def _names(texts: Iterable[str | None]) -> list[str]:
    names = {name.casefold(): name for text in texts for name in author_names(text)}
    return list(names.values())[:MAX_AUTHORS]


def _moment(texts: Iterable[object], now: datetime) -> Moment | None:
    return next(filter(None, (parse_moment(text, now) for text in texts)), None)


def _language(tree: HtmlElement, metas: dict[str, list[str]], data: LinkedData, said: dict | None) -> str | None:
    tags = [tree.get("lang"), *_texts(data, said, "inLanguage"), *_contents(metas, ("og:locale", "content-language"))]
    return next(filter(None, map(language_code, tags)), None)


def _tags(data: LinkedData, said: dict | None, metas: dict[str, list[str]], tree: HtmlElement) -> tuple[str, ...]:
    linked = _texts(data, said, "keywords")
    marked = (words(link) for link in tree.xpath("//a[@rel='tag']")[:MAX_TAGS])
    for texts in (linked, *([*metas.get(name, [])] for name in TAGS), marked):
        tags = [clean_line(tag.strip("\"' ")) for text in texts for tag in text.split(",")]
        kept = {tag.casefold(): tag for tag in tags if tag and len(tag) <= MAX_TAG and "/" not in tag[:1]}
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
