"""Putting playlists in, each in place of its earlier state as a whole."""

import duckdb
import pyarrow as pa

import schemas
from jobs.lake import ALL, Lake
from jobs.lake.audits import quoted
from jobs.lake.staging import conform


def replace_staged(lake: Lake, connection: duckdb.DuckDBPyConnection, batch_rows: int) -> tuple[int, int, int]:
    """Put each playlist of the table `staged` in place of the one of the same id, with all its entries.

    Of entries with one place the last counts. Returns how many entries were added, changed, and known already.
    """
    columns = ", ".join(quoted(c.name) for c in schemas.table("playlists").columns)
    connection.execute(
        f"CREATE TEMP TABLE latest AS SELECT {columns} FROM staged QUALIFY "
        f'row_number() OVER (PARTITION BY playlist_id, position ORDER BY "#file" DESC, "#line" DESC) = 1'
    )
    present = f"SELECT {columns} FROM playlists SEMI JOIN latest USING (playlist_id)"
    total, new, gone, added = connection.execute(
        f"SELECT (SELECT count(*) FROM staged), (SELECT count(*) FROM (FROM latest EXCEPT {present})), "
        f"(SELECT count(*) FROM ({present} EXCEPT FROM latest)), "
        "(SELECT count(*) FROM latest ANTI JOIN playlists USING (playlist_id, position))"
    ).fetchall()[0]
    if new or gone:
        rows = connection.sql(
            f"FROM latest UNION ALL SELECT {columns} FROM playlists ANTI JOIN latest USING (playlist_id) "
            "ORDER BY playlist_id, position"
        )
        lake.publish("playlists", rows.to_arrow_reader(batch_rows), ALL)
    return added, new - added, total - new


def put(lake: Lake, rows: list[dict]) -> tuple[int, int, int]:
    """The same with rows in memory, each with columns of `playlists`."""
    if not rows:
        return 0, 0, 0
    contract = schemas.table("playlists")
    staged = conform(contract, pa.table({c.name: [row.get(c.name) for row in rows] for c in contract.columns}), {})
    staged = staged.append_column("#file", pa.array([0] * len(rows)))
    with lake.connect() as connection:
        connection.register("staged", staged.append_column("#line", pa.array(range(len(rows)))))
        return replace_staged(lake, connection, lake.config.ingest.batch_rows)
