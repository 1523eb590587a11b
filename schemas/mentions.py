from pyiceberg.types import BooleanType, DateType, DoubleType, IntegerType, StringType

from schemas.contract import Column, Table

TABLE = Table(
    name="mentions",
    doc="Where an article names an artist, a track or an album, as far as that is more than unlikely.",
    columns=[
        Column("week", DateType(), "Monday of the run", required=True),
        Column("article_id", StringType(), "The article", required=True, references="articles.article_id"),
        Column("entity_kind", StringType(), "What is named", required=True, allowed=("artist", "track", "album")),
        Column("entity_id", StringType(), "artist_id, track_id, or of an album: artist_id/title", required=True),
        Column(
            "start",
            IntegerType(),
            "Offset of the name in the text, in characters; in the title: -1",
            required=True,
            minimum=-1,
        ),
        Column("surface", StringType(), "The name as it stands there", required=True),
        Column(
            "confidence",
            DoubleType(),
            "How sure it is that this entity is meant, between 0 and 1",
            required=True,
            minimum=0.0,
            maximum=1.0,
        ),
        Column(
            "sentence",
            IntegerType(),
            "Number of the sentence in the text, from 0; in the title: -1",
            required=True,
            minimum=-1,
        ),
        Column("is_subject", BooleanType(), "Whether the article is about this entity", required=True),
        Column(
            "weight",
            DoubleType(),
            "What the article is worth, between 0 and 1: little if it lists names, or is not about music",
            required=True,
            minimum=0.0,
            maximum=1.0,
        ),
    ],
    key=("week", "article_id", "entity_kind", "entity_id", "start"),
    partition=("week",),
)
