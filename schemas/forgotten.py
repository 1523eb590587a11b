from pyiceberg.types import DateType, StringType

from schemas.contract import Column, Table

TABLE = Table(
    name="forgotten",
    doc="Listeners whose data was removed for good, told by a hash alone: what an import brings of them is left out.",
    columns=[
        Column("user_hash", StringType(), "SHA-256 of the salt and the user_id, hex digits", required=True),
        Column("salt", StringType(), "Random hex digits, the same in all rows of a lake", required=True),
        Column("since", DateType(), "Day on which they were forgotten", required=True),
    ],
    key=("user_hash",),
)
