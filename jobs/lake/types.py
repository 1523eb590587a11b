"""The columns of a contract in the types of Arrow, Spark and DuckDB."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

import pyarrow as pa
from pyiceberg.io.pyarrow import schema_to_pyarrow
from pyiceberg.types import (
    BinaryType,
    BooleanType,
    DateType,
    DoubleType,
    FloatType,
    IcebergType,
    IntegerType,
    ListType,
    LongType,
    MapType,
    StringType,
    TimestamptzType,
)

from schemas.contract import Table

if TYPE_CHECKING:
    from pyspark.sql.types import StructType

SQL_TYPES = {
    StringType: "VARCHAR",
    LongType: "BIGINT",
    IntegerType: "INTEGER",
    DoubleType: "DOUBLE",
    FloatType: "FLOAT",
    DateType: "DATE",
    TimestamptzType: "TIMESTAMPTZ",
    BooleanType: "BOOLEAN",
    BinaryType: "BLOB",
}


def arrow_schema(contract: Table, columns: Iterable[str] | None = None) -> pa.Schema:
    """The Arrow schema of a contract, or of some of its columns."""
    schema = schema_to_pyarrow(contract.schema(), include_field_ids=False)
    schema = pa.schema([pa.field(f.name, _plain(f.type)) for f in schema])
    return schema if columns is None else pa.schema([schema.field(c) for c in columns])


def _plain(kind: pa.DataType) -> pa.DataType:
    """Strings, binaries and lists with 32-bit offsets, as Spark and DuckDB write them."""
    if pa.types.is_large_string(kind):
        return pa.string()
    if pa.types.is_large_binary(kind):
        return pa.binary()
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        return pa.list_(_plain(kind.value_type))
    if pa.types.is_map(kind):
        return pa.map_(_plain(kind.key_type), _plain(kind.item_type))
    return kind


def spark_schema(contract: Table) -> "StructType":
    """The Spark schema of a contract."""
    from pyspark.sql.pandas.types import from_arrow_schema

    return from_arrow_schema(arrow_schema(contract))


def sql_type(kind: IcebergType) -> str:
    """The DuckDB type of an Iceberg type."""
    if isinstance(kind, ListType):
        return f"{sql_type(kind.element_type)}[]"
    if isinstance(kind, MapType):
        return f"MAP({sql_type(kind.key_type)}, {sql_type(kind.value_type)})"
    return SQL_TYPES[type(kind)]
