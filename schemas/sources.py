from pyiceberg.types import DoubleType, IntegerType, StringType

from schemas.contract import Column, Table, list_of

TABLE = Table(
    name="sources",
    doc="Feeds, sitemaps and sites to read. Imported, or added by `python -m jobs.scrape sources add`.",
    columns=[
        Column("url", StringType(), "Address of the feed or sitemap, or of the page to start from", required=True),
        Column(
            "kind",
            StringType(),
            "feed: RSS, Atom or JSON Feed; sitemap: of pages, or of other sitemaps; site: a page whose links are "
            "followed",
            required=True,
            allowed=("feed", "sitemap", "site"),
        ),
        Column("name", StringType(), "Name as it is shown to people"),
        Column(
            "language",
            StringType(),
            "ISO 639-1 code of the language it writes in; counts where the text of a page leaves it open",
        ),
        Column("tags", list_of(StringType()), "Words to group sources by"),
        Column("delay_seconds", DoubleType(), "Least time between two requests; null: as set", minimum=0.0),
        Column("max_pages", IntegerType(), "Most pages to fetch in a run; null: as set", minimum=1),
        Column("max_depth", IntegerType(), "Links followed from the page to start from; null: as set", minimum=0),
        Column(
            "path",
            StringType(),
            "Of a site or sitemap: the path that its pages begin with, such as /music/; null: the folder of a site's "
            "first page, the whole host of a sitemap",
        ),
    ],
    key=("url",),
)
