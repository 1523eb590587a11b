from pyiceberg.types import DateType, IntegerType, StringType

from schemas.contract import Column, Table

TABLE = Table(
    name="playlists",
    doc="Tracks that people have put together: one row an entry. Imported; a playlist is replaced as a whole.",
    columns=[
        Column("playlist_id", StringType(), "Identifier of the playlist", required=True),
        Column("position", IntegerType(), "Place in the playlist, from 1", required=True, minimum=1),
        Column("track_id", StringType(), "The track", required=True, references="tracks.track_id"),
        Column("name", StringType(), "Name of the playlist"),
        Column("user_id", StringType(), "The listener who made it, where known"),
        Column("updated_at", DateType(), "Day of the last change; null: not known, counts for every week"),
    ],
    key=("playlist_id", "position"),
)
