from pyiceberg.types import DateType, StringType

from schemas.contract import Audit, Column, Table

TABLE = Table(
    name="exclusions",
    doc="What a listener does not want: bans of tracks and artists, exploration, and leaving altogether. Imported.",
    columns=[
        Column("user_id", StringType(), "The listener", required=True),
        Column(
            "kind",
            StringType(),
            "track or artist: never offer it; exploration: no place of a list that tries something out; opt_out: no "
            "playlist, and no part in any training",
            required=True,
            allowed=("track", "artist", "exploration", "opt_out"),
        ),
        Column("excluded_id", StringType(), "The track_id or artist_id; empty for the other kinds", required=True),
        Column("since", DateType(), "Day from which it holds; null: always"),
    ],
    key=("user_id", "kind", "excluded_id"),
    audits=[
        Audit(
            "an opt_out names nothing, a ban names something",
            "SELECT * FROM staged WHERE (kind IN ('exploration', 'opt_out')) <> (excluded_id = '')",
        ),
    ],
)
