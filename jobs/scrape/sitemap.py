"""Sitemaps (https://www.sitemaps.org/protocol.html): lists of pages or of other sitemaps, as XML or text, also
gzipped."""

import zlib
from datetime import datetime

from lxml import etree

from jobs.scrape import urls
from jobs.scrape.dates import parse_date
from jobs.scrape.discover import Entry, Listing
from jobs.scrape.text import clean_line, decode

MAX_ENTRIES = 50_000  # as the protocol has it
GZIP = b"\x1f\x8b"
NEWS = "{http://www.google.com/schemas/sitemap-news/0.9}"


def read_sitemap(body: bytes, charset: str | None, url: str, now: datetime, max_bytes: int) -> Listing:
    """What a sitemap lists, the newest first, and what is undated at the end. Of one that is larger than `max_bytes`
    when it is unpacked, or cut off, the beginning counts. Raises ValueError when it is none."""
    plain = _unpacked(body, max_bytes)
    start = plain.lstrip(b"\xef\xbb\xbf \t\r\n")[:1]
    if start == b"<":
        return _xml(plain, url, now)
    lines = [urls.normalise(line) for line in decode(plain, charset).splitlines()[:MAX_ENTRIES] if line.strip()]
    if not any(lines) or None in lines[:-1]:  # the last one may be cut off
        raise ValueError("not a sitemap")
    return Listing([Entry(address) for address in dict.fromkeys(filter(None, lines))])


def _unpacked(body: bytes, max_bytes: int) -> bytes:
    """The body, unpacked when it is a gzip file."""
    if not body.startswith(GZIP):
        return body
    try:
        return zlib.decompressobj(zlib.MAX_WBITS | 16).decompress(body, max_bytes)
    except zlib.error as error:
        raise ValueError(f"not a sitemap: {error}") from None


def _xml(body: bytes, url: str, now: datetime) -> Listing:
    # Entities are not expanded and nothing else is loaded; libxml2's limits on depth and size of text hold.
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, recover=True)
    root = etree.fromstring(body, parser)
    kind = etree.QName(root).localname if root is not None and isinstance(root.tag, str) else ""
    if kind not in ("urlset", "sitemapindex"):
        raise ValueError("not a sitemap")
    found: dict[str, Entry] = {}
    for element in root[:MAX_ENTRIES]:
        entry = _entry(element, url, now)
        if entry is not None:
            found.setdefault(entry.url, entry)
    dated = sorted(found.values(), key=lambda entry: (entry.changed_at or entry.published_at) is None)
    dated.sort(key=lambda entry: entry.changed_at or entry.published_at or datetime.min.replace(tzinfo=now.tzinfo),
               reverse=True)  # fmt: skip
    return Listing([], sitemaps=dated) if kind == "sitemapindex" else Listing(dated)


def _entry(element: etree._Element, url: str, now: datetime) -> Entry | None:
    said: dict[str, str] = {}
    for child in element.iter(etree.Element):
        name = child.tag.removeprefix(NEWS) if child.tag.startswith(NEWS) else etree.QName(child).localname
        if child.tag.startswith(NEWS) or child.getparent() is element:
            said.setdefault(name, (child.text or "").strip())
    address = urls.normalise(said["loc"], url) if said.get("loc") else None
    if address is None:
        return None
    published, changed = parse_date(said.get("publication_date"), now), parse_date(said.get("lastmod"), now)
    return Entry(address, clean_line(said.get("title")), published, changed)
