from pyiceberg.types import DateType, DoubleType, StringType

from schemas.contract import Column, Table

TABLE = Table(
    name="models",
    doc="Which trained network each week uses.",
    columns=[
        Column("week", DateType(), "Monday of the run that uses it", required=True),
        Column(
            "kind", StringType(), "audio: the network from spectrograms to factors", required=True, allowed=("audio",)
        ),
        Column("version", StringType(), "Name of the version", required=True),
        Column(
            "trained_on",
            DateType(),
            "The week whose factors it predicts: an earlier one where the new network was worse, or after a rollback",
            required=True,
        ),
        Column("path", StringType(), "Where the file lies, relative to the models folder", required=True),
        Column("sha256", StringType(), "SHA-256 of the file", required=True),
        Column(
            "factor_norm",
            DoubleType(),
            "Median length of the collaborative track factors that it learned from: its predictions get this length",
            required=True,
            minimum=0.0,
        ),
        Column("settings", StringType(), "The settings it was trained with, JSON", required=True),
        Column("data", StringType(), "What it was trained on: spectrograms, tracks and artists, JSON", required=True),
        Column("code_version", StringType(), "Hash of the source it was trained with", required=True),
        Column("metrics", StringType(), "What it reached on held-out data, JSON", required=True),
    ],
    key=("week", "kind"),
    partition=("week", "kind"),
)
