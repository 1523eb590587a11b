"""Staging: rows of any kind become Parquet files with the contract's columns and types, each within one partition."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from pyarrow import fs
from pyiceberg.table import Table as IcebergTable

from jobs.lake import storage
from jobs.lake.types import arrow_schema, spark_schema
from schemas.contract import Table

if TYPE_CHECKING:
    from pyspark.sql import DataFrame as SparkDataFrame

Rows = "pa.Table | pd.DataFrame | SparkDataFrame | Iterable[pa.Table | pa.RecordBatch]"


def conform(contract: Table, rows: "pa.Table | pa.RecordBatch | pd.DataFrame", given: Mapping[str, Any]) -> pa.Table:
    """The rows with the contract's columns and types. Raises ValueError that names the column that does not fit."""
    frame = rows if isinstance(rows, pd.DataFrame) else None
    names = list(rows.columns) if frame is not None else rows.schema.names
    schema = arrow_schema(contract)
    unknown = [n for n in names if n not in schema.names]
    if unknown:
        raise ValueError(f"table {contract.name} has no columns {', '.join(map(repr, unknown))}")
    arrays = []
    for field in schema:
        try:
            if field.name not in names:
                arrays.append(pa.repeat(pa.scalar(given.get(field.name), field.type), len(rows)))
            elif frame is None:
                arrays.append(rows.column(field.name).cast(field.type))
            elif pa.types.is_nested(field.type):
                arrays.append(pa.array(list(frame[field.name]), field.type))
            else:
                arrays.append(pa.Array.from_pandas(frame[field.name]).cast(field.type))
        except (pa.ArrowException, TypeError) as error:
            raise ValueError(f"table {contract.name}, column {field.name}: {error}") from error
    return pa.table(arrays, schema=schema)


def write(contract: Table, rows: Rows, given: Mapping[str, Any], table: IcebergTable, folder: str) -> list[str]:
    """Write the rows as Parquet files into `folder`, each within one partition; return the files that have rows."""
    if hasattr(rows, "sparkSession"):
        return _write_spark(contract, rows, given, table, folder)
    batches = [rows] if isinstance(rows, pa.Table | pa.RecordBatch | pd.DataFrame) else rows
    writers: dict[tuple, pq.ParquetWriter] = {}
    files = []
    try:
        for batch in batches:
            for partition, part in _split(contract, conform(contract, batch, given)):
                if partition not in writers:
                    files.append(f"{folder}/{len(files):05d}.parquet")
                    sink = table.io.new_output(files[-1]).create()
                    writers[partition] = pq.ParquetWriter(sink, part.schema, compression="zstd")
                    writers[partition].sink = sink
                writers[partition].write_table(part)
    finally:
        for writer in writers.values():
            writer.close()
            writer.sink.close()
    return files


def _split(contract: Table, rows: pa.Table) -> Iterator[tuple[tuple, pa.Table]]:
    """The rows by partition."""
    if not len(rows):
        return
    if not contract.partition:
        yield (), rows
        return
    keys = []
    for text in contract.partition:
        column, _, transform = text.partition("|")
        values = rows.column(column)
        keys.append(pc.floor_temporal(values, unit=transform) if transform else values)
    names = [f"#{number}" for number in range(len(keys))]
    keyed = pa.table(keys, names=names)
    for partition in keyed.group_by(names, use_threads=False).aggregate([]).to_pylist():
        mask = None
        for name in names:
            value = partition[name]
            same = pc.is_null(keyed[name]) if value is None else pc.equal(keyed[name], pa.scalar(value))
            mask = same if mask is None else pc.and_(mask, same)
        yield tuple(partition.values()), rows.filter(pc.fill_null(mask, False))


def _write_spark(
    contract: Table, frame: "SparkDataFrame", given: Mapping[str, Any], table: IcebergTable, folder: str
) -> list[str]:
    from pyspark.sql import functions as F

    schema = spark_schema(contract)
    unknown = [c for c in frame.columns if c not in schema.names]
    if unknown:
        raise ValueError(f"table {contract.name} has no columns {', '.join(map(repr, unknown))}")
    columns = [
        (F.col(f.name) if f.name in frame.columns else F.lit(given.get(f.name))).cast(f.dataType).alias(f.name)
        for f in schema
    ]
    frame = frame.select(*columns)
    if not storage.is_local(folder):
        return storage.write(frame, arrow_schema(contract), folder, table.io.properties)
    frame.write.option("compression", "zstd").parquet(folder)
    system, path = storage.filesystem(folder, table.io.properties)
    written = (info.path for info in system.get_file_info(fs.FileSelector(path)) if info.extension == "parquet")
    with_rows = (file for file in written if pq.read_metadata(file, filesystem=system).num_rows)
    return sorted(f"{folder}/{file.rpartition('/')[2]}" for file in with_rows)
