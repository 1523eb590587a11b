"""The step `rollback`: let a week use an earlier network."""

from datetime import date

import pyarrow as pa

from jobs.cli import UserError
from jobs.lake import Lake


def main(lake: Lake, week: date, version: str) -> None:
    """Make `version` the network of the week. Raises UserError that lists the versions when there is no such one."""
    rows = lake.arrow("models", "kind = 'audio'").sort_by([("week", "descending")]).to_pylist()
    found = next((row for row in rows if row["version"] == version), None)
    if found is None:
        known = ", ".join(dict.fromkeys(row["version"] for row in rows)) or "none at all"
        raise UserError(f"there is no network {version!r}; there are: {known}")
    row = pa.Table.from_pylist([found | {"week": week}])
    lake.publish("models", row, {"week": week, "kind": "audio"})
    print(f"{week} uses {version}; python -m jobs.audio embed --week {week} makes its factors")
