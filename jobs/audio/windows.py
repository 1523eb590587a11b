"""Windows of spectrograms: what the network sees."""

import mmap
import tempfile
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa

from jobs.audio.constants import MEL_BANDS, WINDOW_FRAMES
from jobs.lake import Lake

BATCH_TRACKS = 64  # spectrograms held at a time: 16 MB of 90 s each


def consecutive(levels: np.ndarray) -> np.ndarray:
    """All of a spectrogram, window after window; the last one ends with the last frame and may overlap.

    levels : np.ndarray [shape=(frames, MEL_BANDS), dtype=uint8]

    Returns np.ndarray [shape=(windows, WINDOW_FRAMES, MEL_BANDS), dtype=uint8]. What is shorter than a window is
    repeated: silence behind it would be a sound of its own.
    """
    levels = _at_least_a_window(levels)
    last = len(levels) - WINDOW_FRAMES
    starts = np.append(np.arange(0, last, WINDOW_FRAMES), last)
    return np.stack([levels[start : start + WINDOW_FRAMES] for start in starts])


def random_window(levels: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """One window that begins anywhere: [shape=(WINDOW_FRAMES, MEL_BANDS), dtype=uint8]."""
    levels = _at_least_a_window(levels)
    start = generator.integers(0, len(levels) - WINDOW_FRAMES, endpoint=True)
    return levels[start : start + WINDOW_FRAMES]


def _at_least_a_window(levels: np.ndarray) -> np.ndarray:
    missing = max(0, WINDOW_FRAMES - len(levels))
    return np.pad(levels, ((0, missing), (0, 0)), mode="wrap") if missing else levels


def spectrograms(batch: pa.RecordBatch | pa.Table) -> list[np.ndarray]:
    """The spectrograms of a batch with the columns frames, bands, log_mel: arrays [shape=(frames, bands), dtype=uint8].

    Raises ValueError for another number of bands than MEL_BANDS.
    """
    arrays = []
    for frames, bands, data in zip(*(batch.column(c).to_pylist() for c in ("frames", "bands", "log_mel")), strict=True):
        if bands != MEL_BANDS:
            raise ValueError(f"a spectrogram has {bands} bands, not {MEL_BANDS}")
        arrays.append(np.frombuffer(data, np.uint8).reshape(frames, bands))
    return arrays


def stream(lake: Lake, recipe: str, wanted: Collection[str] | None = None) -> Iterator[pa.RecordBatch]:
    """Usable spectrograms of a recipe (of the `wanted` tracks only) in batches: track_id, frames, bands, log_mel."""
    with lake.connect() as connection:
        usable = connection.sql(
            "SELECT track_id, frames, bands, log_mel FROM spectrograms WHERE error IS NULL AND recipe = ?",
            params=[recipe],
        )
        for batch in usable.to_arrow_reader(BATCH_TRACKS):
            if wanted is not None:
                batch = batch.filter(pa.array([track_id in wanted for track_id in batch["track_id"].to_pylist()]))
            if len(batch):
                yield batch


class Store:
    """The spectrograms of a training run, in a nameless file mapped into memory: any window of any of them can be read
    at any time, and what does not fit stays on disk. The file is gone when the process is, however that ends."""

    def __init__(self, folder: Path, batches: Iterable[pa.RecordBatch]):
        """`folder`: where the file is made; `batches`: with the columns track_id, frames, bands, log_mel."""
        folder.mkdir(parents=True, exist_ok=True)
        self._places: dict[str, tuple[int, int]] = {}  # track_id -> first frame, frames
        total = 0
        with tempfile.TemporaryFile(dir=folder) as file:
            for batch in batches:
                for track_id, levels in zip(batch.column("track_id").to_pylist(), spectrograms(batch), strict=True):
                    file.write(levels.data)
                    self._places[track_id] = total, len(levels)
                    total += len(levels)
            file.flush()
            shape = (total, MEL_BANDS)  # an empty file cannot be mapped
            self._levels = np.memmap(file, np.uint8, "r", shape=shape) if total else np.empty(shape, np.uint8)
        if total:  # windows lie anywhere: what is read ahead would be in vain
            self._levels._mmap.madvise(mmap.MADV_RANDOM)

    def __getitem__(self, track_id: str) -> np.ndarray:
        """The spectrogram of a track [shape=(frames, MEL_BANDS), dtype=uint8]; raises KeyError."""
        first, frames = self._places[track_id]
        return self._levels[first : first + frames]
