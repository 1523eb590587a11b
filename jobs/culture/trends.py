"""Which terms rise and fall: the articles of the last week beside those of the weeks before.

A term's trend is the signed root of the log-likelihood ratio (Dunning, "Accurate Methods for the Statistics of Surprise
and Coincidence", 1993) of two shares: of the last week's articles that use it, and of the earlier ones. It is
comparable with a z-score, and, unlike one, it holds for terms that few articles use.
"""

from datetime import date

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

WEEKS_BEFORE = 12
LEAST_ARTICLES = 3  # of both times together: less is no trend
LEAST_TREND = 2.0  # about one term in twenty has as much by chance
PER_KIND = 50  # terms that rise, and that fall, of each kind


def trends(annotated: DataFrame, week: date) -> DataFrame:
    """The rows of `term_trends` without the week.

    annotated: articles as `jobs.culture.reading.annotate` gives them (article_id, day, told, and others).
    """
    age = F.datediff(F.lit(week), "day")
    articles = annotated.where(age.between(1, 7 * (WEEKS_BEFORE + 1))).select(
        "article_id", (age <= 7).alias("is_new"), "told"
    )
    new, old = (F.count_if(F.col("is_new")), F.count_if(~F.col("is_new")))
    totals = articles.where("size(told) > 0").agg(new.alias("new_total"), old.alias("old_total"))
    told = articles.selectExpr("article_id", "is_new", "inline(told)")
    said = told.selectExpr("article_id", "is_new", "inline(uses)").where("kind <> 'artist'")
    named = told.where("entity_kind = 'artist'")
    terms = said.select("article_id", "is_new", "kind", "stem", "form").union(
        named.selectExpr("article_id", "is_new", "'artist'", "entity_id", "entity_id")
    )
    by_article = terms.groupBy("article_id", "is_new", "kind", "stem").agg(F.min("form").alias("form"))
    counted = (
        by_article.groupBy("kind", "stem")
        .agg(F.mode("form", deterministic=True).alias("term"), new.alias("articles"), old.alias("articles_before"))
        .where(F.col("articles") + F.col("articles_before") >= LEAST_ARTICLES)
        .crossJoin(totals)
        .where((F.col("new_total") > 0) & (F.col("old_total") > 0))
        .withColumn("share", F.col("articles") / F.col("new_total"))
        .withColumn("share_before", F.col("articles_before") / F.col("old_total"))
    )
    rises = F.col("share") > F.col("share_before")
    trend = F.sqrt(_ratio()) * F.when(rises, 1.0).otherwise(-1.0)
    measured = counted.withColumn("trend", F.round(trend, 6)).where(F.abs("trend") >= LEAST_TREND)
    # Two stems may be written alike most often; the stronger of them stands for both.
    once = F.row_number().over(Window.partitionBy("kind", "term").orderBy(F.desc(F.abs("trend")), "stem"))
    place = F.row_number().over(
        Window.partitionBy("kind", F.col("trend") > 0).orderBy(F.desc(F.abs("trend")), F.desc("articles"), "term")
    )
    columns = ("kind", "term", "trend", "articles", "share", "articles_before", "share_before")
    return (
        measured.withColumn("once", once)
        .where("once = 1")
        .withColumn("place", place)
        .where(F.col("place") <= PER_KIND)
        .select(*columns)
    )


def _ratio() -> Column:
    """Twice the log-likelihood ratio of two shares against one."""
    k1, k2, n1, n2 = (F.col(c) for c in ("articles", "articles_before", "new_total", "old_total"))
    both = (k1 + k2) / (n1 + n2)

    def fits(k: Column, n: Column, share: Column) -> Column:
        hits = F.when(k > 0, k * F.log(share)).otherwise(0.0)
        return hits + F.when(n > k, (n - k) * F.log(1 - share)).otherwise(0.0)

    gained = fits(k1, n1, k1 / n1) + fits(k2, n2, k2 / n2) - fits(k1, n1, both) - fits(k2, n2, both)
    return F.greatest(2 * gained, F.lit(0.0))
