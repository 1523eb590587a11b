"""Commits: staged files are audited, and take the place of what is replaced, in one transaction."""

import logging
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from duckdb import DuckDBPyConnection
from pyiceberg.exceptions import CommitFailedException, ValidationException
from pyiceberg.expressions import AlwaysTrue, And, BooleanExpression, EqualTo, Not
from pyiceberg.table import Table as IcebergTable
from pyiceberg.utils.datetime import millis_to_datetime

from jobs.lake import storage
from jobs.lake.audits import check, quoted, rules
from schemas.contract import Table

SNAPSHOTS = 32  # states that a table keeps at least: to go back to, and for readers that hold one
PLANS = 10  # times that a commit is planned before it is given up
Result = TypeVar("Result")
log = logging.getLogger("discover")


@dataclass(frozen=True)
class Published:
    """What a commit did: rows written, and the snapshot that holds them (None: there was nothing to change)."""

    rows: int
    snapshot_id: int | None


def commit(
    contract: Table,
    table: IcebergTable,
    files: list[str],
    deleted: BooleanExpression | None,
    given: Mapping[str, Any],
    connect: Callable[[str], DuckDBPyConnection],
) -> Published:
    """Audit the staged files, and put them in the place of what `deleted` selects (None: of nothing).

    given : what the snapshot says beside its number of rows; connect : as `Lake.connect`. Raises AuditFailed when the
    rows break the contract; nothing is committed then.
    """
    count = _audit(contract, table, files, deleted, connect)
    if not files and (deleted is None or table.current_snapshot() is None):
        return Published(0, None)
    described = {"discover.rows": str(count), **{f"discover.{k}": str(v) for k, v in given.items()}}
    with warnings.catch_warnings(), table.transaction() as transaction:
        warnings.filterwarnings("ignore", message="Delete operation did not match any records")
        if deleted is not None and table.current_snapshot() is not None:
            transaction.delete(deleted, snapshot_properties=described)
        if files:
            transaction.add_files(files, snapshot_properties=described, check_duplicate_files=False)
    snapshot = table.current_snapshot()
    return Published(count, snapshot.snapshot_id if snapshot else None)


def planned_anew(table: IcebergTable, commit: Callable[[], Result]) -> Result:
    """Commit; when the files that it was to replace are not what the plan says, plan again on the newest state.

    Another writer may have replaced them in between. And PyIceberg 0.12 may miss one: it prunes the manifests of an
    overwrite in several threads with one evaluator that keeps the manifest at hand in itself.
    """
    for _ in range(PLANS - 1):
        try:
            return commit()
        except ValidationException as changed:
            log.debug("table %s: planning the commit again: %s", table.name(), changed)
            table.refresh()
    return commit()


def forget_old_states(table: IcebergTable) -> None:
    """Expire the oldest snapshots, several at once. A commit copies the list of all of them dozens of times: without
    this the thousandth takes ten seconds. Their files stay where they are until `Lake.vacuum`."""
    states = table.snapshots()
    if len(states) < SNAPSHOTS + SNAPSHOTS // 4:
        return
    oldest = millis_to_datetime(states[-SNAPSHOTS].timestamp_ms)
    try:
        table.maintenance.expire_snapshots().older_than(oldest).commit()  # never the current one
    except CommitFailedException as overtaken:
        log.debug("table %s: the next commit expires its old snapshots: %s", table.name(), overtaken)


def _audit(
    contract: Table,
    table: IcebergTable,
    files: list[str],
    deleted: BooleanExpression | None,
    connect: Callable[[str], DuckDBPyConnection],
) -> int:
    """Audit the staged files; return how many rows they have."""
    if not files:
        return 0
    against, remaining = None, None
    if deleted is None:
        against = quoted(contract.name)
    elif not isinstance(deleted, AlwaysTrue) and not _within_key(deleted, contract):
        remaining = table.scan(row_filter=Not(deleted), selected_fields=contract.key).to_arrow()
        against = "remaining"
    queries = list(rules(contract, against))
    with connect("\n".join(sql for _, sql in queries)) as connection:
        storage.view(connection, "staged", contract, files, table.io.properties)
        if remaining is not None:
            connection.register("remaining", remaining)
        check(connection, contract, queries)
        return connection.execute("SELECT count(*) FROM staged").fetchone()[0]


def _within_key(deleted: BooleanExpression, contract: Table) -> bool:
    """Whether the replaced part is told by columns of the key alone, each equal to one value: then no key of the
    staged rows can occur in what remains, provided that the staged rows lie in that part."""
    if isinstance(deleted, And):
        return _within_key(deleted.left, contract) and _within_key(deleted.right, contract)
    return isinstance(deleted, EqualTo) and deleted.term.name in contract.key
