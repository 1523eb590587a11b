"""Reading all articles in Spark: which ones count, what recurs on every page, which names are words, and then the
mentions and terms of each article."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date

import pyarrow as pa
from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

from jobs import weeks
from jobs.culture.mentions import find
from jobs.culture.names import Name, NameIndex, ordinary_uses
from jobs.culture.terms import Entity, name_words, usage
from jobs.culture.text import fingerprint, sentences

LANGUAGE = "en"  # the only one whose grammar `jobs.culture.tagger` knows

# A sentence is boilerplate when this many articles of a source, and this share of them, have it word for word.
BOILERPLATE_ARTICLES = 3
BOILERPLATE_SHARE = 0.01

# A name is a common word when this many articles, and this share of those with the name, write it in lower case.
ORDINARY_ARTICLES = 2
ORDINARY_SHARE = 0.2

ANNOTATIONS = (
    "article_id string, day date, "
    "mentions array<struct<entity_kind string, entity_id string, start int, surface string, confidence double>>, "
    "relevances array<struct<entity_kind string, entity_id string, relevance double>>, "
    "uses array<struct<entity_kind string, entity_id string, kind string, stem string, form string, amount double, "
    "relevance double>>"
)
_STRING, _DOUBLE = pa.string(), pa.float64()
_ENTITY = [("entity_kind", _STRING), ("entity_id", _STRING)]
_MENTION = pa.struct([*_ENTITY, ("start", pa.int32()), ("surface", _STRING), ("confidence", _DOUBLE)])
_RELEVANCE = pa.struct([*_ENTITY, ("relevance", _DOUBLE)])
_USE = pa.struct(
    [*_ENTITY, *((name, _STRING) for name in ("kind", "stem", "form")), ("amount", _DOUBLE), ("relevance", _DOUBLE)]
)
_ANNOTATIONS = pa.schema(
    [
        ("article_id", _STRING),
        ("day", pa.date32()),
        ("mentions", pa.list_(_MENTION)),
        ("relevances", pa.list_(_RELEVANCE)),
        ("uses", pa.list_(_USE)),
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


def boilerplate(articles: DataFrame) -> frozenset[str]:
    """The fingerprints of sentences that recur on the pages of a source."""

    def fingerprints(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            rows = [
                (source, mark)
                for source, text in zip(*batch.to_pydict().values(), strict=True)
                for mark in {fingerprint(text[s.start : s.end]) for s in sentences(text)}
            ]
            yield pa.RecordBatch.from_arrays(
                [pa.array([r[i] for r in rows], _STRING) for i in (0, 1)], ["source_url", "mark"]
            )

    marks = articles.select("source_url", "text").mapInArrow(fingerprints, "source_url string, mark string")
    sizes = articles.groupBy("source_url").agg(F.count("*").alias("size"))
    recurring = marks.groupBy("source_url", "mark").count().where(F.col("count") >= BOILERPLATE_ARTICLES)
    recurring = recurring.join(sizes, "source_url").where(F.col("count") >= BOILERPLATE_SHARE * F.col("size"))
    return frozenset(row.mark for row in recurring.select("mark").distinct().collect())


def ordinary_words(articles: DataFrame, index: NameIndex) -> frozenset[str]:
    """The names, in lower case, that these articles use as common words: "the doors" opened."""
    shared = articles.sparkSession.sparkContext.broadcast(index)

    def uses(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            rows = [row for text in batch.column(0).to_pylist() for row in ordinary_uses(text, shared.value).items()]
            yield pa.RecordBatch.from_arrays(
                [pa.array([r[0] for r in rows], _STRING), pa.array([r[1] for r in rows], pa.bool_())],
                ["form", "lowered"],
            )

    seen = articles.select("text").mapInArrow(uses, "form string, lowered boolean")
    counted = seen.groupBy("form").agg(F.count_if("lowered").alias("lowered"), F.count("*").alias("articles"))
    ordinary = counted.where(
        (F.col("lowered") >= ORDINARY_ARTICLES) & (F.col("lowered") >= ORDINARY_SHARE * F.col("articles"))
    )
    return frozenset(row.form for row in ordinary.collect())


@dataclass(frozen=True)
class Reader:
    """What a worker needs to read an article; sent to each once."""

    index: NameIndex
    artists_of: dict[Entity, tuple[str, ...]]
    names_of: dict[Entity, frozenset[str]]
    boilerplate: frozenset[str]
    min_confidence: float

    @classmethod
    def of(cls, names: Iterable[Name], boilerplate: frozenset[str], min_confidence: float) -> "Reader":
        """Make one from all names of the library."""
        names = list(names)
        artists_of: dict[Entity, tuple[str, ...]] = {}
        names_of: dict[Entity, frozenset[str]] = {}
        for name in names:
            if name.kind != "album":
                entity = (name.kind, name.entity_id)
                artists_of[entity] = name.artist_ids
                names_of[entity] = names_of.get(entity, frozenset()) | name_words(name.cased)
        for entity, artist_ids in artists_of.items():
            of_artists = (names_of.get(("artist", a), frozenset()) for a in artist_ids)
            names_of[entity] = names_of[entity].union(*of_artists)
        return cls(NameIndex(names), artists_of, names_of, boilerplate, min_confidence)

    def read(self, title: str | None, text: str) -> dict[str, list[dict]]:
        """The mentions, relevances and uses of one article, as in `ANNOTATIONS`."""
        mentions = find(title, text, self.index, self.min_confidence, self.boilerplate)
        sure = [m for m in mentions if m.confidence >= self.min_confidence]
        said = usage(title, text, sure, self.artists_of, self.names_of, self.boilerplate)
        return {
            "mentions": [m._asdict() for m in mentions],
            "relevances": [
                {"entity_kind": kind, "entity_id": entity_id, "relevance": relevance}
                for (kind, entity_id), relevance in said.relevance.items()
            ],
            "uses": [u._asdict() for u in said.uses],
        }


def annotate(articles: DataFrame, reader: Reader) -> DataFrame:
    """Read every article (article_id, day, title, text); columns as in `ANNOTATIONS`."""
    shared = articles.sparkSession.sparkContext.broadcast(reader)

    def read(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            rows = [
                {"article_id": row["article_id"], "day": row["day"], **shared.value.read(row["title"], row["text"])}
                for row in batch.to_pylist()
            ]
            yield pa.RecordBatch.from_pylist(rows, _ANNOTATIONS)

    return articles.select("article_id", "day", "title", "text").mapInArrow(read, ANNOTATIONS)
