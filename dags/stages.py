"""The stages of the pipeline as Airflow tasks and task groups; every DAG here is built from them."""

import logging
import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from airflow.sdk import Asset, Param, TaskGroup, task
from airflow.sdk.definitions.mappedoperator import MappedOperator
from jinja2 import pass_context
from job_operator import JobOperator

from jobs import weeks

log = logging.getLogger("airflow.task")


@dataclass(frozen=True)
class Stage:
    """One job. `writes` names its tables, besides `metrics`, into which all of them report."""

    doc: str
    hours: float  # after which it is stopped
    pool: str
    writes: tuple[str, ...] = ()


# The pools are declared in pools.json: "spark" for what starts a Spark session, "audio" for what runs the network.
STAGES = {
    "scrape": Stage("Reads new and changed articles from the feeds, sitemaps and sites in `sources`.", 3,
                    "default_pool", ("articles", "pages", "crawl_log")),
    "culture": Stage("Finds artists and tracks in the articles and weighs the terms around them.", 4, "spark",
                     ("mentions", "readings", "cultural_vectors", "cultural_embeddings", "similar_artists",
                      "term_trends")),
    "collaborative.train": Stage("Factorizes listens, play counts and playlists.", 6, "spark",
                                 ("user_factors", "track_factors")),
    "collaborative.evaluate": Stage("Predicts the last weeks held out, against popularity.", 6, "spark", ("metrics",)),
    "audio.spectrograms": Stage("Log-mel spectrograms of new and changed audio files.", 12, "spark",
                                ("spectrograms",)),
    "audio.recordings": Stage("Finds the tracks that are one recording by their sound.", 6, "spark",
                              ("fingerprints", "recordings")),
    "audio.train": Stage("Trains the network that predicts a track's factors from its sound.", 12, "audio",
                         ("models",)),
    "audio.embed": Stage("Predicts the factors of every track with audio, heard by anybody or not.", 6, "audio",
                         ("track_factors", "sound_vectors")),
    "cold_start": Stage("Places tracks that nobody has heard, by sound, words and artist.", 2, "default_pool",
                        ("track_factors",)),
    "audio.pictures": Stage("Draws what the network hears.", 2, "audio"),
    "ranking.outcomes": Stage("What listeners did with the lists of earlier weeks.", 2, "spark", ("outcomes",)),
    "ranking.learn": Stage("Learns the reward model from the outcomes.", 4, "spark", ("policies",)),
    "ranking.rank": Stage("Writes the list of every listener, with a reason for each track.", 6, "spark",
                          ("discover_weekly",)),
    "publish": Stage("Writes the lists as playlist files and pages, and the report of the run.", 2, "default_pool"),
    "publish.watch": Stage("Fails when a person should look: short lists, less reward or coverage, silent sources.", 1,
                           "default_pool"),
}  # fmt: skip


def job(name: str, **options: Any) -> JobOperator:
    """The task of one of STAGES, in the task group that is open."""
    arguments, described = describe(name)
    return JobOperator(arguments=arguments, **described, **options)


def scrape() -> MappedOperator:
    """The tasks that read the web, one for each shard: as many as the setting `scrape.shards` says when they start."""
    arguments, described = describe("scrape")

    @task(task_id="scrape_shards", do_xcom_push=True, doc_md="Parts the hosts of the web.")
    def shards() -> list[list[str]]:
        from jobs.settings import settings

        count = settings().scrape.shards
        return [["--shard", f"{number}/{count}"] for number in range(1, count + 1)]

    return JobOperator.partial(arguments=arguments, **described).expand(mapped_arguments=shards())


def describe(name: str) -> tuple[list[str], dict[str, Any]]:
    """Of one of STAGES: the arguments of its command, and what else its task is made of."""
    stage = STAGES[name]
    package, _, step = name.partition(".")
    described = {
        "task_id": step or package,
        "module": f"jobs.{package}",
        "doc_md": f"{stage.doc}\n\nBy hand: `python -m jobs.{name.replace('.', ' ')} --week YYYY-MM-DD`",
        "execution_timeout": timedelta(hours=stage.hours),
        "pool": stage.pool,
        "outlets": [Asset(table) for table in stage.writes],
    }
    return [*filter(None, [step]), "--week", "{{ run_week() }}"], described


def collaborative() -> TaskGroup:
    """Factors, then how good they are."""
    with TaskGroup("collaborative", tooltip="Matrix factorization") as group:
        job("collaborative.train") >> job("collaborative.evaluate")
    return group


def audio() -> TaskGroup:
    """Spectrograms, the network on the week's factors, factors from sound; and which tracks are one recording."""
    with TaskGroup("audio", tooltip="Factors from sound") as group:
        heard = job("audio.spectrograms")
        heard >> job("audio.recordings")
        heard >> job("audio.train") >> job("audio.embed") >> job("audio.pictures")
    return group


def ranking() -> TaskGroup:
    """What became of earlier lists, what is learned from it, and the new lists."""
    with TaskGroup("ranking", tooltip="The bandit") as group:
        job("ranking.outcomes") >> job("ranking.learn") >> job("ranking.rank")
    return group


@pass_context
def run_week(context: Mapping[str, Any]) -> str:
    """The week of the run for templates, as YYYY-MM-DD."""
    return weeks.resolve(context).isoformat()


def tell_failure(context: Mapping[str, Any]) -> None:
    """Log one line about a failed task (which one, for which week, which try, why, where its log is), and alert."""
    from jobs import alerts

    task, day = context["ti"], None
    try:
        day = weeks.resolve(context)
        week = day.isoformat()
    except ValueError as error:  # then this is why the task failed
        week = str(error)
    log.error(
        "FAILED: DAG %s, task %s, week %s, try %s: %s; log: %s",
        task.dag_id, task.task_id, week, task.try_number, context.get("exception"), task.log_url,
    )  # fmt: skip
    text = f"DAG {task.dag_id}, task {task.task_id}: {context.get('exception')}; log: {task.log_url}"
    alerts.send([alerts.Alert("failed_task", day, text)])


def common() -> dict[str, Any]:
    """The arguments of DAG that all of them here share."""
    return {
        "start_date": datetime(2020, 1, 6, tzinfo=UTC),  # backfills reach back to here
        "catchup": False,
        "max_active_runs": 1,  # the bandit learns from one week after the other
        "default_args": {
            "owner": "discover",
            # A run by hand (run-weekly) sets 0: whoever watches it wants to see what fails, not wait.
            "retries": int(os.environ.get("DISCOVER_TASK_RETRIES", "3")),
            "retry_delay": timedelta(minutes=2),
            "retry_exponential_backoff": 2.0,
            "max_retry_delay": timedelta(minutes=30),
            "on_failure_callback": tell_failure,
            "do_xcom_push": False,
        },
        "params": {
            "week": Param(
                None,
                type=["null", "string"],
                format="date",
                title="Week",
                description="Any day of the week to run for, such as 2026-11-23; empty: the week of the run",
            )
        },
        "user_defined_macros": {"run_week": run_week},
        "tags": ["discover-weekly"],
    }
