"""Where articles are: the entries of a feed, in RSS, Atom or JSON, and how often it gets new ones."""

import html
import io
import itertools
import json
import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import feedparser
from bs4 import BeautifulSoup, SoupStrainer

from jobs.scrape import urls
from jobs.scrape.dates import parse_date
from jobs.scrape.revisits import publishing_interval
from jobs.scrape.text import clean_line, decode

MAX_LINKS = 2000  # of a feed; whoever has more sets a trap

FEED_TYPES = frozenset({"application/rss+xml", "application/atom+xml", "application/feed+json", "application/json"})

# updatePeriod of http://purl.org/rss/1.0/modules/syndication/
PERIODS = {
    "hourly": timedelta(hours=1),
    "daily": timedelta(days=1),
    "weekly": timedelta(weeks=1),
    "monthly": timedelta(days=30),
    "yearly": timedelta(days=365),
}

# What may stand before a document type: white space, a declaration, instructions, comments.
_PROLOG = re.compile(r"(?:\s+|<\?.*?\?>|<!--.*?-->)*", re.DOTALL)


@dataclass(frozen=True)
class Entry:
    """An entry of a feed or sitemap. `url` is normalised; the rest is None where it is not said."""

    url: str
    title: str | None = None
    published_at: datetime | None = None  # UTC
    changed_at: datetime | None = None  # UTC


@dataclass(frozen=True)
class Listing:
    """What a feed or sitemap lists, each address once: pages, and further sitemaps; `interval` is how often to look at
    it, None where it gives no hint."""

    entries: list[Entry]
    sitemaps: list[Entry] = field(default_factory=list)
    interval: timedelta | None = None


def read_feed(body: bytes, charset: str | None, url: str, now: datetime) -> Listing:
    """The entries of a feed in its order. Raises ValueError when it is none.

    XML goes to feedparser as UTF-8 without a document type, so that no entity can be declared in it: those of HTML are
    known anyway.
    """
    text = decode(body, charset)
    if text.lstrip()[:1] == "{":
        return _json_feed(text, url, now)
    headers = {"content-type": "application/xml; charset=utf-8", "content-location": url}
    parsed = feedparser.parse(
        io.BytesIO(_without_doctype(text).encode("utf-8", "replace")), response_headers=headers, sanitize_html=False
    )
    if not parsed.get("version") and not parsed.entries:
        raise ValueError("not a feed")
    entries = [
        Entry(
            address,
            _title(entry.get("title")),
            _date(entry, "published_parsed", now),
            _date(entry, "updated_parsed", now),
        )
        for entry in parsed.entries[:MAX_LINKS]
        if (address := urls.normalise(entry.get("link") or "", url) if entry.get("link") else None)
    ]
    return _listing(entries, _stated(parsed.feed))


def announced_feeds(body: bytes, charset: str | None, url: str) -> list[str]:
    """The feeds that a page announces in its head (https://www.rssboard.org/rss-autodiscovery)."""
    soup = BeautifulSoup(decode(body, charset), "lxml", parse_only=SoupStrainer("link"))
    found = [
        urls.normalise(link["href"], url)
        for link in soup.find_all("link", rel="alternate", href=True)
        if (link.get("type") or "").lower().partition(";")[0].strip() in FEED_TYPES
    ]
    return list(dict.fromkeys(filter(None, found)))


def _json_feed(text: str, url: str, now: datetime) -> Listing:
    """JSON Feed 1.1 (https://www.jsonfeed.org/version/1.1/)."""
    try:
        feed = json.loads(text)
    except ValueError:
        raise ValueError("not a feed: broken JSON") from None
    if "jsonfeed.org" not in str(feed.get("version")) or not isinstance(feed.get("items"), list):
        raise ValueError("not a feed")
    entries = []
    for item in feed["items"][:MAX_LINKS]:
        link = item.get("url") if isinstance(item, dict) else None
        address = urls.normalise(link, url) if isinstance(link, str) and link else None
        if address is not None:
            dates = [parse_date(item.get(name), now) for name in ("date_published", "date_modified")]
            entries.append(Entry(address, _title(item.get("title")), *dates))
    return _listing(entries, None)


def _listing(entries: list[Entry], stated: timedelta | None) -> Listing:
    unique: dict[str, Entry] = {}
    for entry in entries:
        unique.setdefault(entry.url, entry)
    dates = sorted({entry.published_at or entry.changed_at for entry in unique.values()} - {None})
    gaps = [later - earlier for earlier, later in itertools.pairwise(dates)]
    # An Atom entry that was never changed has the same date twice.
    plain = [
        Entry(e.url, e.title, e.published_at or e.changed_at, e.changed_at if e.published_at else None)
        for e in unique.values()
    ]
    return Listing(plain, interval=publishing_interval(gaps, stated))


def _stated(feed: feedparser.FeedParserDict) -> timedelta | None:
    """How often a feed says that it changes: RSS's ttl in minutes, or updatePeriod and updateFrequency."""
    period = PERIODS.get(str(feed.get("sy_updateperiod")).strip().lower())
    if period is not None:
        return period / max(_number(feed.get("sy_updatefrequency")) or 1, 1)
    minutes = _number(feed.get("ttl"))
    return timedelta(minutes=minutes) if minutes else None


def _number(text: object) -> int | None:
    digits = str(text).strip()
    return int(digits) if digits.isdecimal() and len(digits) < 8 else None


def _title(text: object) -> str | None:
    """The title, which is HTML."""
    return clean_line(html.unescape(re.sub(r"<[^>]*>", " ", text))) if isinstance(text, str) else None


def _date(entry: feedparser.FeedParserDict, name: str, now: datetime) -> datetime | None:
    """A date as far as feedparser understands it (a UTC struct_time)."""
    parsed = dict.get(entry, name)  # its own `get` answers one with the other, and warns
    return parse_date("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}".format(*parsed), now) if parsed else None


def _without_doctype(text: str) -> str:
    """The text without its document type declaration, if it has one before the first element."""
    start = _PROLOG.match(text).end()
    if text[start : start + 9].upper() != "<!DOCTYPE":
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
