"""A DAG run for real by Airflow, on a database of its own."""

import os
import socket
import subprocess

import pytest

from jobs.settings import ROOT


def run_dag(home, **environment):
    return subprocess.run(
        ["dags/airflow-env", "airflow", "dags", "test", "cultural_vectors", "--conf", '{"week": "2026-11-23"}'],
        cwd=ROOT,
        env={**os.environ, "DISCOVER_HOME": str(home), "DISCOVER_TASK_RETRIES": "0", **environment},
        capture_output=True,
        text=True,
        timeout=240,
    )


@pytest.mark.slow
def test_a_failed_run_says_why_and_can_be_repeated(tmp_path):
    failed = run_dag(tmp_path / "home", DISCOVER_CULTURE_HALF_LIFE_WEEKS="-1")
    assert failed.returncode != 0
    assert "setting DISCOVER_CULTURE_HALF_LIFE_WEEKS" in failed.stdout + failed.stderr
    assert "FAILED: DAG cultural_vectors, task culture, week 2026-11-23, try 1" in failed.stdout + failed.stderr
    mended = run_dag(tmp_path / "home")
    assert mended.returncode == 0, mended.stdout + mended.stderr
    assert "python -m jobs.culture --week 2026-11-23" in mended.stdout + mended.stderr
    assert "preparing" in failed.stderr
    assert "preparing" not in mended.stderr


def test_the_weekly_run_refuses_what_is_no_date():
    refused = subprocess.run(["dags/run-weekly", '"}; x'], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert refused.returncode == 2
    assert "is not a date of the form YYYY-MM-DD" in refused.stderr


def test_the_ui_does_not_start_beside_another_program_on_its_port():
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        refused = subprocess.run(["dags/ui", str(port)], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert refused.returncode == 2
    assert f"port {port} on 127.0.0.1 is taken" in refused.stderr
