"""The whole reading of articles in Spark, from text to weights, beside what people usually do with text.

Ours finds names, judges who is meant, tags and stems, and weighs terms for each artist and track; the second week is
the same articles once more, known by then, and a hundredth of new ones. The peers only count terms of whole texts:
scikit-learn's TfidfVectorizer over words and bigrams, and NLTK's usual pipeline (sentences, words, stems, bigrams,
counts). spaCy's taggers are downloads and take no part. Articles and names are made up; the text of all is the same.
"""

import tempfile
import time
from collections import Counter
from datetime import date, timedelta

from benchmarks import contest

WEEK = date(2026, 11, 23)
WORDS = 250  # of an article
NAMES = 10_000
ARTICLES = (1_000, 4_000, 16_000)
LARGE = {"names": 100_000, "articles": 100_000}
CHUNK = 1_000  # articles made at a time


def main(small: bool, large: bool) -> dict:
    """Run and show all parts; returns the measurements."""
    sizes = [{"names": 1_000, "articles": 500}] if small else [{"names": NAMES, "articles": n} for n in ARTICLES]
    rows = []
    for size in sizes:
        for contender, function in {
            "jobs.culture, 2 cores": "ours",
            "TfidfVectorizer(ngram_range=(1, 2)), 1 core": "scikit_learn",
            "NLTK: words, stems, bigrams, 1 core": "nltk_pipeline",
        }.items():
            run = contest.alone(f"benchmarks.reading:{function}", **size)
            rows.append({"contender": contender, **size, **_rates(run)})
            if function == "ours":
                again = {"seconds": run["seconds_again"], "megabytes": run["megabytes"], "peak_mib": run["peak_mib"]}
                rows.append({"contender": "… a week later", **size, **_rates({**run, **again})})
    contest.show(f"articles of {WORDS} words", rows)
    at_scale = []
    if large:
        run = contest.alone("benchmarks.reading:ours", **LARGE, again=False)
        at_scale.append({"contender": "jobs.culture, 2 cores", **LARGE, **_rates(run)})
        contest.show("a large library", at_scale)
    return {"rates": rows, "large": at_scale}


def _rates(run: dict) -> dict:
    return {
        "articles/s": run["articles"] / run["seconds"],
        "MB/s": run["megabytes"] / run["seconds"],
        "seconds": run["seconds"],
        "peak MiB": run["peak_mib"],
    }


def ours(names: int, articles: int, again: bool = True) -> dict:
    """The stage's own steps, from a file of articles to weights in a file; a second time with what is known by then."""
    import os

    from pyspark import StorageLevel
    from pyspark.sql import functions as F

    from benchmarks.linking_world import World
    from jobs.culture.names import NameIndex
    from jobs.culture.names import names as all_names
    from jobs.culture.reader import Reader
    from jobs.culture.reading import annotate, boilerplate, scan, seen_names
    from jobs.culture.weights import weigh
    from jobs.settings import settings
    from jobs.spark import session

    os.environ["DISCOVER_SPARK_MASTER"] = "local[2]"
    config = settings().culture
    world = World(names)
    with tempfile.TemporaryDirectory() as folder, session("reading") as spark:
        megabytes = _write(world, articles, f"{folder}/articles.parquet")

        def week(of, known, into) -> float:
            started = time.perf_counter()
            scanned = scan(of, NameIndex(all_names(world.artists, world.tracks))).persist(StorageLevel.DISK_ONLY)
            seen, recurring = seen_names(scanned), boilerplate(scanned)
            reader = Reader.of(
                all_names(world.artists, world.tracks, seen),
                recurring,
                config.min_confidence,
                config.min_article_weight,
            )
            annotated = annotate(scanned, known, reader).persist(StorageLevel.DISK_ONLY)
            told = annotated.selectExpr("article_id", "day", "source", "inline(told)")
            weights = weigh(told, WEEK, config.half_life_weeks, config.terms_per_kind)
            weights.write.mode("overwrite").parquet(f"{folder}/weights")
            readings = annotated.where("reading IS NOT NULL").withColumn("week", F.lit(WEEK - timedelta(weeks=1)))
            readings.select("week", "article_id", "text_sha256", "fingerprint", "reading").write.parquet(into)
            seconds = time.perf_counter() - started
            annotated.unpersist()
            scanned.unpersist()
            return seconds

        every = spark.read.parquet(f"{folder}/articles.parquet").repartition(8)
        schema = "week date, article_id string, text_sha256 string, fingerprint string, reading string"
        seconds = week(every, spark.createDataFrame([], schema), f"{folder}/first")
        measured = {"articles": articles, "megabytes": megabytes, "seconds": seconds}
        if again:
            fresh = every.where(F.xxhash64("article_id") % 100 == 0).withColumn(
                "article_id", F.concat("article_id", F.lit("-"))
            )
            known = spark.read.parquet(f"{folder}/first")
            measured["seconds_again"] = week(every.unionByName(fresh), known, f"{folder}/second")
    return measured


def _write(world, articles: int, path: str) -> float:
    """Write articles as the lake has them; returns the megabytes of text."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    schema = pa.schema(
        [
            *((c, pa.string()) for c in ("article_id", "text_sha256", "source_url", "title", "text")),
            ("day", pa.date32()),
            ("tags", pa.list_(pa.string())),
            *((c, pa.string()) for c in ("reviewed_artist", "reviewed_title")),
        ]
    )
    characters = 0
    with pq.ParquetWriter(path, schema) as writer:
        for first in range(0, articles, CHUNK):
            rows = []
            for number, (_, title, text) in enumerate(world.articles(min(CHUNK, articles - first), WORDS), first):
                characters += len(text)
                rows.append(
                    {
                        "article_id": f"{number}",
                        "text_sha256": f"{number}",
                        "source_url": f"https://example.org/{number % 200}",
                        "title": title,
                        "text": text,
                        "day": WEEK - timedelta(days=1 + number % 300),
                    }
                )
            writer.write_table(pa.Table.from_pylist(rows, schema))
    return characters / 1e6


def _texts(names: int, articles: int) -> list[str]:
    from benchmarks.linking_world import World

    return [text for _, _, text in World(names).articles(articles, WORDS)]


def scikit_learn(names: int, articles: int) -> dict:
    """Term frequencies and inverse document frequencies of words and bigrams."""
    from sklearn.feature_extraction.text import TfidfVectorizer

    texts = _texts(names, articles)
    started = time.perf_counter()
    TfidfVectorizer(ngram_range=(1, 2)).fit_transform(texts)
    seconds = time.perf_counter() - started
    return {"articles": articles, "megabytes": sum(map(len, texts)) / 1e6, "seconds": seconds}


def nltk_pipeline(names: int, articles: int) -> dict:
    """NLTK: Punkt sentences, Treebank words, Snowball stems, counts of words and bigrams."""
    from nltk import bigrams
    from nltk.stem.snowball import SnowballStemmer
    from nltk.tokenize import TreebankWordTokenizer
    from nltk.tokenize.punkt import PunktSentenceTokenizer

    texts = _texts(names, articles)
    split, tokenize, stemmer = PunktSentenceTokenizer(), TreebankWordTokenizer(), SnowballStemmer("english")
    counts: Counter = Counter()
    started = time.perf_counter()
    for text in texts:
        for sentence in split.tokenize(text):
            stems = [stemmer.stem(word) for word in tokenize.tokenize(sentence)]
            counts.update(stems)
            counts.update(bigrams(stems))
    seconds = time.perf_counter() - started
    return {"articles": articles, "megabytes": sum(map(len, texts)) / 1e6, "seconds": seconds}


if __name__ == "__main__":
    parser = contest.arg_parser("reading", __doc__)
    parser.add_argument("--large", action="store_true", help="100,000 articles and 100,000 names, too: ten minutes")
    arguments = parser.parse_args()
    contest.save(arguments.json, **main(arguments.small, arguments.large))
