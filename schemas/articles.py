from pyiceberg.types import StringType, TimestamptzType

from schemas.contract import Column, Table

TABLE = Table(
    name="articles",
    doc="Articles, blog posts and reviews, as text. Append only; an address is stored once.",
    columns=[
        Column("article_id", StringType(), "First 16 hex digits of the SHA-256 of the address", required=True),
        Column("url", StringType(), "Address of the page, after redirects", required=True),
        Column("source_url", StringType(), "The source it was found through", required=True),
        Column("title", StringType(), "Headline"),
        Column("author", StringType(), "Who wrote it"),
        Column("published_at", TimestamptzType(), "When it was published, UTC; null: the page does not say"),
        Column("fetched_at", TimestamptzType(), "When it was read, UTC", required=True),
        Column("language", StringType(), "ISO 639-1 code of the language of the text", required=True),
        Column("text", StringType(), "Main text; paragraphs are separated by a line break", required=True),
        Column(
            "text_sha256",
            StringType(),
            "SHA-256 of the text with white space folded: equal for exact copies",
            required=True,
        ),
    ],
    key=("article_id",),
    partition=("fetched_at|month",),
)
