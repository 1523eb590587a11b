"""Terms that rise and fall, by known answers."""

from datetime import date, timedelta
from math import log, sqrt

import pytest

from jobs.culture.trends import trends

WEEK = date(2026, 11, 23)
ANNOTATED = (
    "article_id string, day date, told array<struct<entity_kind string, entity_id string, relevance double, "
    "uses array<struct<kind string, stem string, form string, amount double, share double>>>>"
)


def article(number, days_ago, *words, about=("a",)):
    """An article about artists that uses these words."""
    uses = [("word", word, f"{word}s", 1.0, 1 / len(about)) for word in words]
    return (str(number), WEEK - timedelta(days=days_ago), [("artist", artist, 0.9, uses) for artist in about])


def test_what_the_last_week_says_more_often_rises_and_what_it_says_less_falls(spark):
    new = [article(f"new {n}", 1 + n % 7, *["drone"] * (n < 8), "song", about=("a", "b")) for n in range(10)]
    old = [article(f"old {n}", 8 + n, *["drone"] * (n < 4), *["waltz"] * (n >= 20), "song") for n in range(40)]
    outside = [article("today", 0, *["waltz"]), article("long ago", 100, "drone")]
    rows = spark.createDataFrame([*new, *old, *outside], ANNOTATED)
    found = {(row.kind, row.term): row for row in trends(rows, WEEK).collect()}
    assert set(found) == {("word", "drones"), ("word", "waltzs"), ("artist", "b")}, "all say song, and all name a"
    rising = found["word", "drones"]
    assert (rising.articles, rising.articles_before) == (8, 4)
    assert (rising.share, rising.share_before) == (0.8, 0.1)
    both = 12 / 50
    gained = 8 * log(0.8 / both) + 2 * log(0.2 / (1 - both)) + 4 * log(0.1 / both) + 36 * log(0.9 / (1 - both))
    assert rising.trend == pytest.approx(sqrt(2 * gained), abs=1e-6)
    assert found["word", "waltzs"].trend < 0
    assert found["artist", "b"].trend > 0


def test_without_articles_of_one_of_the_times_nothing_rises(spark):
    rows = spark.createDataFrame([article(n, 3, "drone") for n in range(9)], ANNOTATED)
    assert trends(rows, WEEK).collect() == []
