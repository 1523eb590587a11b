"""The data contracts: one module a table, each with a `TABLE`.

A contract says what a row means (columns with type, unit and meaning), what identifies it (key), how it lies on
disk (partition) and what must hold before anything is committed (audits). The lake creates tables from these
declarations, audits every write against them, and the data dictionary is written from them.
"""

import importlib
import pkgutil
from functools import cache

from schemas.contract import Table


@cache
def tables() -> dict[str, Table]:
    """All contracts by table name, in alphabetical order."""
    modules = (m.name for m in pkgutil.iter_modules(__path__) if m.name not in ("contract", "dictionary"))
    return {name: importlib.import_module(f"schemas.{name}").TABLE for name in sorted(modules)}


def table(name: str) -> Table:
    """The contract of one table. Raises KeyError that lists the tables there are."""
    try:
        return tables()[name]
    except KeyError:
        raise KeyError(f"there is no table {name!r}; the tables are: {', '.join(tables())}") from None
