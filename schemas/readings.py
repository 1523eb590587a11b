from pyiceberg.types import DateType, StringType

from schemas.contract import Column, Table

TABLE = Table(
    name="readings",
    doc="What was read in an article, kept so that it is not read again until something changes that this depends on. "
    "The newest row of an article counts.",
    columns=[
        Column("week", DateType(), "Monday of the run that read it", required=True),
        Column("article_id", StringType(), "The article", required=True, references="articles.article_id"),
        Column("text_sha256", StringType(), "SHA-256 of the text that was read", required=True),
        Column(
            "fingerprint",
            StringType(),
            "Digest of what the reading depends on: the article, the names in it, what recurs on its source, settings",
            required=True,
        ),
        Column("reading", StringType(), "Mentions, and the terms used about each entity, as JSON", required=True),
    ],
    key=("week", "article_id"),
    partition=("week",),
)
