"""Reads new articles from the feeds and sites in `sources`, every day.

News feeds forget what is a few days old, so the weekly run alone would miss most of it. Known pages are not fetched
again; a run that fails loses nothing that the feeds still list the next day.

Param `week`: under which week the numbers of the run are reported, for example 2026-11-23.
"""

import stages
from airflow.sdk import DAG, CronTriggerTimetable

with DAG(
    "scrape_articles",
    description="Articles, daily",
    doc_md=__doc__,
    schedule=CronTriggerTimetable("0 4 * * *", timezone="UTC"),
    **stages.common(),
):
    stages.scrape()
