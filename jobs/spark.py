"""The Spark session, the same for every stage.

python -m jobs.spark     record the classes that Spark loads, so that sessions start in half the time from then on
"""

import argparse
import logging
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from jobs import cli
from jobs.java import find_java
from jobs.settings import ROOT, settings

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

LOGGING = ROOT / "jobs" / "log4j2.properties"
# Compile quickly rather than well, at the price of deeper stacks; and where all that was compiled has place (the JVM
# would leave it 48 MB, stop compiling once they are full, and end a session that goes on).
QUICK = "-XX:TieredStopAtLevel=1 -Xss16m -XX:ReservedCodeCacheSize=240m"
# Of this environment's Spark and Java. The JVM compares, and does without an archive of others, or a damaged one.
CLASSES = Path(sys.prefix) / "spark.jsa"


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
    recorded = f'"-XX:SharedArchiveFile={CLASSES}" -Xshare:auto -Xlog:cds=off -Xlog:cds+dynamic=off'
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
        .config(
            "spark.driver.extraJavaOptions",
            f"-Dlog4j2.configurationFile={LOGGING.as_uri()} {recorded if CLASSES.exists() else ''} {java_options}",
        )
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


def record_classes() -> None:
    """Write CLASSES: what loading classes, more than half of a session's start, comes to (JDK's "dynamic archive").

    Raises cli.UserError when there is none afterwards.
    """
    import pyarrow as pa

    CLASSES.unlink(missing_ok=True)
    fresh = CLASSES.with_suffix(".new")
    os.environ["DISCOVER_SPARK_MASTER"] = "local[2]"
    os.environ["DISCOVER_SPARK_JAVA_OPTIONS"] = f'{QUICK} -Xlog:disable "-XX:ArchiveClassesAtExit={fresh}"'
    settings.cache_clear()
    rows = [(f"u{number % 3}", f"t{number}", float(number)) for number in range(10)]
    with TemporaryDirectory() as scratch, session("record classes") as spark:
        spark.createDataFrame(rows, "user string, track string, listens double").createOrReplaceTempView("listens")
        plays = spark.sql("SELECT user, count(*) AS n, collect_list(track) AS tracks FROM listens GROUP BY user")
        plays.write.parquet(f"{scratch}/plays")
        plays = spark.read.parquet(f"{scratch}/plays").join(spark.table("listens"), "user").repartition(2, "user")
        plays.select("user", "n").mapInArrow(lambda batches: batches, "user string, n long").toArrow()
        spark.createDataFrame(pa.table({"user": ["u0"]})).rdd.mapPartitions(list).collect()
        java = spark.sparkContext._gateway.proc
    java.stdin.close()  # ends it
    java.wait()
    if not fresh.exists():
        raise cli.UserError(f"{fresh} was not written: Spark starts as it always did")
    fresh.replace(CLASSES)


def arg_parser() -> argparse.ArgumentParser:
    """The command line."""
    return argparse.ArgumentParser(
        prog="python -m jobs.spark",
        description="Record the classes that Spark loads: sessions start in half the time from then on.",
    )


def main() -> None:
    """Record, and say where."""
    record_classes()
    print(f"Spark: classes recorded in {CLASSES}, {CLASSES.stat().st_size >> 20} MB")


if __name__ == "__main__":
    cli.run(arg_parser(), main)
