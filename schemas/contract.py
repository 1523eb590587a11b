"""What a contract is made of: `Table`, `Column` and the audits.

Audits are SQL over the rows about to be written, so that they run out of core, in one engine, at any size. Each
returns the offending rows; none means that the rule holds.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from pyiceberg.partitioning import PartitionField, PartitionSpec
from pyiceberg.schema import Schema
from pyiceberg.transforms import parse_transform
from pyiceberg.types import IcebergType, ListType, MapType, NestedField


@dataclass(frozen=True)
class Column:
    """A column: its name, its Iceberg type, what it means (with unit or range), and the rules for its values.

    `required` forbids null, `minimum` and `maximum` bound numbers, dates and times (both ends included), `allowed`
    lists the only values, `references` names the "table.column" in which every non-null value must occur.
    """

    name: str
    type: IcebergType
    doc: str
    required: bool = False
    minimum: object = None
    maximum: object = None
    allowed: tuple[str, ...] = ()
    references: str | None = None


@dataclass(frozen=True)
class Audit:
    """A rule about rows or whole tables: `sql` selects the rows that break it.

    The SQL reads the rows about to be written as `staged` (with `staged` alone for an append, too) and any table of
    the lake by its name, as it stood before this write.
    """

    rule: str
    sql: str


@dataclass(frozen=True)
class Table:
    """The contract of one table.

    `key` is unique in the whole table. `partition` lists "column" or "column|transform" in Iceberg's notation
    ("listened_at|month"). `audits` are the rules that no single column can state.
    """

    name: str
    doc: str
    columns: Sequence[Column]
    key: tuple[str, ...]
    partition: tuple[str, ...] = ()
    audits: Sequence[Audit] = field(default_factory=tuple)

    def __post_init__(self):
        names = [c.name for c in self.columns]
        unknown = [n for n in (*self.key, *(p.split("|")[0] for p in self.partition)) if n not in names]
        if unknown or len(set(names)) != len(names):
            raise ValueError(f"contract {self.name}: unknown or repeated columns in {unknown or names}")

    def column(self, name: str) -> Column:
        """One column by name; raises KeyError."""
        return {c.name: c for c in self.columns}[name]

    def schema(self) -> Schema:
        """The Iceberg schema. Fields are optional there; `required` is kept by the audits, because Parquet files
        that Spark writes declare every column optional."""
        fields, next_id = [], len(self.columns) + 1
        for number, column in enumerate(self.columns, start=1):
            kind = column.type
            if isinstance(kind, ListType):
                kind = ListType(next_id, kind.element_type, element_required=False)
                next_id += 1
            elif isinstance(kind, MapType):
                kind = MapType(next_id, kind.key_type, next_id + 1, kind.value_type, value_required=False)
                next_id += 2
            fields.append(NestedField(number, column.name, kind, required=False, doc=column.doc))
        return Schema(*fields)

    def partition_spec(self) -> PartitionSpec:
        """The Iceberg partition spec of `partition`."""
        schema, fields = self.schema(), []
        for number, text in enumerate(self.partition):
            column, _, transform = text.partition("|")
            source = schema.find_field(column).field_id
            name = column if not transform else f"{column}_{transform}"
            fields.append(
                PartitionField(
                    source_id=source,
                    field_id=1000 + number,
                    transform=parse_transform(transform or "identity"),
                    name=name,
                )
            )
        return PartitionSpec(*fields)


def list_of(kind: IcebergType) -> ListType:
    """A list type; the field id is assigned when the schema is made."""
    return ListType(-1, kind, element_required=False)


def map_of(key: IcebergType, value: IcebergType) -> MapType:
    """A map type; the field ids are assigned when the schema is made."""
    return MapType(-1, key, -2, value, value_required=False)
