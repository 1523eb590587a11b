"""Rules that hold for every DAG and every task, and what each of them runs.

The commands are compared with commands.json; `REBUILD=1 pytest tests/dags` writes it anew.
"""

import importlib
import json
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from jinja2 import StrictUndefined

import schemas
from jobs.resources import stage_of
from jobs.settings import ROOT, settings

COMMANDS = Path(__file__).with_name("commands.json")
DAG_IDS = {"scrape_articles", "discover_weekly", "cultural_vectors", "audio_embeddings", "als_training"}

MONDAY = datetime(2026, 11, 23, tzinfo=UTC)
WEDNESDAY = datetime(2026, 11, 25, 14, 30, tzinfo=UTC)
# What Airflow says about a run: its type, its logical date, its data interval, when it was due, its conf; and then
# the week it is for.
RUNS = {
    "scheduled": ("scheduled", MONDAY, (MONDAY, MONDAY), MONDAY, {}, "2026-11-23"),
    "scheduled, with an interval": (
        "scheduled", MONDAY - timedelta(7), (MONDAY - timedelta(7), MONDAY), MONDAY, {}, "2026-11-23"
    ),
    "manual": ("manual", None, None, WEDNESDAY, {}, "2026-11-23"),
    "manual, for a week": ("manual", None, None, WEDNESDAY, {"week": "2026-11-09"}, "2026-11-09"),
    "manual, for a day": ("manual", WEDNESDAY, (WEDNESDAY, WEDNESDAY), WEDNESDAY, {"week": "2026-11-15"}, "2026-11-09"),
    "asset triggered": ("asset_triggered", None, None, WEDNESDAY + timedelta(7), {}, "2026-11-30"),
    "backfill": ("backfill", datetime(2026, 10, 5, tzinfo=UTC), (datetime(2026, 10, 5, tzinfo=UTC),) * 2,
                 datetime(2026, 10, 5, tzinfo=UTC), {}, "2026-10-05"),
}  # fmt: skip


def jobs_of(dag):
    """The tasks that run a job, by id; of one that is mapped, the first of two."""
    found = {task.task_id: task for task in dag.tasks if task.task_type == "JobOperator"}
    return {
        name: task.unmap({"mapped_arguments": ["--shard", "1/2"]}) if task.is_mapped else task
        for name, task in found.items()
    }


def task_in_run(task, run):
    """The task instance as the worker has it, in a run of this kind."""
    from airflow.sdk.api.datamodels._generated import DagRun, TIRunContext
    from airflow.sdk.execution_time.task_runner import RuntimeTaskInstance

    kind, logical_date, interval, due, conf, _ = RUNS[run]
    dag_run = DagRun.model_validate(
        {
            "dag_id": task.dag_id,
            "run_id": "a run",
            "run_type": kind,
            "logical_date": logical_date,
            "data_interval_start": interval and interval[0],
            "data_interval_end": interval and interval[1],
            "run_after": due,
            "start_date": due,
            "end_date": None,
            "partition_key": None,
            "state": "running",
            "conf": conf,
            "consumed_asset_events": [],
        }
    )
    return RuntimeTaskInstance.model_construct(
        id=uuid4(),
        task=task,
        task_id=task.task_id,
        dag_id=task.dag_id,
        run_id="a run",
        try_number=1,
        map_index=-1,
        _ti_context_from_server=TIRunContext(dag_run=dag_run, max_tries=3),
        start_date=due,
    )


def rendered(task, run):
    """The command of the task in a run of this kind, as Airflow renders it."""
    from airflow.sdk.definitions.context import Context

    instance = task_in_run(task.prepare_for_execution(), run)
    context: Context = instance.get_template_context()
    instance.task.render_template_fields(context)
    return ["python", "-m", instance.task.module, *instance.task.arguments, *instance.task.mapped_arguments]


def test_the_expected_dags_are_there_and_import_without_errors(dag_bag):
    assert dag_bag.import_errors == {}
    assert set(dag_bag.dag_ids) == DAG_IDS


@pytest.mark.parametrize("dag_id", sorted(DAG_IDS))
def test_a_dag_has_no_cycle_and_says_what_it_is_for(dag_bag, dag_id):
    dag = dag_bag.dags[dag_id]
    dag.check_cycle()
    assert "Param `week`" in dag.doc_md
    assert dag.description
    assert dag.max_active_runs == 1
    assert dag.catchup is False
    assert dag.template_undefined is StrictUndefined


@pytest.mark.parametrize("dag_id", sorted(DAG_IDS))
def test_every_job_has_retries_a_timeout_a_pool_that_exists_docs_and_tells_its_failure(dag_bag, dag_id):
    pools = {"default_pool", *json.loads((ROOT / "dags" / "pools.json").read_text())}
    for task in jobs_of(dag_bag.dags[dag_id]).values():
        assert task.retries == 3
        assert task.retry_exponential_backoff > 1
        assert task.retry_delay < task.max_retry_delay
        assert timedelta(hours=1) <= task.execution_timeout <= timedelta(hours=12)
        assert task.pool in pools
        assert task.doc_md.startswith(tuple("ABCDEFGHIJKLMNOPQRSTUVWXYZ"))
        assert task.on_failure_callback
        assert not task.do_xcom_push


def test_every_outlet_is_a_table_and_every_table_that_a_stage_writes_is_an_outlet(dag_bag):
    weekly = jobs_of(dag_bag.dags["discover_weekly"])
    written = {asset.name for task in weekly.values() for asset in task.outlets}
    imported = {"artists", "tracks", "listens", "play_counts", "playlists", "exclusions", "sources"}
    imported |= {"history", "server_songs", "forgotten"}
    assert written == set(schemas.tables()) - imported


@pytest.mark.parametrize("run", RUNS)
def test_the_commands_are_the_stored_ones_for_the_week_of_the_run(dag_bag, run):
    week = RUNS[run][-1]
    commands = {
        dag_id: {name: " ".join(rendered(task, run)) for name, task in sorted(jobs_of(dag).items())}
        for dag_id, dag in sorted(dag_bag.dags.items())
    }
    if os.environ.get("REBUILD") and run == "scheduled":
        COMMANDS.write_text(json.dumps(commands, indent=2).replace(week, "WEEK") + "\n", encoding="utf-8")
    assert commands == json.loads(COMMANDS.read_text().replace("WEEK", week))


def test_a_param_that_is_no_date_is_refused(dag_bag, monkeypatch):
    monkeypatch.setitem(RUNS, "wrong", ("manual", None, None, WEDNESDAY, {"week": "next monday"}, ""))
    with pytest.raises(Exception, match="next monday"):
        rendered(jobs_of(dag_bag.dags["discover_weekly"])["scrape"], "wrong")


def test_each_job_understands_its_command(dag_bag):
    for dag in dag_bag.dags.values():
        for task in jobs_of(dag).values():
            _, _, module, *arguments = rendered(task, "scheduled")
            parser = importlib.import_module(f"{module}.__main__").arg_parser()
            parsed = parser.parse_args(arguments)
            assert parsed.week == MONDAY.date()
            assert stage_of(parser, vars(parsed)), f"what {module} takes is not recorded"


def test_the_web_is_read_in_as_many_shards_as_the_settings_say(dag_bag, monkeypatch):
    monkeypatch.setenv("DISCOVER_SCRAPE_SHARDS", "3")
    settings.cache_clear()
    for dag_id in ("scrape_articles", "discover_weekly"):
        shards = dag_bag.dags[dag_id].get_task("scrape_shards")
        assert shards.python_callable() == [["--shard", "1/3"], ["--shard", "2/3"], ["--shard", "3/3"]]
        assert shards.do_xcom_push
        assert shards.downstream_task_ids >= {"scrape"}


def test_a_stage_waits_for_what_it_reads(dag_bag):
    upstream = {t.task_id: t.get_flat_relative_ids(upstream=True) for t in dag_bag.dags["discover_weekly"].tasks}
    assert "scrape" in upstream["culture"]
    assert {"collaborative.train", "audio.spectrograms"} <= upstream["audio.train"]
    assert {"culture", "audio.embed", "collaborative.train"} <= upstream["cold_start"]
    assert "ranking.learn" in upstream["ranking.rank"]
    assert {"ranking.outcomes", "cold_start", "collaborative.train"} <= upstream["ranking.learn"]
    assert "ranking.rank" in upstream["publish"]
    assert upstream["complete"] == set(upstream) - {"complete"}


def test_lists_wait_for_factors_and_policy_but_go_out_when_words_or_sound_fail_and_the_run_fails_all_the_same(dag_bag):
    weekly = dag_bag.dags["discover_weekly"]
    rules = {task.task_id: task.trigger_rule for task in weekly.tasks}
    assert {name for name, rule in rules.items() if rule != "all_success"} == {
        "culture",
        "cold_start",
        "words_and_sound",
    }
    assert rules["culture"] == rules["cold_start"] == rules["words_and_sound"] == "all_done"
    learn = weekly.get_task("ranking.learn")
    assert learn.upstream_task_ids == {"collaborative.train", "ranking.outcomes", "words_and_sound"}
    assert weekly.get_task("ranking.rank").upstream_task_ids == {"ranking.learn"}
    # A run fails when a task that nothing follows has failed or had to be left out.
    assert [task.task_id for task in weekly.leaves] == ["complete"]


def test_dag_files_import_no_more_of_the_project_than_weeks_and_nothing_heavy():
    code = (
        "import sys, pathlib, importlib\n"
        "sys.path[:0] = ['dags']\n"
        "for file in pathlib.Path('dags').glob('*.py'): importlib.import_module(file.stem)\n"
        "print(sorted(m for m in sys.modules if m == 'jobs' or m.startswith('jobs.')))\n"
        "print(sorted({'pyspark', 'tensorflow', 'librosa', 'nltk', 'pandas', 'pyarrow', 'duckdb', 'pyiceberg'} "
        "& set(sys.modules)))"
    )
    shown = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert shown.returncode == 0, shown.stderr
    assert shown.stdout.splitlines()[-2:] == ["['jobs', 'jobs.weeks']", "[]"]
