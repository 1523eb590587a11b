"""Two hundred files broken in all ways: none may crash or hang the run, and each is a spectrogram or named."""

import shutil
import subprocess

import numpy as np
import pyarrow as pa
import pytest

from jobs.audio.constants import MEL_BANDS
from jobs.audio.library import ROW, prefixes, read_files
from jobs.settings import AudioSettings
from tests.audio.sounds import noise, tone, write

BY_LIBSNDFILE = ("wav", "aiff", "flac", "mp3", "ogg")
BY_FFMPEG = ("m4a", "opus", "aac")
FILES = 200


def flipped(data, generator):
    for at in generator.integers(0, len(data), generator.integers(1, 50)):
        data[at] ^= 1 << generator.integers(8)


def head_flipped(data, generator):
    for at in generator.integers(0, min(len(data), 128), 8):
        data[at] = generator.integers(256)


def cut(data, generator):
    del data[generator.integers(len(data)) :]


def zeroed(data, generator):
    at = generator.integers(len(data))
    data[at : at + 4096] = bytes(len(data[at : at + 4096]))


def doubled(data, generator):
    at = generator.integers(len(data))
    data[at:at] = data[: generator.integers(len(data))]


def left_out(data, generator):
    at = generator.integers(len(data))
    del data[at : at + generator.integers(1, 2048)]


def all_ones(data, generator):
    """Lengths and rates as large as they can be, wherever they lie."""
    at = generator.integers(min(len(data), 64))
    data[at : at + 4] = b"\xff" * len(data[at : at + 4])


WAYS = (flipped, head_flipped, cut, zeroed, doubled, left_out, all_ones)


@pytest.fixture(scope="module")
def good(tmp_path_factory):
    folder = tmp_path_factory.mktemp("good")
    signal = tone(3, 440) + noise(3)
    paths = [write(folder / f"good.{suffix}", signal) for suffix in BY_LIBSNDFILE]
    if shutil.which("ffmpeg"):
        for suffix in BY_FFMPEG:
            paths.append(str(folder / f"good.{suffix}"))
            subprocess.run(["ffmpeg", "-v", "error", "-i", paths[0], "-vn", paths[-1]], check=True)
    return paths


def read(paths):
    requests = [{"track_id": path, "path": path} for path in paths]
    numbers = pa.RecordBatch.from_pydict({"id": range(len(paths))})
    config = AudioSettings(decode_seconds=20)
    return pa.Table.from_batches(list(read_files(requests, config, prefixes([]))(iter([numbers]))), ROW).to_pylist()


def test_no_broken_file_stops_the_others(good, tmp_path):
    assert all(row["error"] is None for row in read(good))
    generator, paths = np.random.default_rng(0), []
    for number in range(FILES):
        source = good[number % len(good)]
        with open(source, "rb") as file:
            data = bytearray(file.read())
        WAYS[number // len(good) % len(WAYS)](data, generator)
        paths.append(str(tmp_path / f"{number:03}.{source.rsplit('.', 1)[1]}"))
        with open(paths[-1], "wb") as file:
            file.write(data)
    rows = read([*paths, good[0]])
    assert [row["path"] for row in rows] == [*paths, good[0]]
    assert rows[-1]["error"] is None, "what comes after them is read"
    for row in rows:
        if row["error"] is None:
            assert len(row["log_mel"]) == row["frames"] * MEL_BANDS
        else:
            assert row["error"], row["path"]
            assert row["log_mel"] is None
    named = sum(row["error"] is not None for row in rows)
    assert named > FILES / 4, "most ways leave no music"
