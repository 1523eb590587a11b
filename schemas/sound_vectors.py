from pyiceberg.types import FloatType, StringType

from schemas.contract import Audit, Column, Table, list_of

TABLE = Table(
    name="sound_vectors",
    doc="What a network of `models` makes of each track's sound, kept so that only new sound costs work.",
    columns=[
        Column("version", StringType(), "The network", required=True),
        Column("track_id", StringType(), "The track", required=True),
        Column("audio_sha256", StringType(), "SHA-256 of the bytes of its audio file", required=True),
        Column("recipe", StringType(), "How its spectrogram was computed", required=True),
        Column(
            "vector",
            list_of(FloatType()),
            "The prediction, in the coordinates of the week that the network was trained on",
            required=True,
        ),
    ],
    key=("version", "track_id"),
    partition=("version",),
    audits=[
        Audit(
            "vectors are finite",
            "SELECT * FROM staged WHERE list_bool_or(list_transform(vector, lambda f: f IS NULL OR NOT isfinite(f)))",
        ),
    ],
)
