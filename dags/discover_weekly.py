"""Thirty tracks for every listener: the whole chain, every Monday at 00:00 UTC, when the week before is complete.

The policy and the lists need this week's collaborative factors; without them they wait until the failure is mended and
the task cleared. Words and sound make them better: when one of these stages fails for good, the lists go out
without, and the run is marked as failed all the same, so that it is seen. So it is when `watch`, after the lists have
gone out, finds that somebody should look at them.

Backfill: `airflow backfill create --dag-id discover_weekly --from-date 2026-10-05 --to-date 2026-11-16`. Weeks run
one after the other, oldest first, because each learns from the one before. A re-run replaces its own week.

Param `week`: the week to run for, for example 2026-11-23; any day of it will do.
"""

import stages
from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import DAG, CronTriggerTimetable, TriggerRule

with DAG(
    "discover_weekly",
    description="The whole chain, every Monday",
    doc_md=__doc__,
    schedule=CronTriggerTimetable("0 0 * * MON", timezone="UTC"),
    **stages.common(),
) as dag:
    scrape = stages.scrape()
    culture = stages.job("culture", trigger_rule=TriggerRule.ALL_DONE)  # reads the articles there are
    collaborative, audio, ranking = stages.collaborative(), stages.audio(), stages.ranking()
    publish, watch = stages.job("publish"), stages.job("publish.watch")

    cold_start = stages.job("cold_start", trigger_rule=TriggerRule.ALL_DONE)  # takes what sound and words there are
    extras = EmptyOperator(
        task_id="words_and_sound",
        trigger_rule=TriggerRule.ALL_DONE,
        doc_md="Waits for the stages that the lists can do without, however they end.",
    )
    complete = EmptyOperator(
        task_id="complete", doc_md="Fails the run when any stage has failed, though the lists may have gone out."
    )

    train, learn = dag.get_task("collaborative.train"), dag.get_task("ranking.learn")
    train >> dag.get_task("audio.train")
    scrape >> culture
    [train, culture, dag.get_task("audio.embed")] >> cold_start
    [cold_start, dag.get_task("audio.recordings")] >> extras
    [train, extras] >> learn  # what listeners kept is described by what the week knows of tracks
    dag.get_task("ranking.rank") >> publish >> watch
    [scrape, culture, collaborative, audio, cold_start, ranking, watch] >> complete
