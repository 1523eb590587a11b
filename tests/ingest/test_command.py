"""The command, as a process: what it says, how it ends, and what a kill leaves."""

import os
import signal
import subprocess
import sys

import pyarrow as pa
import pytest

HEADER = b"user_id,listened_at,track_id\n"


def start(*arguments):
    return subprocess.Popen(
        [sys.executable, "-m", "jobs.ingest", *map(str, arguments)], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )


def run(*arguments):
    """(exit status, standard output, standard error)"""
    process = start(*arguments)
    out, err = process.communicate(timeout=120)
    return process.returncode, out.decode(), err.decode()


def test_help_lists_the_columns_without_loading_anything_heavy():
    script = (
        "import sys, jobs.ingest.__main__ as m; m.arg_parser().format_help(); "
        "print([x for x in ('duckdb', 'pandas', 'pyspark', 'pyarrow', 'mutagen') if x in sys.modules])"
    )
    assert subprocess.run([sys.executable, "-c", script], capture_output=True, text=True).stdout.strip() == "[]"
    status, out, _ = run("listens", "--help")
    assert status == 0
    assert "ms_played" in out
    assert "Milliseconds played" in out


@pytest.mark.slow
def test_a_killed_import_leaves_nothing_and_running_it_again_brings_everything(lake, tmp_path):
    lake.merge("artists", pa.table({"artist_id": ["a1"], "name": ["Air"]}))
    lake.merge("tracks", pa.table({"track_id": ["t1"], "artist_id": ["a1"], "title": ["S"], "work_id": ["w"]}))
    rows = [b"u%d,2026-01-05,t1\n" % i for i in range(20_000)] + [b"broken\n"]
    pipe, path = tmp_path / "pipe.csv", tmp_path / "listens.csv"
    path.write_bytes(HEADER + b"".join(rows))
    os.mkfifo(pipe)
    process = start("listens", pipe)
    with pipe.open("wb", buffering=0) as sink:  # opens when the import does
        sink.write(HEADER + b"".join(rows))  # more than a pipe holds, so the import is in the middle of it
        process.send_signal(signal.SIGKILL)
        assert process.wait(30) == -signal.SIGKILL
    assert lake.is_empty("listens")
    assert lake.is_empty("metrics")
    status, _, err = run("listens", path)
    assert status == 0
    assert "20,000 added" in err
    assert f"{path}:20002: 1 columns where the header has 3" in err
    assert lake.sql("SELECT count(*) AS n FROM listens")["n"].to_pylist() == [20_000]
