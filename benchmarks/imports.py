"""Importing listens in each format: rows a second, and peak memory.

The library has 20,000 tracks of 2,000 artists. The histories are of 100 listeners over four years; of what they name
70 % is called as in the library, 20 % is a version of it or spelled otherwise, 10 % is not there. Tables (CSV, JSON
Lines, Parquet) hold track ids; the exports of services hold names, which are matched. Each format is imported into a
fresh lake by a process of its own: reading, checking, matching, audit and commit are in the time.
"""

import os
import tempfile
import time
import zipfile
from pathlib import Path

import duckdb

from benchmarks.contest import alone, arg_parser, save, show

LISTENS, SMALL = 10_000_000, 200_000
TRACKS, ARTISTS, USERS = 20_000, 2_000, 100
MONTHS = 48
PER_FILE = 100_000  # records in a JSON array; Spotify's have some 12,500

# One row a listen: who, when, which track, and how a service calls it.
LISTEN = f"""
    SELECT i, 'user' || hash(i, 1) % {USERS} AS user_id, hash(i, 2) % {TRACKS} AS track,
        1577836800 + (i * 126144000) // $n AS listened_at, 30000 + hash(i, 3) % 200000 AS ms_played,
        hash(i, 2) % {TRACKS} % {ARTISTS} AS artist_number, hash(hash(i, 2) % {TRACKS}, 4) % 10 AS kind
    FROM range($n) r(i)
"""
NAMED = """
    SELECT *, CASE WHEN kind = 9 THEN 'Stranger ' || artist_number WHEN kind = 8 THEN 'the artist ' || artist_number
            || ' feat. Somebody' ELSE 'Artist ' || artist_number END AS artist,
        'Song of ' || track || CASE WHEN kind = 7 THEN ' - Remastered 2011' ELSE '' END AS title,
        'Album ' || track // 10 AS album FROM listen
"""
TABLE = "user_id, {} AS listened_at, 't' || track AS track_id, ms_played FROM listen"
QUERIES = {
    "csv": "SELECT " + TABLE.format("listened_at"),
    "jsonl": "SELECT " + TABLE.format("listened_at"),
    "parquet": "SELECT " + TABLE.format("to_timestamp(listened_at)"),
    "lastfm csv": """
        SELECT listened_at AS uts, strftime(to_timestamp(listened_at), '%d %b %Y, %H:%M') AS utc_time, artist,
            '' AS artist_mbid, album, '' AS album_mbid, title AS track, '' AS track_mbid FROM named""",
    "lastfm json": """
        SELECT {'mbid': '', '#text': artist} AS artist, '0' AS streamable, [{'size': 'small', '#text': ''}] AS image,
            '' AS mbid, {'mbid': '', '#text': album} AS album, title AS name, 'https://www.last.fm/' AS url,
            {'uts': CAST(listened_at AS VARCHAR), '#text': ''} AS date FROM named""",
    "listenbrainz": """
        SELECT listened_at, uuid() AS recording_msid, listened_at AS inserted_at,
            {'artist_name': artist, 'track_name': title, 'release_name': album, 'additional_info':
                {'duration_ms': ms_played, 'submission_client': 'navidrome', 'recording_msid': uuid()},
            'mbid_mapping': NULL} AS track_metadata FROM named""",
    "spotify": """
        SELECT strftime(to_timestamp(listened_at), '%Y-%m-%dT%H:%M:%SZ') AS ts, user_id AS username,
            'android' AS platform, ms_played, 'NL' AS conn_country, '192.0.2.7' AS ip_addr,
            title AS master_metadata_track_name, artist AS master_metadata_album_artist_name,
            album AS master_metadata_album_album_name, 'spotify:track:' || track AS spotify_track_uri,
            NULL AS episode_name, NULL AS episode_show_name, NULL AS spotify_episode_uri, 'trackdone' AS reason_start,
            'trackdone' AS reason_end, false AS shuffle, false AS skipped, false AS offline,
            NULL AS offline_timestamp, false AS incognito_mode FROM named""",
}


def write(form: str, folder: Path, listens: int) -> Path:
    """Make the files of one format; where they lie."""
    connection = duckdb.connect(config={"memory_limit": "2GB", "temp_directory": str(folder / "spill")})
    connection.execute("SET TimeZone = 'UTC'")
    connection.execute(f"CREATE MACRO listens_of(n) AS TABLE {LISTEN.replace('$n', 'n')}")
    query = f"WITH listen AS (FROM listens_of({listens})), named AS ({NAMED}) {QUERIES[form]}"
    if form in ("csv", "jsonl", "parquet", "lastfm csv"):
        path = folder / f"listens.{form.rpartition(' ')[2]}"
        options = {"jsonl": "FORMAT json", "parquet": "FORMAT parquet"}.get(form, "FORMAT csv, HEADER")
        options += ", FORCE_QUOTE *" if form == "lastfm csv" else ""
        connection.execute(f"COPY ({query}) TO '{path}' ({options})")
        return path
    if form == "lastfm json":
        path = folder / "scrobbles.json"
        connection.execute(f"COPY ({query}) TO '{path}' (FORMAT json, ARRAY true)")
        return path
    return _archive(connection, form, query, folder, listens)


def _archive(connection: duckdb.DuckDBPyConnection, form: str, query: str, folder: Path, listens: int) -> Path:
    path, part = folder / f"{form}.zip", folder / "part"
    files = MONTHS if form == "listenbrainz" else max(1, listens // PER_FILE)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        if form == "listenbrainz":
            archive.writestr("user.json", '{"user_id": 1, "username": "ann"}')
        for number in range(files):
            first, last = listens * number // files, listens * (number + 1) // files
            some = query.replace(
                f"(FROM listens_of({listens}))", f"(FROM listens_of({listens}) WHERE i >= {first} AND i < {last})"
            )
            options = "FORMAT json" + (", ARRAY true" if form == "spotify" else "")
            connection.execute(f"COPY ({some}) TO '{part}' ({options})")
            name = (
                f"listens/{2020 + number // 12}/{number % 12 + 1}.jsonl"
                if form == "listenbrainz"
                else f"Spotify Extended Streaming History/Streaming_History_Audio_{number}.json"
            )
            archive.write(part, name)
    part.unlink()
    return path


def load(form: str, path: str, home: str) -> dict[str, float]:
    """Import into a lake that has the library; seconds of it, and what came of the listens."""
    os.environ["DISCOVER_HOME"] = home
    import pyarrow as pa

    from jobs.ingest.kinds import KINDS, history_kind
    from jobs.ingest.load import load_files
    from jobs.lake import Lake
    from jobs.settings import settings

    settings.cache_clear()
    lake = Lake()
    artists = [f"a{n}" for n in range(ARTISTS)]
    lake.merge("artists", pa.table({"artist_id": artists, "name": [f"Artist {n}" for n in range(ARTISTS)]}))
    ids = [f"t{n}" for n in range(TRACKS)]
    titles = [f"Song of {n}" for n in range(TRACKS)]
    of = [f"a{n % ARTISTS}" for n in range(TRACKS)]
    lake.merge("tracks", pa.table({"track_id": ids, "artist_id": of, "title": titles, "work_id": ids}))
    service = form.partition(" ")[0]
    is_table = service in ("csv", "jsonl", "parquet")
    kind = KINDS["listens"] if is_table else history_kind(service, "ann" if service == "lastfm" else None)
    started = time.perf_counter()
    loaded = load_files(lake, form, kind, [Path(path)], strict=False, batch_rows=settings().ingest.batch_rows)
    seconds = time.perf_counter() - started
    listens = lake.sql("SELECT count(*) AS n FROM listens")["n"][0].as_py()
    return {"seconds": seconds, "rows": loaded.added + loaded.repeated, "listens": listens}


def main() -> None:
    """Print the table."""
    parser = arg_parser("imports", __doc__)
    parser.add_argument("--listens", type=int, metavar="N", help=f"default: {LISTENS:,}; --small: {SMALL:,}")
    parser.add_argument("--formats", nargs="+", choices=QUERIES, default=list(QUERIES), metavar="FORMAT")
    arguments = parser.parse_args()
    listens, rows = arguments.listens or (SMALL if arguments.small else LISTENS), []
    for form in arguments.formats:
        with tempfile.TemporaryDirectory() as place:
            path = write(form, Path(place), listens)
            size = path.stat().st_size / 2**20
            found = alone("benchmarks.imports:load", form=form, path=str(path), home=f"{place}/home")
        rows.append(
            {
                "format": form,
                "file MiB": size,
                "rows": found["rows"],
                "rows/s": found["rows"] / found["seconds"],
                "seconds": found["seconds"],
                "peak MiB": found["peak_mib"],
                "in listens": found["listens"] / found["rows"],
            }
        )
    show(f"Importing {listens:,} listens", rows)
    save(arguments.json, formats=rows)


if __name__ == "__main__":
    main()
