"""`python -m jobs.scrape extract`: the article in one file, or all articles anew from the raw pages in the lake."""

import argparse
import json
import logging
import os
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from jobs import cli, progress
from jobs.scrape.shards import WHOLE, alone
from jobs.settings import settings

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from jobs.lake import Lake
    from jobs.scrape.extract import Reading

PAGES = 64  # raw pages that are held at a time
BATCH = 2000  # articles that are compared with all earlier ones at a time
SKETCHES = ("minhash", "minhash_bands", "names")  # columns that are not for people

# Articles whose page was read again are made anew; those without a page, or whose page failed now, stay as they are.
_KEPT = """
    SELECT a.* EXCLUDE (story_id) FROM articles a
    WHERE NOT EXISTS (SELECT 1 FROM pages p WHERE p.url = a.url AND p.body_sha256 = a.body_sha256)
       OR EXISTS (SELECT 1 FROM failed f WHERE f.url = a.url AND f.body_sha256 = a.body_sha256)
"""
# One row for each text that a page had, as `copies.new_articles` keeps them.
_VERSIONS = """
    CREATE TEMP TABLE versions AS
    SELECT url, fetched_at, article_id, text_sha256, minhash, minhash_bands, names
    FROM (SELECT * FROM found QUALIFY row_number() OVER (PARTITION BY article_id ORDER BY fetched_at) = 1)
    WINDOW page AS (PARTITION BY url ORDER BY fetched_at)
    QUALIFY lag(text_sha256, 1, '') OVER page <> text_sha256 OR lag(title) OVER page IS DISTINCT FROM title
    ORDER BY fetched_at, url
"""

log = logging.getLogger("discover")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what this step takes to its own parser."""
    parser.description = (
        "Show the article in an HTML file as JSON, which stores nothing; or extract all articles anew from the raw "
        "pages in the lake, which asks no site for anything: articles are replaced, and copies found again."
    )
    parser.epilog = (
        "examples: python -m jobs.scrape extract saved.html --url https://example.org/review; "
        "python -m jobs.scrape extract --all"
    )
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("file", nargs="?", type=Path, metavar="FILE.html", help="an HTML file")
    what.add_argument("--all", action="store_true", help="all raw pages in the lake")
    parser.add_argument("--url", default="", help="the address that the file is from: links start from it")


def main(week: date, file: Path | None = None, url: str = "", **options: bool) -> None:
    """Show the article in a file, or with `all` extract every article anew; the numbers of that go into `metrics`."""
    if options.get("all"):
        from jobs.lake import Lake

        lake = Lake()
        with alone(settings().home, WHOLE):  # who reads the web writes articles, too
            lake.record(week, "extract", extract_all(lake))
    else:
        show(file, url)


def show(file: Path, url: str) -> None:
    """Print the article in a file as JSON. Raises UserError when it cannot be read, or holds none."""
    from jobs.scrape.extract import Hints, read_page

    try:
        body = file.read_bytes()
    except OSError as error:
        raise cli.UserError(f"{file}: {error.strerror}") from None
    read = read_page(body, None, url, Hints(), "", settings().scrape.min_characters, datetime.now(UTC))
    if read.article is None:
        raise cli.UserError(f"{file}: no article in it: {read.rejected}")
    said = {name: value for name, value in asdict(read.article).items() if name not in SKETCHES}
    print(json.dumps(said, ensure_ascii=False, indent=2, default=str))


def extract_all(lake: "Lake") -> list[tuple[str, str, float]]:
    """Put what is in the raw pages now in place of all articles; returns rows of `metrics`.

    Works out of core: raw pages come in batches, what is found in them waits in a file, and is compared in the order in
    which it was fetched. A page that cannot be read is named, and its article stays as it was. No other process may
    write articles meanwhile.
    """
    from jobs.lake import ALL

    if lake.is_empty("pages"):
        log.warning("no raw pages: `python -m jobs.scrape` fetches some")
        return [("pages", "", 0)]
    spill = lake.config.home / "tmp"
    spill.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=spill) as folder, lake.connect() as connection:
        connection.execute("CREATE TEMP TABLE failed (url VARCHAR, body_sha256 VARCHAR)")
        with progress.step("reading raw pages"):
            counts = _find(lake, Path(folder) / "found.parquet", connection)
        with progress.step("finding copies"):
            copies = _tell_stories(connection)
        articles = connection.sql("SELECT f.*, s.story_id FROM found f JOIN stories s USING (article_id, fetched_at)")
        published = lake.publish("articles", articles.to_arrow_reader(BATCH), ALL)
    pages = sum(counts.values())
    log.info("%s raw pages; %s articles, %s of them copies; %s", pages, published.rows, copies, _listed(counts))
    return [
        ("pages", "", pages),
        ("articles", "", published.rows),
        ("copies", "", copies),
        *((outcome, f"reason={reason}", n) for (outcome, reason), n in sorted(counts.items()) if reason),
    ]


def _find(lake: "Lake", file: Path, connection: "DuckDBPyConnection") -> Counter[tuple[str, str]]:
    """Read all raw pages, in processes of their own; the view `found` is what is in them and what stays. Returns how
    many had which outcome, for which reason."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    import schemas
    from jobs.lake.types import arrow_schema
    from jobs.scrape.isolation import Processes

    contract = schemas.table("articles")
    schema = arrow_schema(contract, [column.name for column in contract.columns if column.name != "story_id"])
    config, cores = settings().scrape, len(os.sched_getaffinity(0))
    counts: Counter[tuple[str, str]] = Counter()
    with (
        Processes(cores, config.extract_seconds, ["jobs.scrape.extract"]) as isolated,
        ThreadPoolExecutor(cores) as threads,
        pq.ParquetWriter(file, schema, compression="zstd") as writer,
        progress.bar("raw pages", unit="pages") as bar,
    ):
        for rows in _batches(lake):
            read = list(threads.map(partial(_read, isolated, config.min_characters), rows))
            counts.update((outcome, reason) for outcome, reason, _ in read)
            writer.write_table(pa.Table.from_pylist([row for _, _, row in read if row is not None], schema))
            for (outcome, _, _), row in zip(read, rows, strict=True):
                if outcome == "failed":
                    connection.execute("INSERT INTO failed VALUES (?, ?)", [row["url"], row["body_sha256"]])
            bar.advance(len(rows))
    connection.execute(f"CREATE TEMP VIEW found AS SELECT * FROM read_parquet('{file}') UNION ALL BY NAME {_KEPT}")
    return counts


def _batches(lake: "Lake") -> Iterator[list[dict]]:
    """The raw pages, a batch at a time, each with the `kind` of its source."""
    with lake.connect() as connection:
        pages = connection.sql("SELECT p.*, s.kind FROM pages p LEFT JOIN sources s ON s.url = p.source_url")
        for batch in pages.to_arrow_reader(PAGES):
            yield batch.to_pylist()


def _read(isolated: Callable[..., "Reading"], min_characters: int, page: dict) -> tuple[str, str, dict | None]:
    """What is in a raw page: an outcome, its reason, and for an "article" the row without its story."""
    from jobs.scrape.copies import article_id
    from jobs.scrape.extract import read_page
    from jobs.scrape.isolation import Died
    from jobs.scrape.pages import page_body, page_hints

    try:
        body, hints, now = page_body(page), page_hints(page), page["fetched_at"]
        read = isolated(read_page, body, page["charset"], page["url"], hints, page["robots"], min_characters, now)
    except (Died, ValueError, RuntimeError, MemoryError, RecursionError) as error:
        log.warning("%s of %s cannot be read: %s", page["url"], page["fetched_at"], str(error)[:200])
        return "failed", "unreadable", None
    if read.listing and page["kind"] == "site":
        return "index", "", None
    if read.article is None:
        return "rejected", read.rejected, None
    known = {name: page[name] for name in ("url", "source_url", "fetched_at")}
    identifier = article_id(page["url"], page["body_sha256"])
    return "article", "", {**vars(read.article), **known, "article_id": identifier}


def _tell_stories(connection: "DuckDBPyConnection") -> int:
    """Make the table `stories` (article_id, fetched_at, story_id) of all that is in `found`; returns the copies."""
    import pyarrow as pa

    from jobs.scrape.copies import story_ids

    connection.execute(_VERSIONS)
    connection.execute("CREATE TEMP TABLE stories AS SELECT *, '' AS story_id FROM versions LIMIT 0")
    ((count,),) = connection.sql("SELECT count(*) FROM versions").fetchall()
    for start in range(0, count, BATCH):
        # Rows of a table that was made in an order keep it: rowid tells where one stands.
        part = connection.sql(
            f"SELECT * FROM versions WHERE rowid >= {start} AND rowid < {start + BATCH} ORDER BY rowid"
        )
        rows = part.to_arrow_table()
        stories = pa.array(story_ids(connection, "stories", rows.to_pylist()), pa.string())
        connection.register("told", rows.append_column("story_id", stories))
        connection.execute("INSERT INTO stories SELECT * FROM told")
    ((copies,),) = connection.sql("SELECT count(*) FROM stories WHERE story_id <> article_id").fetchall()
    return copies


def _listed(counts: Mapping[tuple[str, str], int]) -> str:
    return ", ".join(f"{n} {outcome}{reason and f' ({reason})'}" for (outcome, reason), n in sorted(counts.items()))
