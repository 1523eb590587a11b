"""What the lake promises: contracts hold, commits are whole, old states come back."""

import multiprocessing
import os
import signal
import subprocess
import sys
import time
from datetime import UTC, date, datetime

import pandas as pd
import pyarrow as pa
import pytest
from pyiceberg.table import Transaction

import schemas
from jobs import cli
from jobs.lake import ALL, APPEND, AuditFailed, Lake
from jobs.lake.__main__ import main

WEEK = date(2026, 11, 23)
ARTISTS = pd.DataFrame({"artist_id": ["a1", "a2"], "name": ["Nina", "Air"]})
TRACKS = pd.DataFrame(
    {"track_id": ["t1", "t2"], "artist_id": ["a1", "a2"], "title": ["One", "Two"], "work_id": ["w1", "w2"]}
)


def listens(*rows):
    return pd.DataFrame(rows, columns=["listened_at", "user_id", "track_id", "ms_played"])


@pytest.fixture
def catalogue(lake):
    lake.publish("artists", ARTISTS, ALL)
    lake.publish("tracks", TRACKS, ALL)
    return lake


def test_every_contract_makes_a_table_that_reads_back_empty(lake):
    for name, contract in schemas.tables().items():
        assert lake.arrow(name).schema.names == [c.name for c in contract.columns]
        assert lake.is_empty(name)
    assert {f.name: f.doc for f in lake._table("listens").schema().fields}["ms_played"].startswith("Milliseconds")


def test_rows_come_back_as_they_were_published_and_partitions_are_split_by_month(catalogue):
    october, november = datetime(2026, 10, 31, 23, 59, tzinfo=UTC), datetime(2026, 11, 1, tzinfo=UTC)
    published = catalogue.publish("listens", listens((october, "u", "t1", None), (november, "u", "t2", 30_000)), APPEND)
    assert published.rows == 2
    back = catalogue.pandas("listens").sort_values("listened_at")
    assert list(back["listened_at"]) == [october, november]
    assert pd.isna(back["ms_played"].iloc[0])
    assert back["ms_played"].iloc[1] == 30_000
    assert len(list(catalogue._table("listens").scan().plan_files())) == 2
    assert len(catalogue.arrow("listens", f"listened_at < '{november.isoformat()}'")) == 1


def test_publishing_a_partition_again_replaces_it_and_nothing_else(lake):
    lake.record(WEEK, "a", [("recall", "", 0.1), ("recall", "epoch=2", 0.2)])
    lake.record(WEEK, "b", [("recall", "", 0.3)])
    lake.record(WEEK, "a", [("recall", "", 0.5)])
    assert sorted(lake.pandas("metrics")[["stage", "value"]].itertuples(index=False, name=None)) == [
        ("a", 0.5),
        ("b", 0.3),
    ]


def test_publishing_no_rows_empties_the_partition(lake):
    lake.record(WEEK, "a", [("recall", "", 0.1)])
    lake.record(WEEK, "a", [])
    assert lake.is_empty("metrics")


@pytest.mark.parametrize(
    ("row", "rule"),
    [
        ((None, "u", "t1", 1), "listened_at is never null"),
        ((datetime(1969, 1, 1, tzinfo=UTC), "u", "t1", 1), "listened_at is at least 1970"),
        ((datetime(2026, 1, 1, tzinfo=UTC), "u", "nobody", 1), "track_id occurs in tracks.track_id"),
        ((datetime(2026, 1, 1, tzinfo=UTC), "u", "t1", -5), "ms_played is at least 0"),
    ],
)
def test_a_broken_row_commits_nothing_and_is_shown_with_its_rule(catalogue, row, rule):
    good = (datetime(2026, 1, 2, tzinfo=UTC), "u", "t2", 1)
    with pytest.raises(AuditFailed, match="table listens: nothing was committed") as failure:
        catalogue.publish("listens", listens(good, row), APPEND)
    assert rule in str(failure.value)
    assert "1 broken" in str(failure.value)
    assert "user_id='u'" in str(failure.value)
    assert catalogue.is_empty("listens")
    data = catalogue.config.home / "warehouse"
    assert not [f for f in data.rglob("*.parquet") if "listens" in str(f)], "what was staged is taken away again"


def test_a_key_may_not_occur_twice_nor_be_appended_again(catalogue):
    row = (datetime(2026, 1, 2, tzinfo=UTC), "u", "t2", 1)
    with pytest.raises(AuditFailed, match="identify a row"):
        catalogue.publish("listens", listens(row, row), APPEND)
    catalogue.publish("listens", listens(row), APPEND)
    with pytest.raises(AuditFailed, match="not in the table yet"):
        catalogue.publish("listens", listens(row), APPEND)


def test_a_nan_is_not_within_a_range(lake):
    table = pa.table({"url": ["http://x"], "kind": ["feed"], "delay_seconds": [float("nan")]})
    with pytest.raises(AuditFailed, match="delay_seconds is at least"):
        lake.publish("sources", table, ALL)


def test_an_unknown_column_and_a_value_of_the_wrong_type_are_named(lake):
    with pytest.raises(ValueError, match="artists has no columns 'nmae'"):
        lake.publish("artists", pd.DataFrame({"artist_id": ["a"], "nmae": ["x"]}), ALL)
    rows = pd.DataFrame({"user_id": ["u"], "track_id": ["t"], "plays": ["many"]})
    with pytest.raises(ValueError, match="play_counts, column plays"):
        lake.publish("play_counts", rows, ALL)


def test_merge_adds_changes_and_keeps(lake):
    assert lake.merge("artists", ARTISTS).added == 2
    before = len(lake.snapshots("artists"))
    merged = lake.merge("artists", ARTISTS)
    assert (merged.added, merged.changed, merged.unchanged) == (0, 0, 2)
    assert len(lake.snapshots("artists")) == before, "nothing changed, so nothing is committed"
    lake.merge("artists", pd.DataFrame({"artist_id": ["a1"], "name": ["Nina"], "mbid": ["m1"]}))
    merged = lake.merge("artists", pd.DataFrame({"artist_id": ["a1", "a3", "a3"], "name": ["Nina S.", "x", "Can"]}))
    assert (merged.added, merged.changed, merged.unchanged) == (1, 1, 0)
    rows = lake.pandas("artists").sort_values("artist_id")
    assert list(rows["name"]) == ["Nina S.", "Air", "Can"], "of two rows with one key the last one counts"
    assert rows["mbid"].iloc[0] == "m1", "a column that the new rows do not have keeps its value"


def test_old_snapshots_are_listed_and_come_back(lake):
    lake.publish("artists", ARTISTS, ALL)
    first = lake.snapshots("artists")[-1]
    lake.publish("artists", ARTISTS.head(1), ALL)
    assert len(lake.arrow("artists")) == 1
    lake.rollback("artists", first["snapshot_id"])
    assert len(lake.arrow("artists")) == 2
    assert [s["snapshot_id"] for s in lake.snapshots("artists") if s["current"]] == [first["snapshot_id"]]
    with pytest.raises(ValueError, match="no snapshot 7"):
        lake.rollback("artists", 7)


def test_lists_and_maps_survive(catalogue):
    row = {
        "week": WEEK, "user_id": "u", "rank": 1, "track_id": "t1", "explanation_kind": "popular", "explanation": "x",
        "score": 0.5, "propensity": 0.9, "explored": False, "policy_version": "p", "features": {"als": 0.5, "age": 1.0},
    }  # fmt: skip
    with pytest.raises(AuditFailed):
        catalogue.publish("discover_weekly", pd.DataFrame([{**row, "propensity": 0.0}]), {"week": WEEK})
    catalogue.record(WEEK, "s", [("x", "", 1)])
    frame = pd.DataFrame([{"week": WEEK, "user_id": "u", "factors": [0.5, 1.0], "tracks_heard": 1}])
    catalogue.publish("user_factors", frame, {"week": WEEK})
    assert list(catalogue.pandas("user_factors")["factors"].iloc[0]) == [0.5, 1.0]
    assert catalogue.sql("SELECT factors[2] AS f FROM user_factors").to_pylist() == [{"f": 1.0}]


def test_factors_that_are_not_finite_or_of_another_length_are_refused(lake):
    for factors, rule in ([[1.0, float("nan")], [1.0, 2.0]], "finite"), ([[1.0], [1.0, 2.0]], "one length"):
        rows = pd.DataFrame({"week": WEEK, "user_id": ["u", "v"], "factors": factors, "tracks_heard": 1})
        with pytest.raises(AuditFailed, match=rule):
            lake.publish("user_factors", rows, {"week": WEEK})


def test_sql_sees_all_tables_and_reads_no_more_files_than_the_filter_needs(catalogue):
    for month in range(1, 5):
        catalogue.publish("listens", listens((datetime(2026, month, 1, tzinfo=UTC), "u", "t1", 1)), APPEND)
    query = "SELECT count(*) AS n FROM listens JOIN tracks USING (track_id) WHERE title = 'One'"
    assert catalogue.sql(query).to_pylist() == [{"n": 4}]
    april = catalogue._table("listens").scan("listened_at >= '2026-04-01T00:00:00+00:00'")
    assert len(list(april.plan_files())) == 1


def test_a_query_opens_the_tables_that_it_names_however_it_writes_them(catalogue):
    for query in ('SELECT title FROM "tracks"', "FROM Tracks SELECT title", "WITH t AS (TABLE main.tracks) TABLE t"):
        assert catalogue.sql(query).num_rows == 2
        with catalogue.connect(query) as connection:
            assert connection.sql("SELECT view_name FROM duckdb_views() WHERE NOT internal").fetchall() == [("tracks",)]
    with catalogue.connect() as connection:
        assert len(connection.sql("FROM duckdb_views() WHERE NOT internal").fetchall()) == len(schemas.tables())


def test_spark_reads_and_publishes(catalogue, spark):
    catalogue.publish("listens", listens((datetime(2026, 1, 2, tzinfo=UTC), "u", "t2", None)), APPEND)
    frame = catalogue.spark(spark, "listens")
    assert [(r.user_id, r.ms_played) for r in frame.collect()] == [("u", None)]
    factors = spark.createDataFrame([("u", [0.5, 0.25], 3)], "user_id string, factors array<double>, tracks_heard int")
    assert catalogue.publish("user_factors", factors, {"week": WEEK}).rows == 1
    assert catalogue.publish("user_factors", factors, {"week": WEEK}).rows == 1
    assert catalogue.pandas("user_factors")["week"].tolist() == [WEEK]
    assert catalogue.spark(spark, "user_factors", {"week": WEEK}).count() == 1
    assert catalogue.spark(spark, "user_factors", {"week": date(2026, 1, 5)}).count() == 0
    assert catalogue.publish("user_factors", factors.where("user_id = 'x'"), {"week": WEEK}).rows == 0
    assert catalogue.is_empty("user_factors")


def record_one(number):
    Lake().record(WEEK, f"stage{number}", [("value", "", number)])


def test_processes_that_commit_to_one_table_at_once_lose_nothing(lake):
    lake.record(WEEK, "before", [("value", "", 1)])
    with multiprocessing.get_context("spawn").Pool(4) as pool:
        pool.map(record_one, range(8))
    assert sorted(lake.pandas("metrics")["stage"]) == ["before", *(f"stage{n}" for n in range(8))]


def test_two_that_replace_one_partition_in_the_same_moment_leave_the_rows_of_one(lake, monkeypatch):
    lake.record(WEEK, "a", [("value", "", 1)])
    append = Transaction.add_files

    def overtaken(*arguments, **options):
        monkeypatch.setattr(Transaction, "add_files", append)
        Lake().record(WEEK, "a", [("value", "", 2), ("other", "", 2)])
        return append(*arguments, **options)

    monkeypatch.setattr(Transaction, "add_files", overtaken)
    lake.record(WEEK, "a", [("value", "", 3)])
    assert lake.pandas("metrics")["value"].tolist() == [3]


def test_a_partition_is_replaced_without_a_look_into_its_files_however_long_its_name_is(lake, monkeypatch):
    for stage in ("process audio.spectrograms", "process audio.spectrograms.2"):
        lake.record(WEEK, stage, [("seconds", "", 1)])
    monkeypatch.setattr("pyiceberg.io.pyarrow.ArrowScan.to_table", None)
    lake.record(WEEK, "process audio.spectrograms", [("seconds", "", 2)])
    monkeypatch.undo()
    assert sorted(lake.pandas("metrics")["value"]) == [1, 2]


def test_a_table_keeps_its_latest_states_and_goes_back_to_the_oldest_of_them(lake, monkeypatch):
    monkeypatch.setattr("jobs.lake.commits.SNAPSHOTS", 8)
    for number in range(12):
        lake.record(WEEK, "a", [("value", "", number)])
    states = lake.snapshots("metrics")
    assert 8 <= len(states) < 10
    assert states[-1]["current"]
    assert lake.pandas("metrics")["value"].tolist() == [11]
    lake.rollback("metrics", next(s["snapshot_id"] for s in states if s["rows"]))
    assert lake.pandas("metrics")["value"].tolist() in ([7], [8])
    lake.record(WEEK, "b", [("value", "", 0)])  # the one in use is not forgotten
    assert len(lake.pandas("metrics")) == 2


def test_the_command_lists_states_goes_back_and_deletes_what_no_state_needs(lake, capsys, caplog):
    for number in range(3):
        lake.record(WEEK, "a", [("value", "", number)])
    folder = lake.config.home / "warehouse"
    before = sum(1 for _ in folder.rglob("*.parquet"))
    main("rollback", "metrics", lake.snapshots("metrics")[0]["snapshot_id"])
    assert capsys.readouterr().out.splitlines()[0].endswith("<- current")
    assert lake.pandas("metrics")["value"].tolist() == [0]
    with caplog.at_level("INFO", "discover"):
        main("vacuum", "metrics")
    assert "of table metrics deleted" in caplog.text
    assert (before, sum(1 for _ in folder.rglob("*.parquet"))) == (3, 1)
    assert lake.pandas("metrics")["value"].tolist() == [0]
    assert len(lake.snapshots("metrics")) == 1
    with pytest.raises(cli.UserError, match="no snapshot 7"):
        main("rollback", "metrics", 7)


KILLED = """
import os, signal, sys
from datetime import date
import jobs.lake.commits
from pyiceberg.table import Transaction
at = sys.argv[1]
def die(*args, **kwargs): os.kill(os.getpid(), signal.SIGKILL)
if at == "audit": jobs.lake.commits.check = die
if at == "commit": Transaction.add_files = die
if at == "catalog":
    from pyiceberg.catalog.sql import SqlCatalog
    commit = SqlCatalog.commit_table
    SqlCatalog.commit_table = die
jobs.lake.Lake().record(date(2026, 11, 23), "a", [("recall", "", 0.9)])
"""


@pytest.mark.parametrize("at", ["audit", "commit", "catalog"])
def test_killed_while_publishing_leaves_the_old_state_and_a_rerun_gives_the_new_one(lake, at):
    lake.record(WEEK, "a", [("recall", "", 0.1)])
    killed = subprocess.run([sys.executable, "-c", KILLED, at], cwd=os.getcwd(), timeout=60)
    assert killed.returncode == -signal.SIGKILL
    assert Lake().pandas("metrics")["value"].tolist() == [0.1]
    started = time.monotonic()
    Lake().record(WEEK, "a", [("recall", "", 0.9)])
    assert Lake().pandas("metrics")["value"].tolist() == [0.9]
    assert time.monotonic() - started < 30, "a dead writer's lock does not stay"
