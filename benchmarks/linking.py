"""Linking names in articles to artists, tracks and albums: how well, how fast, in how much memory.

How well: on the sentences with names that are words in `tests/culture/ambiguous_names.tsv`, whose report half took no
part in learning, beside matching without disambiguation. How fast: a library and articles that are made up; on one core
by the number of names and by the length of the articles, then in Spark.
"""

import time
from collections.abc import Callable, Iterable

import psutil

from benchmarks import contest
from jobs.culture.mentions import IN_TITLE, Mention, find
from jobs.culture.names import NameIndex, capitalised, names
from jobs.culture.text import fold
from jobs.settings import CultureSettings
from tests.culture import ambiguity

SURE = CultureSettings().min_confidence
WORDS = 250  # of an article
NAMES = (1_000, 10_000, 100_000)
LENGTHS = (250, 1_000, 4_000, 16_000)
REPEATS = 3


def main(small: bool, fit: bool) -> dict:
    """Run and show all parts; returns the measurements."""
    if fit:
        from benchmarks import linking_fit

        linking_fit.fit(ambiguity.examples("tuning"), ambiguity.index())
        print(linking_fit.printed())
        return {}
    quality = [row for half in ambiguity.HALVES for row in how_well(half)]
    contest.show(f"links of names that are words, from confidence {SURE} on", quality)
    n = 200 if small else 2_000
    by_names = [fastest(names=k, articles=n, words=WORDS) for k in (NAMES[:2] if small else NAMES)]
    contest.show(f"one core, articles of {WORDS} words", by_names)
    by_length = [fastest(names=NAMES[1], articles=n * WORDS // k, words=k) for k in (LENGTHS[:2] if small else LENGTHS)]
    contest.show(f"one core, {NAMES[1]:,} names", by_length)
    size = {"names": 1_000, "articles": 2_000} if small else {"names": 100_000, "articles": 100_000}
    in_spark = [_row(size, contest.alone("benchmarks.linking:spark", words=WORDS, **size))]
    contest.show("Spark: the whole process with its JVM and workers", in_spark)
    return {"quality": quality, "by_names": by_names, "by_length": by_length, "spark": in_spark}


def how_well(half: str) -> Iterable[dict]:
    """Precision and recall on a half, of each way to link."""
    index, examples = ambiguity.index(), ambiguity.examples(half)
    ways: dict[str, Callable] = {
        "every match": lambda e: every_match(e, index, capitals=False),
        "every match with capitals": lambda e: every_match(e, index, capitals=True),
        "jobs.culture.mentions": lambda e: find(e.title, e.text, index, SURE),
    }
    for way, link in ways.items():
        figures = ambiguity.score([(e, link(e)) for e in examples], SURE)
        yield {
            "linking": way,
            "half": half,
            "sentences": len(examples),
            "precision": figures.precision,
            "recall": figures.recall,
            "right": figures.right,
            "wrong": figures.wrong,
            "missed": figures.missed,
        }


def every_match(example: ambiguity.Example, index: NameIndex, capitals: bool) -> list[Mention]:
    """All places where a name stands, with its capitals or whatever they are: no disambiguation."""
    found = []
    for in_title, text in ((True, example.title), (False, example.text)):
        folded = fold(text)
        for start, end, spelling in index.matches(folded):
            for name in spelling.names:
                if not capitals or capitalised(folded.plain[start:end], name.cased):
                    first, last = folded.positions[start], folded.positions[end - 1] + 1
                    place = IN_TITLE if in_title else first
                    found.append(Mention(name.kind, name.entity_id, place, text[first:last], 1.0))
    return found


def fastest(**size: int) -> dict:
    """The fastest of several processes that link as much on one core."""
    runs = [contest.alone("benchmarks.linking:one_core", **size) for _ in range(REPEATS)]
    return _row(size, max(runs, key=lambda run: run["articles/s"]))


def _row(size: dict[str, int], run: dict) -> dict:
    return {**size, **contest.without_costs(run), "peak MiB": run["peak_mib"]}


def one_core(names: int, articles: int, words: int) -> dict:
    """Link articles in this process."""
    from benchmarks.linking_world import World

    world = World(names)
    texts = world.articles(articles, words)
    before = psutil.Process().memory_info().rss
    started = time.perf_counter()
    index = index_of(world)
    built = time.perf_counter() - started
    index_mib = (psutil.Process().memory_info().rss - before) / 2**20
    started = time.process_time()
    mentions = sum(len(find(title, text, index, SURE)) for _, title, text in texts)
    seconds = time.process_time() - started
    return {
        "articles/s": articles / seconds,
        "MB/s": sum(len(text) for _, _, text in texts) / 1e6 / seconds,
        "mentions an article": mentions / articles,
        "index, s": built,
        "index, MiB": index_mib,
    }


def spark(names: int, articles: int, words: int) -> dict:
    """Link articles in Spark, from a Parquet file to a count of mentions, the index sent to the workers as the stage
    does it."""
    import tempfile

    import pyarrow as pa
    import pyarrow.parquet as pq

    from benchmarks.linking_world import World
    from jobs.spark import session

    world = World(names)
    schema = pa.schema([("article_id", pa.string()), ("title", pa.string()), ("text", pa.string())])
    with tempfile.TemporaryDirectory() as folder, session("linking") as opened:
        with pq.ParquetWriter(f"{folder}/articles.parquet", schema) as writer:
            for first in range(0, articles, 1_000):
                rows = world.articles(min(1_000, articles - first), words)
                writer.write_table(pa.table([list(column) for column in zip(*rows, strict=True)], schema=schema))
        started = time.perf_counter()
        shared = opened.sparkContext.broadcast(index_of(world))

        def link(batches):
            for batch in batches:
                index = shared.value
                counts = [
                    len(find(title, text, index, SURE))
                    for title, text in zip(batch["title"].to_pylist(), batch["text"].to_pylist(), strict=True)
                ]
                yield pa.record_batch({"characters": pa.compute.utf8_length(batch["text"]), "mentions": counts})

        read = opened.read.parquet(f"{folder}/articles.parquet").repartition(8)
        linked = read.mapInArrow(link, "characters int, mentions long").selectExpr("sum(characters)", "sum(mentions)")
        characters, mentions = linked.first()
        seconds = time.perf_counter() - started
    return {
        "articles/s": articles / seconds,
        "MB/s": characters / 1e6 / seconds,
        "mentions an article": mentions / articles,
        "seconds": seconds,
    }


def index_of(world) -> NameIndex:
    """All names of a made-up library."""
    return NameIndex(names(world.artists, world.tracks))


if __name__ == "__main__":
    parser = contest.arg_parser("linking", __doc__)
    parser.add_argument("--fit", action="store_true", help="learn the weights from the tuning half and print them")
    arguments = parser.parse_args()
    contest.save(arguments.json, **main(arguments.small, arguments.fit))
