from pyiceberg.types import DateType, LongType, StringType

from schemas.contract import Column, Table

TABLE = Table(
    name="play_counts",
    doc="Totals for sources that know no single listens. Imported; a new total replaces the old one.",
    columns=[
        Column("user_id", StringType(), "The listener", required=True),
        Column("track_id", StringType(), "The track", required=True, references="tracks.track_id"),
        Column("plays", LongType(), "Number of plays so far", required=True, minimum=0),
        Column("as_of", DateType(), "Day on which the total was read; null: not known, counts for every week"),
    ],
    key=("user_id", "track_id"),
)
