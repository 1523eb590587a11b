"""The words that the world uses about artists and tracks, computed anew from the articles of the lake, and where these
place tracks that nobody has heard.

For trying out other settings, or after a change of the catalogue; `discover_weekly` does the same every Monday.
Reads no web page.

Param `week`: the week to compute, for example 2026-11-23; by default the present one.
"""

import stages
from airflow.sdk import DAG

with DAG("cultural_vectors", description="Cultural vectors, by hand", doc_md=__doc__, schedule=None, **stages.common()):
    stages.job("culture") >> stages.job("cold_start")
