from pyiceberg.types import DoubleType, IntegerType, LongType, StringType, TimestamptzType

from schemas.contract import Column, Table

TABLE = Table(
    name="crawl_log",
    doc="Every address that the crawler considered, what became of it, why, and when it is to be asked for again. "
    "Append only. The last row of an address that was not skipped for good is what the next run goes on with.",
    columns=[
        Column("fetched_at", TimestamptzType(), "When, UTC", required=True),
        Column("url", StringType(), "The address", required=True),
        Column("source_url", StringType(), "The source it was found through", required=True),
        Column(
            "outcome",
            StringType(),
            "article: taken, new or changed; unchanged: as it was before; index: read for its links only; moved: leads "
            "to another address, which has a row of its own; found: waits to be fetched; skipped: not fetched; failed: "
            "no usable answer; rejected: fetched, and no article in it",
            required=True,
            allowed=("article", "unchanged", "index", "moved", "found", "skipped", "failed", "rejected"),
        ),
        Column("reason", StringType(), "Why, in a word or two (robots.txt, timeout, too large, known, page limit ...)"),
        Column("status", IntegerType(), "HTTP status; null: no answer"),
        Column("bytes", LongType(), "Bytes of bodies received, as they came over the wire", required=True, minimum=0),
        Column(
            "seconds",
            DoubleType(),
            "Time from request to the end of the answer, all redirects together, seconds; null: not asked",
            minimum=0.0,
        ),
        Column("depth", IntegerType(), "Links from the start of its source, which has 0", minimum=0),
        Column("feed_title", StringType(), "Title in the feed or sitemap that it was found in; null: none"),
        Column("feed_published_at", TimestamptzType(), "Date in the feed or sitemap that it was found in, UTC; "
               "null: none"),
        Column("etag", StringType(), "The ETag header of the last answer with a page; null: none"),
        Column("last_modified", StringType(), "The Last-Modified header of the last answer with a page; null: none"),
        Column("version", StringType(), "First 16 hex digits of the SHA-256 of the article, or of what an index lists; "
               "null: neither"),
        Column("due_at", TimestamptzType(), "When it is to be asked for (again), UTC; null: never"),
    ],
    key=("url", "fetched_at"),
    partition=("fetched_at|month",),
)  # fmt: skip
