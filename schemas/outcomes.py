from pyiceberg.types import BooleanType, DateType, IntegerType, LongType, StringType, TimestamptzType

from schemas.contract import Audit, Column, Table

TABLE = Table(
    name="outcomes",
    doc="What listeners did with each recommendation within its week: the bandit's reward.",
    columns=[
        Column("week", DateType(), "Monday of the list", required=True),
        Column("user_id", StringType(), "The listener", required=True),
        Column("rank", IntegerType(), "Place in the list, 1 to 30", required=True, minimum=1, maximum=30),
        Column("track_id", StringType(), "The recommended track", required=True),
        Column(
            "examined", BooleanType(), "Whether the listener has seen this place, as far as one can tell", required=True
        ),
        Column(
            "reward",
            IntegerType(),
            "1: streamed for at least 30 s, or saved; 0: skipped, passed over, or banned; null: not examined",
            minimum=0,
            maximum=1,
        ),
        Column("plays", IntegerType(), "Listens of this track in the week", required=True, minimum=0),
        Column(
            "ms_played", LongType(), "The longest of them, milliseconds; null: none, or length not reported", minimum=0
        ),
        Column("first_listened_at", TimestamptzType(), "The first of them, UTC"),
        Column("banned", BooleanType(), "Whether the listener banned the track or an artist of it in the week"),
        Column("saved", BooleanType(), "Whether the listener put it on a playlist of their own in the week"),
    ],
    key=("week", "user_id", "rank"),
    partition=("week",),
    audits=[
        Audit(
            "what was examined has a reward, and nothing else has",
            "SELECT * FROM staged WHERE examined <> (reward IS NOT NULL)",
        ),
    ],
)
