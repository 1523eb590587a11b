"""Where the tasks of a training leave factors for each other: one file a side, epoch and block.

Files go through a folder that every executor reaches, a disk or object storage, never through the driver. A task that
solves one side needs all factors of the other: the first task on a node to ask for them lays the blocks end to end in
one file in the node's own scratch folder (Spark's, emptied by Spark), and all tasks of the node map that file into
memory. So a node reads each half-epoch's factors once, whatever its cores, and holds them once, in its page cache: 4 d
bytes for each listener or track. That carries as far as one side fits into the memory of a node, which for d = 64 and
64 GB is 250 million listeners; beyond that, the values of a block would have to be cut by the other side, too.
"""

import fcntl
import io
import time
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa
from pyarrow import fs

ROWS, TRACKS = "rows", "tracks"
FINISHED, CLAIMED = "finished.npz", "claimed"
SHORTEST_LOOK, LONGEST_LOOK = 0.001, 1.0  # seconds between looks for what another task is to leave


class Sums(NamedTuple):
    """What a half-epoch adds up over one side: its part of the loss, Σ ridge ‖x‖², and Σ x xᵀ, float64 (d, d)."""

    loss: float
    penalty: float
    gram: np.ndarray


@dataclass(frozen=True)
class Exchange:
    """The folder of one training.

    address : of the folder, a URI such as file:///srv/discover/tmp/als or s3://bucket/als
    key : what the training is made from; what another one recorded does not count
    run : a name that no other run has
    n_factors : d
    attempt : a number ≥ 0 that no earlier attempt of the run's tasks has had; -1: the driver
    """

    address: str
    key: str
    run: str
    n_factors: int
    attempt: int = -1

    def write(self, side: str, epoch: int, block: int, factors: np.ndarray) -> None:
        """Leave the factors of a block, float32 (n, d), n > 0. A reader sees all of them or none."""
        self._put(self._name(side, epoch, block), np.ascontiguousarray(factors, np.float32))

    def read(self, side: str, epoch: int, block: int) -> np.ndarray:
        """The factors of a block, float32 (n, d), to be changed as one likes."""
        content = bytearray(self._get(self._name(side, epoch, block)))
        return np.frombuffer(content, np.float32).reshape(-1, self.n_factors)

    def gathered(self, side: str, epoch: int, sizes: tuple[int, ...], scratch: Path) -> np.ndarray:
        """The factors of all blocks, one after the other, float32 (Σ sizes, d), read-only and shared on this node.

        sizes : how many rows each block has; scratch : a folder of this node
        """
        whole = scratch / f"als-{side}-{self._who}-{epoch}"
        with open(scratch / f"als-{side}.lock", "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not whole.exists():
                for old in scratch.glob(f"als-{side}-*"):  # who still maps it keeps it
                    old.unlink()
                part = scratch / f"als-{side}.part"
                with open(part, "wb") as file:
                    for block in np.flatnonzero(sizes):
                        file.write(self.read(side, epoch, block))
                part.rename(whole)
        return np.memmap(whole, np.float32, "r", shape=(sum(sizes), self.n_factors))

    def leave_sums(self, side: str, epoch: int, block: int, sums: Sums) -> None:
        """Leave what one block adds to the sums of a half-epoch, after its factors: it has finished that half."""
        loss, penalty, gram = sums
        self._put(self._name(side, epoch, f"{block}.sums-{self._who}"), np.concatenate([[loss, penalty], gram.ravel()]))

    def sums(self, side: str, epoch: int, n_blocks: int) -> Sums:
        """What all blocks leave in this attempt, added up in their order. Waits until all have left it, and looks less
        often the longer it takes: it returns at most a tenth of that time too late, and at most a second."""
        d, total, started = self.n_factors, 0.0, time.monotonic()
        for block in range(n_blocks):
            while (part := self._get_if_there(self._name(side, epoch, f"{block}.sums-{self._who}"))) is None:
                time.sleep(min(max((time.monotonic() - started) / 10, SHORTEST_LOOK), LONGEST_LOOK))
            total = total + np.frombuffer(part)
        return Sums(float(total[0]), float(total[1]), total[2:].reshape(d, d))

    def claim(self) -> None:
        """From now on only this attempt of this run may record: tasks live on for a while after they are cancelled."""
        self._put(CLAIMED, self._who.encode())

    def record(self, epoch: int, losses: list[float], penalty: float, gram: np.ndarray) -> None:
        """Note that an epoch is finished, and drop the files of the one before.

        losses : after each half-epoch so far; penalty, gram : of the tracks' factors, see `Sums`
        Raises RuntimeError when another attempt has claimed the training.
        """
        if (claimed := self._get_if_there(CLAIMED)) is not None and bytes(claimed) != self._who.encode():
            raise RuntimeError(f"epoch {epoch}: another run has taken over in {self.address}")
        notes = io.BytesIO()
        np.savez(notes, key=self.key, epoch=epoch, losses=losses, penalty=penalty, gram=gram)
        self._put(FINISHED, notes.getvalue())
        self.drop(epoch - 1)

    def recorded(self) -> tuple[int, list[float], float, np.ndarray] | None:
        """The last epoch that finished, as it was recorded; None: none has, of a training with this key."""
        content = self._get_if_there(FINISHED)
        if content is None:
            return None
        with np.load(io.BytesIO(content), allow_pickle=False) as notes:
            if notes["key"] != self.key:
                return None
            return int(notes["epoch"]), notes["losses"].tolist(), float(notes["penalty"]), notes["gram"]

    def drop(self, epoch: int) -> None:
        """Remove what an epoch left."""
        system, folder = self._opened()
        for info in system.get_file_info(fs.FileSelector(folder, allow_not_found=True)):
            if info.base_name.startswith((f"{ROWS}-{epoch}-", f"{TRACKS}-{epoch}-")):
                system.delete_file(info.path)

    def clear(self) -> None:
        """Remove the folder."""
        system, folder = self._opened()
        if system.get_file_info(folder).type == fs.FileType.Directory:
            system.delete_dir(folder)

    def _opened(self) -> tuple[fs.FileSystem, str]:
        return fs.FileSystem.from_uri(self.address)

    def _put(self, name: str, content: "bytes | np.ndarray") -> None:
        system, folder = self._opened()
        system.create_dir(folder)
        part = f"{folder}/part-{uuid.uuid4().hex}"
        with system.open_output_stream(part) as file:
            file.write(content)
        system.move(part, f"{folder}/{name}")

    def _get(self, name: str) -> pa.Buffer:
        system, folder = self._opened()
        with system.open_input_file(f"{folder}/{name}") as file:
            return file.read_buffer()

    def _get_if_there(self, name: str) -> pa.Buffer | None:
        try:
            return self._get(name)
        except FileNotFoundError:
            return None

    @property
    def _who(self) -> str:
        return f"{self.run}.{self.attempt}"

    @staticmethod
    def _name(side: str, epoch: int, block: int | str) -> str:
        return f"{side}-{epoch}-{block}"
