"""Factorizes listens, play counts and playlists, and evaluates the factors on the last weeks held out.

For trying out other settings; `discover_weekly` does the same every Monday. Factors of another run have other axes:
run `audio_embeddings` for the same week afterwards, or tracks that nobody has heard do not fit.

Param `week`: the week to compute, for example 2026-11-23; by default the present one.
"""

import stages
from airflow.sdk import DAG

with DAG(
    "als_training", description="Collaborative factors, by hand", doc_md=__doc__, schedule=None, **stages.common()
):
    stages.collaborative()
