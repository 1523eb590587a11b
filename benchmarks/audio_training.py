"""Whether the network is kept busy: windows a second in training from the lake, beside the same steps fed from memory.

The spectrograms are written to a lake, as `jobs.audio spectrograms` does, and come out of it as in `jobs.audio train`:
into a file mapped into memory, then as random windows in batches. The other contender has its batches in memory before
it starts. The peak is that of TensorFlow's own matrix product on this machine, in the same process.
Then what training takes of memory, by the size of the catalogue: of memory that is not mapped from the file.
"""

import math
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from benchmarks.contest import alone, arg_parser, save, show, without_costs

FRAMES = 1938  # of 90 s
FACTORS = 64
SIZES = {"default": {}, "2014": {"filters": 256, "dense_units": 2048}}
PASSES = 3  # alternating, of which the best counts: other processes only make it slower


def main(small: bool, json: Path | None) -> None:
    """Run, print, save."""
    rows, peaks = [], []
    with TemporaryDirectory() as home:
        environment = {"DISCOVER_HOME": home}
        tracks = 200 if small else 1600
        alone("benchmarks.audio_training:fill", environment, tracks=tracks)
        for name, size in SIZES.items():
            steps = {"default": 20 if small else 100, "2014": 2 if small else 8}[name]
            speed = alone("benchmarks.audio_training:speed", environment, size=size, steps=steps)
            rows.append({"network": name, **without_costs(speed)})
            print(rows[-1], flush=True)
        show("Training", rows)
        for share in (0.1, 1):
            part = int(tracks * share)
            peaks.append(without_costs(alone("benchmarks.audio_training:memory", environment, tracks=part)))
        show("Memory by size of the catalogue", peaks)
    save(json, training=rows, memory=peaks)


def fill(tracks: int) -> dict:
    """Put so many spectrograms of 90 s into the lake."""
    import pyarrow as pa

    from jobs.audio.constants import MEL_BANDS
    from jobs.audio.library import ROW
    from jobs.lake import ALL, Lake

    generator = np.random.default_rng(0)

    def batches():
        for first in range(0, tracks, 200):
            rows = []
            for number in range(first, min(first + 200, tracks)):
                levels = generator.integers(0, 256, (FRAMES, MEL_BANDS), np.uint8)
                row = dict.fromkeys(ROW.names) | {"track_id": f"{number:06}", "path": "x", "size_bytes": 1}
                row |= {"modified_ns": 1, "audio_sha256": f"{number:064x}", "recipe": "benchmark", "seconds": 90.0}
                row |= {"frames": FRAMES, "bands": MEL_BANDS, "log_mel": levels.tobytes()}
                rows.append(row)
            yield pa.Table.from_pylist(rows, ROW)

    Lake().publish("spectrograms", batches(), ALL)
    return {}


def _read(tracks: int | None = None):
    """The store, and examples of its tracks."""
    from jobs.audio.training import Examples
    from jobs.audio.windows import Store, stream
    from jobs.lake import Lake
    from jobs.settings import settings

    ids = sorted(Lake().arrow("spectrograms", columns=["track_id"])["track_id"].to_pylist())[:tracks]
    store = Store(settings().home / "tmp", stream(Lake(), "benchmark", set(ids)))
    targets = np.random.default_rng(1).normal(size=(len(ids), FACTORS)).astype(np.float32)
    return store, Examples(ids, targets / np.linalg.norm(targets, axis=1, keepdims=True))


def speed(size: dict, steps: int) -> dict:
    """Windows a second from the lake and from memory, and what share of the peak of matrix products that is."""
    from itertools import islice

    from jobs.audio.backend import be_deterministic, tf
    from jobs.audio.constants import MEL_BANDS
    from jobs.audio.training import dataset, networks, random_batches
    from jobs.settings import settings

    config = settings().audio.model_copy(update=size)
    started = time.perf_counter()
    store, examples = _read()
    read = time.perf_counter() - started
    be_deterministic(0)
    ones = np.ones((1, MEL_BANDS), np.float32)
    _, learner = networks(config, FACTORS, 100 * ones, 50 * ones)
    windows = steps * config.batch_size

    def from_lake():
        def batches():
            for epoch in range(10**6):
                yield from random_batches(store, examples, config.batch_size, [0, epoch])

        return dataset(lambda: islice(batches(), steps), examples, steps)

    held = [(tf.constant(x), tf.constant(y)) for x, y in random_batches(store, examples, config.batch_size, [9])]
    held = [batch for batch in held if len(batch[0]) == config.batch_size][:steps]
    from_memory = tf.data.Dataset.from_tensor_slices(tuple(map(tf.stack, zip(*held, strict=True))))
    from_memory = from_memory.repeat().take(steps)
    best = {"lake": 0.0, "memory": 0.0}
    learner.fit(from_memory.take(2), epochs=1, verbose=0)  # traces
    for _ in range(PASSES):
        for name, data in (("memory", from_memory), ("lake", from_lake())):
            started = time.perf_counter()
            learner.fit(data, epochs=1, shuffle=False, verbose=0)
            best[name] = max(best[name], windows / (time.perf_counter() - started))
    peak = _peak(tf)
    work = 3 * 2 * _products(config)  # forward, and backward for values and for weights
    return {
        "windows/s from the lake": best["lake"],
        "from memory": best["memory"],
        "ratio": best["lake"] / best["memory"],
        "GFLOP a window": work / 1e9,
        "share of peak": best["lake"] * work / peak,
        "peak GFLOP/s": peak / 1e9,
        "tracks/s out of the lake": len(examples.track_ids) / read,
        "steps": steps,
        "device": (tf.config.list_physical_devices("GPU") or tf.config.list_physical_devices("CPU"))[0].device_type,
    }


def _products(config) -> float:
    """Multiplications of the network for a window, forward."""
    from jobs.audio.constants import MEL_BANDS, WINDOW_FRAMES
    from jobs.audio.network import KERNEL, POOLS

    frames, channels, total = WINDOW_FRAMES, MEL_BANDS, 0
    for times, pool in zip((1, 1, 2, 2), (*POOLS, 1), strict=True):
        frames -= KERNEL - 1
        total += frames * KERNEL * channels * times * config.filters
        channels, frames = times * config.filters, frames // pool
    dense = config.dense_units
    return total + 3 * channels * dense + dense * dense + dense * FACTORS


def _peak(tf) -> float:
    """Operations a second of a large matrix product."""
    size, best = 2048, 0.0
    left, right = tf.random.normal((size, size)), tf.random.normal((size, size))
    for _ in range(6):
        started = time.perf_counter()
        tf.linalg.matmul(left, right).numpy()
        best = max(best, 2 * size**3 / (time.perf_counter() - started))
    return best


def memory(tracks: int) -> dict:
    """Train an epoch; the largest growth of memory that is not mapped from a file, by the number of tracks."""
    import threading

    from jobs.audio.backend import tf
    from jobs.audio.training import Examples, fit
    from jobs.settings import settings

    tf.zeros(1)
    before, peak, done = _anonymous(), 0.0, threading.Event()

    def watch():
        nonlocal peak
        while not done.wait(0.05):
            peak = max(peak, _anonymous())

    watcher = threading.Thread(target=watch)
    watcher.start()
    store, examples = _read(tracks)
    tenth = math.ceil(tracks / 10)
    judged = Examples(examples.track_ids[:tenth], examples.targets[:tenth])
    fit(store, examples, judged, settings().audio.model_copy(update={"epochs": 1}), 0)
    done.set()
    watcher.join()
    return {"tracks": tracks, "spectrograms MiB": tracks * FRAMES * 128 / 2**20, "memory MiB": peak - before}


def _anonymous() -> float:
    """MiB of this process that are not mapped from a file."""
    text = Path("/proc/self/status").read_text()
    return int(text.split("RssAnon:")[1].split()[0]) / 1024


if __name__ == "__main__":
    main(**vars(arg_parser("audio_training", __doc__.split("\n")[0]).parse_args()))
