from pyiceberg.types import DoubleType, IntegerType, LongType, StringType, TimestamptzType

from schemas.contract import Column, Table

TABLE = Table(
    name="crawl_log",
    doc="Every address that the crawler considered, what became of it and why. Append only.",
    columns=[
        Column("fetched_at", TimestamptzType(), "When, UTC", required=True),
        Column("url", StringType(), "The address", required=True),
        Column("source_url", StringType(), "The source it was found through", required=True),
        Column(
            "outcome",
            StringType(),
            "article: taken; index: read for its links only; skipped: not fetched; failed: no usable answer; "
            "rejected: fetched, and no article in it",
            required=True,
            allowed=("article", "index", "skipped", "failed", "rejected"),
        ),
        Column("reason", StringType(), "Why, in a word or two (robots.txt, timeout, too large, known, copy of ...)"),
        Column("status", IntegerType(), "HTTP status; null: no answer"),
        Column("bytes", LongType(), "Bytes received, as they came over the wire", required=True, minimum=0),
        Column(
            "seconds",
            DoubleType(),
            "Time from request to the end of the answer, all redirects together, seconds; null: not asked",
            minimum=0.0,
        ),
    ],
    key=("url", "fetched_at"),
    partition=("fetched_at|month",),
)
