"""Raw pages as they lie in the lake: compressed, with all that their extraction needs besides the body."""

import hashlib
from collections.abc import Mapping
from datetime import datetime

import zstandard

from jobs.scrape.extract import Hints

LEVEL = 9  # of zstd: a tenth smaller than its default level 3, 2 ms a page


def page_row(
    url: str,
    fetched_at: datetime,
    source_url: str,
    body: bytes,
    content_type: str,
    charset: str | None,
    robots: str,
    hints: Hints,
    status: int = 200,
) -> dict:
    """A row of `pages`, from a page as `jobs.scrape.fetch` gives it and the hints that its extraction gets.

    Kept is whatever may hold an article; feeds, sitemaps and the start pages of sites do not.
    """
    return {
        "url": url,
        "fetched_at": fetched_at,
        "source_url": source_url,
        "content_type": content_type,
        "charset": charset,
        "robots": robots,
        "feed_title": hints.title,
        "feed_published_at": hints.published_at,
        "source_language": hints.language,
        "body": zstandard.ZstdCompressor(level=LEVEL).compress(body),
        "body_bytes": len(body),
        "body_sha256": hashlib.sha256(body).hexdigest(),
        "status": status,
    }


def page_body(row: Mapping[str, object]) -> bytes:
    """The body of a row of `pages`, as it was fetched. Raises ValueError when it is damaged."""
    try:
        body = zstandard.ZstdDecompressor().decompress(row["body"])
    except zstandard.ZstdError as error:
        raise ValueError(f"the raw page is damaged: {error}") from None
    if hashlib.sha256(body).hexdigest() != row["body_sha256"]:
        raise ValueError("the raw page is damaged: its checksum differs")
    return body


def page_hints(row: Mapping[str, object]) -> Hints:
    """What was known about the page of a row of `pages` before it was read."""
    return Hints(row["feed_published_at"], row["feed_title"], row["source_language"])
