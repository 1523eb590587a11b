from pyiceberg.types import BinaryType, DoubleType, IntegerType, LongType, StringType, TimestamptzType

from schemas.contract import Audit, Column, Table, list_of

TABLE = Table(
    name="articles",
    doc="Articles, blog posts and reviews, as text. Append only: a page that changed is another article with the same "
    "url, of which the one fetched last counts; of those with the same story_id, one counts.",
    columns=[
        Column(
            "article_id", StringType(), "First 16 hex digits of the SHA-256 of url, newline, body_sha256", required=True
        ),
        Column("url", StringType(), "Address of the page, after redirects", required=True),
        Column("body_sha256", StringType(), "SHA-256 of the page it is in: its version in pages", required=True),
        Column("source_url", StringType(), "The source it was found through", required=True),
        Column("canonical_url", StringType(), "The address that the page says it has; null: it does not say"),
        Column("title", StringType(), "Headline"),
        Column("authors", list_of(StringType()), "Who wrote it, in the order of the page; empty: it does not say"),
        Column("published_at", TimestamptzType(), "When it was published, UTC; null: the page does not say"),
        Column(
            "published_utc_offset",
            IntegerType(),
            "How far the zone in which the page gives that time is ahead of UTC, minutes; null: it gives no zone",
            minimum=-24 * 60 + 1,
            maximum=24 * 60 - 1,
        ),
        Column("modified_at", TimestamptzType(), "When it was last changed, UTC; null: the page does not say"),
        Column("fetched_at", TimestamptzType(), "When it was read, UTC", required=True),
        Column("language", StringType(), "ISO 639-1 code of the language of the text", required=True),
        Column("section", StringType(), "Section of the publication; null: the page does not say"),
        Column("tags", list_of(StringType()), "Keywords that the publication gives it"),
        Column("rating", DoubleType(), "Of a review: 0 (worst) to 1 (best); null: none", minimum=0.0, maximum=1.0),
        Column("reviewed_title", StringType(), "Of a review: the work, where the page marks it"),
        Column("reviewed_artist", StringType(), "Of a review: whose work it is, where the page marks it"),
        Column("links", list_of(StringType()), "Addresses that the main text links to"),
        Column("text", StringType(), "Main text; paragraphs are separated by a line break", required=True),
        Column(
            "text_sha256",
            StringType(),
            "SHA-256 of the text with white space folded: equal for exact copies",
            required=True,
        ),
        Column("minhash", BinaryType(), "Lowest byte of each MinHash of the text's shingles; empty: too short"),
        Column("minhash_bands", list_of(LongType()), "Keys of its bands of MinHashes: near copies share at least one"),
        Column("names", BinaryType(), "Hashes of words with a capital, 4 bytes each, the lowest 64; empty: too short"),
        Column(
            "story_id",
            StringType(),
            "article_id of the article that told this story first: itself, or the one that it is a copy of, exact or "
            "near",
            required=True,
        ),
    ],
    key=("article_id",),
    partition=("fetched_at|month",),
    audits=[
        Audit(
            "a copy points to an article that is no copy",
            "SELECT s.article_id, s.story_id FROM staged s WHERE s.story_id <> s.article_id AND NOT EXISTS ("
            "SELECT 1 FROM (SELECT article_id, story_id FROM staged UNION ALL SELECT article_id, story_id "
            "FROM articles) o WHERE o.article_id = s.story_id AND o.story_id = o.article_id)",
        )
    ],
)
