"""The same story told twice: exact copies by the hash of their text, near copies by MinHash.

Near copies are texts whose sets of shingles (three words in a row) have a Jaccard similarity of at least `SIMILAR`, as
estimated by MinHash (Broder 1997, "On the resemblance and containment of documents"). Which ones may be is found by
locality-sensitive hashing: near copies share all values of at least one band (Leskovec, Rajaraman and Ullman, "Mining
of Massive Datasets", section 3.4). The bands lie in the lake beside the articles, and a batch is looked up there in one
scan, so that neither the memory nor the work for a text that is known grows with the crawl.

Texts are compared with originals only: a copy of a copy that has gone too far from the original is a story of its own.
"""

import hashlib
import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
from datasketch import MinHash

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from jobs.lake import Lake

SHINGLE = 3  # words
LEAST_SHINGLES = 20  # texts with fewer are compared by their hash alone
SIMILAR = 0.6  # Jaccard similarity of shingles from which a text is a near copy

# Of two texts with Jaccard similarity s, 1 - (1 - s^ROWS)^BANDS is the chance to be compared: 0.99 at 0.6, 0.23 at 0.3
# and 0.003 at 0.1, which is more than texts have in common that tell of different things.
BANDS, ROWS = 32, 4

# Words; in scripts that do not part them, single characters.
_WORD = re.compile(r"[\u0e00-\u0e7f\u3040-\u30ff\u3400-\u9fff]|[^\W\u0e00-\u0e7f\u3040-\u30ff\u3400-\u9fff]+")

ORIGINALS = "SELECT article_id, text_sha256, minhash, minhash_bands FROM articles WHERE story_id = article_id"
_CANDIDATES = """
    WITH originals AS ({originals})
    SELECT DISTINCT article_id, text_sha256, minhash, minhash_bands FROM originals
    WHERE article_id IN (
        SELECT article_id FROM (SELECT article_id, unnest(minhash_bands) AS band FROM originals)
        WHERE band IN (SELECT unnest(minhash_bands) FROM batch)
        UNION ALL SELECT article_id FROM originals WHERE text_sha256 IN (SELECT text_sha256 FROM batch)
        UNION ALL SELECT article_id FROM batch
    )
    ORDER BY ALL
"""


@dataclass(frozen=True)
class Sketch:
    """What is kept of a text to find near copies. `minhash`: the lowest byte of each of BANDS * ROWS MinHashes (Li and
    König 2010, "b-Bit Minwise Hashing"); `bands`: BANDS signed 64-bit keys. Both are empty for short texts."""

    minhash: bytes
    bands: list[int]


def sketch(text: str) -> Sketch:
    """The sketch of a text; it is the same whatever the capitals, punctuation and white space."""
    words = _WORD.findall(text.casefold())
    shingles = {" ".join(words[at : at + SHINGLE]).encode("utf-8", "replace") for at in range(len(words) - SHINGLE + 1)}
    if len(shingles) < LEAST_SHINGLES:
        return Sketch(b"", [])
    hashes = MinHash(num_perm=BANDS * ROWS, seed=1, scheme="affine32")
    hashes.update_batch(shingles)
    values = hashes.hashvalues.astype("<u4")
    bands = [
        int.from_bytes(hashlib.blake2b(band.tobytes(), digest_size=8, person=bytes([number])).digest(), signed=True)
        for number, band in enumerate(values.reshape(BANDS, ROWS))
    ]
    return Sketch((values & 0xFF).astype(np.uint8).tobytes(), bands)


def similarity(one: bytes, other: bytes) -> float:
    """The Jaccard similarity of two texts, estimated from their `Sketch.minhash`, 0 to 1; 0 where one has none.

    Bytes are equal by chance once in 256 times, for which Li and König's estimator makes up. Its standard error is at
    most 0.045.
    """
    if not one or len(one) != len(other):
        return 0.0
    equal = np.mean(np.frombuffer(one, np.uint8) == np.frombuffer(other, np.uint8))
    return max(0.0, float((equal - 1 / 256) / (1 - 1 / 256)))


def with_stories(lake: "Lake", rows: Sequence[Mapping[str, object]]) -> list[dict]:
    """Rows of `articles` with their `story_id`, in the same order: compared with the originals in the lake, and with
    each other in the order in which they were fetched. Takes one scan over the sketches in the lake."""
    with lake.connect() as connection:
        stories = story_ids(connection, ORIGINALS, rows)
    return [{**row, "story_id": story} for row, story in zip(rows, stories, strict=True)]


def story_ids(connection: "DuckDBPyConnection", originals: str, rows: Sequence[Mapping[str, object]]) -> list[str]:
    """The story of each row (article_id, url, fetched_at, text_sha256, minhash, minhash_bands).

    originals : a query for the columns of `ORIGINALS`, which may lie on disk
    """
    batch = pa.table(
        {
            "article_id": pa.array([row["article_id"] for row in rows], pa.string()),
            "text_sha256": pa.array([row["text_sha256"] for row in rows], pa.string()),
            "minhash_bands": pa.array([row["minhash_bands"] for row in rows], pa.list_(pa.int64())),
        }
    )
    connection.register("batch", batch)
    index = _Index()
    for candidate in connection.sql(_CANDIDATES.format(originals=originals)).to_arrow_table().to_pylist():
        index.add(candidate)
    connection.unregister("batch")
    stories = [""] * len(rows)
    for at in sorted(range(len(rows)), key=lambda at: (rows[at]["fetched_at"], rows[at]["url"])):
        stories[at] = index.story(rows[at])
    return stories


class _Index:
    """Originals by their address, the hash of their text, and the bands of their sketch."""

    def __init__(self) -> None:
        self._ids: set[str] = set()
        self._texts: dict[str, str] = {}
        self._bands: defaultdict[int, list[Mapping[str, object]]] = defaultdict(list)

    def add(self, original: Mapping[str, object]) -> None:
        self._ids.add(original["article_id"])
        self._texts.setdefault(original["text_sha256"], original["article_id"])
        for band in original["minhash_bands"] or ():
            self._bands[band].append(original)

    def story(self, row: Mapping[str, object]) -> str:
        """The story of an article, which becomes an original when there is none like it. Another version of an original
        stays one, so that its copies point to what is there."""
        if row["article_id"] not in self._ids:
            exact = self._texts.get(row["text_sha256"])
            if exact is not None:
                return exact
            near = {one["article_id"]: one for band in row["minhash_bands"] or () for one in self._bands.get(band, ())}
            alike = [(similarity(row["minhash"], one["minhash"]), name) for name, one in near.items()]
            best, story = min(((-s, name) for s, name in alike), default=(0.0, ""))
            if -best >= SIMILAR:
                return story
        self.add(row)
        return row["article_id"]
