from pyiceberg.types import DoubleType, StringType

from schemas.contract import Column, Table

TABLE = Table(
    name="recordings",
    doc="Tracks that are one recording by their sound: re-uploads, remasters, other codings. A track that is alone is "
    "not in it.",
    columns=[
        Column("track_id", StringType(), "The track", required=True),
        Column("recording_id", StringType(), "The first track_id of those that are one recording", required=True),
        Column(
            "correlation",
            DoubleType(),
            "Of its fingerprint with the one of these that is most like it, where they fit best",
            required=True,
            minimum=-1.0,
            maximum=1.0001,
        ),
    ],
    key=("track_id",),
)
