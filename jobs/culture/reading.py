"""Reading all articles in Spark: which ones count, what recurs on every page, which names are words, and then the
mentions and terms of each article that was not read before."""

import json
from collections.abc import Iterable, Iterator
from datetime import date

import pyarrow as pa
from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

from jobs import weeks
from jobs.culture.commonness import Seen
from jobs.culture.names import NameIndex, uses
from jobs.culture.reader import Reader
from jobs.culture.text import fingerprint, fold, sentences

LANGUAGE = "en"  # the only one whose grammar `jobs.culture.tagger` knows

# A sentence is boilerplate when this many articles of a source, and this share of them, have it word for word.
BOILERPLATE_ARTICLES = 3
BOILERPLATE_SHARE = 0.01

ANNOTATIONS = (
    "article_id string, text_sha256 string, day date, source string, "
    "mentions array<struct<entity_kind string, entity_id string, start int, surface string, confidence double, "
    "sentence int, is_subject boolean, weight double>>, "
    "relevances array<struct<entity_kind string, entity_id string, relevance double>>, "
    "uses array<struct<entity_kind string, entity_id string, kind string, stem string, form string, amount double>>, "
    "fingerprint string, reading string"  # what it depends on; as JSON, null: it was known
)
_STRING, _DOUBLE = pa.string(), pa.float64()
_ENTITY = [("entity_kind", _STRING), ("entity_id", _STRING)]
_MENTION = pa.struct(
    [
        *_ENTITY,
        ("start", pa.int32()),
        ("surface", _STRING),
        ("confidence", _DOUBLE),
        ("sentence", pa.int32()),
        ("is_subject", pa.bool_()),
        ("weight", _DOUBLE),
    ]
)
_RELEVANCE = pa.struct([*_ENTITY, ("relevance", _DOUBLE)])
_USE = pa.struct([*_ENTITY, *((name, _STRING) for name in ("kind", "stem", "form")), ("amount", _DOUBLE)])
_ANNOTATIONS = pa.schema(
    [
        ("article_id", _STRING),
        ("text_sha256", _STRING),
        ("day", pa.date32()),
        ("source", _STRING),
        ("mentions", pa.list_(_MENTION)),
        ("relevances", pa.list_(_RELEVANCE)),
        ("uses", pa.list_(_USE)),
        ("fingerprint", _STRING),
        ("reading", _STRING),
    ]
)


def sort_out(articles: DataFrame, week: date) -> DataFrame:
    """The articles from before the week, each with the `day` it is from and the `reason` why it is left out
    (null: it is used): "language=xx", "empty", "replaced" by a later version of the same page, or "copy" for all but
    the first of several that tell the same story."""
    published = F.coalesce("published_at", "fetched_at")
    dated = articles.where(published < F.lit(weeks.start(week))).withColumn("day", F.to_date(published))
    reason = F.when(F.col("language") != LANGUAGE, F.concat(F.lit("language="), F.col("language")))
    reason = reason.when(~F.col("text").rlike(r"\S"), F.lit("empty"))
    version = F.row_number().over(Window.partitionBy("url").orderBy(F.desc("fetched_at"), "article_id"))
    reason = reason.when(version > 1, F.lit("replaced"))
    told = Window.partitionBy("story_id", reason.isNull()).orderBy("day", "article_id")
    return dated.withColumn("reason", reason.when(F.row_number().over(told) > 1, F.lit("copy")))


SCANNED = (
    "article_id string, text_sha256 string, day date, source_url string, title string, text string, "
    "filed_under array<string>, marks array<string>, forms array<string>, "
    "names array<struct<form string, common boolean, lowered boolean>>"
)
_NAME = pa.struct([("form", _STRING), ("common", pa.bool_()), ("lowered", pa.bool_())])
_SCANNED = pa.schema(
    [
        *(("article_id", _STRING), ("text_sha256", _STRING), ("day", pa.date32())),
        *((column, _STRING) for column in ("source_url", "title", "text")),
        *((column, pa.list_(_STRING)) for column in ("filed_under", "marks", "forms")),
        ("names", pa.list_(_NAME)),
    ]
)


def scan(articles: DataFrame, index: NameIndex) -> DataFrame:
    """What can be told of every article before any is read: columns `SCANNED`. `filed_under` is what the publication
    itself says it is about, `marks` are the fingerprints of its sentences, `forms` the names of the index in it in
    lower case, `names` how it writes those that have a capital (`jobs.culture.names.uses`).

    articles: (article_id, text_sha256, day, source_url, title, text, tags, reviewed_artist, reviewed_title)
    """
    shared = articles.sparkSession.sparkContext.broadcast(index)

    def look(article: dict) -> dict:
        title, text = article["title"], article["text"]
        folded = fold(text)
        said = (*(article.pop("tags") or ()), article.pop("reviewed_artist"), article.pop("reviewed_title"))
        return article | {
            "filed_under": [tag for tag in said if tag],
            "marks": sorted({fingerprint(text[s.start : s.end]) for s in sentences(text)}),
            "forms": sorted(shared.value.forms(folded) | shared.value.forms(fold(title or ""))),
            "names": [
                {"form": form, "common": common, "lowered": lowered}
                for form, common, lowered in uses(folded, shared.value)
            ],
        }

    def scanned(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            yield pa.RecordBatch.from_pylist(list(map(look, batch.to_pylist())), _SCANNED)

    columns = ("article_id", "text_sha256", "day", "source_url", "title", "text", "tags")
    return articles.select(*columns, "reviewed_artist", "reviewed_title").mapInArrow(scanned, SCANNED)


def boilerplate(scanned: DataFrame) -> frozenset[str]:
    """The fingerprints of sentences that recur on the pages of a source."""
    marks = scanned.select("source_url", F.explode("marks").alias("mark"))
    sizes = scanned.groupBy("source_url").agg(F.count("*").alias("size"))
    recurring = marks.groupBy("source_url", "mark").count().where(F.col("count") >= BOILERPLATE_ARTICLES)
    recurring = recurring.join(sizes, "source_url").where(F.col("count") >= BOILERPLATE_SHARE * F.col("size"))
    return frozenset(row.mark for row in recurring.select("mark").distinct().collect())


def seen_names(scanned: DataFrame) -> dict[str, Seen]:
    """How these articles write the names, by their lower case: "the doors" opened. Only names that are common words,
    and names that are ever written without their capitals: of the others nothing is learned."""
    counted = (
        scanned.selectExpr("inline(names)")
        .groupBy("form", "common")
        .agg(F.count_if("lowered").alias("lowered"), F.count("*").alias("articles"))
    )
    learned = counted.where(F.col("common") | (F.col("lowered") > 0))
    return {row.form: Seen(row.lowered, row.articles) for row in learned.collect()}


def annotate(scanned: DataFrame, known: DataFrame, reader: Reader) -> DataFrame:
    """What every article says: columns `ANNOTATIONS`. An article whose reading is known is not read again, as long as
    nothing has changed that the reading depends on (`jobs.culture.reader.Reader.fingerprint`).

    scanned: see `scan`. known: (article_id, text_sha256, fingerprint, reading), one row an article.
    """
    shared = scanned.sparkSession.sparkContext.broadcast(reader)

    def say(article: dict) -> dict:
        fingerprint = shared.value.fingerprint(article)
        known = article["known_fingerprint"] == fingerprint
        reading = article["known_reading"]
        if not known:
            said = shared.value.read(article["title"], article["text"], article["filed_under"])
            reading = json.dumps(said, ensure_ascii=False)
        return {
            "article_id": article["article_id"],
            "text_sha256": article["text_sha256"],
            "day": article["day"],
            "source": article["source_url"],
            **json.loads(reading),
            "fingerprint": fingerprint,
            "reading": None if known else reading,
        }

    def said(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            yield pa.RecordBatch.from_pylist(list(map(say, batch.to_pylist())), _ANNOTATIONS)

    known = known.withColumnsRenamed({"fingerprint": "known_fingerprint", "reading": "known_reading"})
    return scanned.join(known, ["article_id", "text_sha256"], "left").drop("names").mapInArrow(said, ANNOTATIONS)


def newest(readings: DataFrame) -> DataFrame:
    """The newest reading of each article, as `annotate` takes it."""
    place = F.row_number().over(Window.partitionBy("article_id").orderBy(F.desc("week")))
    latest = readings.withColumn("place", place).where("place = 1")
    return latest.select("article_id", "text_sha256", "fingerprint", "reading")
