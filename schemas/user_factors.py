from pyiceberg.types import DateType, FloatType, IntegerType, StringType

from schemas.contract import Audit, Column, Table, list_of

TABLE = Table(
    name="user_factors",
    doc="Where each listener stands in the space that tracks and listeners share.",
    columns=[
        Column("week", DateType(), "Monday of the run", required=True),
        Column("user_id", StringType(), "The listener", required=True),
        Column(
            "factors",
            list_of(FloatType()),
            "The factor vector; its dot product with a track's is the score",
            required=True,
        ),
        Column("tracks_heard", IntegerType(), "Distinct tracks behind it", required=True, minimum=1),
    ],
    key=("week", "user_id"),
    partition=("week",),
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
