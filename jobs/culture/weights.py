"""From the terms of articles to the weights of terms for artists and tracks.

The weight of term t for entity e is

    weight = damping_t · (S_et + PRIOR · p_t) / (R_e + PRIOR),   S_et = Σ_a r_a c_ae n / (n + 1),   R_e = Σ_a r_a c_ae

The fraction estimates the chance that a text about e uses t: over the articles a that speak of e, weighed by
recency r_a (halved every half-life) and relevance c_ae, how surely the next such text would use t, which grows with the
n sentences that do and saturates (as term frequency does in BM25: Robertson and Zaragoza 2009). Where there is little
evidence it stays near p_t, the chance for a text about anybody.

The damping, between 0 and 1, is ln((N+1)/f_t) / ln(N+1) · m_t / (m_t + 1): inverse frequency among the N entities, of
which f_t are described with t, for what everybody shares; and the m_t articles that use t, for what almost nobody
uses. Whitman and Lawrence (2002) damp both ends with a Gaussian over ln f_t instead, exp(−(ln f_t − μ)² / 2σ²). Its μ
is an absolute count, right for one size of collection, and would have to be set anew for every library and again
as it grows; the damping here has nothing to set.
"""

from datetime import date

from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

PRIOR = 1.0  # articles' worth of belief that an entity is spoken of like anybody
_EXACT = 10**9  # sums are taken over whole billionths, so that their order does not matter
_ENTITY = ["entity_kind", "entity_id"]
_TERM = ["entity_kind", "kind", "stem"]


def weigh(relevances: DataFrame, uses: DataFrame, week: date, half_life_weeks: float, per_kind: int) -> DataFrame:
    """The cultural vectors.

    relevances: (day, entity_kind, entity_id, relevance), one row for each article and entity that it names.
    uses: (article_id, day, entity_kind, entity_id, kind, stem, form, amount, relevance), amount in sentences.
    per_kind: how many terms of a kind are kept for an entity.

    Returns entity_kind, entity_id, kind, term, weight in [0, 1] (six decimals), documents, since.
    """
    age_weeks = F.datediff(F.lit(week), "day") / 7
    evidence = F.pow(F.lit(0.5), age_weeks / half_life_weeks) * F.col("relevance")
    said = _exact_sum(evidence * F.col("amount") / (F.col("amount") + 1))
    documents = F.count_distinct("article_id")

    entities = relevances.groupBy(*_ENTITY).agg(_exact_sum(evidence).alias("total"))
    kinds = entities.groupBy("entity_kind").agg(F.sum("total").alias("kind_total"), F.count("*").alias("kind_entities"))
    described = uses.groupBy(*_ENTITY, "kind", "stem").agg(
        said.alias("said"), documents.alias("documents"), F.min("day").alias("since")
    )
    terms = uses.groupBy(*_TERM).agg(
        said.alias("term_said"),
        documents.alias("term_articles"),
        F.count_distinct("entity_id").alias("term_entities"),
    )

    background = F.col("term_said") / F.col("kind_total")
    chance = (F.col("said") / _EXACT + PRIOR * background) / (F.col("total") / _EXACT + PRIOR)
    everybody = F.col("kind_entities") + 1
    damping = F.log(everybody / F.col("term_entities")) / F.log(everybody)
    damping = damping * F.col("term_articles") / (F.col("term_articles") + 1)
    weighed = (
        described.join(entities, _ENTITY)
        .join(kinds, "entity_kind")
        .join(terms, _TERM)
        .join(_written(uses), ["kind", "stem"])
        .withColumn("weight", F.round(F.least(chance * damping, F.lit(1.0)), 6))
    )
    place = F.row_number().over(
        Window.partitionBy(*_ENTITY, "kind").orderBy(F.desc("weight"), F.desc("documents"), "term")
    )
    columns = [*_ENTITY, "kind", "term", "weight", "documents", "since"]
    return weighed.withColumn("place", place).where(F.col("place") <= per_kind).select(*columns)


def _exact_sum(value) -> "F.Column":
    return F.sum(F.round(value * _EXACT).cast("bigint"))


def _written(uses: DataFrame) -> DataFrame:
    """The form in which each term is written most often (kind, stem, term), no two terms of a kind alike."""
    forms = uses.groupBy("kind", "stem", "form").agg(F.count_distinct("article_id").alias("articles"))
    choice = F.min(F.struct((-F.col("articles")).alias("rare"), F.length("form").alias("length"), F.col("form")))
    return (
        forms.groupBy("kind", "stem")
        .agg(choice.alias("choice"))
        .select("kind", "stem", F.col("choice.form").alias("term"))
    )
