from pyiceberg.types import DateType, LongType, StringType

from schemas.contract import Column, Table, list_of

TABLE = Table(
    name="tracks",
    doc="The catalogue: one row a track that may be recommended. Imported.",
    columns=[
        Column("track_id", StringType(), "Identifier of the track, stable from import to import", required=True),
        Column("artist_id", StringType(), "The main artist", required=True, references="artists.artist_id"),
        Column("title", StringType(), "Title as it is shown to people", required=True),
        Column(
            "work_id",
            StringType(),
            "The song behind the recording: versions, remasters and re-uploads of one song share it",
            required=True,
        ),
        Column("featured_artist_ids", list_of(StringType()), "Collaborators beside the main artist"),
        Column("album", StringType(), "Title of the album, single or EP"),
        Column("released_at", DateType(), "Day of release; null: long ago or not known"),
        Column("duration_ms", LongType(), "Length in milliseconds", minimum=0),
        Column("path", StringType(), "Where the audio lies: an absolute path of a file; null: no audio"),
        Column("mbid", StringType(), "MusicBrainz recording identifier, where the source has it"),
        Column("isrc", StringType(), "International Standard Recording Code, where the source has it"),
    ],
    key=("track_id",),
)
