from pyiceberg.types import DateType, DoubleType, StringType

from schemas.contract import Column, Table

TABLE = Table(
    name="metrics",
    doc="Every number that a stage reports about itself: accuracy, losses, counts of rows set aside.",
    columns=[
        Column("week", DateType(), "Monday of the run", required=True),
        Column(
            "stage",
            StringType(),
            "The job and its step, for example audio.train; process audio.train: what it took, as seconds and "
            "peak_memory_mib of all its processes together",
            required=True,
        ),
        Column("metric", StringType(), "What is measured, for example recall_at_30", required=True),
        Column(
            "dimension",
            StringType(),
            "What it is measured on, for example epoch=3 or model=popularity; else empty",
            required=True,
        ),
        Column("value", DoubleType(), "The value, in the unit that the metric's name states", required=True),
    ],
    key=("week", "stage", "metric", "dimension"),
    partition=("week", "stage"),
)
