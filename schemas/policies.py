from pyiceberg.types import DateType, DoubleType, LongType, StringType

from schemas.contract import Column, Table

TABLE = Table(
    name="policies",
    doc="The bandit's policy of each week: what it has learned and how much it explores.",
    columns=[
        Column("week", DateType(), "Monday of the lists it ranks", required=True),
        Column("policy_version", StringType(), "Name of the version, as in discover_weekly", required=True),
        Column(
            "epsilon",
            DoubleType(),
            "Share of slots that explore, between 0 and 1",
            required=True,
            minimum=0.0,
            maximum=1.0,
        ),
        Column(
            "training_rows",
            LongType(),
            "Judged recommendations it has learned from; 0: the stated prior",
            required=True,
            minimum=0,
        ),
        Column("model", StringType(), "The reward model (weights, features and their scaling), JSON", required=True),
        Column("metrics", StringType(), "How well it predicts held-out feedback, JSON", required=True),
    ],
    key=("week",),
    partition=("week",),
)
