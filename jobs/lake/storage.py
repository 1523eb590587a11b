"""The files of tables, wherever these lie. On disks that every process reaches, DuckDB and Spark read and write them
themselves; on object storage (`s3://` and what else PyIceberg knows) they do so through Arrow, which needs neither a
connector for Spark nor an extension of DuckDB. Address and keys are the properties of the catalog, as PyIceberg takes
them (`PYICEBERG_CATALOG__DISCOVER__S3__ENDPOINT`, `..._S3__ACCESS_KEY_ID`, ...).
"""

import uuid
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING
from urllib.parse import urlparse
from urllib.request import url2pathname

import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq
from duckdb import DuckDBPyConnection
from pyarrow import fs
from pyiceberg.io.pyarrow import PyArrowFileIO

from jobs.lake.audits import quoted, sql_literal
from jobs.lake.types import arrow_schema, sql_type
from schemas.contract import Table

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

Properties = dict[str, str]


def is_local(path: str) -> bool:
    """Whether a path or URI is on a file system that is mounted here."""
    return urlparse(path).scheme in ("", "file")


def local(path: str) -> str:
    """The path of a local path or URI."""
    parsed = urlparse(path)
    return url2pathname(parsed.path) if parsed.scheme == "file" else path


def filesystem(path: str, properties: Properties) -> tuple[fs.FileSystem, str]:
    """Where a path or URI lies, and how it is called there. properties : of the catalog"""
    scheme, netloc, place = PyArrowFileIO.parse_location(path, properties)
    return PyArrowFileIO(properties).fs_by_scheme(scheme, netloc), place


def delete_folder(folder: str, properties: Properties) -> None:
    """Delete a folder with all that is in it; nothing happens where there is none."""
    system, place = filesystem(folder, properties)
    if system.get_file_info(place).type == fs.FileType.Directory:
        system.delete_dir(place)


def dataset(files: list[str], schema: pa.Schema, properties: Properties) -> ds.Dataset:
    """Parquet files of one system as a dataset; a column that a file does not have is null in it."""
    places = [filesystem(file, properties) for file in files]
    return ds.dataset([place for _, place in places], schema=schema, filesystem=places[0][0], format="parquet")


def view(connection: DuckDBPyConnection, name: str, contract: Table, files: list[str], properties: Properties) -> None:
    """Make a view of Parquet files, with the columns and types of a contract; a column that a file does not have is
    null in it."""
    typed = ", ".join(f"NULL::{sql_type(column.type)} AS {quoted(column.name)}" for column in contract.columns)
    query = f"SELECT {typed} WHERE false"
    if files and is_local(files[0]):
        listed = ", ".join(sql_literal(local(file)) for file in files)
        query += f" UNION ALL BY NAME SELECT * FROM read_parquet([{listed}], union_by_name = true)"
    elif files:
        connection.register(f"files of {name}", dataset(files, arrow_schema(contract), properties))
        query += f" UNION ALL BY NAME SELECT * FROM {quoted(f'files of {name}')}"
    connection.execute(f"CREATE VIEW {quoted(name)} AS {query}")


def read(spark: "SparkSession", files: list[str], schema: pa.Schema, properties: Properties) -> "DataFrame":
    """Parquet files as a Spark DataFrame, read by its tasks through Arrow."""
    from pyspark.sql.pandas.types import from_arrow_schema

    def batches(listed: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in listed:
            for file in batch.column(0).to_pylist():
                yield from dataset([file], schema, properties).to_batches()

    tasks = min(len(files), 4 * spark.sparkContext.defaultParallelism)
    listed = spark.createDataFrame([(file,) for file in files], "file string").repartition(tasks)
    return listed.mapInArrow(batches, from_arrow_schema(schema))


def write(frame: "DataFrame", schema: pa.Schema, folder: str, properties: Properties) -> list[str]:
    """Write a Spark DataFrame as Parquet files, one a task that has rows, through Arrow; return them. What a task
    leaves that fails or is run twice is not among them."""

    def files(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        filled = (batch for batch in batches if batch.num_rows)
        first = next(filled, None)
        if first is None:
            return
        file = f"{folder}/{uuid.uuid4().hex}.parquet"
        system, place = filesystem(file, properties)
        with pq.ParquetWriter(place, schema, filesystem=system, compression="zstd") as writer:
            writer.write_table(pa.Table.from_batches([first]).cast(schema))
            for batch in filled:
                writer.write_table(pa.Table.from_batches([batch]).cast(schema))
        yield pa.record_batch({"file": pa.array([file])})

    return sorted(frame.mapInArrow(files, "file string").toArrow()["file"].to_pylist())
