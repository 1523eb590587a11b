from datetime import UTC, datetime

from pyiceberg.types import LongType, StringType, TimestamptzType

from schemas.contract import Column, Table

TABLE = Table(
    name="listens",
    doc="Who played what, when. Imported, append only; the raw material of everything that is learned.",
    columns=[
        Column(
            "listened_at",
            TimestamptzType(),
            "Start of the listen, UTC",
            required=True,
            minimum=datetime(1970, 1, 1, tzinfo=UTC),
            maximum=datetime(2100, 1, 1, tzinfo=UTC),
        ),
        Column("user_id", StringType(), "The listener", required=True),
        Column("track_id", StringType(), "The track", required=True, references="tracks.track_id"),
        Column(
            "ms_played",
            LongType(),
            "Milliseconds played; null: the source reports completed listens only, so it counts as heard",
            minimum=0,
        ),
    ],
    key=("user_id", "listened_at", "track_id"),
    partition=("listened_at|month",),
)
