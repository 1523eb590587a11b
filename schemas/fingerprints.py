from pyiceberg.types import BinaryType, DoubleType, FloatType, StringType

from schemas.contract import Column, Table, list_of

TABLE = Table(
    name="fingerprints",
    doc="By what each track's recording is known again, kept so that only new sound costs work.",
    columns=[
        Column("track_id", StringType(), "The track", required=True),
        Column("audio_sha256", StringType(), "SHA-256 of the bytes of its audio file", required=True),
        Column("recipe", StringType(), "How its spectrogram was computed", required=True),
        Column("seconds", DoubleType(), "Length of the whole audio, seconds", required=True, minimum=0.0),
        Column(
            "signs",
            BinaryType(),
            "2 bits a sign, C order, shape (2, frames, 32): whether the difference of neighbouring bands rises, falls",
            required=True,
        ),
        Column("rhythm", list_of(FloatType()), "How fast the signs change, by band; for looking up", required=True),
    ],
    key=("track_id",),
)
