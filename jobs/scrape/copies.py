"""The same story told twice: exact copies by the hash of their text, near copies by MinHash.

A near copy shares words with its original, and speaks of the same names:

- their sets of shingles (three words in a row) have a Jaccard similarity of at least `SIMILAR`, as MinHash estimates it
  (Broder 1997, "On the resemblance and containment of documents"), and
- of the text with fewer names, a share of at least `SAME_NAMES` is in the other: two reviews from one mould, or two
  tables of dates, have most of their words in common, and not whom they are about.

Which texts may be near copies is found by locality-sensitive hashing: they share all values of at least one band
(Leskovec, Rajaraman and Ullman, "Mining of Massive Datasets", section 3.4). The bands lie in the lake beside the
articles, and a batch is looked up there in one scan, so that neither the memory nor the work for a text that is known
grows with the crawl.

Texts are compared with originals only: a copy of a copy that has gone too far from the original is a story of its own.
"""

import hashlib
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
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
SIMILAR = 0.5
SAME_NAMES = 0.75
NAMES = 64  # of a text that are compared

# Of two texts with Jaccard similarity s, 1 - (1 - s^ROWS)^BANDS is the chance to be compared: 0.99 at 0.6, 0.87 at 0.5
# and 0.003 at 0.1, which is more than texts have in common that tell of different things.
BANDS, ROWS = 32, 4

# Words; in scripts that do not part them, single characters.
_WORD = re.compile(r"[\u0e00-\u0e7f\u3040-\u30ff\u3400-\u9fff]|[^\W\u0e00-\u0e7f\u3040-\u30ff\u3400-\u9fff]+")

_NAME = re.compile(r"[^\W\d_]+")

_CANDIDATES = """
    WITH originals AS (
        SELECT article_id, text_sha256, minhash, minhash_bands, names FROM {table} WHERE story_id = article_id
    )
    SELECT DISTINCT * FROM originals
    WHERE article_id IN (
        SELECT article_id FROM (SELECT article_id, unnest(minhash_bands) AS band FROM originals)
        WHERE band IN (SELECT unnest(minhash_bands) FROM batch)
        UNION ALL SELECT article_id FROM originals WHERE text_sha256 IN (SELECT text_sha256 FROM batch)
    )
    ORDER BY ALL
"""
_VERSIONS = """
    SELECT url, article_id, title, text_sha256 FROM articles WHERE url IN (SELECT url FROM batch) ORDER BY fetched_at
"""


@dataclass(frozen=True)
class Sketch:
    """What is kept of a text to find near copies; all is empty for short texts.

    minhash : the lowest byte of each of BANDS * ROWS MinHashes (Li and König 2010, "b-Bit Minwise Hashing")
    bands : BANDS signed 64-bit keys
    names : 32-bit hashes of its names, in ascending order, the lowest NAMES of them
    """

    minhash: bytes
    bands: list[int]
    names: bytes


def sketch(text: str) -> Sketch:
    """The sketch of a text; that of its words is the same whatever the capitals, punctuation and white space."""
    words = _WORD.findall(text.casefold())
    shingles = {" ".join(words[at : at + SHINGLE]).encode("utf-8", "replace") for at in range(len(words) - SHINGLE + 1)}
    if len(shingles) < LEAST_SHINGLES:
        return Sketch(b"", [], b"")
    hashes = MinHash(num_perm=BANDS * ROWS, seed=1, scheme="affine32")
    hashes.update_batch(shingles)
    values = hashes.hashvalues.astype("<u4")
    bands = [
        int.from_bytes(hashlib.blake2b(band.tobytes(), digest_size=8, person=bytes([number])).digest(), signed=True)
        for number, band in enumerate(values.reshape(BANDS, ROWS))
    ]
    names = np.array(sorted(map(_hash, _names(text)))[:NAMES], "<u4")
    return Sketch((values & 0xFF).astype(np.uint8).tobytes(), bands, names.tobytes())


def _names(text: str) -> set[str]:
    """The words that are written with a capital, and nowhere in the text without."""
    words = _NAME.findall(text)
    small = {word for word in words if not word[0].isupper()}
    return {word.casefold() for word in words if word[0].isupper()} - small


def _hash(word: str) -> int:
    return int.from_bytes(hashlib.blake2b(word.encode("utf-8", "replace"), digest_size=4).digest())


def similarity(one: bytes, other: bytes) -> float:
    """The Jaccard similarity of two texts, estimated from their `Sketch.minhash`, 0 to 1; 0 where one has none.

    Bytes are equal by chance once in 256 times, for which Li and König's estimator makes up. Its standard error is at
    most 0.045.
    """
    if not one or len(one) != len(other):
        return 0.0
    equal = np.mean(np.frombuffer(one, np.uint8) == np.frombuffer(other, np.uint8))
    return max(0.0, float((equal - 1 / 256) / (1 - 1 / 256)))


def names_in_common(one: bytes, other: bytes) -> float:
    """Of the text with fewer names, the share that is in the other one, 0 to 1, from their `Sketch.names`; 1 where one
    has none. Texts with more names than are kept are compared by the hashes that both would have kept."""
    first, second = np.frombuffer(one, "<u4"), np.frombuffer(other, "<u4")
    highest = min(int(kept[-1]) if len(kept) == NAMES else 2**32 for kept in (first, second))
    first, second = first[first <= highest], second[second <= highest]
    fewer = min(len(first), len(second))
    return len(np.intersect1d(first, second)) / fewer if fewer else 1.0


def article_id(url: str, body_sha256: str) -> str:
    """The identifier of the article in one version of a page."""
    return hashlib.sha256(f"{url}\n{body_sha256}".encode()).hexdigest()[:16]


def new_articles(lake: "Lake", rows: Iterable[Mapping[str, object]]) -> list[dict]:
    """Those rows of `articles` that the lake does not have, each with its `article_id` and `story_id`, in the order in
    which they were fetched.

    A page of which neither title nor text changed is no new article. The story is found by comparing with the originals
    in the lake, and with the rows before; that takes one scan over the sketches in the lake.
    """
    rows = [{**row, "article_id": article_id(row["url"], row["body_sha256"])} for row in rows]
    rows.sort(key=lambda row: (row["fetched_at"], row["url"]))
    with lake.connect() as connection:
        connection.register("batch", _batch(rows))
        versions = connection.sql(_VERSIONS).fetchall()
        rows = _changed(rows, versions)
        stories = story_ids(connection, "articles", rows)
    return [{**row, "story_id": story} for row, story in zip(rows, stories, strict=True)]


def _changed(rows: Iterable[dict], versions: Iterable[tuple[str, str, str, str]]) -> list[dict]:
    """The rows that differ from the version before; `versions`: url, article_id, title, text_sha256 of those in the
    lake."""
    known = {identifier for _, identifier, _, _ in versions}
    latest = {url: (title, text) for url, _, title, text in versions}
    changed = []
    for row in rows:
        said = row["title"], row["text_sha256"]
        if row["article_id"] not in known and latest.get(row["url"]) != said:
            changed.append(row)
            known.add(row["article_id"])
            latest[row["url"]] = said
    return changed


def story_ids(connection: "DuckDBPyConnection", table: str, rows: Sequence[Mapping[str, object]]) -> list[str]:
    """The story of each row (article_id, url, text_sha256, columns of a sketch), each compared with the originals
    in a table of the connection and with the rows before."""
    connection.register("batch", _batch(rows))
    index = _Index()
    for candidate in connection.sql(_CANDIDATES.format(table=table)).to_arrow_table().to_pylist():
        index.add(candidate)
    return [index.story(row) for row in rows]


def _batch(rows: Sequence[Mapping[str, object]]) -> pa.Table:
    """What of some rows is looked up in the lake."""
    return pa.table(
        {
            "url": pa.array([row["url"] for row in rows], pa.string()),
            "text_sha256": pa.array([row["text_sha256"] for row in rows], pa.string()),
            "minhash_bands": pa.array([row["minhash_bands"] for row in rows], pa.list_(pa.int64())),
        }
    )


class _Index:
    """Originals by the hash of their text and the bands of their sketch."""

    def __init__(self) -> None:
        self._texts: dict[str, str] = {}
        self._bands: defaultdict[int, list[Mapping[str, object]]] = defaultdict(list)

    def add(self, original: Mapping[str, object]) -> None:
        self._texts.setdefault(original["text_sha256"], original["article_id"])
        for band in original["minhash_bands"] or ():
            self._bands[band].append(original)

    def story(self, row: Mapping[str, object]) -> str:
        """The story of an article, which becomes an original when there is none like it."""
        exact = self._texts.get(row["text_sha256"])
        if exact is not None:
            return exact
        near = {one["article_id"]: one for band in row["minhash_bands"] or () for one in self._bands.get(band, ())}
        alike = [
            (similarity(row["minhash"], one["minhash"]), name) for name, one in near.items() if _same_names(row, one)
        ]
        best, story = max(alike, default=(0.0, ""))
        if best >= SIMILAR:
            return story
        self.add(row)
        return row["article_id"]


def _same_names(row: Mapping[str, object], other: Mapping[str, object]) -> bool:
    return names_in_common(row["names"], other["names"]) >= SAME_NAMES
