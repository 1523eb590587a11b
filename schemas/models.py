from pyiceberg.types import DateType, DoubleType, StringType

from schemas.contract import Column, Table

TABLE = Table(
    name="models",
    doc="Trained networks: one version a week and kind.",
    columns=[
        Column("week", DateType(), "Monday of the run that trained it", required=True),
        Column(
            "kind", StringType(), "audio: the network from spectrograms to factors", required=True, allowed=("audio",)
        ),
        Column("version", StringType(), "Name of the version", required=True),
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
        Column("metrics", StringType(), "What it reached on held-out data, JSON", required=True),
    ],
    key=("week", "kind"),
    partition=("week", "kind"),
)
