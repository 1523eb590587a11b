"""Synthesised sounds, and files of them."""

from pathlib import Path

import numpy as np
import soundfile

from jobs.audio.constants import SAMPLE_RATE


def tone(seconds: float, hertz: float, rate: int = SAMPLE_RATE) -> np.ndarray:
    """A sine of half the full amplitude."""
    return (0.5 * np.sin(2 * np.pi * hertz * np.arange(round(seconds * rate)) / rate)).astype(np.float32)


def noise(seconds: float, seed: int = 0, rate: int = SAMPLE_RATE) -> np.ndarray:
    """White noise."""
    return np.random.default_rng(seed).normal(0, 0.1, round(seconds * rate)).astype(np.float32)


def write(path: Path, signal: np.ndarray, rate: int = SAMPLE_RATE) -> str:
    """Write a file in the format of its suffix; return its path."""
    soundfile.write(path, signal, rate)
    return str(path)
