from pyiceberg.types import DateType, FloatType, IntegerType, StringType

from schemas.contract import Audit, Column, Table, list_of

TABLE = Table(
    name="track_factors",
    doc="Where each track stands in the space that tracks and listeners share.",
    columns=[
        Column("week", DateType(), "Monday of the run", required=True),
        Column(
            "origin",
            StringType(),
            "collaborative: learned from listens and playlists; audio: predicted from sound alone; content: predicted "
            "from sound, words and the other tracks of the artist together",
            required=True,
            allowed=("collaborative", "audio", "content"),
        ),
        Column("track_id", StringType(), "The track", required=True, references="tracks.track_id"),
        Column("factors", list_of(FloatType()), "The factor vector", required=True),
        Column(
            "listeners",
            IntegerType(),
            "Distinct listeners and playlists behind it, in a household also its album and artists; 0 for predicted",
            required=True,
            minimum=0,
        ),
    ],
    key=("week", "origin", "track_id"),
    partition=("week", "origin"),
    audits=[
        Audit(
            "factors are finite",
            "SELECT * FROM staged WHERE list_bool_or(list_transform(factors, lambda f: f IS NULL OR NOT isfinite(f)))",
        ),
        Audit(
            "all vectors have one length",
            "SELECT * FROM staged WHERE len(factors) <> (SELECT len(factors) FROM staged LIMIT 1)",
        ),
    ],
)
