"""A training that goes on after it was killed."""

import zipfile
from pathlib import Path

import numpy as np


class Progress:
    """A training as it stands, in a file that a killed process leaves behind."""

    def __init__(self, path: Path, key: str):
        """`path`: of the file; `key`: what the training is made from: a file with another key does not count."""
        self.path, self.key = path, key

    def load(self) -> tuple[list[float], list[float], list[np.ndarray], list[np.ndarray]] | None:
        """What `save` was given last; None: nothing, of this training."""
        try:
            with np.load(self.path, allow_pickle=False) as kept:
                if str(kept["key"]) != self.key:
                    return None
                arrays = {
                    name: [kept[f"{name}-{n}"] for n in range(int(kept[f"n_{name}"]))] for name in ("best", "state")
                }
                return kept["train"].tolist(), kept["val"].tolist(), arrays["best"], arrays["state"]
        except (OSError, ValueError, KeyError, zipfile.BadZipFile):
            return None

    def save(
        self,
        train_losses: list[float],
        val_losses: list[float],
        best: list[np.ndarray],
        state: list[np.ndarray],
    ) -> None:
        """Keep the losses so far, the best weights, and all variables of the learner and its optimizer."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        part = self.path.with_suffix(".part")
        named = {f"{name}-{n}": a for name, arrays in (("best", best), ("state", state)) for n, a in enumerate(arrays)}
        with part.open("wb") as file:
            counts = {"n_best": len(best), "n_state": len(state)}
            np.savez(file, key=self.key, train=train_losses, val=val_losses, **counts, **named)
        part.rename(self.path)

    def clear(self) -> None:
        """Remove the file."""
        self.path.unlink(missing_ok=True)
