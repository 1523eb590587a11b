"""Keras on TensorFlow, without the notes about CPU features that TensorFlow prints to standard error at import.

Everything here that needs either gets it from this module.
"""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def _standard_error_closed() -> Iterator[None]:
    """The notes come from C++ before its log level can be set, so they are cut off at the file descriptor. An import
    that fails still raises."""
    sys.stderr.flush()
    kept = os.dup(2)
    with open(os.devnull, "wb") as nowhere:
        os.dup2(nowhere.fileno(), 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)


os.environ["KERAS_BACKEND"] = "tensorflow"
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
with _standard_error_closed():
    import keras
    import tensorflow as tf

    tf.zeros(1)  # starts the devices, which has its own notes

__all__ = ["be_deterministic", "keras", "tf"]


def be_deterministic(seed: int) -> None:
    """Make what follows in this process depend on the seed alone: initial weights, dropout, and the order in which
    sums are taken."""
    keras.utils.set_random_seed(seed)
    tf.config.experimental.enable_op_determinism()
