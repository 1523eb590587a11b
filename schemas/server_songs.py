from pyiceberg.types import StringType

from schemas.contract import Column, Table

TABLE = Table(
    name="server_songs",
    doc="What the songs of a music server are in the library, so that playlists can be handed back to it. Imported.",
    columns=[
        Column("server", StringType(), "Address of the server", required=True),
        Column("song_id", StringType(), "The server's identifier of the song", required=True),
        Column("track_id", StringType(), "The track", required=True, references="tracks.track_id"),
    ],
    key=("server", "song_id"),
)
