from pyiceberg.types import DoubleType, IntegerType, StringType

from schemas.contract import Column, Table

TABLE = Table(
    name="sources",
    doc="Sites and feeds to read. Imported.",
    columns=[
        Column("url", StringType(), "Address of the feed, or of the page to start from", required=True),
        Column(
            "kind",
            StringType(),
            "feed: RSS or Atom; site: a page whose links are followed",
            required=True,
            allowed=("feed", "site"),
        ),
        Column("name", StringType(), "Name as it is shown to people"),
        Column(
            "language",
            StringType(),
            "ISO 639-1 code of the language it writes in; counts where the text of a page leaves it open",
        ),
        Column("delay_seconds", DoubleType(), "Least time between two requests; null: as set", minimum=0.0),
        Column("max_pages", IntegerType(), "Most pages to fetch in a run; null: as set", minimum=1),
    ],
    key=("url",),
)
