"""What a stream is: the one answer for what is learned, what is rewarded and what counts as popular."""

from pyspark.sql import Column
from pyspark.sql import functions as F

STREAM_MS = 30_000
"""A stream is a listen of at least this long, milliseconds."""

STREAM_SHARE = 0.9
"""A listen of at least this share of a track is a stream as well, so that tracks below 30 s can be streamed."""


def shortest() -> Column:
    """The shortest stream of a track, milliseconds, from its `duration_ms`."""
    return F.least(F.lit(STREAM_MS), STREAM_SHARE * F.nullif(F.col("duration_ms"), F.lit(0)))


def streamed() -> Column:
    """Whether a listen, joined with its track, is a stream; `ms_played` null counts as one."""
    return F.col("ms_played").isNull() | (F.col("ms_played") >= shortest())
