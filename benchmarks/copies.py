"""Which edits of a text are still told to be copies, how often different texts are, and what a look-up costs.

The texts are those of a data set of 181 pages of news and blogs
(https://github.com/scrapinghub/article-extraction-benchmark); each is edited in every way, and compared with itself.
Words and sentences that are put in come from the other texts. The look-up is timed with made-up articles in a lake.

    python -m benchmarks.copies --data article-extraction --originals 1000000
"""

import argparse
import gzip
import json
import os
import random
import re
import time
from collections.abc import Callable
from datetime import UTC, datetime
from itertools import combinations
from pathlib import Path

import numpy as np

from benchmarks import contest
from jobs.scrape.copies import BANDS, ROWS, SAME_NAMES, SIMILAR, Sketch, names_in_common, similarity, sketch

CHARACTERS = 600  # of the shortest text that is taken
SMALL = 40  # texts
BATCH = 50  # new articles, as many as the crawler commits at a time


def main(data: Path, originals: int, small: bool = False, json_file: Path | None = None) -> None:
    """Measure, print two tables, and write the measurements to `json_file`."""
    edits = []
    if (data / "ground-truth.json.gz").exists():
        edits = told(_texts(data)[: SMALL if small else None])
        contest.show(f"Near copies: similarity from {SIMILAR}, names in common from {SAME_NAMES}", edits)
    else:
        print(f"edits are skipped: the data set is not at {data}: --data FOLDER, or DISCOVER_DATA_SETS")
    sizes = [1_000, 10_000] if small else [size for size in (10_000, 100_000, 1_000_000) if size <= originals]
    costs = [contest.alone("benchmarks.copies:look_up", originals=size) for size in sizes]
    shown = [
        {
            "originals in the lake": size,
            f"ms a batch of {BATCH}": 1000 * cost["seconds"],
            "MB in the lake": cost["megabytes"],
            "peak MiB": cost["peak_mib"],
        }
        for size, cost in zip(sizes, costs, strict=True)
    ]
    contest.show("Looking up a batch", shown)
    contest.save(json_file, edits=edits, look_up=shown)


def told(texts: list[str]) -> list[dict]:
    """For each edit: the mean Jaccard similarity that is left, and the share of texts that are told to be copies; at
    last, the share of pairs of different texts."""
    rng = random.Random(0)
    sketches = [sketch(text) for text in texts]
    rows = []
    for name, edit in _edits(texts, rng).items():
        edited = [sketch(edit(text)) for text in texts]
        pairs = list(zip(sketches, edited, strict=True))
        rows.append(
            {
                "": name,
                "similarity": float(np.mean([similarity(a.minhash, b.minhash) for a, b in pairs])),
                "names in common": float(np.mean([names_in_common(a.names, b.names) for a, b in pairs])),
                "told": float(np.mean([_is_told(a, b) for a, b in pairs])),
            }
        )
    pairs = list(combinations(sketches, 2))
    row = {
        "": f"different texts ({len(pairs):,} pairs)",
        "similarity": float(np.mean([similarity(a.minhash, b.minhash) for a, b in pairs])),
        "names in common": float(np.mean([names_in_common(a.names, b.names) for a, b in pairs])),
        "told": float(np.mean([_is_told(a, b) for a, b in pairs])),
    }
    return [*rows, row]


def _is_told(one: Sketch, other: Sketch) -> bool:
    """Whether the second text is found as a near copy of the first."""
    met = not set(one.bands).isdisjoint(other.bands)
    alike = similarity(one.minhash, other.minhash) >= SIMILAR
    return met and alike and names_in_common(one.names, other.names) >= SAME_NAMES


def _edits(texts: list[str], rng: random.Random) -> dict[str, Callable[[str], str]]:
    """What editors do to a text, by name."""
    vocabulary = [word for text in texts for word in text.split()]

    def words(share: float) -> Callable[[str], str]:
        return lambda text: " ".join(rng.choice(vocabulary) if rng.random() < share else w for w in text.split())

    def cut(share: float) -> Callable[[str], str]:
        return lambda text: " ".join(_sentences(text)[: round((1 - share) * len(_sentences(text))) or 1])

    def framed(share: float) -> Callable[[str], str]:
        def frame(text: str) -> str:
            extra = rng.choices(vocabulary, k=int(share * len(text.split())))
            return " ".join([*extra[::2], text, *extra[1::2]])

        return frame

    def rewritten(share: float) -> Callable[[str], str]:
        def rewrite(text: str) -> str:
            others = _sentences(rng.choice(texts))
            return " ".join(rng.choice(others) if rng.random() < share else s for s in _sentences(text))

        return rewrite

    def shuffled(text: str) -> str:
        sentences = _sentences(text)
        return " ".join(rng.sample(sentences, len(sentences)))

    return {
        "other quotation marks and dashes": lambda text: text.translate(str.maketrans("“”‘’–—", "\"\"''--")),
        **{f"{share:.0%} of words replaced": words(share) for share in (0.02, 0.05, 0.1, 0.2)},
        **{f"last {share:.0%} cut": cut(share) for share in (0.1, 0.2, 0.3, 0.5)},
        **{f"{share:.0%} put around": framed(share) for share in (0.1, 0.25, 0.5, 1.0)},
        **{f"{share:.0%} of sentences replaced": rewritten(share) for share in (0.1, 0.2, 0.3, 0.5)},
        "sentences in another order": shuffled,
    }


def _sentences(text: str) -> list[str]:
    return re.split(r"(?<=[.!?])\s+", text)


def _texts(data: Path) -> list[str]:
    truth = json.loads(gzip.decompress((data / "ground-truth.json.gz").read_bytes()))
    return [text for name in sorted(truth) if len(text := truth[name]["articleBody"]) >= CHARACTERS]


def look_up(originals: int) -> dict:
    """The seconds to find the stories of a batch among so many originals; in a process of its own."""
    import tempfile

    import pyarrow as pa

    import schemas
    from jobs.lake import APPEND, Lake
    from jobs.lake.types import arrow_schema
    from jobs.scrape.copies import new_articles
    from jobs.settings import Settings

    rng, schema = np.random.default_rng(0), arrow_schema(schemas.table("articles"))
    fetched_at, part = datetime(2026, 1, 1, tzinfo=UTC), 50_000

    def rows(first: int, count: int) -> pa.Table:
        ids = [f"{number:016x}" for number in range(first, first + count)]
        bands = pa.ListArray.from_arrays(
            pa.array(np.arange(0, BANDS * count + 1, BANDS), pa.int32()),
            pa.array(rng.integers(0, 2**63, BANDS * count)),
        )
        sketches = rng.bytes(BANDS * ROWS * count), rng.bytes(256 * count)
        given = {
            "article_id": pa.array(ids),
            "url": pa.array([f"http://example.org/{name}" for name in ids]),
            "text_sha256": pa.array(ids),
            "body_sha256": pa.array(ids),
            "minhash": pa.array([sketches[0][at * BANDS * ROWS : (at + 1) * BANDS * ROWS] for at in range(count)]),
            "minhash_bands": bands.cast(schema.field("minhash_bands").type),
            "names": pa.array([sketches[1][at * 256 : (at + 1) * 256] for at in range(count)]),
            "story_id": pa.array(ids),
            "fetched_at": pa.array([fetched_at] * count, schema.field("fetched_at").type),
        }
        constant = {name: pa.array(["x"] * count) for name in ("source_url", "title", "language", "text")}
        return pa.table({**given, **constant})

    with tempfile.TemporaryDirectory() as home:
        lake = Lake(Settings(home=Path(home)))
        parts = (rows(first, min(part, originals - first)) for first in range(0, originals, part))
        lake.publish("articles", parts, APPEND)
        size = sum(file.stat().st_size for file in Path(home).rglob("*.parquet"))
        batch = rows(originals, BATCH).to_pylist()
        seconds = []
        for _ in range(3):
            began = time.perf_counter()
            assert len(new_articles(lake, batch)) == BATCH
            seconds.append(time.perf_counter() - began)
    return {"seconds": min(seconds), "megabytes": size / 1e6}


def arg_parser() -> argparse.ArgumentParser:
    """The command line."""
    parser = contest.arg_parser("copies", "Measure which edits are told to be copies, and what a look-up costs.")
    sets = os.environ.get("DISCOVER_DATA_SETS")
    parser.add_argument(
        "--data",
        type=Path,
        default=Path(sets or ".") / "article-extraction",
        metavar="FOLDER",
        help="the data set (default: article-extraction in the folder that DISCOVER_DATA_SETS names)",
    )
    parser.add_argument("--originals", type=int, default=1_000_000, help="most articles in the lake (%(default)s)")
    return parser


if __name__ == "__main__":
    arguments = arg_parser().parse_args()
    main(arguments.data, arguments.originals, arguments.small, arguments.json)
