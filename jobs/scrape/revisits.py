"""When an address is worth asking for again."""

from datetime import timedelta
from enum import Enum

from jobs.settings import ScrapeSettings

SOON = timedelta(minutes=30)  # what is due so soon is asked for now: runs do not start to the minute
HOUR = timedelta(hours=1)  # least time between two looks at a feed, sitemap or front page
RETRY = timedelta(hours=12)  # least time after a page has failed


class Kind(Enum):
    """What an address has turned out to be."""

    LISTING = "listing"  # a feed, a sitemap, a page that lists others
    ARTICLE = "article"
    OTHER = "other"  # a page without an article, or that may not be read, or is not there
    FAILED = "failed"  # no usable answer, for now


def interval(
    config: ScrapeSettings, kind: Kind, changed: bool, elapsed: timedelta | None, own: timedelta | None = None
) -> timedelta:
    """The time until the next look.

    elapsed : since the last look, None at the first one; own : the frequency that a feed says or shows

    A page that has not changed in some time is left for twice that time, one that has changed for half of it: the
    interval follows the rate of change, whatever times the runs are at.
    """
    day = timedelta(days=1)
    least, most = {
        Kind.LISTING: (HOUR, timedelta(days=config.max_listing_days)),
        Kind.ARTICLE: (day * config.revisit_days, day * config.max_revisit_days),
        Kind.OTHER: (day * config.forget_days, day * max(config.max_revisit_days, config.forget_days)),
        Kind.FAILED: (RETRY, timedelta(days=config.max_listing_days)),
    }[kind]
    wanted = own or (least if elapsed is None else elapsed / 2 if changed else elapsed * 2)
    return min(max(wanted, least), max(most, least))


def publishing_interval(gaps: list[timedelta], stated: timedelta | None) -> timedelta | None:
    """How often to look at a feed: twice as often as it publishes, by the median of the gaps between its entries, but
    no more often than it asks for (`stated`); None when neither is known."""
    observed = sorted(gaps)[len(gaps) // 2] / 2 if gaps else None
    return max((t for t in (observed, stated) if t is not None), default=None)
