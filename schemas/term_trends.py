from pyiceberg.types import DateType, DoubleType, IntegerType, StringType

from schemas.contract import Column, Table

TABLE = Table(
    name="term_trends",
    doc="Terms, and artists, that the articles of the last week use much more often, or less, than those of the twelve "
    "weeks before.",
    columns=[
        Column("week", DateType(), "Monday of the run; the last week is the one before it", required=True),
        Column(
            "kind",
            StringType(),
            "What the term is",
            required=True,
            allowed=("word", "bigram", "noun_phrase", "adjective", "artist"),
        ),
        Column("term", StringType(), "The term in lower case; for kind artist the artist_id", required=True),
        Column("trend", DoubleType(), "Above 0: it rises; signed root of the log-likelihood ratio, as of a z-score",
               required=True),
        Column("articles", IntegerType(), "Articles of the last week that use it", required=True, minimum=0),
        Column("share", DoubleType(), "Share of the articles of the last week", required=True, minimum=0.0,
               maximum=1.0),
        Column("articles_before", IntegerType(), "Articles of the twelve weeks before that use it", required=True,
               minimum=0),
        Column("share_before", DoubleType(), "Share of the articles of the twelve weeks before", required=True,
               minimum=0.0, maximum=1.0),
    ],
    key=("week", "kind", "term"),
    partition=("week",),
)  # fmt: skip
