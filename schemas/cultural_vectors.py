from pyiceberg.types import BooleanType, DateType, DoubleType, IntegerType, StringType

from schemas.contract import Column, Table

TABLE = Table(
    name="cultural_vectors",
    doc="The words that the world uses about an artist or a track, with weights. One row a term.",
    columns=[
        Column("week", DateType(), "Monday of the run", required=True),
        Column("entity_kind", StringType(), "What is described", required=True, allowed=("artist", "track")),
        Column("entity_id", StringType(), "artist_id or track_id", required=True),
        Column(
            "kind",
            StringType(),
            "What the term is",
            required=True,
            allowed=("word", "bigram", "noun_phrase", "adjective", "artist"),
        ),
        Column("term", StringType(), "The term in lower case; for kind artist the artist_id", required=True),
        Column(
            "weight",
            DoubleType(),
            "Between 0 and 1: about the chance that a text about it uses this term",
            required=True,
            minimum=0.0,
            maximum=1.0,
        ),
        Column("documents", IntegerType(), "Articles that use the term for it", required=True, minimum=1),
        Column("since", DateType(), "Day of the first of these articles", required=True),
        Column(
            "inherited",
            BooleanType(),
            "Whether it is said of the artist of a track about which nobody has written; then it weighs half",
            required=True,
        ),
    ],
    key=("week", "entity_kind", "entity_id", "kind", "term"),
    partition=("week",),
)
