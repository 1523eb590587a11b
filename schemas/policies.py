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
            "Share of places that explore by chance, between 0 and 1; of softmax: 0",
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
        Column(
            "exploration",
            StringType(),
            "How it explores (method, epsilon, temperature, explore_tracks, most_explored), JSON; null: not known",
        ),
        Column("model", StringType(), "The reward model (weights, features and their scaling), JSON", required=True),
        Column("metrics", StringType(), "How well it predicts held-out feedback, JSON", required=True),
        Column("decision", StringType(), "Why this policy ranks the week, in a sentence"),
    ],
    key=("week",),
    partition=("week",),
)
