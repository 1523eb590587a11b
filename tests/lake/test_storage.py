"""Tables on object storage: a real S3 server on loopback, which runs in an environment of its own."""

import os
import socket
import subprocess
import sys
import time
from datetime import date
from pathlib import Path
from urllib.error import URLError
from urllib.request import Request, urlopen

import pandas as pd
import pyarrow as pa
import pytest

from jobs.lake import ALL, AuditFailed, Lake, storage
from jobs.settings import settings

WEEK = date(2026, 11, 23)
UV = Path(sys.executable).with_name("uv")
SERVER = [str(UV), "tool", "run", "--quiet", "--from", "moto[server]>=5,<6", "moto_server", "-H", "127.0.0.1"]


@pytest.fixture(scope="module")
def s3(tmp_path_factory):
    """The address of a server with a bucket `music`."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    log = tmp_path_factory.mktemp("s3") / "log"
    with log.open("w") as told, subprocess.Popen([*SERVER, "-p", str(port)], stdout=told, stderr=told) as server:
        try:
            address = f"http://127.0.0.1:{port}"
            until = time.monotonic() + 300
            while True:
                try:
                    urlopen(Request(f"{address}/music", method="PUT"), timeout=5).close()
                    break
                except URLError:
                    assert server.poll() is None, log.read_text()
                    assert time.monotonic() < until, "the server did not start"
                    time.sleep(0.2)
            yield address
        finally:
            server.terminate()


@pytest.fixture
def far(s3, home, monkeypatch):
    """A lake whose tables are on the server, by settings alone."""
    properties = {"ENDPOINT": s3, "ACCESS_KEY_ID": "somebody", "SECRET_ACCESS_KEY": "secret", "REGION": "eu-north-1"}
    for name, value in properties.items():
        monkeypatch.setenv(f"PYICEBERG_CATALOG__DISCOVER__S3__{name}", value)
    monkeypatch.setenv("DISCOVER_CATALOG_WAREHOUSE", f"s3://music/{home.name}")
    settings.cache_clear()
    # PyIceberg reads its environment once, when it is loaded.
    from pyiceberg import catalog
    from pyiceberg.utils.config import Config

    monkeypatch.setattr(catalog, "_ENV_CONFIG", Config())
    return Lake()


def stored(lake, name):
    table = lake._table(name)
    system, place = storage.filesystem(table.location(), table.io.properties)
    listed = system.get_file_info(storage.fs.FileSelector(place + "/data", recursive=True, allow_not_found=True))
    return [info.path for info in listed if info.type == storage.fs.FileType.File]


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.skipif(not UV.exists(), reason="uv starts the server")
def test_tables_live_on_object_storage_by_settings_alone(far, spark):
    far.publish("artists", pd.DataFrame({"artist_id": ["a"], "name": ["Nina"]}), ALL)
    titles = [f"t{n}" for n in range(50)]
    tracks = pd.DataFrame({"track_id": titles, "artist_id": "a", "title": titles, "work_id": titles})
    far.publish("tracks", tracks, ALL)
    assert not list((settings().home).glob("warehouse/**/*.parquet"))

    # Spark writes and reads, with lists, nulls and partitions.
    rows = spark.createDataFrame([(t, [float(n), 1.0], n) for n, t in enumerate(titles)], "track_id string, "
                                 "factors array<float>, listeners int")  # fmt: skip
    part = {"week": WEEK, "origin": "collaborative"}
    assert far.publish("track_factors", rows.repartition(3), part).rows == 50
    back = far.spark(spark, "track_factors", part).orderBy("listeners").toArrow()
    assert back["factors"].to_pylist() == [[float(n), 1.0] for n in range(50)]
    assert far.spark(spark, "track_factors", {"week": WEEK, "origin": "audio"}).count() == 0
    assert {f.name for f in far.spark(spark, "tracks").schema} == set(far.arrow("tracks").schema.names)

    # DuckDB joins, and what is replaced is replaced.
    query = "SELECT count(*) AS n, max(listeners) AS most FROM tracks JOIN track_factors USING (track_id)"
    assert far.sql(query).to_pylist() == [{"n": 50, "most": 49}]
    far.publish("track_factors", rows.where("listeners < 10"), part)
    assert far.sql(query).to_pylist() == [{"n": 10, "most": 9}]

    # A failed audit commits nothing and leaves no file.
    files = stored(far, "track_factors")
    with pytest.raises(AuditFailed, match="track_factors"):
        far.publish("track_factors", pa.table({"track_id": ["nobody"], "factors": [[1.0]], "listeners": [1]}), part)
    assert stored(far, "track_factors") == files
    assert far.sql(query).to_pylist() == [{"n": 10, "most": 9}]

    assert far.vacuum("track_factors") > 0
    assert far.sql(query).to_pylist() == [{"n": 10, "most": 9}]
    assert len(stored(far, "track_factors")) < len(files)

    # The command line finds the same tables.
    asked = subprocess.run(
        [sys.executable, "-m", "jobs.query", "SELECT count(*) AS n FROM track_factors"],
        capture_output=True,
        text=True,
        env=os.environ,
        check=True,
    )
    assert "10" in asked.stdout
