"""Where articles are: the entries of a feed, the links of a page."""

import html
import io
import re
from dataclasses import dataclass
from datetime import datetime

import feedparser
from bs4 import BeautifulSoup

from jobs.scrape import urls
from jobs.scrape.metadata import parse_date
from jobs.scrape.text import clean, clean_line, decode

MAX_LINKS = 2000  # of a page or feed; whoever has more sets a trap
AROUND = ("nav", "header", "footer", "aside", "menu")  # where links are the site's, not the page's
HEADLINE_WORDS = 3  # a link with as many is a headline, not a button
LEAST_HEADLINES = 3  # pages with fewer list nothing
PARAGRAPH = 80  # characters; shorter ones are captions
PARAGRAPHS_PER_HEADLINE = 2  # at most, of the teasers in a list


@dataclass(frozen=True)
class Entry:
    """An entry of a feed. `url` is normalised; the rest is None where the feed does not say it."""

    url: str
    title: str | None
    published_at: datetime | None  # UTC


@dataclass(frozen=True)
class Link:
    """A link of a page. `url` is normalised; `headline` is its text when that looks like one and stands in the page's
    own part, else empty."""

    url: str
    headline: str


def read_feed(body: bytes, charset: str | None, url: str, now: datetime) -> list[Entry]:
    """The entries of an RSS or Atom feed, in its order, each address once. Raises ValueError when it is none.

    The bytes go to feedparser as UTF-8 without a document type, so that no entity can be declared in them: those of
    HTML are known anyway.
    """
    text = _without_doctype(decode(body, charset))
    headers = {"content-type": "application/xml; charset=utf-8", "content-location": url}
    parsed = feedparser.parse(io.BytesIO(text.encode("utf-8", "replace")), response_headers=headers)
    if not parsed.get("version") and not parsed.entries:
        raise ValueError("not a feed")
    entries: dict[str, Entry] = {}
    for entry in parsed.entries[:MAX_LINKS]:
        address = urls.normalise(entry.get("link") or "", url) if entry.get("link") else None
        if address is not None and address not in entries:
            entries[address] = Entry(address, _title(entry), _date(entry, now))
    return list(entries.values())


def page_links(soup: BeautifulSoup, url: str) -> list[Link]:
    """The links of a page in its order, each address once, without those that ask not to be followed."""
    base = soup.find("base", href=True)
    home = (urls.normalise(base["href"], url) if base else None) or url
    links: dict[str, Link] = {}
    for anchor in soup.find_all("a", href=True, limit=MAX_LINKS):
        address = urls.normalise(anchor["href"], home) if "nofollow" not in (anchor.get("rel") or []) else None
        if address is None:
            continue
        words = " ".join(anchor.get_text(" ").split())
        headline = words if words.count(" ") + 1 >= HEADLINE_WORDS and anchor.find_parent(AROUND) is None else ""
        links[address] = Link(address, headline or (links[address].headline if address in links else ""))
    return list(links.values())


def is_listing(links: list[Link], url: str, text: str, min_characters: int) -> bool:
    """Whether a page mostly lists others: the headlines of other pages of its host make up its main text, or it has
    headlines and no text. Around an article there are headlines too, but they are not in its main text."""
    headlines = {link.headline for link in links if link.headline and urls.host(link.url) == urls.host(url)}
    if len(text) < min_characters:
        return len(headlines) >= LEAST_HEADLINES
    within = sum(clean(headline) in text for headline in headlines)
    paragraphs = sum(len(line) >= PARAGRAPH for line in text.splitlines())
    return within >= max(LEAST_HEADLINES, paragraphs / PARAGRAPHS_PER_HEADLINE)


def _title(entry: feedparser.FeedParserDict) -> str | None:
    """The title, which is HTML."""
    return clean_line(html.unescape(re.sub(r"<[^>]*>", " ", entry.get("title") or "")))


def _date(entry: feedparser.FeedParserDict, now: datetime) -> datetime | None:
    """When the entry was published, or else last changed, as far as feedparser understands it (a UTC struct_time)."""
    for name in ("published_parsed", "updated_parsed"):
        parsed = dict.get(entry, name)  # its own `get` answers the one with the other, and warns
        if parsed:
            return parse_date("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}".format(*parsed), now)
    return None


def _without_doctype(text: str) -> str:
    """The text without its document type declaration, if it has one before the first element."""
    start = text[:2000].upper().find("<!DOCTYPE")
    if start < 0:
        return text
    depth, quote = 0, ""
    for at in range(start, len(text)):
        letter = text[at]
        if quote:
            quote = "" if letter == quote else quote
        elif letter in "\"'" and depth:
            quote = letter
        elif letter == "<":
            depth += 1
        elif letter == ">":
            depth -= 1
            if depth == 0:
                return text[:start] + text[at + 1 :]
    raise ValueError("not a feed: its document type does not end")
