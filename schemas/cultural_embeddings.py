from pyiceberg.types import BooleanType, DateType, FloatType, StringType

from schemas.contract import Audit, Column, Table, list_of

TABLE = Table(
    name="cultural_embeddings",
    doc="Artists and tracks as points in the space of what is said about them: near each other are those of whom the "
    "world speaks alike. Coordinates of one week only.",
    columns=[
        Column("week", DateType(), "Monday of the run", required=True),
        Column("entity_kind", StringType(), "What it is", required=True, allowed=("artist", "track")),
        Column("entity_id", StringType(), "artist_id or track_id", required=True),
        Column(
            "vector",
            list_of(FloatType()),
            "Of length 1; shorter for a track that nobody has written about, which has its artist's",
            required=True,
        ),
        Column("inherited", BooleanType(), "Whether it is the artist's", required=True),
    ],
    key=("week", "entity_kind", "entity_id"),
    partition=("week",),
    audits=[
        Audit(
            "all vectors of a week are equally long and finite",
            "SELECT week, entity_kind, entity_id FROM staged WHERE len(vector) <> (SELECT max(len(vector)) FROM staged)"
            " OR len(list_filter(vector, lambda x: NOT isfinite(x))) > 0",
        ),
    ],
)
