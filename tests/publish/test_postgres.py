"""Publishing to a real PostgreSQL."""

import threading
from datetime import date

import pandas as pd
import psycopg
import pytest

import schemas
from jobs.cli import UserError
from jobs.lake import ALL, Lake
from jobs.publish import postgres
from jobs.publish.__main__ import main
from jobs.publish.forget import forget
from jobs.settings import Settings, settings
from tests.publish import cluster

LAST, WEEK = date(2026, 11, 16), date(2026, 11, 23)
STRANGE = "Zoë \0 \t\\N\n\"'"


@pytest.fixture(scope="module")
def server():
    """The address of a database server."""
    with cluster.running() as url:
        yield url


@pytest.fixture
def url(server):
    """The address of an empty database."""
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute("DROP DATABASE IF EXISTS serving WITH (FORCE)")
        connection.execute("DROP ROLE IF EXISTS discover_reader")
        connection.execute("CREATE DATABASE serving")
    return server.replace("/postgres?", "/serving?")


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    """The lake below, for tests that do not change it."""
    return filled(Lake(Settings(home=tmp_path_factory.mktemp("home"))))


@pytest.fixture
def changing(lake):
    """The same, of the test's own."""
    return filled(lake)


def filled(lake):
    """A lake with the lists of two weeks, of which the first is judged."""
    lake.publish("artists", pd.DataFrame({"artist_id": ["a"], "name": ["A"]}), ALL)
    tracks = pd.DataFrame({"track_id": [f"t{n}" for n in range(4)], "artist_id": "a", "title": "T"})
    lake.publish("tracks", tracks.assign(work_id=tracks["track_id"]), ALL)
    for week, offered in ((LAST, ("t0", "t1")), (WEEK, ("t2", "t3"))):
        publish_lists(lake, week, offered, ("ann", STRANGE))
    rows = [(user, 1, "t0", True, 1, 2) for user in ("ann", STRANGE)] + [("ann", 2, "t1", False, None, 0)]
    frame = pd.DataFrame(rows, columns=["user_id", "rank", "track_id", "examined", "reward", "plays"])
    lake.publish("outcomes", frame.astype({"reward": "Int32"}), {"week": LAST})
    return lake


def publish_lists(lake, week, offered, users):
    rows = [
        (user, rank, track, "first_listener", f"Why {STRANGE}", 0.25, 0.5, rank == 2, "v1", {"bias": 1.0, "é": -0.5})
        for user in users
        for rank, track in enumerate(offered, start=1)
    ]
    names = ["user_id", "rank", "track_id", "explanation_kind", "explanation", "score", "propensity", "explored"]
    frame = pd.DataFrame(rows, columns=[*names, "policy_version", "features"])
    lake.publish("discover_weekly", frame, {"week": week})


def write(lake, week, url):
    with lake.connect() as connection:
        return postgres.publish(connection, week, url)


def query(url, text, *parameters):
    with psycopg.connect(url) as connection:
        return connection.execute(text, parameters).fetchall()


def test_the_database_holds_what_the_lake_holds(served, url):
    assert write(served, WEEK, url) == {"discover_weekly": 8, "outcomes": 3}
    names = ", ".join(column.name for column in schemas.table("discover_weekly").columns)
    for table in postgres.TABLES:
        names = [column.name for column in schemas.table(table).columns]
        held = query(url, f'SELECT {", ".join(names)} FROM discover.{table} ORDER BY week, user_id COLLATE "C", rank')
        lake = served.arrow(table).sort_by([("week", "ascending"), ("user_id", "ascending"), ("rank", "ascending")])
        expected = [tuple(row.values()) for row in lake.to_pylist()]
        clean = [
            tuple(
                v.replace("\0", "\ufffd") if isinstance(v, str) else dict(v) if isinstance(v, list) else v for v in row
            )
            for row in expected
        ]
        assert held == clean


def test_a_run_again_replaces_its_week_and_no_other(changing, url):
    write(changing, WEEK, url)
    publish_lists(changing, WEEK, ("t3", "t2"), ("ann",))
    assert write(changing, WEEK, url) == {"discover_weekly": 2, "outcomes": 3}
    assert query(url, "SELECT user_id, track_id FROM discover.discover_weekly WHERE week = %s ORDER BY rank", WEEK) == [
        ("ann", "t3"), ("ann", "t2"),
    ]  # fmt: skip
    assert query(url, "SELECT count(*) FROM discover.discover_weekly WHERE week = %s", LAST) == [(4,)]


def test_a_reader_sees_the_old_week_until_the_new_one_is_complete_and_never_waits(changing, url, monkeypatch):
    write(changing, WEEK, url)
    publish_lists(changing, WEEK, ("t3",), ("ann",))
    seen = []
    inside = postgres._swap

    def swap_and_look(lake, connection, contract, week):
        rows = inside(lake, connection, contract, week)
        with psycopg.connect(url, options="-c statement_timeout=2000") as reader:
            seen.append(reader.execute("SELECT count(*) FROM discover.discover_weekly").fetchone()[0])
        return rows

    monkeypatch.setattr(postgres, "_swap", swap_and_look)
    write(changing, WEEK, url)
    assert seen == [8, 8]
    assert query(url, "SELECT count(*) FROM discover.discover_weekly") == [(5,)]


def test_an_error_in_the_middle_leaves_the_old_state(changing, url, monkeypatch):
    write(changing, WEEK, url)
    publish_lists(changing, WEEK, ("t3",), ("ann",))
    inside = postgres._swap

    def fail_at_outcomes(lake, connection, contract, week):
        if contract.name == "outcomes":
            raise OSError("the line is cut")
        return inside(lake, connection, contract, week)

    monkeypatch.setattr(postgres, "_swap", fail_at_outcomes)
    with pytest.raises(OSError, match="cut"):
        write(changing, WEEK, url)
    assert query(url, "SELECT count(*) FROM discover.discover_weekly") == [(8,)]


def test_two_writers_at_once_take_turns(served, url):
    errors = []

    def one():
        try:
            write(served, WEEK, url)
        except Exception as error:
            errors.append(error)

    writers = [threading.Thread(target=one) for _ in range(3)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert errors == []
    assert query(url, "SELECT count(*) FROM discover.discover_weekly") == [(8,)]


def test_the_contract_stands_in_the_database(served, url):
    write(served, WEEK, url)
    comment = "SELECT col_description('discover.outcomes'::regclass, attnum) FROM pg_attribute WHERE attrelid = "
    found = query(url, comment + "'discover.outcomes'::regclass AND attname = 'reward'")
    assert found == [(schemas.table("outcomes").column("reward").doc,)]
    with pytest.raises(psycopg.errors.CheckViolation):
        query(url, "UPDATE discover.discover_weekly SET rank = 31 WHERE rank = 1 RETURNING rank")
    with pytest.raises(psycopg.errors.CheckViolation):
        query(url, "UPDATE discover.discover_weekly SET explanation_kind = 'magic' RETURNING rank")
    with pytest.raises(psycopg.errors.UniqueViolation):
        query(url, "INSERT INTO discover.outcomes SELECT * FROM discover.outcomes LIMIT 1 RETURNING rank")


def test_the_reading_role_reads_and_does_nothing_else(served, url):
    write(served, WEEK, url)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("SET ROLE discover_reader")
        assert connection.execute("SELECT count(*) FROM discover.outcomes").fetchone() == (3,)
        for statement in ("DELETE FROM discover.outcomes", "CREATE TABLE discover.mine (x int)"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(statement)


def test_a_user_who_may_not_create_roles_publishes_all_the_same_and_is_told(served, url, caplog):
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("DROP ROLE IF EXISTS modest")
        connection.execute("CREATE ROLE modest LOGIN")
        connection.execute("GRANT CREATE ON DATABASE serving TO modest")
    assert write(served, WEEK, url.replace("owner@", "modest@"))["discover_weekly"] == 8
    assert "CREATE ROLE discover_reader NOLOGIN" in caplog.text


def test_a_column_that_the_contract_has_got_since_is_added(served, url):
    write(served, WEEK, url)
    with psycopg.connect(url) as connection:
        connection.execute("ALTER TABLE discover.outcomes DROP COLUMN ms_played")
    write(served, WEEK, url)
    assert query(url, "SELECT count(*) FROM discover.outcomes WHERE ms_played IS NULL") == [(3,)]


def test_a_listener_who_leaves_is_in_no_table(served, url):
    write(served, WEEK, url)
    assert postgres.forget(url, STRANGE) == 5
    for table in postgres.TABLES:
        assert query(url, f"SELECT DISTINCT user_id FROM discover.{table}") == [("ann",)]


def test_nobody_is_forgotten_in_an_empty_database(url):
    assert postgres.forget(url, "ann") == 0


def test_the_stage_publishes_when_the_address_is_set(changing, url, monkeypatch):
    main("write", WEEK)
    monkeypatch.setenv("DISCOVER_PUBLISH_POSTGRES_URL", url)
    settings.cache_clear()
    main("write", WEEK)
    assert query(url, "SELECT count(*) FROM discover.discover_weekly") == [(8,)]


def test_a_database_that_does_not_answer_is_named_without_its_password(lake, monkeypatch):
    monkeypatch.setenv("DISCOVER_PUBLISH_POSTGRES_URL", "postgresql://me:secret@127.0.0.1:1/serving")
    settings.cache_clear()
    with pytest.raises(Exception, match="port 1") as failed:
        main("write", WEEK)
    assert "secret" not in str(failed.value)
    assert not isinstance(failed.value, UserError), "worth a retry"


def test_who_is_forgotten_in_the_files_is_forgotten_in_the_database(served, url, monkeypatch):
    write(served, WEEK, url)
    monkeypatch.setenv("DISCOVER_PUBLISH_POSTGRES_URL", url)
    settings.cache_clear()
    forget("ann")
    assert query(url, "SELECT count(*) FROM discover.discover_weekly WHERE user_id = 'ann'") == [(0,)]
