"""What a page says about itself: title, author, date, language, kind; from JSON-LD, meta elements and <time>."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from bs4 import BeautifulSoup

from jobs.scrape.text import clean_line

# Types of schema.org that are articles; every other type that ends in "Article" or "Posting" is one too.
ARTICLE_TYPES = frozenset({"Review", "CriticReview", "Report", "AnalysisNewsArticle", "MusicReview"})
OLDEST = datetime(1990, 1, 1, tzinfo=UTC)  # the web is not older: an earlier date is a mistake

TITLES = ("og:title", "twitter:title", "dc.title", "dcterms.title")
AUTHORS = ("author", "article:author", "dc.creator", "dcterms.creator", "parsely-author", "sailthru.author")
DATES = ("article:published_time", "og:article:published_time", "datepublished", "date", "dc.date", "dcterms.created",
         "dc.date.issued", "parsely-pub-date", "sailthru.date", "pubdate", "publishdate")  # fmt: skip


@dataclass(frozen=True)
class Metadata:
    """Each is None where the page does not say it. `is_article`: it declares itself as one."""

    title: str | None
    author: str | None
    published_at: datetime | None  # UTC
    language: str | None  # ISO 639-1
    robots: str  # lower case: noindex, nofollow, none
    is_article: bool


def metadata(soup: BeautifulSoup, now: datetime) -> Metadata:
    """Read the metadata of a page; dates after `now` and a day are mistakes."""
    metas = _metas(soup)
    articles = [thing for thing in _things(soup) if _is_article(thing)]
    said = articles[0] if articles else {}
    heading = soup.find("h1")
    titles = [said.get("headline"), *(metas.get(name) for name in TITLES), heading and heading.get_text(" "),
              soup.title and soup.title.get_text(" ")]  # fmt: skip
    dates = [said.get("datePublished"), *(metas.get(name) for name in DATES), *_times(soup)]
    authors = [_names(said.get("author")), *(metas.get(name) for name in AUTHORS)]
    return Metadata(
        title=next(filter(None, map(clean_line, titles)), None),
        author=next(filter(None, map(author_name, authors)), None),
        published_at=next(filter(None, (parse_date(date, now) for date in dates)), None),
        language=language_code(soup.html.get("lang") if soup.html else None) or language_code(metas.get("og:locale")),
        robots=(metas.get("robots") or "").lower(),
        is_article=bool(articles) or metas.get("og:type") == "article",
    )


def parse_date(text: object, now: datetime) -> datetime | None:
    """A moment in UTC, from ISO 8601 or the form of mail headers; None when it is neither, or not plausible.

    >>> parse_date("2026-11-02T01:30:00+02:00", datetime(2026, 11, 23, tzinfo=UTC)).isoformat()
    '2026-11-01T23:30:00+00:00'
    """
    if not isinstance(text, str):
        return None
    for parse in (datetime.fromisoformat, parsedate_to_datetime):
        try:
            moment = parse(text.strip())
            moment = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
        except (ValueError, OverflowError):
            continue
        return moment if OLDEST <= moment <= now + timedelta(days=1) else None
    return None


def author_name(text: object) -> str | None:
    """A name as a byline gives it; None when it is an address, as some pages have it.

    >>> author_name("By Jane Doe")
    'Jane Doe'
    """
    name = clean_line(text)
    return None if name is None or "://" in name else name.removeprefix("By ").removeprefix("by ")


def language_code(tag: object) -> str | None:
    """The ISO 639-1 code of a language tag ("en-GB", "pt_BR"); None when it has none."""
    code = tag.replace("_", "-").split("-")[0].strip().lower() if isinstance(tag, str) else ""
    return code if len(code) == 2 and code.isascii() and code.isalpha() else None


def _metas(soup: BeautifulSoup) -> dict[str, str]:
    """The content of meta elements by name, in lower case; the first of each name counts."""
    metas: dict[str, str] = {}
    for element in soup.find_all("meta", content=True):
        name = element.get("property") or element.get("name") or element.get("itemprop")
        if isinstance(name, str) and element["content"].strip():
            metas.setdefault(name.strip().lower(), element["content"].strip())
    return metas


def _times(soup: BeautifulSoup) -> Iterator[str]:
    """The dates of <time> elements: those marked as the day of publication, then those in the article's own head."""
    places = ("time[pubdate]", 'time[itemprop="datePublished"]', "article header time", "header time", "article time")
    for place in places:
        for element in soup.select(place, limit=1):
            yield element.get("datetime") or element.get_text()


def _things(soup: BeautifulSoup) -> Iterator[dict]:
    """Everything that the page's JSON-LD blocks describe at their top, or in a graph."""
    for script in soup.find_all("script", type="application/ld+json"):
        try:
            waiting = [json.loads(script.string or "", strict=False)]
        except (ValueError, RecursionError):
            continue
        while waiting:
            thing = waiting.pop(0)
            if isinstance(thing, list):
                waiting += thing
            elif isinstance(thing, dict):
                yield thing
                waiting += [thing[key] for key in ("@graph", "mainEntity") if key in thing]


def _is_article(thing: dict) -> bool:
    kinds = thing.get("@type")
    kinds = kinds if isinstance(kinds, list) else [kinds]
    return any(isinstance(k, str) and (k in ARTICLE_TYPES or k.endswith(("Article", "Posting"))) for k in kinds)


def _names(authors: object) -> str | None:
    """The names of schema.org's author: a text, a Person, or several."""
    several = authors if isinstance(authors, list) else [authors]
    names = [a.get("name") if isinstance(a, dict) else a for a in several]
    return ", ".join(name for name in names if isinstance(name, str) and "://" not in name) or None
