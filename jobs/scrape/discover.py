"""Where articles are: the entries of a feed."""

import html
import io
import re
from dataclasses import dataclass
from datetime import datetime

import feedparser

from jobs.scrape import urls
from jobs.scrape.dates import parse_date
from jobs.scrape.text import clean_line, decode

MAX_LINKS = 2000  # of a feed; whoever has more sets a trap


@dataclass(frozen=True)
class Entry:
    """An entry of a feed. `url` is normalised; the rest is None where the feed does not say it."""

    url: str
    title: str | None
    published_at: datetime | None  # UTC


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
