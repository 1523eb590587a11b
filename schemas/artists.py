from pyiceberg.types import StringType

from schemas.contract import Column, Table

TABLE = Table(
    name="artists",
    doc="Everybody who has a track in the catalogue. Imported; one row an artist.",
    columns=[
        Column("artist_id", StringType(), "Identifier of the artist, stable from import to import", required=True),
        Column("name", StringType(), "Name as it is shown to people", required=True),
        Column("mbid", StringType(), "MusicBrainz artist identifier, where the source has it"),
    ],
    key=("artist_id",),
)
