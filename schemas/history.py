from datetime import UTC, datetime

from pyiceberg.types import BooleanType, DoubleType, LongType, StringType, TimestamptzType

from schemas.contract import Audit, Column, Table

TABLE = Table(
    name="history",
    doc="Listens as other services export them: what was played as they call it, and the track of the library that it "
    "is, as far as there is one. Those with a track are in `listens` as well; the others wait for the library to grow.",
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
        Column(
            "source",
            StringType(),
            "The service that it comes from",
            required=True,
            allowed=("listenbrainz", "lastfm", "spotify"),
        ),
        Column("artist", StringType(), "Artist, as the service has it", required=True),
        Column("title", StringType(), "Title of the track, as the service has it", required=True),
        Column("album", StringType(), "Title of the album, as the service has it"),
        Column("mbid", StringType(), "MusicBrainz recording identifier, where the service has one"),
        Column("isrc", StringType(), "International Standard Recording Code, where the service has it"),
        Column("uri", StringType(), "The service's own name of the track, such as spotify:track:..."),
        Column("ms_played", LongType(), "Milliseconds played; null: the service reports completed listens", minimum=0),
        Column("skipped", BooleanType(), "Whether the listener skipped on; null: the service does not say"),
        Column("reason_end", StringType(), "Why it ended, in the service's words; null: it does not say"),
        Column(
            "track_id",
            StringType(),
            "The track of the library; null: none is known to be this one",
            references="tracks.track_id",
        ),
        Column("matched_by", StringType(), "mbid, isrc, or how artist/title compare, such as credit/version"),
        Column("confidence", DoubleType(), "How sure the match is", minimum=0.0, maximum=1.0),
    ],
    key=("user_id", "listened_at", "artist", "title"),
    partition=("listened_at|month",),
    audits=[
        Audit(
            "a match has a track, a way and a confidence, or none of them",
            "SELECT * FROM staged WHERE (track_id IS NULL) <> (confidence IS NULL) "
            "OR (track_id IS NULL) <> (matched_by IS NULL)",
        ),
    ],
)
