"""The tables of a catalog, to read and to write."""

import logging
import re
import uuid
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

import duckdb
import pandas as pd
import pyarrow as pa
from pyiceberg.catalog import Catalog, load_catalog
from pyiceberg.exceptions import NamespaceAlreadyExistsError, NoSuchTableError
from pyiceberg.expressions import AlwaysTrue, And, BooleanExpression, EqualTo
from pyiceberg.table import Table as IcebergTable

import schemas
from jobs.lake import commits, storage
from jobs.lake.audits import quoted
from jobs.lake.commits import Published
from jobs.lake.staging import Rows, conform, write
from jobs.lake.types import arrow_schema, spark_schema
from jobs.lake.vacuum import vacuum
from jobs.settings import Settings, settings
from schemas.contract import Table

if TYPE_CHECKING:
    from pyspark.sql import DataFrame as SparkDataFrame
    from pyspark.sql import SparkSession

NAMESPACE = "discover"
APPEND = None  # replace nothing: keep all rows there are
ALL = AlwaysTrue()  # replace the whole table

Where = None | Mapping[str, Any] | str | BooleanExpression

TABLE_PROPERTIES = {
    "commit.retry.num-retries": "30",  # stages that run side by side commit to one catalog
    "commit.retry.min-wait-ms": "20",
    "commit.retry.max-wait-ms": "1000",
    "write.metadata.delete-after-commit.enabled": "true",
    "write.metadata.previous-versions-max": "50",
}
log = logging.getLogger("discover")


@dataclass(frozen=True)
class Merged:
    """What a merge did, in rows."""

    added: int
    changed: int
    unchanged: int


class Lake:
    """All tables of one catalog. Cheap to make; a table is created when it is first used."""

    def __init__(self, config: Settings | None = None):
        """`config`: by default the settings of this process."""
        self.config = config or settings()
        self._catalog: Catalog | None = None

    # Reading

    def arrow(self, name: str, where: Where = None, columns: Iterable[str] | None = None) -> pa.Table:
        """The rows of a table that satisfy `where`, in memory, with the contract's columns (or `columns` of them)."""
        selected = tuple(columns or (column.name for column in schemas.table(name).columns))
        rows = self._table(name).scan(row_filter=_expression(where), selected_fields=selected).to_arrow()
        return rows.select(list(selected)).cast(arrow_schema(schemas.table(name), selected))

    def pandas(self, name: str, where: Where = None, columns: Iterable[str] | None = None) -> pd.DataFrame:
        """The same as a DataFrame."""
        return self.arrow(name, where, columns).to_pandas(date_as_object=True)

    def spark(self, spark: "SparkSession", name: str, where: Where = None) -> "SparkDataFrame":
        """The same as a Spark DataFrame, read by Spark from the files of the current snapshot."""
        contract, expression = schemas.table(name), _expression(where)
        table = self._table(name)
        files = _files(table, expression)
        if not files:
            return spark.createDataFrame([], spark_schema(contract))
        if storage.is_local(files[0]):
            frame = spark.read.schema(spark_schema(contract)).parquet(*map(storage.local, files))
        else:
            frame = storage.read(spark, files, arrow_schema(contract), table.io.properties)
        if isinstance(where, str):
            return frame.where(where)
        if isinstance(where, Mapping):
            for column, value in where.items():
                frame = frame.where(frame[column] == value)
            return frame
        if where is not None:
            raise TypeError("Spark reads with a mapping or a filter in words, not with an Iceberg expression")
        return frame

    def is_empty(self, name: str, where: Where = None) -> bool:
        """Whether no row satisfies `where`."""
        scan = self._table(name).scan(row_filter=_expression(where), selected_fields=schemas.table(name).key[:1])
        return all(batch.num_rows == 0 for batch in scan.to_arrow_batch_reader())

    def connect(self, query: str | None = None) -> duckdb.DuckDBPyConnection:
        """A DuckDB connection in which every table, or each whose name is a word of `query`, is a view of its current
        snapshot: most of the time of a small query goes into opening tables.

        Scans stream, filters and columns are pushed down into the Parquet files, and what does not fit into memory
        is spilled to `home`. Times are UTC.
        """
        spill = self.config.home / "tmp"
        spill.mkdir(parents=True, exist_ok=True)
        connection = duckdb.connect(config={"temp_directory": str(spill), "memory_limit": self.config.sql_memory})
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute("SET enable_progress_bar = false")
        words = None if query is None else set(re.findall(r"\w+", query.lower()))
        for name in schemas.tables():
            if words is not None and name not in words:
                continue
            table = self._table(name)
            storage.view(connection, name, schemas.table(name), _files(table, ALL), table.io.properties)
        return connection

    def sql(self, query: str, params: object = None) -> pa.Table:
        """The result of a query over the current snapshots of all tables."""
        with self.connect(query) as connection:
            return connection.sql(query, params=params).to_arrow_table()

    # Writing

    def publish(self, name: str, rows: Rows, replace: Where) -> Published:
        """Write, audit, commit: `rows` take the place of those that `replace` selects, in one transaction.

        rows: a pyarrow Table, a pandas or Spark DataFrame, or an iterable of Tables or RecordBatches (streamed, one
        held at a time). Columns go by name and are cast to the contract's types; a missing one is null, or the
        value that a `replace` mapping gives it; an unknown one is an error. A Spark DataFrame needs a mapping for
        the columns of the partition.
        replace: APPEND, ALL, a mapping such as {"week": week}, or an Iceberg filter.

        Raises AuditFailed when the rows break the contract, ValueError when they do not fit its columns; nothing is
        committed then.
        """
        contract, table = schemas.table(name), self._table(name)
        deleted = None if replace is APPEND else _expression(replace)
        given = dict(replace) if isinstance(replace, Mapping) else {}
        with self._staged(table) as folder:
            files = write(contract, rows, given, table, folder)
            published = commits.planned_anew(
                table, lambda: commits.commit(contract, table, files, deleted, given, self.connect)
            )
        commits.forget_old_states(table)
        return published

    def merge(self, name: str, rows: "pa.Table | pd.DataFrame") -> Merged:
        """Put `rows` into a catalogue table by its key: new ones are added, known ones replaced.

        Where a key occurs twice in `rows` the last one counts. A column that `rows` does not have keeps its old
        value. Nothing is committed when nothing changes. The table is rewritten as a whole. Raises as `publish`.
        """
        contract = schemas.table(name)
        incoming = rows if isinstance(rows, pa.Table) else pa.Table.from_pandas(rows, preserve_index=False)
        key = ", ".join(map(quoted, contract.key))
        present, target = set(incoming.column_names), [c.name for c in contract.columns]
        incoming = conform(contract, incoming, {}).append_column("#", pa.array(range(len(incoming)), pa.int64()))
        taken = ", ".join(f"{'i' if c in present else 'o'}.{quoted(c)}" for c in target)
        same = " AND ".join(f"i.{quoted(c)} IS NOT DISTINCT FROM o.{quoted(c)}" for c in target if c in present)
        with self.connect(name) as connection:
            connection.register("incoming", incoming)
            connection.execute(
                f'CREATE TEMP TABLE latest AS SELECT * EXCLUDE ("#") FROM incoming '
                f'QUALIFY row_number() OVER (PARTITION BY {key} ORDER BY "#" DESC) = 1'
            )
            ((total, known, unchanged),) = connection.execute(
                f"SELECT count(*), count(o.{quoted(contract.key[0])}), count(*) FILTER ("
                f"o.{quoted(contract.key[0])} IS NOT NULL AND {same}) "
                f"FROM latest i LEFT JOIN {quoted(name)} o USING ({key})"
            ).fetchall()
            if unchanged < total:
                merged = connection.sql(
                    f"SELECT {taken} FROM latest i LEFT JOIN {quoted(name)} o USING ({key}) UNION ALL "
                    f"SELECT * FROM {quoted(name)} ANTI JOIN latest USING ({key}) ORDER BY {key}"
                )
                self.publish(name, merged.to_arrow_reader(100_000), ALL)
        return Merged(total - known, known - unchanged, unchanged)

    def record(self, week: date, stage: str, rows: Iterable[tuple[str, str, float]]) -> None:
        """Put what a stage measured into `metrics`, in place of what it said about this week before.

        rows: (metric, dimension, value); the dimension is empty or says what it was measured on ("epoch=3").
        """
        columns = list(zip(*rows, strict=True)) or [[], [], []]
        table = pa.table({"metric": columns[0], "dimension": columns[1], "value": [float(v) for v in columns[2]]})
        self.publish("metrics", table, {"week": week, "stage": stage})

    def delete(self, name: str, where: Where) -> int:
        """Delete the rows that `where` selects; return how many there were. Old snapshots still have them; see
        `vacuum`."""
        table, expression = self._table(name), _expression(where)
        count = table.scan(row_filter=expression, selected_fields=schemas.table(name).key[:1]).count()
        if count:
            commits.planned_anew(table, lambda: table.delete(expression))
        return count

    def vacuum(self, name: str) -> int:
        """Throw away all states of a table but the current one, with all files that it does not need; return how
        many files these were. For when nothing else writes."""
        return vacuum(self._table(name))

    # Old states

    def snapshots(self, name: str) -> list[dict[str, Any]]:
        """The snapshots of a table, oldest first: snapshot_id, committed_at (UTC), operation, rows in the table, and
        what was published."""
        table = self._table(name)
        current = table.current_snapshot()
        listed = []
        for snapshot in table.snapshots():
            summary = snapshot.summary.additional_properties if snapshot.summary else {}
            listed.append(
                {
                    "snapshot_id": snapshot.snapshot_id,
                    "committed_at": datetime.fromtimestamp(snapshot.timestamp_ms / 1000, UTC),
                    "operation": snapshot.summary.operation.value if snapshot.summary else "",
                    "rows": int(summary.get("total-records", 0)),
                    "published": {k[9:]: v for k, v in summary.items() if k.startswith("discover.")},
                    "current": current is not None and snapshot.snapshot_id == current.snapshot_id,
                }
            )
        return listed

    def rollback(self, name: str, snapshot_id: int) -> None:
        """Make an earlier snapshot the current one again. Raises ValueError when the table has no such snapshot."""
        table = self._table(name)
        if table.snapshot_by_id(snapshot_id) is None:
            raise ValueError(f"table {name} has no snapshot {snapshot_id}; `python -m jobs.lake snapshots {name}`")
        with table.manage_snapshots() as manage:
            manage.set_current_snapshot(snapshot_id=snapshot_id)

    # Inside

    @property
    def catalog(self) -> Catalog:
        """The Iceberg catalog, connected when first used."""
        if self._catalog is None:
            self.config.home.mkdir(parents=True, exist_ok=True)
            wanted = self.config.catalog
            uri = wanted.uri or f"sqlite:///{self.config.home / 'catalog.db'}?timeout={wanted.busy_timeout}"
            warehouse = wanted.warehouse or (self.config.home / "warehouse").as_uri()
            self._catalog = load_catalog(NAMESPACE, type=wanted.type, uri=uri, warehouse=warehouse)
            try:
                self._catalog.create_namespace_if_not_exists(NAMESPACE)
            except NamespaceAlreadyExistsError:  # another process made it a moment ago
                log.debug("namespace %s exists", NAMESPACE)
        return self._catalog

    def _table(self, name: str) -> IcebergTable:
        contract = schemas.table(name)
        try:
            table = self.catalog.load_table((NAMESPACE, name))
        except NoSuchTableError:
            # Another process may create it in the same moment: "if not exists" then loads that one.
            table = self.catalog.create_table_if_not_exists(
                (NAMESPACE, name),
                schema=contract.schema(),
                partition_spec=contract.partition_spec(),
                properties={**TABLE_PROPERTIES, **_bounds_in_full(contract), "comment": contract.doc},
            )
        if {f.name for f in table.schema().fields} < {c.name for c in contract.columns}:
            with table.update_schema() as update:  # the contract has a new column
                update.union_by_name(contract.schema())
        return table

    @contextmanager
    def _staged(self, table: IcebergTable) -> Iterator[str]:
        """A new folder for data files; emptied again when the commit does not happen."""
        folder = f"{table.location()}/data/{uuid.uuid4().hex}"
        try:
            yield folder
        except BaseException:
            storage.delete_folder(folder, table.io.properties)
            raise


def _files(table: IcebergTable, expression: BooleanExpression | str) -> list[str]:
    """The data files of the current state that may have rows which satisfy an expression."""
    return sorted(task.file.file_path for task in table.scan(row_filter=expression).plan_files())


def _bounds_in_full(contract: Table) -> dict[str, str]:
    """Iceberg cuts text off at 16 characters in the bounds of a file. Those of the columns that a table is
    partitioned by are kept whole: a part is then replaced by what the manifests say, without opening its files."""
    return {f"write.metadata.metrics.column.{text.split('|')[0]}": "full" for text in contract.partition}


def _expression(where: Where) -> BooleanExpression | str:
    if where is None:
        return AlwaysTrue()
    if isinstance(where, Mapping):
        expression: BooleanExpression = AlwaysTrue()
        for column, value in where.items():
            expression = And(expression, EqualTo(column, value.isoformat() if isinstance(value, date) else value))
        return expression
    return where
