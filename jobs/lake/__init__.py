"""The lake: every table is read and written here, and nowhere else.

Tables are Apache Iceberg (https://iceberg.apache.org/spec/), made from the contracts in `schemas/`. A write is
staged as Parquet files beside the table, audited against the contract, and committed in one transaction: a reader
sees the old state or the new one, whenever the writer dies.

    python -m jobs.lake snapshots discover_weekly
    python -m jobs.lake rollback discover_weekly 4358109269873137077
    python -m jobs.lake vacuum metrics
"""

from jobs.lake.audits import AuditFailed
from jobs.lake.commits import Published
from jobs.lake.lake import ALL, APPEND, Lake, Merged

__all__ = ["ALL", "APPEND", "AuditFailed", "Lake", "Merged", "Published"]
