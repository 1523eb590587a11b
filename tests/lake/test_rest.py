"""A REST catalog in place of SQLite, by settings alone."""

from datetime import date

import pandas as pd
import pyarrow as pa
import pytest

from jobs.lake import ALL, AuditFailed, Lake
from jobs.settings import settings
from tests.lake.rest import serving

WEEK = date(2026, 11, 23)


@pytest.fixture
def far(home, tmp_path, monkeypatch):
    """A lake whose catalog is a server; it keeps nothing of its own."""
    with serving(tmp_path / "served") as address:
        monkeypatch.setenv("DISCOVER_CATALOG_TYPE", "rest")
        monkeypatch.setenv("DISCOVER_CATALOG_URI", address)
        monkeypatch.setenv("DISCOVER_CATALOG_WAREHOUSE", "")
        settings.cache_clear()
        yield Lake()


def test_tables_are_published_audited_and_replaced_through_a_rest_catalog(far, home):
    far.publish("artists", pd.DataFrame({"artist_id": ["a"], "name": ["Nina"]}), ALL)
    ids = ["t1", "t2", "t3"]
    far.publish("tracks", pd.DataFrame({"track_id": ids, "artist_id": "a", "title": ids, "work_id": ids}), ALL)
    part = {"week": WEEK, "origin": "collaborative"}
    factors = pa.table({"track_id": ids, "factors": [[1.0]] * 3, "listeners": pa.array([1, 2, 3], pa.int32())})
    assert far.publish("track_factors", factors, part).rows == 3

    # Another process finds them, and what is replaced is replaced.
    query = "SELECT count(*) AS n FROM tracks JOIN track_factors USING (track_id)"
    assert Lake().sql(query).to_pylist() == [{"n": 3}]
    Lake().publish("track_factors", factors.slice(0, 1), part)
    assert far.sql(query).to_pylist() == [{"n": 1}]

    # A failed audit commits nothing.
    with pytest.raises(AuditFailed, match="track_factors"):
        far.publish("track_factors", factors.set_column(0, "track_id", [["nobody", "t2", "t3"]]), part)
    assert far.sql(query).to_pylist() == [{"n": 1}]
    assert not (home / "catalog.db").exists()
