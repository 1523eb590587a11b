"""Spectrograms of new audio, the network that predicts factors from them, the factors of every track with audio, and,
with words and artists, of every track that nobody has heard.

For trying out other settings, or after an import of a music library; `discover_weekly` does the same every Monday.
Needs the collaborative factors of the same week (`als_training`).

Param `week`: the week to compute, for example 2026-11-23; by default the present one.
"""

import stages
from airflow.sdk import DAG

with DAG(
    "audio_embeddings", description="Factors from sound, by hand", doc_md=__doc__, schedule=None, **stages.common()
):
    stages.audio() >> stages.job("cold_start")
