"""The weekly training: what it starts from, what it publishes, and what it says about its input."""

import logging
from datetime import date, timedelta

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from jobs import weeks
from jobs.collaborative.interactions import LISTENER, PLAYLIST, SET_ASIDE, usable
from jobs.collaborative.loading import Past, factorized, snapshots, within
from jobs.lake import Lake
from jobs.settings import settings

STAGE = "collaborative.train"
SHAPE = ("listeners", "playlists", "tracks", "values")

log = logging.getLogger("discover")


def publish(lake: Lake, spark: SparkSession, week: date, matrix: DataFrame) -> list[float]:
    """Publish the factors of a week; returns the loss after each half-epoch."""
    config = settings().collaborative
    initial, checksum = _earlier(lake, spark, week)
    key = f"{week} {snapshots(lake)} {checksum} {config}"
    with factorized(matrix, week, "train", config, key=key, initial=initial) as found:
        users = found.rows.where(F.col("kind") == LISTENER).drop("kind")
        users = users.withColumnsRenamed({"row_id": "user_id", "n_values": "tracks_heard"})
        tracks = found.tracks.withColumnRenamed("n_values", "listeners")
        lake.publish("user_factors", users, {"week": week})
        lake.publish("track_factors", tracks, {"week": week, "origin": "collaborative"})
        return found.losses


def shape(matrix: DataFrame) -> dict[str, int]:
    """How many of each of `SHAPE` the matrix has."""
    of_kind = lambda kind: F.count_distinct(F.when(F.col("kind") == kind, F.col("row_id")))  # noqa: E731
    counts = (of_kind(LISTENER), of_kind(PLAYLIST), F.count_distinct("track_id"), F.count("*"))
    return dict(zip(SHAPE, matrix.agg(*counts).first(), strict=True))


def barely_known(lake: Lake, week: date) -> list[tuple[str, str, float]]:
    """How many listeners and tracks have factors that one value alone made, as rows of metrics."""
    counts = lake.sql(
        "SELECT (SELECT count(*) FROM user_factors WHERE week = $1 AND tracks_heard = 1) AS listeners_of_one_track, "
        "(SELECT count(*) FROM track_factors WHERE week = $1 AND origin = 'collaborative' AND listeners = 1) "
        "AS tracks_of_one_listener",
        [week],
    ).to_pylist()[0]
    return [(metric, "", n) for metric, n in counts.items()]


def set_aside(lake: Lake, before: Past, week: date) -> list[tuple[str, str, float]]:
    """How many listens and cells do not count, and why, and how many listens are new, as rows of metrics."""
    sums = (F.coalesce(F.sum(reason), F.lit(0)).alias(reason) for reason in SET_ASIDE)
    totals = before.played.agg(*sums).first().asDict()
    last_week, totals["after_the_week_began"] = (
        lake.sql(f"SELECT count(*) AS n FROM listens WHERE {when}")["n"][0].as_py()
        for when in (within(week - timedelta(weeks=1), week), f"listened_at >= '{weeks.start(week).isoformat()}'")
    )
    log.info("listens that do not count: %s", ", ".join(f"{reason} {n:,}" for reason, n in totals.items()))
    if not last_week and not lake.is_empty("listens"):
        log.warning("no listens in the week before %s: was one not imported?", week)
    return [
        ("listens_in_last_week", "", last_week),
        *(("listens_set_aside", f"reason={reason}", n) for reason, n in totals.items()),
        ("cells_set_aside", "reason=zero_or_not_finite", before.cells.where(~usable()).count()),
    ]


def publish_nothing(lake: Lake, week: date, counts: list[tuple[str, str, float]]) -> None:
    """Empty the partitions of a week that has nothing to learn from."""
    log.info("no listens, play counts or playlists before %s: no factors", week)
    lake.publish("user_factors", [], {"week": week})
    lake.publish("track_factors", [], {"week": week, "origin": "collaborative"})
    lake.record(week, STAGE, counts)


def _earlier(lake: Lake, spark: SparkSession, week: date) -> tuple[tuple[DataFrame, DataFrame] | None, int | None]:
    """The factors to start from, those of the last week that has some, and a checksum of them; None: there are none of
    that length, or none are wanted."""
    config = settings().collaborative
    of_earlier = lake.sql(
        "SELECT max(week) AS week FROM track_factors WHERE week < ? AND origin = 'collaborative'", [week]
    )
    before = of_earlier["week"][0].as_py()
    known = lake.sql(
        "SELECT any_value(len(factors)) AS length, bit_xor(hash(track_id, factors)) AS checksum FROM track_factors "
        "WHERE week = ? AND origin = 'collaborative'",
        [before],
    ).to_pylist()[0]
    if not config.warm_start or known["length"] != config.factors:
        log.info("starting from random factors: %s", _why_cold(config.warm_start, known["length"], before))
        return None, None
    log.info("starting from the factors of %s", before)
    users = lake.spark(spark, "user_factors", {"week": before})
    tracks = lake.spark(spark, "track_factors", {"week": before, "origin": "collaborative"})
    rows = users.select(F.lit(LISTENER).alias("kind"), F.col("user_id").alias("row_id"), "factors")
    return (rows, tracks.select("track_id", "factors")), known["checksum"]


def _why_cold(wanted: bool, length: int | None, before: date | None) -> str:
    if not wanted:
        return "as the setting collaborative.warm_start says"
    return "there are none of an earlier week" if before is None else f"those of {before} have length {length}"
