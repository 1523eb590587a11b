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

# What is kept of an article, as JSON.
READING = (
    "mentions array<struct<entity_kind string, entity_id string, start int, surface string, confidence double, "
    "sentence int, is_subject boolean, weight double>>, "
    "told array<struct<entity_kind string, entity_id string, relevance double, "
    "uses array<struct<kind string, stem string, form string, amount double, share double>>>>"
)
_STRING = pa.string()


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
    "filed_under array<string>, marks array<string>, forms array<string>, lowered array<string>, "
    "names array<struct<form string, common boolean, lowered boolean>>"
)
_NAME = pa.struct([("form", _STRING), ("common", pa.bool_()), ("lowered", pa.bool_())])
_SCANNED = pa.schema(
    [
        *(("article_id", _STRING), ("text_sha256", _STRING), ("day", pa.date32())),
        *((column, _STRING) for column in ("source_url", "title", "text")),
        *((column, pa.list_(_STRING)) for column in ("filed_under", "marks", "forms", "lowered")),
        ("names", pa.list_(_NAME)),
    ]
)


def scan(articles: DataFrame, index: NameIndex) -> DataFrame:
    """What can be told of every article before any is read: columns `SCANNED`. `filed_under` is what the publication
    itself says it is about, `marks` are the fingerprints of its sentences, `forms` the names of the index in it in
    lower case, but `lowered` those that it writes so throughout and the catalogue does not, `names` how it writes
    those that have a capital (`jobs.culture.names.uses`).

    articles: (article_id, text_sha256, day, source_url, title, text, tags, reviewed_artist, reviewed_title)
    """
    shared = articles.sparkSession.sparkContext.broadcast(index)

    def look(article: dict) -> dict:
        title, text = article["title"], article["text"]
        folded = fold(text)
        said = (*(article.pop("tags") or ()), article.pop("reviewed_artist"), article.pop("reviewed_title"))
        of_title, of_text = shared.value.forms(fold(title or "")), shared.value.forms(folded)
        forms = {form: of_title.get(form, True) and of_text.get(form, True) for form in sorted({*of_title, *of_text})}
        return article | {
            "filed_under": [tag for tag in said if tag],
            "marks": sorted({fingerprint(text[s.start : s.end]) for s in sentences(text)}),
            "forms": [form for form, lowered in forms.items() if not lowered],
            "lowered": [form for form, lowered in forms.items() if lowered],
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


SAID = "article_id string, text_sha256 string, day date, source string, week date, fingerprint string, reading string"
_KEPT = ("article_id", "text_sha256", "day", "source", "week")
_SAID = pa.schema(
    [
        *((column, pa.date32() if column in ("day", "week") else _STRING) for column in _KEPT),
        ("fingerprint", _STRING),
        ("reading", _STRING),
    ]
)


def annotate(scanned: DataFrame, readings: DataFrame, reader: Reader) -> DataFrame:
    """What every article says: article_id, text_sha256, day, source, the columns of `READING`, the fingerprint that
    this depends on, and `reading`, the JSON of it if the article was read now.

    An article whose reading is known is not read again, as long as nothing has changed that the reading depends on
    (`jobs.culture.reader.Reader.fingerprint`).

    scanned: see `scan`. readings: (week, article_id, fingerprint, reading), those of earlier weeks; the newest of an
    article counts.
    """
    shared = scanned.sparkSession.sparkContext.broadcast(reader)

    def say(article: dict) -> dict:
        fingerprint = shared.value.fingerprint(article)
        reading = None
        if article["known"] != fingerprint:
            said = shared.value.read(article["title"], article["text"], article["filed_under"])
            reading = json.dumps(said, ensure_ascii=False)
        return {column: article[column] for column in _KEPT} | {"fingerprint": fingerprint, "reading": reading}

    def said(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            yield pa.RecordBatch.from_pylist(list(map(say, batch.to_pylist())), _SAID)

    newest = readings.groupBy("article_id").agg(F.max(F.struct("week", "fingerprint")).alias("newest"))
    newest = newest.select("article_id", F.col("newest.week").alias("week"), F.col("newest.fingerprint").alias("known"))
    told = scanned.join(newest, "article_id", "left").withColumnRenamed("source_url", "source").drop("names")
    told = told.mapInArrow(said, SAID)
    old = readings.select("article_id", "week", F.col("reading").alias("known"))
    told = told.join(old, ["article_id", "week"], "left")
    content = F.from_json(F.coalesce("reading", "known"), READING, {"mode": "FAILFAST"}).alias("content")
    return (
        told.select("article_id", "text_sha256", "day", "source", "fingerprint", "reading", content)
        .select("*", "content.*")
        .drop("content")
    )
