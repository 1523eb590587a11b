"""Articles as web pages, each publication in its own way: metadata, menus, adverts, and where the date stands."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from email.utils import format_datetime
from html import escape

from jobs.sample.prose import Article

_MONTHS = """
    en January February March April May June July August September October November December
    de Januar Februar März April Mai Juni Juli August September Oktober November Dezember
    fr janvier février mars avril mai juin juillet août septembre octobre novembre décembre
"""
MONTHS = {language: months for language, *months in map(str.split, _MONTHS.strip().splitlines())}
COOKIES = (
    '<div id="cookie-banner" class="consent"><p>We use cookies and similar technologies to understand how you use our '
    'site and to improve your experience. <a href="/cookies.html">Read our cookie policy</a>.</p>'
    "<button>Accept all</button><button>Only what is needed</button></div>"
)
ADVERTS = (
    '<aside class="advert"><p>ADVERTISEMENT</p><p>Headphones that love you back. 20 % off until Sunday.</p></aside>',
    '<div class="ad-slot sponsored"><p>Sponsored: the mattress that musicians swear by.</p></div>',
    '<div class="newsletter"><h4>Never miss a beat</h4><p>Sign up for our weekly newsletter.</p>'
    '<form action="/search"><input name="q"><button>Sign up</button></form></div>',
)


@dataclass(frozen=True)
class Publication:
    """A publication on the site. folder : path of its pages, without slashes; kind : of its source, feed or site;
    page : writes an article as HTML, from (publication, article, address, links to other pages)."""

    folder: str
    name: str
    language: str
    kind: str
    page: Callable[["Publication", Article, str, list[tuple[str, str]]], str]

    @property
    def menu(self) -> str:
        """The navigation at the top of each page."""
        items = {"en": "Home Reviews News Interviews About Contact", "de": "Start Kritiken Neues Impressum Kontakt",
                 "fr": "Accueil Critiques Actualités Contact"}[self.language].split()  # fmt: skip
        return "".join(f'<li><a href="/{self.folder}/">{item}</a></li>' for item in items)


def written_date(day: date, language: str = "en") -> str:
    """The day as a reader sees it.

    >>> written_date(date(2026, 11, 3)), written_date(date(2026, 3, 9), "de")
    ('November 3, 2026', '9. März 2026')
    """
    month = MONTHS[language][day.month - 1]
    if language == "en":
        return f"{month} {day.day}, {day.year}"
    return f"{day.day}{'.' if language == 'de' else ''} {month} {day.year}"


def published(day: date) -> datetime:
    """The moment at which an article of this day came out, UTC."""
    return datetime.combine(day, time(9, 30), tzinfo=UTC)


def magazine(publication: Publication, article: Article, address: str, links: list[tuple[str, str]]) -> str:
    """JSON-LD and OpenGraph; cookie note, adverts between the paragraphs, related links."""
    linked_data = {
        "@context": "https://schema.org",
        "@type": "NewsArticle",
        "headline": article.headline,
        "datePublished": published(article.day).isoformat(),
        "author": {"@type": "Person", "name": article.author},
        "publisher": {"@type": "Organization", "name": publication.name},
    }
    head = (
        f'<script type="application/ld+json">{json.dumps(linked_data, ensure_ascii=False)}</script>'
        f'<meta property="og:title" content="{escape(article.headline)}"><meta property="og:type" content="article">'
        f'<link rel="canonical" href="{escape(address)}"><link rel="alternate" type="application/rss+xml" '
        f'href="/{publication.folder}/feed.xml">'
    )
    text = _paragraphs(article)
    text.insert(len(text) // 2, ADVERTS[0])
    body = (
        f'<header class="site-header"><a class="logo" href="/{publication.folder}/">{publication.name}</a>'
        f"<nav><ul>{publication.menu}</ul></nav></header>{COOKIES}<main><article><h1>{escape(article.headline)}</h1>"
        f'<p class="byline">By {escape(article.author)} · <time datetime="{article.day}">'
        f"{written_date(article.day, article.language)}</time></p>{''.join(text)}</article>"
        f"{_related('More from ' + publication.name, links)}{ADVERTS[2]}</main>{_footer(publication)}"
    )
    return _document(article, publication, head, body)


def blog(publication: Publication, article: Article, address: str, links: list[tuple[str, str]]) -> str:
    """OpenGraph with the time; divisions instead of HTML 5, a sidebar, comments by readers."""
    head = (
        f'<meta property="og:title" content="{escape(article.headline)}"><meta property="og:type" content="article">'
        f'<meta property="article:published_time" content="{published(article.day).isoformat()}">'
        f'<meta name="author" content="{escape(article.author)}">'
    )
    body = (
        f'<div id="wrap"><div id="menu"><ul>{publication.menu}</ul></div><div class="post"><h2 class="post-title">'
        f'{escape(article.headline)}</h2><div class="entry-content">{"".join(_paragraphs(article))}</div>'
        f'<div class="tags">Tags: <a href="/{publication.folder}/">music</a> <a href="/{publication.folder}/">new</a>'
        f'</div></div><div id="sidebar"><h3>Recent posts</h3>{link_list(links)}{ADVERTS[1]}</div>'
        '<div id="comments"><h3>2 comments</h3><div class="comment"><p>First!</p></div><div class="comment"><p>Saw '
        "them last year, great night.</p></div></div></div>"
        f"{_footer(publication)}"
    )
    return _document(article, publication, head, body)


def plain(publication: Publication, article: Article, address: str, links: list[tuple[str, str]]) -> str:
    """No metadata at all: the date is in the text that readers see, tables make the layout."""
    body = (
        f'<table width="100%"><tr><td class="nav"><ul>{publication.menu}</ul>{link_list(links)}</td><td>'
        f"<h1>{escape(article.headline)}</h1><p><small>Posted on {written_date(article.day, article.language)} by "
        f"{escape(article.author)}</small></p>{''.join(_paragraphs(article))}</td></tr></table>{_footer(publication)}"
    )
    return _document(article, publication, "", body)


def undated(publication: Publication, article: Article, address: str, links: list[tuple[str, str]]) -> str:
    """Neither date nor author anywhere."""
    body = (
        f"<ul>{publication.menu}</ul><h1>{escape(article.headline)}</h1>{''.join(_paragraphs(article))}"
        f"{link_list(links)}"
    )
    return _document(article, publication, "", body)


def broken(html: str) -> str:
    """The page as careless hands would write it: tags left open or closed twice, bare ampersands, no end."""
    damaged = html.replace("</p>", "").replace("&amp;", "&").replace("</div>", "</div></span>", 1)
    return damaged.replace("</body></html>", "<p>&copy <b><i>nested</b> wrongly</i><div")


def index(publication: Publication, links: list[tuple[str, str]], extra: str = "") -> str:
    """The start page of a publication: links to its pages, and `extra` HTML."""
    article = Article(publication.name, [], "", date.min, (), publication.language)
    body = f"<nav><ul>{publication.menu}</ul></nav><h1>{publication.name}</h1>{link_list(links)}{extra}"
    head = f'<link rel="alternate" type="application/rss+xml" href="/{publication.folder}/feed.xml">'
    head = head if publication.kind == "feed" else ""
    return _document(article, publication, head, body + _footer(publication))


def feed(publication: Publication, home: str, items: list[tuple[Article, str]]) -> str:
    """RSS 2.0 (https://www.rssboard.org/rss-specification) of (article, absolute address), the newest first."""
    entries = "".join(
        f"<item><title>{escape(article.headline)}</title><link>{escape(address)}</link>"
        f'<guid isPermaLink="true">{escape(address)}</guid><pubDate>{format_datetime(published(article.day))}</pubDate>'
        f"<author>{escape(article.author)}</author><description>{escape(article.paragraphs[0][:160])}…</description>"
        "</item>"
        for article, address in sorted(items, key=lambda item: (item[0].day, item[1]), reverse=True)
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?><rss version="2.0"><channel>'
        f"<title>{publication.name}</title><link>{home}</link><description>{publication.name}</description>"
        f"<language>{publication.language}</language>{entries}</channel></rss>\n"
    )


def _document(article: Article, publication: Publication, head: str, body: str) -> str:
    return (
        f'<!DOCTYPE html><html lang="{article.language}"><head><meta charset="utf-8"><title>{escape(article.headline)}'
        f" | {publication.name}</title>{head}</head><body>{body}</body></html>\n"
    )


def _paragraphs(article: Article) -> list[str]:
    return [
        f"<p><strong>{escape(text[3:])}</strong></p>" if text.startswith("Q: ") else f"<p>{escape(text)}</p>"
        for text in article.paragraphs
    ]


def link_list(items: list[tuple[str, str]]) -> str:
    """A list of links, from (text, address)."""
    return "<ul>" + "".join(f'<li><a href="{escape(href)}">{escape(text)}</a></li>' for text, href in items) + "</ul>"


def _related(heading: str, links: list[tuple[str, str]]) -> str:
    return f'<section class="related"><h3>{escape(heading)}</h3>{link_list(links)}</section>'


def _footer(publication: Publication) -> str:
    return (
        f"<footer><p>© 2026 {publication.name}. All rights reserved.</p><ul>"
        '<li><a href="/imprint.html">Imprint</a></li><li><a href="/privacy.html">Privacy policy</a></li>'
        f'<li><a href="/{publication.folder}/private/staff.html">Staff</a></li></ul></footer>'
    )
