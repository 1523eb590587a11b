"""The Spark session, the same for every stage."""

import logging
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from jobs.java import find_java
from jobs.settings import ROOT, settings

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

LOGGING = ROOT / "jobs" / "log4j2.properties"


@contextmanager
def session(name: str) -> Iterator["SparkSession"]:
    """A Spark session as the settings say, stopped at the end. Inside another one it is that one.

    Raises cli.UserError when no Java is found.
    """
    os.environ["JAVA_HOME"] = str(find_java())
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    os.environ.setdefault("SPARK_LOCAL_HOSTNAME", "localhost")
    import pyspark
    from pyspark.sql import SparkSession

    active = SparkSession.getActiveSession()
    if active is not None:
        yield active
        return
    os.environ["SPARK_HOME"] = os.path.dirname(pyspark.__file__)
    config = settings()
    java_options = config.spark.java_options
    scratch = config.home / "tmp"
    scratch.mkdir(parents=True, exist_ok=True)
    builder = (
        SparkSession.builder.appName(name)
        .master(config.spark.master)
        .config("spark.driver.memory", config.spark.memory)
        .config("spark.executor.memory", config.spark.memory)
        .config("spark.executorEnv.PYTHONPATH", str(ROOT))
        .config("spark.local.dir", str(scratch))
        .config("spark.sql.warehouse.dir", str(scratch))
        .config("spark.sql.session.timeZone", "UTC")
        .config("spark.sql.shuffle.partitions", config.spark.shuffle_partitions)
        .config("spark.sql.execution.arrow.pyspark.enabled", "true")
        .config("spark.sql.parquet.outputTimestampType", "TIMESTAMP_MICROS")  # what Iceberg reads
        .config("spark.ui.enabled", "false")
        .config("spark.ui.showConsoleProgress", str(sys.stderr.isatty()).lower())
        .config("spark.driver.extraJavaOptions", f"-Dlog4j2.configurationFile={LOGGING.as_uri()} {java_options}")
        .config("spark.executor.extraJavaOptions", java_options)
    )
    if config.spark.master.startswith("local"):
        builder = builder.config("spark.driver.bindAddress", "127.0.0.1").config("spark.driver.host", "127.0.0.1")
    for noisy in ("py4j", "pyspark"):
        logging.getLogger(noisy).setLevel(logging.ERROR)
    os.environ["PYTHONPATH"] = os.pathsep.join([str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])])
    spark = builder.getOrCreate()
    try:
        yield spark
    finally:
        spark.stop()
