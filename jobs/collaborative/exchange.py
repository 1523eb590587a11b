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
import json
import uuid
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from pyarrow import fs

ROWS, TRACKS = "rows", "tracks"


@dataclass(frozen=True)
class Exchange:
    """The folder of one training.

    address : of the folder, a URI such as file:///srv/discover/tmp/als or s3://bucket/als
    key : what the training is made from; what another one recorded does not count
    run : a name that no other run has, for the files on the nodes
    n_factors : d
    """

    address: str
    key: str
    run: str
    n_factors: int

    def write(self, side: str, epoch: int, block: int, factors: np.ndarray) -> None:
        """Leave the factors of a block, float32 (n, d), n > 0. A reader sees all of them or none."""
        self._put(self._name(side, epoch, block), np.ascontiguousarray(factors, np.float32))

    def read(self, side: str, epoch: int, block: int) -> np.ndarray:
        """The factors of a block, float32 (n, d), to be changed as one likes."""
        system, folder = self._opened()
        with system.open_input_file(f"{folder}/{self._name(side, epoch, block)}") as file:
            return np.frombuffer(bytearray(file.read_buffer()), np.float32).reshape(-1, self.n_factors)

    def gathered(self, side: str, epoch: int, sizes: tuple[int, ...], scratch: Path) -> np.ndarray:
        """The factors of all blocks, one after the other, float32 (Σ sizes, d), read-only and shared on this node.

        sizes : how many rows each block has; scratch : a folder of this node
        """
        whole = scratch / f"als-{side}-{self.run}-{epoch}"
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

    def record(self, epoch: int, losses: list[float], penalty: float, gram: np.ndarray) -> None:
        """Note that an epoch is finished, and drop the files of the one before.

        losses : after each half-epoch so far; penalty, gram : of the tracks' factors, see `als`
        """
        notes = io.BytesIO()
        np.savez(notes, losses=losses, penalty=penalty, gram=gram)
        self._put(f"epoch-{epoch}.npz", notes.getvalue())
        self._put("finished.json", json.dumps({"epoch": epoch, "key": self.key}).encode())
        self.drop(epoch - 1)

    def recorded(self) -> tuple[int, list[float], float, np.ndarray] | None:
        """The last epoch that finished, as it was recorded; None: none has, of a training with this key."""
        system, folder = self._opened()
        if system.get_file_info(f"{folder}/finished.json").type != fs.FileType.File:
            return None
        with system.open_input_file(f"{folder}/finished.json") as file:
            finished = json.loads(file.read())
        if finished["key"] != self.key:
            return None
        epoch = finished["epoch"]
        with system.open_input_file(f"{folder}/epoch-{epoch}.npz") as file:
            notes = np.load(io.BytesIO(file.read()), allow_pickle=False)
            return epoch, notes["losses"].tolist(), float(notes["penalty"]), notes["gram"]

    def drop(self, epoch: int) -> None:
        """Remove what an epoch left."""
        system, folder = self._opened()
        for info in system.get_file_info(fs.FileSelector(folder, allow_not_found=True)):
            if info.base_name.startswith((f"{ROWS}-{epoch}-", f"{TRACKS}-{epoch}-", f"epoch-{epoch}.")):
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

    @staticmethod
    def _name(side: str, epoch: int, block: int) -> str:
        return f"{side}-{epoch}-{block}"
