"""The step `spectrograms`: bring the table up to date with the audio files of the catalogue."""

import logging
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from pyiceberg.expressions import In
from pyspark.sql import SparkSession
from pyspark.sql.pandas.types import from_arrow_schema

from jobs.audio.library import ROW, UNTOUCHED, Plan, plan, prefixes, read_files, recipe
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
    decoded, errors = 0, [pd.DataFrame({"path": [], "error": []})]
    total = len(todo.new) + len(todo.changed)
    if total:
        with session("discover audio spectrograms") as spark, bar("spectrograms", total, "files") as progress:
            for chunk, is_new, read in _ahead(spark, todo):
                rows, computed = _completed(lake, spark, todo, read)
                lake.publish("spectrograms", rows, APPEND if is_new else In("track_id", chunk["track_id"].tolist()))
                errors.append(rows.filter(rows["error"].is_valid()).select(["path", "error"]).to_pandas())
                decoded += computed - len(errors[-1])
                progress.advance(len(chunk), f"{sum(map(len, errors))} with an error")
    if todo.removed:  # at last: a file that has another track_id now has taken over its spectrogram
        lake.publish("spectrograms", [], In("track_id", todo.removed))
    _name(pd.concat(errors))
    _report(lake, week, decoded=decoded, unchanged=todo.unchanged, gone=todo.gone, removed=len(todo.removed))


def _ahead(spark: SparkSession, todo: Plan) -> Iterator[tuple[pd.DataFrame, bool, pa.Table]]:
    """Each chunk of requests, whether they are new, and what reading them gave. The next chunk is read while the caller
    works on one, so that no core waits for a commit."""
    known = prefixes(todo.holders.index)
    with ThreadPoolExecutor(1) as reader:
        reading = None
        for chunk, is_new in _chunks(todo.new, todo.changed):
            before, reading = reading, (chunk, is_new, reader.submit(_read, spark, chunk, known))
            if before:
                yield *before[:2], before[2].result()
        yield *reading[:2], reading[2].result()


def _chunks(new: pd.DataFrame, changed: pd.DataFrame) -> Iterator[tuple[pd.DataFrame, bool]]:
    size = settings().audio.chunk_tracks
    for requests, is_new in ((new, True), (changed, False)):
        for first in range(0, len(requests), size):
            yield requests.iloc[first : first + size], is_new


def _read(spark: SparkSession, chunk: pd.DataFrame, known: np.ndarray) -> pa.Table:
    """What `library.read_files` makes of some requests."""
    tasks = min(len(chunk), 8 * spark.sparkContext.defaultParallelism)  # more than cores, because files differ in size
    read = read_files(chunk.to_dict("records"), settings().audio, known)
    return spark.range(len(chunk), numPartitions=tasks).mapInArrow(read, from_arrow_schema(ROW)).toArrow().cast(ROW)


def _completed(lake: Lake, spark: SparkSession, todo: Plan, rows: pa.Table) -> tuple[pa.Table, int]:
    """The rows of `spectrograms`, those of known content with what the lake has, and how many are not from there."""
    same = pc.fill_null(pc.equal(rows["error"], UNTOUCHED), False)
    fresh, touched = rows.filter(pc.invert(same)), rows.filter(same).drop_columns([*CONTENT, "error"]).to_pandas()
    if len(touched):
        holders = todo.holders.reindex(touched["audio_sha256"]).dropna().unique().tolist()
        old = lake.pandas("spectrograms", In("track_id", holders), ["audio_sha256", *CONTENT])
        old = old.drop_duplicates("audio_sha256").dropna(subset="log_mel")
        taken = touched.merge(old, on="audio_sha256").assign(error=None)
        fresh = pa.concat_tables([fresh, pa.Table.from_pandas(taken, ROW, preserve_index=False)])
        # The row that had it is another one by now (files that swapped places): decoded after all.
        lost = touched[~touched["audio_sha256"].isin(old["audio_sha256"])][["track_id", "path"]]
        if len(lost):
            fresh = pa.concat_tables([fresh, _read(spark, lost, prefixes([]))])
        return fresh.sort_by("track_id"), len(fresh) - len(taken)
    return fresh.sort_by("track_id"), len(fresh)


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
