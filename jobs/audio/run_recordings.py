"""The step `recordings`: which tracks are one recording, so that nobody is offered the same one twice."""

import logging
from collections.abc import Iterator
from datetime import date
from functools import lru_cache

import pyarrow as pa
from pyiceberg.expressions import In

from jobs.audio import derived
from jobs.audio.library import recipe
from jobs.lake import ALL, APPEND, Lake
from jobs.progress import bar
from jobs.settings import settings
from jobs.vectors import matrix

SCHEMA = pa.schema(
    {
        "track_id": pa.string(),
        "audio_sha256": pa.string(),
        "recipe": pa.string(),
        "seconds": pa.float64(),
        "signs": pa.binary(),
        "rhythm": pa.list_(pa.float32()),
    }
)
HELD = 4096  # fingerprints in memory at a time: 500 MB of 90 s each

log = logging.getLogger("discover")


def main(lake: Lake, week: date) -> None:
    """Bring `fingerprints` up to date with the spectrograms, and write `recordings` anew."""
    from jobs.audio.fingerprint import unpacked
    from jobs.audio.recordings import candidates, same_recordings

    wanted = recipe(settings().audio.max_seconds, settings().audio.stretches)
    new, old = derived.out_of_date(lake, "fingerprints", wanted)
    if new or old:
        rows = derived.computed(lake, "discover audio recordings", new, prints, SCHEMA) if new else []
        lake.publish("fingerprints", rows, In("track_id", old) if old else APPEND)
    known = lake.arrow("fingerprints").sort_by("track_id")
    rows, pairs = [], []
    if len(known) > 1:
        pairs = candidates(matrix(known["rhythm"]), known["seconds"].to_numpy())
        read = lru_cache(HELD)(lambda number: unpacked(known["signs"][int(number)].as_py()))
        with bar("recordings", len(pairs), "pairs") as progress:
            rows = same_recordings(known["track_id"].to_numpy(), pairs, read, progress.advance)
    lake.publish("recordings", rows, ALL)
    groups = rows["recording_id"].nunique() if len(rows) else 0
    lake.record(
        week,
        "audio.recordings",
        [("fingerprints", "", len(known)), ("candidates", "", len(pairs)), ("tracks", "", len(rows)),
         ("recordings", "", groups)],
    )  # fmt: skip
    log.info("%d tracks are %d recordings, of %d with a fingerprint", len(rows), groups, len(known))


def prints(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """For Spark's mapInArrow: spectrograms become SCHEMA; those too short to change have none."""
    from threadpoolctl import threadpool_limits

    from jobs.audio.fingerprint import STEP, packed, rhythm, signs
    from jobs.audio.windows import spectrograms

    with threadpool_limits(1):
        for batch in batches:
            rows = []
            for row, levels in zip(batch.to_pylist(), spectrograms(batch), strict=True):
                fingerprint = signs(levels)
                if len(levels) > STEP:
                    made = {"signs": packed(fingerprint), "rhythm": rhythm(fingerprint)}
                    rows.append({name: row[name] for name in SCHEMA.names[:4]} | made)
            yield pa.RecordBatch.from_pylist(rows, SCHEMA)
