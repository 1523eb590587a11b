from pyiceberg.types import BinaryType, IntegerType, LongType, StringType, TimestamptzType

from schemas.contract import Column, Table

TABLE = Table(
    name="pages",
    doc="Web pages as they were fetched, so that articles can be extracted anew without asking for them again. Append "
    "only; a page that changed is another version.",
    columns=[
        Column("url", StringType(), "Address of the page, after redirects", required=True),
        Column("fetched_at", TimestamptzType(), "When it was fetched, UTC: the version", required=True),
        Column("source_url", StringType(), "The source it was found through", required=True),
        Column("content_type", StringType(), "As the header says, lower case, without parameters; empty: none given",
               required=True),
        Column("charset", StringType(), "As the header says; null: it does not"),
        Column("robots", StringType(), "The X-Robots-Tag header, lower case; empty: none given", required=True),
        Column("feed_title", StringType(), "Title in the feed it was found in; null: none, or no feed"),
        Column("feed_published_at", TimestamptzType(), "Date in the feed it was found in, UTC; null: none, or no feed"),
        Column("source_language", StringType(), "ISO 639-1 code of the language of its source; null: not said"),
        Column("body", BinaryType(), "The page after transfer and content decoding, compressed with zstd (RFC 8878)",
               required=True),
        Column("body_bytes", LongType(), "Size of the body before that compression, bytes", required=True, minimum=0),
        Column("body_sha256", StringType(), "SHA-256 of the body before that compression, hex digits", required=True),
        Column("status", IntegerType(), "HTTP status", required=True, minimum=200, maximum=299),
    ],
    key=("url", "fetched_at"),
    partition=("fetched_at|month",),
)  # fmt: skip
