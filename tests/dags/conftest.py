"""Airflow for tests: nothing of it outside a temporary folder, and no change to this process's logging."""

import os
import sys
import tempfile

import pytest

from jobs.settings import ROOT

os.environ["AIRFLOW_HOME"] = tempfile.mkdtemp(prefix="discover-airflow-")
os.environ["AIRFLOW__CORE__LOAD_EXAMPLES"] = "False"
os.environ["_AIRFLOW__AS_LIBRARY"] = "1"
sys.path.insert(0, str(ROOT / "dags"))  # as Airflow does


@pytest.fixture(scope="session")
def dag_bag():
    """All DAG files, imported as Airflow imports them."""
    from airflow import settings
    from airflow.dag_processing.dagbag import DagBag

    settings.configure_vars()
    return DagBag(ROOT / "dags", bundle_name="dags-folder")
