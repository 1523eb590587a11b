"""The whole stage, on a lake and in Spark."""

import math
import subprocess
import sys
from datetime import UTC, date, datetime

import pandas as pd
import pytest
from rich.console import Console

from jobs import cli
from jobs.culture.__main__ import arg_parser, main
from jobs.culture.commonness import Seen
from jobs.culture.names import NameIndex, names
from jobs.culture.reader import Reader
from jobs.culture.reading import annotate, boilerplate, scan, seen_names, sort_out
from jobs.culture.show import changes, examples, show
from jobs.culture.weights import weigh
from jobs.lake import ALL, APPEND
from tests.culture.conftest import WEEK, article, article_id, fill

RADIOHEAD = "Radiohead made a gloomy album. The album is gloomy and glacial."
BJORK = "Björk made a glacial album of choirs, unlike Radiohead. The choirs are glacial."


def vectors(lake, week=WEEK):
    """{(entity_id, kind, term): row} of a week."""
    rows = lake.arrow("cultural_vectors", {"week": week}).to_pylist()
    return {(r["entity_id"], r["kind"], r["term"]): r for r in rows}


def metrics(lake, week=WEEK):
    """{(metric, dimension): value} of a week."""
    rows = lake.arrow("metrics", {"week": week, "stage": "culture"}).to_pylist()
    return {(r["metric"], r["dimension"]): r["value"] for r in rows}


def test_without_articles_or_catalogue_the_stage_publishes_the_empty_partition(lake):
    main(WEEK)
    fill(lake, [])
    main(WEEK)
    assert lake.is_empty("mentions")
    assert lake.is_empty("similar_artists")
    assert metrics(lake)["articles_used", ""] == 0


@pytest.mark.slow
def test_what_is_said_becomes_mentions_vectors_neighbours_and_metrics(lake, spark):
    late = {"published_at": datetime(2026, 11, 23, tzinfo=UTC)}
    german = {"language": "de"}
    earlier = datetime(2026, 11, 12, tzinfo=UTC)
    undated = {"published_at": None, "fetched_at": datetime(2026, 11, 25, tzinfo=UTC)}
    fill(
        lake,
        [
            article(1, RADIOHEAD, "Radiohead return"),
            article(2, RADIOHEAD, "The same press release again", story_id=article_id(1)),
            article(3, BJORK, "Björk"),
            article(4, "Radiohead sind düster und zerbrechlich.", "Radiohead", **german),
            article(5, "Radiohead are cheerful.", "Radiohead", **late),
            article(6, "Radiohead are hilarious.", "Radiohead", **undated),
            article(7, "The weather stays calm."),
            article(8, " \n "),
            article(9, "Radiohead were dull.", story_id=article_id(1)),
            article(3, "Björk as an earlier version calls her: silent.", fetched_at=earlier, article_id="0"),
        ],
    )
    main(WEEK)
    found, measured = vectors(lake), metrics(lake)

    assert measured["articles_used", ""] == 3
    assert measured["articles_left_out", "reason=copy"] == 2
    assert measured["articles_left_out", "reason=replaced"] == 1
    assert measured["articles_left_out", "reason=language=de"] == 1
    assert measured["articles_left_out", "reason=empty"] == 1
    assert measured["articles_without_mention", ""] == 1
    assert measured["entities_with_vectors", "kind=artist"] == 2

    gloomy = found["radiohead", "adjective", "gloomy"]
    assert (gloomy["documents"], gloomy["since"]) == (1, date(2026, 11, 16))
    left_out = {"düster", "zerbrechlich", "cheerful", "hilarious", "calm", "dull", "silent"}
    assert not {term for _, _, term in found} & left_out
    assert ("bjork", "artist", "radiohead") in found
    assert all(0 <= row["weight"] <= 1 for row in found.values())

    mentioned = lake.arrow("mentions", {"week": WEEK}).to_pylist()
    by_id = {a["article_id"]: a for a in lake.arrow("articles").to_pylist()}
    assert {m["entity_id"] for m in mentioned} == {"radiohead", "bjork"}
    for m in mentioned:
        row = by_id[m["article_id"]]
        where = row["title"] if m["start"] < 0 else row["text"]
        assert where[max(m["start"], 0) :].startswith(m["surface"]) or (m["start"] < 0 and m["surface"] in where)

    (pair,) = (r for r in lake.arrow("similar_artists").to_pylist() if r["artist_id"] == "bjork")
    assert (pair["similar_artist_id"], pair["rank"]) == ("radiohead", 1)
    assert "glacial" in " ".join(pair["shared_terms"])

    console = Console(record=True, width=200)
    show(lake, WEEK, "bjork", console)
    shown = console.export_text()
    assert "Björk" in shown
    assert "glacial" in shown
    assert "Radiohead" in shown
    assert examples(lake, WEEK, "bjork")[0][0].startswith("Björk made a glacial album")
    with pytest.raises(cli.UserError, match="did you mean Radiohead"):
        show(lake, WEEK, "Radioheed")
    with pytest.raises(cli.UserError, match="newest week that has is 2026-11-23"):
        show(lake, date(2026, 11, 16), "Radiohead")

    inherited = [r for r in lake.arrow("cultural_vectors", {"week": WEEK}).to_pylist() if r["inherited"]]
    assert {r["entity_id"] for r in inherited} == {"creep", "paranoid-android", "joga"}, "nobody has written about them"
    glacial = found["joga", "adjective", "glacial"]
    assert glacial["weight"] == pytest.approx(found["bjork", "adjective", "glacial"]["weight"] / 2, abs=1e-6)

    before = rows_of(lake)
    main(WEEK)
    assert rows_of(lake) == before


KEYS = {
    "mentions": ("article_id", "entity_kind", "entity_id", "start"),
    "cultural_vectors": ("entity_kind", "entity_id", "kind", "term"),
    "cultural_embeddings": ("entity_kind", "entity_id"),
    "similar_artists": ("artist_id", "rank"),
    "term_trends": ("kind", "term"),
}


def rows_of(lake, week=WEEK):
    """What the stage publishes for a week, in order."""
    return {
        table: lake.arrow(table, {"week": week}).sort_by([(c, "ascending") for c in keys])
        for table, keys in KEYS.items()
    }


@pytest.mark.slow
def test_what_is_known_is_not_read_again_and_the_rows_are_those_of_reading_everything(lake, spark):
    footer = "Follow our newsletter for more on Radiohead."
    old = [
        article(1, RADIOHEAD, "Radiohead return"),
        article(2, "Battles are loud. Radiohead are gloomy.", "A festival"),  # Battles are not in the library yet
        article(3, BJORK, "Björk"),
        article(4, f"Björk is icy.\n{footer}"),
        article(5, f"Björk is warm.\n{footer}"),
    ]
    earlier = {"published_at": datetime(2026, 11, 9, tzinfo=UTC), "fetched_at": datetime(2026, 11, 10, tzinfo=UTC)}
    fill(lake, [row | earlier for row in old])
    main(date(2026, 11, 16))
    assert metrics(lake, date(2026, 11, 16))["articles_read", ""] == 5

    lake.merge("artists", pd.DataFrame({"artist_id": ["battles"], "name": ["Battles"]}))
    lake.publish("articles", pd.DataFrame([article(6, f"Björk is calm.\n{footer}")]), APPEND)
    main(WEEK)
    measured = metrics(lake)
    # New, named after an artist who is new, and two of which a sentence has turned out to recur.
    assert (measured["articles_read", ""], measured["articles_known", ""]) == (4, 2)
    incremental = rows_of(lake)
    told = dict(line.split(": ") for line in changes(lake, WEEK, "bjork", {}))
    assert "calm" in told["new this week"].split(", ")
    assert "choirs" in told["falling"].split(", "), "there is more to say of her now"
    assert changes(lake, date(2026, 11, 16), "bjork", {}) == ["nothing is known of the week before"]
    lake.publish("readings", [], ALL)
    main(WEEK)
    assert metrics(lake)["articles_read", ""] == 6
    assert rows_of(lake) == incremental


READINGS = "week date, article_id string, text_sha256 string, fingerprint string, reading string"


def articles_of(spark, texts):
    """Articles [(id, day, title, text)] as the scan takes them, each by a voice of its own."""
    rows = pd.DataFrame(texts, columns=["article_id", "day", "title", "text"])
    return spark.createDataFrame(rows, "article_id string, day date, title string, text string").selectExpr(
        "*",
        "sha2(text, 256) AS text_sha256",
        "article_id AS source_url",
        "cast(null AS array<string>) AS tags",
        "null AS reviewed_artist",
        "null AS reviewed_title",
    )


def test_the_newest_reading_of_an_article_counts(spark, library):
    reader = Reader.of(names(*library), frozenset(), 0.5, 0.1)
    scanned = scan(articles_of(spark, [("a", DAY, None, "Radiohead are icy.")]), reader.index)
    (read,) = annotate(scanned, spark.createDataFrame([], READINGS), reader).collect()
    assert read.reading
    assert [told.entity_id for told in read.told] == ["radiohead"]
    other = '{"mentions": [], "told": []}'

    def again(fingerprint, before):
        kept = [(WEEK, "a", "sha", fingerprint, other), (date(2026, 11, 16), "a", "sha", before, read.reading)]
        return annotate(scanned, spark.createDataFrame(kept, READINGS), reader).first()

    newest = again(read.fingerprint, read.fingerprint)
    assert (newest.reading, newest.told, newest.fingerprint) == (None, [], read.fingerprint)
    assert again("another", read.fingerprint).asDict() == read.asDict(), "read anew"


def weighed(spark, library, texts, partitions=1):
    """The vectors of texts [(id, day, title, text)] as {(entity_id, kind, term): weight}."""
    articles = articles_of(spark, texts)
    reader = Reader.of(names(*library), frozenset(), 0.5, 0.1)
    annotated = annotate(
        scan(articles.repartition(partitions), reader.index), spark.createDataFrame([], READINGS), reader
    )
    vectors = weigh(annotated.selectExpr("article_id", "day", "source", "inline(told)"), WEEK, 26.0, 100)
    return {(r.entity_id, r.kind, r.term): r.weight for r in vectors.collect()}


DAY = date(2026, 11, 16)


def test_neither_the_order_of_articles_nor_the_partitions_matter(spark, library):
    texts = [
        (str(n), DAY, None, f"Radiohead are {w} and loud. Björk is {w}.") for n, w in enumerate(["icy", "warm"] * 6)
    ]
    assert weighed(spark, library, texts, 1) == weighed(spark, library, texts[::-1], 3)


def test_weights_grow_with_use_and_recency(spark, library):
    texts = [
        ("1", DAY, "Radiohead", "They are icy."),
        ("2", DAY, "Radiohead", "They are icy, and tender."),
        ("3", date(2025, 11, 17), "Radiohead", "They are rustic."),  # two half-lives ago
        ("4", DAY, "Radiohead", "They are arctic."),
        ("5", DAY, "Björk", "It is velvety."),
    ]
    weights = weighed(spark, library, texts)
    said = {term: weights["radiohead", "adjective", term] for term in ("icy", "tender", "rustic", "arctic")}
    assert said["icy"] > said["tender"] > said["rustic"] > 0
    assert said["arctic"] == said["tender"]
    assert all(0 <= weight <= 1 for weight in weights.values())


def test_what_everybody_shares_weighs_less_and_a_source_that_repeats_itself_is_one_voice(spark):
    columns = (
        "article_id string, day date, source string, entity_kind string, entity_id string, relevance double, "
        "uses array<struct<kind string, stem string, form string, amount double, share double>>"
    )

    def said(article, source, artist, *terms):
        return (article, DAY, source, "artist", artist, 1.0, [("word", term, term, 1.0, 1.0) for term in terms])

    about = [said(f"{n}", f"source {n}", f"a{n}", "shared", *["rare"] * (n < 2)) for n in range(50)]
    repeated = [said(f"again {n}", "source 0", "a0", "rare") for n in range(9)]

    def weights(told):
        found = weigh(spark.createDataFrame(told, columns), WEEK, 26.0, 100)
        return {(row.entity_id, row.term): row.weight for row in found.collect()}

    once, again = weights(about), weights(about + repeated)
    assert once["a0", "shared"] < once["a0", "rare"]
    # Its voice is as loud as before, and less of it speaks of what it has said only once.
    assert again["a0", "shared"] < once["a0", "shared"]
    assert again["a1", "shared"] == pytest.approx(once["a1", "shared"], rel=0.05)
    ten_sources = [said(f"again {n}", f"other {n}", "a0", "rare") for n in range(9)]
    assert again["a0", "rare"] < weights(about + ten_sources)["a0", "rare"]


def test_a_single_weight_is_what_the_formula_says(spark, library):
    # One article, one entity, one sentence after the title: v = 0.5^(7/7/26) · r, n = 1, so p = n and λ = n = 1;
    # damping: N = f = m = 1.
    weights = weighed(spark, library, [("1", DAY, "Radiohead", "They are icy.")])
    expected = (1 - math.exp(-1)) / (1 + math.log(2)) / 2
    assert weights["radiohead", "adjective", "icy"] == pytest.approx(expected, abs=1e-6)


def test_sentences_that_recur_on_a_source_are_boilerplate_and_lower_case_names_are_words(lake, spark, library):
    footer = "Follow our newsletter for more on Radiohead."
    rows = [article(n, f"Word number {n} about battles.\n{footer}") for n in range(4)]
    rows += [article(9, footer, source_url="https://elsewhere.example/")]
    fill(lake, rows)
    articles = sort_out(lake.spark(spark, "articles"), WEEK).where("reason IS NULL")
    scanned = scan(articles, NameIndex(names([("b", "Battles"), ("r", "Radiohead")], [])))
    assert len(boilerplate(scanned)) == 1
    assert seen_names(scanned) == {"battles": Seen(lowered=4, articles=4)}


def test_help_teaches_and_loads_nothing_heavy():
    heavy = "import sys, jobs.culture.__main__ as m; m.arg_parser().format_help(); " + (
        "sys.exit(any(x in sys.modules for x in ('pyspark', 'pandas', 'nltk', 'duckdb')))"
    )
    subprocess.run([sys.executable, "-c", heavy], check=True, timeout=60)
    assert "example" in arg_parser().format_help()


def test_the_week_is_understood_before_and_after_show():
    parser = arg_parser()
    assert parser.parse_args(["--week", "2026-11-16", "show", "Air"]).week == date(2026, 11, 16)
    assert parser.parse_args(["show", "Air", "--week", "2026-11-16"]).week == date(2026, 11, 16)
    assert vars(parser.parse_args([])).keys() == {"week", "step", "artist"}
