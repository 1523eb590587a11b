from pyiceberg.types import DateType, DoubleType, IntegerType, StringType

from schemas.contract import Audit, Column, Table, list_of

TABLE = Table(
    name="similar_artists",
    doc="Artists of whom the world speaks in similar words, the most similar first.",
    columns=[
        Column("week", DateType(), "Monday of the run", required=True),
        Column("artist_id", StringType(), "The artist", required=True, references="artists.artist_id"),
        Column("rank", IntegerType(), "From 1, the most similar", required=True, minimum=1),
        Column("similar_artist_id", StringType(), "The similar artist", required=True, references="artists.artist_id"),
        Column(
            "similarity",
            DoubleType(),
            "Cosine of their term weights, between 0 and 1; a name counts as a term of its artist, too",
            required=True,
            minimum=0.0,
            maximum=1.0001,
        ),
        Column(
            "shared_terms",
            list_of(StringType()),
            "Adjectives, noun phrases and styles that are used of both, the strongest first; none within another",
            required=True,
        ),
    ],
    key=("week", "artist_id", "rank"),
    partition=("week",),
    audits=[Audit("nobody is similar to themselves", "SELECT * FROM staged WHERE artist_id = similar_artist_id")],
)
