"""Which audio files need a (new) spectrogram, and how one file becomes a row of `spectrograms`."""

import gc
import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa

from jobs.audio.constants import FFT_LENGTH, HOP_LENGTH, MEL_BANDS, SAMPLE_RATE, TRIM_DB
from jobs.audio.decode import Undecodable, decode, open_file, reason_of, sha256
from jobs.audio.isolation import Died, Isolated
from jobs.audio.logmel import log_mel, to_levels
from jobs.settings import AudioSettings

ROW = pa.schema(
    {
        "track_id": pa.string(),
        "path": pa.string(),
        "size_bytes": pa.int64(),
        "modified_ns": pa.int64(),
        "audio_sha256": pa.string(),
        "recipe": pa.string(),
        "seconds": pa.float64(),
        "frames": pa.int32(),
        "bands": pa.int32(),
        "log_mel": pa.binary(),
        "error": pa.string(),
    }
)
UNTOUCHED = "same bytes as before"  # in `error` of a row whose spectrogram is in the lake already
PREFIX = 16  # hexadecimal digits of a SHA-256 by which workers look for it, 8 bytes


def recipe(max_seconds: float, stretches: int) -> str:
    """What a spectrogram depends on beside the audio.

    >>> recipe(90, 1)
    'rate=22050 frame=2048 hop=1024 bands=128 ends=60 seconds=90/1'
    """
    transform = f"rate={SAMPLE_RATE} frame={FFT_LENGTH} hop={HOP_LENGTH} bands={MEL_BANDS}"
    return f"{transform} ends={TRIM_DB:g} seconds={max_seconds:g}/{stretches}"


@dataclass(frozen=True)
class Plan:
    """What is to be done about the audio files.

    new, changed : DataFrames with the columns track_id, path; changed ones have a row in `spectrograms`
    holders : for each content (SHA-256) that has a spectrogram of the wanted recipe, the track_id of a row with it
    removed : track_ids with a row that are no longer in the catalogue, or have no path any more
    gone : number of files that are not there now, though their spectrogram is: it is kept, because a disk that is not
        mounted today must not cost the work of days
    unchanged : number of tracks whose row is right as it is
    """

    new: pd.DataFrame
    changed: pd.DataFrame
    holders: pd.Series
    removed: list[str]
    gone: int
    unchanged: int


def plan(tracks: pd.DataFrame, known: pd.DataFrame, wanted_recipe: str) -> Plan:
    """Compare the files of the catalogue with the rows there are.

    tracks : track_id, path (not null)
    known : track_id, path, size_bytes, modified_ns, audio_sha256, recipe, error

    A file is read when it is new, when its size or time of change differ, when the recipe differs, and when it could
    not be read the last time. It is decoded only if no file with a spectrogram has, or had, the same bytes.
    """
    both = tracks.merge(known, on="track_id", how="left", suffixes=("", "_known"), indicator=True)
    stats = [_stat(path) for path in both["path"]]
    there = np.array([size >= 0 for size, _ in stats], dtype=bool)
    is_known = (both["_merge"] == "both").to_numpy()
    has_spectrogram = is_known & both["error"].isna().to_numpy()
    same_recipe = is_known & (both["recipe"] == wanted_recipe).to_numpy()
    same_file = (
        (both["path"] == both["path_known"]).to_numpy()
        & (both["size_bytes"] == [size for size, _ in stats]).to_numpy()
        & (both["modified_ns"] == [time for _, time in stats]).to_numpy()
        & both["audio_sha256"].notna().to_numpy()
    )
    gone = ~there & has_spectrogram
    still_missing = ~there & is_known & (both["path"] == both["path_known"]).to_numpy()
    right = (same_recipe & same_file) | gone | still_missing
    requests = both[["track_id", "path"]]
    usable = known[known["error"].isna() & (known["recipe"] == wanted_recipe)].drop_duplicates("audio_sha256")
    return Plan(
        new=requests[~is_known].reset_index(drop=True),
        changed=requests[is_known & ~right].reset_index(drop=True),
        holders=usable.set_index("audio_sha256")["track_id"],
        removed=sorted(set(known["track_id"]) - set(tracks["track_id"])),
        gone=int(gone.sum()),
        unchanged=int((right & ~gone).sum()),
    )


def _stat(path: str) -> tuple[int, int]:
    """Size in bytes and time of change in nanoseconds; (-1, 0) when there is no such file."""
    try:
        status = os.stat(path)
    except (OSError, ValueError):
        return -1, 0
    return status.st_size, status.st_mtime_ns


def prefixes(digests: Iterable[str]) -> np.ndarray:
    """The beginnings of SHA-256 digests, sorted, uint64: 8 MB for a million files."""
    return np.sort(np.array([int(digest[:PREFIX], 16) for digest in digests], np.uint64))


def read_files(
    requests: list[dict[str, str]], config: AudioSettings, known: np.ndarray
) -> Callable[[Iterator[pa.RecordBatch]], Iterator[pa.RecordBatch]]:
    """A function for Spark's mapInArrow: numbers of requests become rows of `spectrograms`.

    One core a task: native libraries start no threads of their own. Files are decoded in a process of its own.

    requests : the track_id and path of each file
    known : `prefixes` of the contents that are not decoded again
    """

    def read(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        from threadpoolctl import threadpool_limits

        log_mel(np.zeros(SAMPLE_RATE, np.float32))  # librosa loads its parts when first used; the child inherits them
        gc.freeze()  # Spark's worker collects garbage after each task: a tenth of a second with all those modules
        with threadpool_limits(1), Isolated(spectrogram, config.decode_seconds) as isolated:
            for batch in batches:
                for number in batch["id"].to_pylist():
                    row = read_file(**requests[number], config=config, known=known, spectrogram=isolated)
                    yield pa.RecordBatch.from_pylist([row], ROW)

    return read


def read_file(
    *,
    track_id: str,
    path: str,
    config: AudioSettings,
    known: np.ndarray,
    spectrogram: Callable[[str, float, int], dict[str, object]],
) -> dict[str, object]:
    """One row of `spectrograms`. What is wrong with the file is in `error`; UNTOUCHED there says that its content is a
    known one, and the spectrogram was not computed. Without a SHA-256 it is to be tried again.

    known : as for `read_files`
    spectrogram : computes the columns of the same name (below), or raises isolation.Died
    """
    size, modified = _stat(path)
    row = dict.fromkeys(ROW.names) | {
        "track_id": track_id,
        "path": path,
        "size_bytes": max(size, 0),
        "modified_ns": modified,
        "recipe": recipe(config.max_seconds, config.stretches),
    }
    try:
        with open_file(path) as file:
            if size > config.max_bytes:
                raise Undecodable(f"too large: {size / 1e9:.1f} GB, at most {config.max_bytes / 1e9:g} GB are read")
            digest = sha256(file)
        if _among(int(digest[:PREFIX], 16), known):
            return row | {"audio_sha256": digest, "error": UNTOUCHED}
        return row | {"audio_sha256": digest} | spectrogram(path, config.max_seconds, config.stretches)
    except (Undecodable, Died) as error:
        return row | {"error": str(error)}
    except OSError as error:
        return row | {"error": f"could not be read: {reason_of(error)}"}


def _among(prefix: int, known: np.ndarray) -> bool:
    at = np.searchsorted(known, np.uint64(prefix))
    return at < len(known) and int(known[at]) == prefix


def spectrogram(path: str, max_seconds: float, stretches: int) -> dict[str, object]:
    """The columns seconds, frames, bands and log_mel of a file, or error."""
    try:
        with open_file(path) as file:
            audio = decode(file, max_seconds, stretches)
    except Undecodable as error:
        return {"error": str(error)}
    levels = to_levels(log_mel(audio.signal))
    frames, bands = levels.shape
    return {"seconds": audio.seconds, "frames": frames, "bands": bands, "log_mel": levels.tobytes()}
