"""What a job took: time, and the memory of its processes, into `metrics`."""

import argparse
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

SECONDS_BETWEEN_LOOKS = 1.0
# The jobs of the weekly run; what else runs by hand is not recorded.
RECORDED = frozenset({
    "scrape", "culture", "collaborative.train", "collaborative.evaluate", "audio.spectrograms", "audio.recordings",
    "audio.train", "audio.embed", "audio.pictures", "cold_start", "ranking.outcomes", "ranking.learn", "ranking.rank",
    "publish", "publish.watch",
})  # fmt: skip


@contextmanager
def recorded(parser: argparse.ArgumentParser, arguments: Mapping[str, Any]) -> Iterator[None]:
    """Record time and memory of the block, when it ends without an error and is a job of the weekly run.

    They go into `metrics` as `seconds` and `peak_memory_mib` of the stage "process STAGE".
    """
    stage = stage_of(parser, arguments)
    if stage is None:
        yield
        return
    with Watch() as watch:
        yield
    from jobs.lake import Lake

    shard = arguments.get("shard")
    name = f"process {stage}" if shard is None or shard.count == 1 else f"process {stage} {shard.name}"
    measured = [("seconds", "", watch.seconds), ("peak_memory_mib", "", watch.peak_bytes / 2**20)]
    Lake().record(arguments["week"], name, measured)


def stage_of(parser: argparse.ArgumentParser, arguments: Mapping[str, Any]) -> str | None:
    """Which of RECORDED a command line runs; None: none of them."""
    package, step = parser.prog.rpartition("jobs.")[2], arguments.get("step")
    if f"{package}.{step}" in RECORDED:
        return f"{package}.{step}"
    return package if package in RECORDED and step == parser.get_default("step") else None


class Watch:
    """Measures the block: seconds, and the most memory that this process and those it has started held at one time.

    peak_bytes : resident memory, looked at every second and added up, so that what processes share counts in each
    """

    def __enter__(self) -> "Watch":
        self.peak_bytes, self.seconds = 0, 0.0
        self._started, self._ended = time.monotonic(), threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self.seconds = time.monotonic() - self._started
        self._ended.set()
        self._thread.join()

    def _look(self) -> None:
        import psutil

        own = psutil.Process()
        while True:
            held = 0
            for process in (own, *own.children(recursive=True)):
                try:
                    held += process.memory_info().rss
                except psutil.NoSuchProcess:  # it ended between being listed and being asked
                    continue
            self.peak_bytes = max(self.peak_bytes, held)
            if self._ended.wait(SECONDS_BETWEEN_LOOKS):
                return
