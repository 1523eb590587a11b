from pyiceberg.types import BinaryType, DoubleType, IntegerType, LongType, StringType

from schemas.contract import Audit, Column, Table

TABLE = Table(
    name="spectrograms",
    doc="The log-mel spectrogram of each track's audio file (the middle of long ones), or why there is none.",
    columns=[
        Column("track_id", StringType(), "The track", required=True),
        Column("path", StringType(), "The file that was read", required=True),
        Column("size_bytes", LongType(), "Size of that file", required=True, minimum=0),
        Column("modified_ns", LongType(), "Its time of change, nanoseconds since 1970", required=True),
        Column("audio_sha256", StringType(), "SHA-256 of its bytes; null: could not be read"),
        Column(
            "recipe",
            StringType(),
            "How it was computed (sample rate, frame, hop, bands, longest stretch); for another recipe it is made anew",
            required=True,
        ),
        Column("seconds", DoubleType(), "Length of the whole audio, seconds", minimum=0.0),
        Column("frames", IntegerType(), "Time steps of the spectrogram", minimum=1),
        Column("bands", IntegerType(), "Mel bands of the spectrogram", minimum=1),
        Column(
            "log_mel",
            BinaryType(),
            "uint8, C order, shape (frames, bands): 0 is -80 dB or less, 255 is 0 dB, "
            "relative to the loudest value of the track",
        ),
        Column("error", StringType(), "Why there is no spectrogram; null: there is one"),
    ],
    key=("track_id",),
    audits=[
        Audit(
            "a row has either an error or a spectrogram of the stated size",
            "SELECT * EXCLUDE (log_mel) FROM staged WHERE (error IS NULL) <> (log_mel IS NOT NULL) "
            "OR (log_mel IS NOT NULL AND octet_length(log_mel) <> frames * bands)",
        ),
    ],
)
