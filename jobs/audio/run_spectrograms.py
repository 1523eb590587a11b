"""The step `spectrograms`: bring the table up to date with the audio files of the catalogue."""

import logging
from collections.abc import Iterator
from datetime import date

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from pyiceberg.expressions import In
from pyspark.sql import SparkSession
from pyspark.sql.pandas.types import from_arrow_schema

from jobs.audio.library import REQUEST, ROW, UNTOUCHED, plan, read_files, recipe
from jobs.lake import APPEND, Lake
from jobs.progress import bar
from jobs.settings import settings
from jobs.spark import session

NAMED_FILES = 20  # files with an error that the log names
KNOWN = ("track_id", "path", "size_bytes", "modified_ns", "audio_sha256", "recipe", "error")
CONTENT = ("seconds", "frames", "bands", "log_mel")

log = logging.getLogger("discover")


def main(lake: Lake, week: date) -> None:
    """Read new and changed files and commit their rows chunk by chunk: a killed run goes on where it was."""
    config = settings().audio
    tracks = lake.pandas("tracks", where="path is not null", columns=["track_id", "path"])
    known = lake.pandas("spectrograms", columns=KNOWN)
    todo = plan(tracks.sort_values("track_id"), known, recipe(config.max_seconds, config.stretches))
    log.info(
        "audio files: %d new, %d to look at again, %d unchanged, %d gone (their spectrograms are kept), "
        "%d no longer in the catalogue",
        *(len(todo.new), len(todo.changed), todo.unchanged, todo.gone, len(todo.removed)),
    )
    if todo.removed:
        lake.publish("spectrograms", [], In("track_id", todo.removed))
    decoded, errors = 0, [pd.DataFrame({"path": [], "error": []})]
    total = len(todo.new) + len(todo.changed)
    if total:
        with session("discover audio spectrograms") as spark, bar("spectrograms", total, "files") as progress:
            for chunk, is_new in _chunks(todo.new, todo.changed):
                rows, computed = _read(lake, spark, chunk)
                lake.publish("spectrograms", rows, APPEND if is_new else In("track_id", chunk["track_id"].tolist()))
                errors.append(rows.filter(rows["error"].is_valid()).select(["path", "error"]).to_pandas())
                decoded += computed - len(errors[-1])
                progress.advance(len(chunk), f"{sum(map(len, errors))} with an error")
    _name(pd.concat(errors))
    _report(lake, week, decoded=decoded, unchanged=todo.unchanged, gone=todo.gone, removed=len(todo.removed))


def _chunks(new: pd.DataFrame, changed: pd.DataFrame) -> Iterator[tuple[pd.DataFrame, bool]]:
    size = settings().audio.chunk_tracks
    for requests, is_new in ((new, True), (changed, False)):
        for first in range(0, len(requests), size):
            yield requests.iloc[first : first + size], is_new


def _read(lake: Lake, spark: SparkSession, chunk: pd.DataFrame) -> tuple[pa.Table, int]:
    """The rows of `spectrograms` for some requests, and how many of them were not taken over from the lake."""
    config = settings().audio
    requests = spark.createDataFrame(list(chunk.itertuples(index=False, name=None)), REQUEST)
    tasks = min(len(chunk), 4 * spark.sparkContext.defaultParallelism)  # more than cores, because files differ in size
    read = read_files(config.max_seconds, config.stretches, config.decode_seconds)
    rows = requests.repartition(tasks).mapInArrow(read, from_arrow_schema(ROW)).toArrow().cast(ROW)
    same = pc.fill_null(pc.equal(rows["error"], UNTOUCHED), False)
    fresh, touched = rows.filter(pc.invert(same)), rows.filter(same)
    if len(touched):
        old = lake.pandas("spectrograms", In("track_id", touched["track_id"].to_pylist()), ["track_id", *CONTENT])
        kept = touched.drop_columns([*CONTENT, "error"]).to_pandas().merge(old, on="track_id")
        rows = pa.concat_tables([fresh, pa.Table.from_pandas(kept.assign(error=None), ROW, preserve_index=False)])
    return rows.sort_by("track_id"), len(fresh)


def _name(errors: pd.DataFrame) -> None:
    for row in errors.sort_values("path").head(NAMED_FILES).itertuples():
        log.warning("no spectrogram of %s: %s", row.path, row.error)
    if len(errors) > NAMED_FILES:
        log.warning(
            'and of %d more files; all of them: python -m jobs.query "SELECT path, error FROM spectrograms '
            'WHERE error IS NOT NULL"',
            len(errors) - NAMED_FILES,
        )


def _report(lake: Lake, week: date, **files: int) -> None:
    """What this run did (files by state) and what the table holds now (spectrograms, errors by kind)."""
    usable = lake.sql("SELECT count(*) AS n FROM spectrograms WHERE error IS NULL")["n"][0].as_py()
    kinds = lake.sql(
        "SELECT split_part(error, ':', 1) AS kind, count(*) AS n FROM spectrograms WHERE error IS NOT NULL "
        "GROUP BY ALL ORDER BY ALL"
    ).to_pylist()
    lake.record(
        week,
        "audio.spectrograms",
        [("files", f"state={state}", count) for state, count in files.items()]
        + [("spectrograms", "", usable)]
        + [("errors", f"kind={row['kind']}", row["n"]) for row in kinds],
    )
    log.info("spectrograms: %d usable, %d files with an error", usable, sum(row["n"] for row in kinds))
