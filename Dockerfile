# One image for everything in docker-compose.yml: Airflow, Spark, Postgres and the jobs.
FROM debian:bookworm-slim

SHELL ["/bin/bash", "-euo", "pipefail", "-c"]

# libopenblas: Spark's matrix routines; no Postgres cluster of Debian's own, docker/postgres makes one in its volume.
RUN export DEBIAN_FRONTEND=noninteractive \
 && apt-get update \
 && apt-get install -y --no-install-recommends \
      ca-certificates libopenblas0-pthread ffmpeg openjdk-17-jre-headless postgresql-common procps python3.11 python3.11-venv \
 && sed -ri "s/^#?create_main_cluster.*/create_main_cluster = false/" /etc/postgresql-common/createcluster.conf \
 && apt-get install -y --no-install-recommends postgresql-15 \
 && rm -rf /var/lib/apt/lists/*

COPY requirements.txt /opt/discover/
RUN python3.11 -m venv /opt/venv \
 && /opt/venv/bin/pip install --no-cache-dir "$(grep '^uv==' /opt/discover/requirements.txt)" \
 && /opt/venv/bin/uv pip sync --no-cache --compile-bytecode --python /opt/venv/bin/python /opt/discover/requirements.txt

RUN useradd --uid 1000 --create-home discover \
 && install -d -o discover -g discover /opt/airflow /opt/airflow/logs /var/lib/discover /var/lib/discover-postgres /music

COPY docker /opt/discover/docker
COPY schemas /opt/discover/schemas
COPY jobs /opt/discover/jobs
COPY dags /opt/discover/dags
RUN python3.11 -m compileall -q /opt/discover \
 && cd /opt/discover && DISCOVER_HOME=/tmp/discover /opt/venv/bin/python -m jobs.spark && rm -r /tmp/discover

ENV PATH=/opt/discover/docker:/opt/venv/bin:/usr/lib/postgresql/15/bin:$PATH \
    PYTHONPATH=/opt/discover \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    SPARK_HOME=/opt/venv/lib/python3.11/site-packages/pyspark \
    DISCOVER_HOME=/var/lib/discover \
    AIRFLOW_HOME=/opt/airflow \
    AIRFLOW__CORE__DAGS_FOLDER=/opt/discover/dags \
    AIRFLOW__CORE__LOAD_EXAMPLES=False

WORKDIR /opt/discover
USER discover
CMD ["airflow", "version"]
