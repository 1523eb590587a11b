"""Airflow for tests: nothing of it outside a temporary folder, and no change to this process's logging."""

import pytest

from jobs.settings import ROOT


@pytest.fixture(scope="session", autouse=True)
def airflow(tmp_path_factory):
    """Airflow in this process, and a home of its own for its children."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AIRFLOW_HOME", str(tmp_path_factory.mktemp("airflow")))
        patch.syspath_prepend(str(ROOT / "dags"))  # as Airflow does
        with pytest.MonkeyPatch.context() as importing:
            importing.setenv("_AIRFLOW__AS_LIBRARY", "1")  # leave logging and the database alone
            from airflow import settings

            settings.configure_vars()
        yield


@pytest.fixture
def dag_bag():
    """All DAG files, imported as Airflow imports them. Made anew for each test, because a run writes its conf into the
    params of the DAG."""
    from airflow.dag_processing.dagbag import DagBag

    return DagBag(ROOT / "dags", bundle_name="dags-folder")
