"""Listens that come by name: into `history`, and as far as the library has their tracks, into `listens`.

What the library lacks stays in `history` without a track, and is matched again whenever artists or tracks come in.
"""

import csv
import logging
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pyarrow as pa
from rich.markup import escape

import schemas
from jobs.ingest.matching import Library, Track
from jobs.lake import ALL, APPEND, Lake
from jobs.lake.audits import quoted
from jobs.progress import bar

SHOWN = 5  # unmatched tracks, in the log
NAMES = ("artist", "title", "album", "mbid", "isrc")
MATCHED = pa.schema(
    [("name_id", pa.int64()), ("track_id", pa.string()), ("matched_by", pa.string()), ("confidence", pa.float64())]
)

log = logging.getLogger("discover")


def library(lake: Lake) -> Library:
    """The lake's tracks, to match with."""
    artists = lake.arrow("artists", columns=["artist_id", "name"])
    names = dict(zip(artists["artist_id"].to_pylist(), artists["name"].to_pylist(), strict=True))
    columns = ("track_id", "artist_id", "featured_artist_ids", "title", "album", "mbid", "isrc")
    rows = lake.arrow("tracks", columns=columns).to_pylist()
    return Library(
        names,
        (
            Track(
                row["track_id"],
                (row["artist_id"], *(row["featured_artist_ids"] or ())),
                row["title"],
                row["album"],
                row["mbid"],
                row["isrc"],
            )
            for row in rows
        ),
    )


def append(lake: Lake, connection: duckdb.DuckDBPyConnection, batch_rows: int) -> int:
    """Match the rows of `staged` that `history` does not have, and append them; return how many there are.

    Of rows with one key the first counts. `listens` is committed first: an import that dies between the two finds,
    when it is run again, that those listens are there.
    """
    contract = schemas.table("history")
    key = ", ".join(map(quoted, contract.key))
    columns = ", ".join(quoted(c.name) for c in contract.columns if c.name not in MATCHED.names)
    when = "listened_at"
    first, last = connection.execute(f"SELECT min({when}), max({when}) FROM staged").fetchall()[0]
    known = f"SELECT {key} FROM history WHERE {when} BETWEEN $1 AND $2"
    connection.execute(
        f"CREATE TEMP TABLE fresh AS SELECT {columns} FROM staged ANTI JOIN ({known}) known USING ({key}) "
        f'QUALIFY row_number() OVER (PARTITION BY {key} ORDER BY "#file", "#line") = 1',
        [first, last],
    )
    connection.execute("DROP TABLE staged")
    _match(lake, connection, "fresh")
    return _commit(lake, connection, "fresh", APPEND, batch_rows)


def rematch(lake: Lake, batch_rows: int) -> int:
    """Match the listens again that have no track yet; return how many have found one."""
    if lake.is_empty("history") or lake.is_empty("history", "track_id IS NULL"):
        return 0
    with lake.connect() as connection:
        connection.execute("CREATE TEMP TABLE waiting AS SELECT * FROM history WHERE track_id IS NULL")
        connection.execute("ALTER TABLE waiting DROP track_id")
        connection.execute("ALTER TABLE waiting DROP matched_by")
        connection.execute("ALTER TABLE waiting DROP confidence")
        found = _match(lake, connection, "waiting")
        if found:
            connection.execute("CREATE TEMP VIEW settled AS SELECT * FROM history WHERE track_id IS NOT NULL")
            _commit(lake, connection, "waiting", ALL, batch_rows, beside="settled")
    if found:
        log.info("history: %s listens more are of tracks that the library now has", f"{found:,}")
    return found


def unmatched(lake: Lake, limit: int | None = None) -> list[dict]:
    """What is played, but not in the library, most played first: artist, title, album, plays, listeners."""
    query = (
        "SELECT mode(artist) AS artist, mode(title) AS title, mode(album) AS album, count(*) AS plays, "
        "count(DISTINCT user_id) AS listeners, max(listened_at) AS last_played_at FROM history WHERE track_id IS NULL "
        "GROUP BY lower(artist), lower(title) ORDER BY plays DESC, artist, title"
    )
    return lake.sql(query + (f" LIMIT {int(limit)}" if limit is not None else "")).to_pylist()


def tell(lake: Lake) -> None:
    """Say in the log how much of the history is matched, and what is missing most."""
    (counts,) = lake.sql(
        "SELECT count(*) AS listens, count(track_id) AS matched, count(*) FILTER (track_id IS NULL) AS waiting, "
        "count(*) FILTER (matched_by IN ('mbid', 'isrc')) AS identified FROM history"
    ).to_pylist()
    if not counts["listens"]:
        return
    log.info(
        "history: %s listens; %s are of tracks in the library (%s by identifier, the others by name), %s are not",
        *(f"{counts[k]:,}" for k in ("listens", "matched", "identified", "waiting")),
    )
    for row in unmatched(lake, SHOWN):
        log.info("not in the library: %s, “%s” (%s plays)", row["artist"], row["title"], f"{row['plays']:,}")
    if counts["waiting"]:
        log.info("all of them, most played first: python -m jobs.ingest unmatched")


def show_unmatched(lake: Lake, limit: int, output: Path | None) -> None:
    """Print what is played but not in the library; write all of it to a CSV file, if one is named."""
    from rich.console import Console
    from rich.table import Table

    rows = unmatched(lake, None if output else limit)
    if output:
        with output.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, ["artist", "title", "album", "plays", "listeners", "last_played_at"])
            writer.writeheader()
            writer.writerows(rows)
        log.info("%s tracks in %s", f"{len(rows):,}", output)
    table = Table("plays", "listeners", "artist", "title", "album", title="Played, but not in the library")
    for row in rows[:limit]:
        table.add_row(f"{row['plays']:,}", f"{row['listeners']:,}", *(escape(row[n] or "") for n in NAMES[:3]))
    Console().print(table if rows else "every listen is of a track in the library")


def _match(lake: Lake, connection: duckdb.DuckDBPyConnection, rows: str) -> int:
    """Make the table `matches` (name_id, track_id, matched_by, confidence) and `names` of the rows of a table; return
    how many rows have found a track."""
    names = ", ".join(NAMES)
    connection.execute(
        f"CREATE TEMP TABLE names AS SELECT row_number() OVER () AS name_id, * FROM "
        f"(SELECT {names}, count(*) AS listens FROM {rows} GROUP BY ALL)"
    )
    matches = _matches(lake, connection.sql(f"SELECT name_id, {names} FROM names ORDER BY artist").to_arrow_table())
    connection.register("matched", matches)
    connection.execute("CREATE TEMP TABLE matches AS SELECT * FROM matched")
    connection.unregister("matched")
    found = connection.execute("SELECT coalesce(sum(listens), 0) FROM matches JOIN names USING (name_id)")
    ((rows_found,),) = found.fetchall()
    return int(rows_found)


def _matches(lake: Lake, names: pa.Table) -> pa.Table:
    """Names with identifiers (name_id, artist, title, album, mbid, isrc) as matches, where there is one."""
    found_in, least = library(lake), lake.config.ingest.min_confidence
    ids, found = [], []
    with bar("matching names with the library", len(names), "names") as progress:
        for batch in names.to_batches(max_chunksize=10_000):
            for name_id, *name in zip(*(column.to_pylist() for column in batch.columns), strict=True):
                match = found_in.match(*name)
                if match is not None and match.confidence >= least:
                    ids.append(name_id)
                    found.append(match)
            progress.advance(len(batch))
    return pa.table([ids, *([getattr(m, n) for m in found] for n in MATCHED.names[1:])], schema=MATCHED)


def _commit(
    lake: Lake, connection: duckdb.DuckDBPyConnection, rows: str, replace: object, batch_rows: int, beside: str = ""
) -> int:
    """Put the rows of a table with their matches into `listens` (what it lacks) and into `history`."""
    contract = schemas.table("history")
    same = " AND ".join(f"r.{n} IS NOT DISTINCT FROM n.{n}" for n in NAMES)
    connection.execute(
        f"CREATE TEMP VIEW result AS SELECT r.*, m.track_id, m.matched_by, m.confidence FROM {rows} r "
        f"JOIN names n ON {same} LEFT JOIN matches m USING (name_id)"
    )
    first, last = connection.execute(f"SELECT min(listened_at), max(listened_at) FROM {rows}").fetchall()[0]
    key = "user_id, listened_at, track_id"
    listens = connection.sql(
        f"WITH new AS (SELECT {key}, max(ms_played) AS ms_played FROM result WHERE track_id IS NOT NULL GROUP BY ALL) "
        f"SELECT * FROM new ANTI JOIN (SELECT {key} FROM listens WHERE listened_at BETWEEN $1 AND $2) known "
        f"USING ({key}) ORDER BY listened_at",
        params=[first, last],
    )
    lake.publish("listens", _shown(listens, batch_rows, "writing listens"), APPEND)
    columns = ", ".join(quoted(c.name) for c in contract.columns)
    more = f" UNION ALL SELECT {columns} FROM {beside}" if beside else ""
    everything = connection.sql(f"SELECT {columns} FROM result{more} ORDER BY listened_at")
    return lake.publish("history", _shown(everything, batch_rows, "writing history"), replace).rows


def _shown(rows: duckdb.DuckDBPyRelation, batch_rows: int, what: str) -> Iterator[pa.RecordBatch]:
    with bar(what) as progress:
        for batch in rows.to_arrow_reader(batch_rows):
            progress.advance(len(batch))
            yield batch
