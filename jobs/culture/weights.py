"""From the terms of articles to the weights of terms for artists and tracks.

The weight of term t for entity e is

    weight = damping_t · (1 − exp(−λ_et)),   λ_et = (Σ_a v_ea n_eat + PRIOR · p_t) / (Σ_a v_ea + PRIOR)

n_eat is in how many sentences article a uses t about e, weighed by their place (`jobs.culture.terms`), and v_ea the
voice that the article has. So λ is how often the next text about e will use t, and, as rare events come,
1 − exp(−λ) the chance that it does. Where little is said of e, λ stays near p_t, the rate for anybody.

An article's evidence is its recency (halved every half-life) times how surely it speaks of e. A source is one voice:
what it says about e is the mean of its articles about e, and it counts as much as the best of them alone.

The damping, between 0 and 1, is (1 + ln((N+1) / (f_t+1))) / (1 + ln(N+1)) · m_t / (m_t + 1): inverse frequency among
the N entities, of which f_t are described with t, for what everybody shares; and the m_t articles that use t, for what
almost nobody uses. Whitman and Lawrence (2002) damp both ends with a Gaussian over ln f_t instead, exp(−(ln f_t −
μ)² / 2σ²). Its μ is an absolute count, right for one size of collection, and would have to be set anew for every
library and again as it grows; the damping here has nothing to set (`benchmarks.culture` compares them).
"""

from datetime import date

from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

PRIOR = 1.0  # voices' worth of belief that an entity is spoken of like anybody
INHERITED = 0.5  # what is said of an artist counts for a track about which nobody has written
INHERITED_TERMS = 10  # of each kind, the artist's heaviest
_EXACT = 10**9  # sums are taken over whole billionths, so that their order does not matter
_ENTITY = ["entity_id", "entity_kind"]  # Spark sorts by the first bytes, which tell ids apart


def weigh(told: DataFrame, week: date, half_life_weeks: float, per_kind: int) -> DataFrame:
    """The cultural vectors.

    told: (article_id, day, source, entity_kind, entity_id, relevance, uses), one row for each article and entity that
    it speaks of; uses: array of (kind, stem, form, amount, share), amount in sentences, share: one among the entities
    of the kind of which the article uses the term. per_kind: how many terms of a kind are kept for an entity.

    Returns entity_kind, entity_id, kind, term, weight in [0, 1] (six decimals), documents, since.
    """
    # Rows travel three times: with all that is said of an entity, with all of a term, and with the terms of an entity.
    voiced = voices(told.repartition(*_ENTITY), week, half_life_weeks)
    kinds = voiced.groupBy("entity_kind").agg(
        _exact_sum(F.col("voice")).alias("kind_total"), F.count_distinct("entity_id").alias("kind_entities")
    )
    described = (
        voiced.withColumn("total", _exact_sum(F.col("voice")).over(Window.partitionBy(*_ENTITY)))
        .selectExpr(*_ENTITY, "day", "voice", "total", "inline(uses)")
        .groupBy(*_ENTITY, "total", "kind", "stem")
        .agg(
            _exact_sum(F.col("voice") * F.col("amount")).alias("said"),
            _exact_sum(F.col("share")).alias("shares"),
            F.count("*").alias("documents"),
            F.min("day").alias("since"),
        )
    )
    of_term = Window.partitionBy("stem", "kind", "entity_kind")
    terms = (
        described.repartition("stem", "kind")
        .withColumn("term_said", F.sum("said").over(of_term))
        .withColumn("term_articles", F.round(F.sum("shares").over(of_term) / _EXACT))
        .withColumn("term_entities", F.count("*").over(of_term))
    )

    background = F.col("term_said") / F.col("kind_total")
    rate = (F.col("said") / _EXACT + PRIOR * background) / (F.col("total") / _EXACT + PRIOR)
    everybody = F.log(F.col("kind_entities") + 1)
    damping = (1 + everybody - F.log(F.col("term_entities") + 1)) / (1 + everybody)
    damping = damping * F.col("term_articles") / (F.col("term_articles") + 1)
    weighed = (
        terms.join(_written(told), ["kind", "stem"])
        .join(F.broadcast(kinds), "entity_kind")
        .withColumn("weight", F.round(-F.expm1(-rate) * damping, 6))
    )
    place = F.row_number().over(
        Window.partitionBy(*_ENTITY, "kind").orderBy(F.desc("weight"), F.desc("documents"), "term")
    )
    columns = [*_ENTITY, "kind", "term", "weight", "documents", "since"]
    return weighed.withColumn("place", place).where(F.col("place") <= per_kind).select(*columns)


def inherit(vectors: DataFrame, tracks: DataFrame) -> DataFrame:
    """What tracks about which nobody has written have from their artists, at `INHERITED` of its weight.

    vectors: as from `weigh`. tracks: (track_id, artist_id). Returns the columns of `weigh`.
    """
    place = F.row_number().over(Window.partitionBy("entity_id", "kind").orderBy(F.desc("weight"), "term"))
    of_artists = (
        vectors.where("entity_kind = 'artist'").withColumn("place", place).where(F.col("place") <= INHERITED_TERMS)
    )
    silent = tracks.join(
        vectors.where("entity_kind = 'track'").select(F.col("entity_id").alias("track_id")), "track_id", "left_anti"
    )
    others = silent.join(of_artists.withColumnRenamed("entity_id", "artist_id"), "artist_id")
    return others.select(
        F.lit("track").alias("entity_kind"),
        F.col("track_id").alias("entity_id"),
        "kind",
        "term",
        F.round(F.col("weight") * INHERITED, 6).alias("weight"),
        "documents",
        "since",
    )


def voices(told: DataFrame, week: date, half_life_weeks: float) -> DataFrame:
    """What is told of entities, with what each article counts: column `voice` in [0, 1]; the voices of a source add up
    to the evidence of its best article."""
    age_weeks = F.datediff(F.lit(week), "day") / 7
    evidence = F.pow(F.lit(0.5), age_weeks / half_life_weeks) * F.col("relevance")
    exact = F.round(evidence * _EXACT).cast("bigint")
    of_source = Window.partitionBy(*_ENTITY, F.coalesce("source", "article_id"))
    return (
        told.withColumn("exact", exact)
        .withColumn("best", F.max("exact").over(of_source))
        .withColumn("whole", F.sum("exact").over(of_source))
        .where(F.col("whole") > 0)
        .withColumn("voice", F.col("exact") * (F.col("best") / F.col("whole")) / _EXACT)
        .drop("exact", "best", "whole")
    )


def _exact_sum(value) -> "F.Column":
    return F.sum(F.round(value * _EXACT).cast("bigint"))


def _written(told: DataFrame) -> DataFrame:
    """The form in which each term is written most often (kind, stem, term), no two terms of a kind alike."""
    forms = told.selectExpr("inline(uses)").groupBy("kind", "stem", "form").agg(F.count("*").alias("uses"))
    choice = F.min(F.struct((-F.col("uses")).alias("rare"), F.length("form").alias("length"), F.col("form")))
    return (
        forms.groupBy("kind", "stem")
        .agg(choice.alias("choice"))
        .select("kind", "stem", F.col("choice.form").alias("term"))
    )
