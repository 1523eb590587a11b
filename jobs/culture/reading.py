"""Reading all articles in Spark: which ones count, what recurs on every page, which names are words, and then the
mentions and terms of each article."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date

import pyarrow as pa
from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

from jobs import weeks
from jobs.culture.commonness import Seen
from jobs.culture.mentions import find
from jobs.culture.names import Name, NameIndex, uses
from jobs.culture.terms import Entity, name_words, usage
from jobs.culture.text import fingerprint, sentences

LANGUAGE = "en"  # the only one whose grammar `jobs.culture.tagger` knows

# A sentence is boilerplate when this many articles of a source, and this share of them, have it word for word.
BOILERPLATE_ARTICLES = 3
BOILERPLATE_SHARE = 0.01

ANNOTATIONS = (
    "article_id string, day date, source string, "
    "mentions array<struct<entity_kind string, entity_id string, start int, surface string, confidence double, "
    "sentence int, is_subject boolean, weight double>>, "
    "relevances array<struct<entity_kind string, entity_id string, relevance double>>, "
    "uses array<struct<entity_kind string, entity_id string, kind string, stem string, form string, amount double>>"
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
        ("day", pa.date32()),
        ("source", _STRING),
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


def seen_names(articles: DataFrame, index: NameIndex) -> dict[str, Seen]:
    """How these articles write the names of an index, by their lower case: "the doors" opened. Only names that are
    common words, and names that are ever written without their capitals: of the others nothing is learned."""
    shared = articles.sparkSession.sparkContext.broadcast(index)

    def seen(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            rows = [row for text in batch.column(0).to_pylist() for row in uses(text, shared.value)]
            columns = zip(*rows, strict=True) if rows else ([], [], [])
            types = (_STRING, pa.bool_(), pa.bool_())
            arrays = [pa.array(column, kind) for column, kind in zip(columns, types, strict=True)]
            yield pa.RecordBatch.from_arrays(arrays, ["form", "common", "lowered"])

    found = articles.select("text").mapInArrow(seen, "form string, common boolean, lowered boolean")
    counted = found.groupBy("form", "common").agg(
        F.count_if("lowered").alias("lowered"), F.count("*").alias("articles")
    )
    learned = counted.where(F.col("common") | (F.col("lowered") > 0))
    return {row.form: Seen(row.lowered, row.articles) for row in learned.collect()}


@dataclass(frozen=True)
class Reader:
    """What a worker needs to read an article; sent to each once."""

    index: NameIndex
    artists_of: dict[Entity, tuple[str, ...]]
    names_of: dict[Entity, frozenset[str]]
    boilerplate: frozenset[str]
    min_confidence: float
    min_article_weight: float

    @classmethod
    def of(
        cls, names: Iterable[Name], boilerplate: frozenset[str], min_confidence: float, min_article_weight: float = 0.0
    ) -> "Reader":
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
        return cls(NameIndex(names), artists_of, names_of, boilerplate, min_confidence, min_article_weight)

    def read(self, title: str | None, text: str, tags: Iterable[str] = ()) -> dict[str, list[dict]]:
        """The mentions, relevances and uses of one article, as in `ANNOTATIONS`; tags: what it is filed under."""
        mentions = find(title, text, self.index, self.min_confidence, self.boilerplate, tags)
        sure = [
            m._replace(confidence=m.confidence * m.weight)
            for m in mentions
            if m.entity_kind != "album" and m.confidence >= self.min_confidence and m.weight >= self.min_article_weight
        ]
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
    """Read every article (article_id, day, source_url, title, text, tags, reviewed_artist, reviewed_title).

    Returns the columns of `ANNOTATIONS`."""
    shared = articles.sparkSession.sparkContext.broadcast(reader)

    def read(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            rows = [
                {
                    "article_id": row["article_id"],
                    "day": row["day"],
                    "source": row["source_url"],
                    **shared.value.read(row["title"], row["text"], _filed_under(row)),
                }
                for row in batch.to_pylist()
            ]
            yield pa.RecordBatch.from_pylist(rows, _ANNOTATIONS)

    columns = ("article_id", "day", "source_url", "title", "text", "tags", "reviewed_artist", "reviewed_title")
    return articles.select(*columns).mapInArrow(read, ANNOTATIONS)


def _filed_under(article: dict) -> list[str]:
    """What the publication itself says an article is about."""
    return [tag for tag in (*(article["tags"] or ()), article["reviewed_artist"], article["reviewed_title"]) if tag]
