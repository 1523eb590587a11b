"""What the world says about artists and tracks: reads the articles, publishes mentions, cultural vectors and similar
artists; shows what is known about one artist."""

import argparse
import logging
from datetime import date
from typing import TYPE_CHECKING

from jobs import cli, progress
from jobs.settings import settings

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

    from jobs.lake import Lake

TABLES = ("mentions", "readings", "cultural_vectors", "cultural_embeddings", "similar_artists", "term_trends")

log = logging.getLogger("discover")


def arg_parser() -> argparse.ArgumentParser:
    """The command line."""
    parser = argparse.ArgumentParser(
        prog="python -m jobs.culture",
        description="Find the artists and tracks of the library in the articles, weigh the terms around them, and "
        "publish mentions, cultural_vectors, cultural_embeddings, similar_artists and term_trends for the week. "
        "Articles that were read before are not read again, unless names that are in them have come or gone.",
        epilog='examples: python -m jobs.culture --week 2026-11-23; python -m jobs.culture show "Björk"',
    )
    cli.add_week(parser)
    parser.set_defaults(step="vectors", artist=None)
    steps = parser.add_subparsers(title="steps", metavar="[show]", description="without one, the week is computed")
    show = steps.add_parser(
        "show",
        help="show the terms, similar artists and example sentences of one artist",
        epilog='example: python -m jobs.culture show "Björk" --week 2026-11-23',
    )
    show.add_argument("artist", help="the name as in the catalogue (capitals and accents do not matter), or the id")
    show.add_argument(
        "--week", type=cli.week_argument, default=argparse.SUPPRESS, metavar="YYYY-MM-DD", help="the Monday of the run"
    )
    show.set_defaults(step="show")
    return parser


def main(week: date, step: str = "vectors", artist: str | None = None) -> None:
    """Compute the week, or show one artist."""
    from jobs.lake import Lake

    lake = Lake()
    if step == "show":
        from jobs.culture.show import show

        show(lake, week, artist)
    else:
        compute(lake, week)


def compute(lake: "Lake", week: date) -> None:
    """Publish the mentions, vectors and neighbours of a week, from the articles and the catalogue before it."""
    from jobs.spark import session

    for table, what in (("artists", "catalogue"), ("articles", "articles")):
        if lake.is_empty(table):
            log.warning("no %s: nothing to say about anybody in the week of %s", what, week)
            publish_nothing(lake, week, {})
            return
    with session("discover culture") as spark, progress.step("cultural vectors"):
        from jobs.culture.reading import sort_out

        sorted_out = sort_out(lake.spark(spark, "articles"), week).cache()
        left_out = {row.reason: row["count"] for row in sorted_out.groupBy("reason").count().collect()}
        used = left_out.pop(None, 0)
        log.info("articles: %s used, %s left out %s", used, sum(left_out.values()), left_out or "")
        counts = {("articles_used", ""): used}
        counts |= {("articles_left_out", f"reason={reason}"): n for reason, n in left_out.items()}
        if not used:
            log.warning("no article to read from before %s", week)
            publish_nothing(lake, week, counts)
        else:
            articles = sorted_out.where("reason IS NULL").drop("reason")
            publish(lake, week, articles, counts)


def publish(lake: "Lake", week: date, articles: "DataFrame", counts: dict[tuple[str, str], float]) -> None:
    """Read the articles that are not known yet, and publish what all of them say."""
    from pyspark import StorageLevel
    from pyspark.sql import functions as F

    from jobs.culture.names import NameIndex, names
    from jobs.culture.reading import annotate, scan
    from jobs.culture.trends import trends
    from jobs.culture.weights import inherit, weigh

    config, part, spark = settings().culture, {"week": week}, articles.sparkSession
    library = catalogue(lake)
    scanned = scan(articles, NameIndex(names(*library))).persist(StorageLevel.DISK_ONLY)
    readings = lake.spark(spark, "readings", f"week < '{week}'")
    annotated = annotate(scanned, readings, reader(library, scanned)).persist(StorageLevel.DISK_ONLY)
    with progress.step("finding names and terms"):
        mentions = annotated.selectExpr("article_id", "inline(mentions)")
        published = lake.publish("mentions", mentions, part)
        read = annotated.where("reading IS NOT NULL").select("article_id", "text_sha256", "fingerprint", "reading")
        read = lake.publish("readings", read, part).rows
    with progress.step("weighing terms"):
        tracks = lake.spark(spark, "tracks").select("track_id", "artist_id")
        told = annotated.selectExpr("article_id", "day", "source", "inline(told)")
        weighed = weigh(told, week, config.half_life_weeks, config.terms_per_kind).persist(StorageLevel.DISK_ONLY)
        vectors = weighed.withColumn("inherited", F.lit(False)).unionByName(
            inherit(weighed, tracks).withColumn("inherited", F.lit(True))
        )
        lake.publish("cultural_vectors", vectors, part)
        lake.publish("term_trends", trends(annotated, week), part)
    with progress.step("similar artists"):
        place(lake, spark, week)
    unmentioned = annotated.where("size(told) = 0").count()
    for frame in (weighed, annotated, scanned):
        frame.unpersist()
    counts |= {("articles_read", ""): read, ("articles_known", ""): counts["articles_used", ""] - read}
    lake.record(week, "culture", [*flat(counts), ("articles_without_mention", "", unmentioned), *measured(lake, week)])
    log.info(
        "%s mentions; %s of %s articles were read, the others are known; %s name nobody",
        published.rows,
        read,
        counts["articles_used", ""],
        unmentioned,
    )


def place(lake: "Lake", spark: "SparkSession", week: date) -> None:
    """Publish who is near whom, from the vectors of the week."""
    from jobs.culture.embeddings import embeddings
    from jobs.culture.similarity import similar_artists
    from jobs.culture.space import space

    part = {"week": week}
    columns = ["entity_id", "kind", "term", "weight"]
    of_artists = lake.pandas("cultural_vectors", {**part, "entity_kind": "artist"}, columns)
    if not len(of_artists):
        lake.publish("similar_artists", [], part)
        lake.publish("cultural_embeddings", [], part)
        return
    made = space(of_artists)
    lake.publish("similar_artists", similar_artists(spark, made, settings().culture.similar_artists), part)
    vectors, tracks = lake.spark(spark, "cultural_vectors", part), lake.spark(spark, "tracks")
    placed = embeddings(vectors, tracks.select("track_id", "artist_id"), made)
    lake.publish("cultural_embeddings", placed, part)


def reader(library: tuple[list[tuple], list[tuple]], scanned: "DataFrame"):
    """The `jobs.culture.reader.Reader` of this library and these articles."""
    from jobs.culture.names import names
    from jobs.culture.reader import Reader
    from jobs.culture.reading import boilerplate, seen_names

    seen, recurring = seen_names(scanned), boilerplate(scanned)
    lowered = sum(s.lowered > 0 for s in seen.values())
    log.info("%s names are words in these articles, too; %s sentences recur", lowered, len(recurring))
    config = settings().culture
    return Reader.of(names(*library, seen), recurring, config.min_confidence, config.min_article_weight)


def catalogue(lake: "Lake") -> tuple[list[tuple], list[tuple]]:
    """The artists and tracks as `jobs.culture.names.names` takes them, in the order of their ids; on the driver, about
    1 KiB for each, like the index that is made of them."""
    artists = lake.arrow("artists", columns=["artist_id", "name"]).sort_by("artist_id")
    columns = ["track_id", "title", "artist_id", "featured_artist_ids", "album"]
    tracks = lake.arrow("tracks", columns=columns).sort_by("track_id")
    return (
        [(a["artist_id"], a["name"]) for batch in artists.to_batches() for a in batch.to_pylist()],
        [
            (t["track_id"], t["title"], (t["artist_id"], *(t["featured_artist_ids"] or ())), t["album"])
            for batch in tracks.to_batches()
            for t in batch.to_pylist()
        ],
    )


def publish_nothing(lake: "Lake", week: date, counts: dict[tuple[str, str], float]) -> None:
    """Publish the empty partition of every table."""
    for table in TABLES:
        lake.publish(table, [], {"week": week})
    lake.record(week, "culture", flat({("articles_used", ""): 0} | counts))


def flat(counts: dict[tuple[str, str], float]) -> list[tuple[str, str, float]]:
    """Counts as rows of metrics."""
    return [(metric, dimension, value) for (metric, dimension), value in sorted(counts.items())]


def measured(lake: "Lake", week: date) -> list[tuple[str, str, float]]:
    """What the published tables of the week hold, as rows of metrics."""
    counted = lake.sql(
        "SELECT 'mentions', entity_kind, count(*) FROM mentions WHERE week = $week GROUP BY ALL UNION ALL "
        "SELECT 'terms', entity_kind, count(*) FROM cultural_vectors WHERE week = $week AND NOT inherited GROUP BY ALL "
        "UNION ALL "
        "SELECT 'entities_with_vectors', entity_kind, count(DISTINCT entity_id) FROM cultural_vectors "
        "WHERE week = $week AND NOT inherited GROUP BY ALL ORDER BY ALL",
        {"week": week},
    )
    return [(metric, f"kind={kind}", n) for metric, kind, n in zip(*counted.to_pydict().values(), strict=True)]


if __name__ == "__main__":
    cli.run(arg_parser(), main)
