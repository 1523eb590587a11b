"""The network over spectrograms, in Spark: batch by batch, loaded once a worker."""

import os
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa

if TYPE_CHECKING:
    import keras

SCHEMA = pa.schema(
    {
        "track_id": pa.string(),
        "audio_sha256": pa.string(),
        "recipe": pa.string(),
        "vector": pa.list_(pa.float32()),
    }
)


def predictions(folder: Path, path: str, sha256: str) -> Callable[[Iterator[pa.RecordBatch]], Iterator[pa.RecordBatch]]:
    """A function for `derived.computed`: spectrograms become SCHEMA.

    folder, path, sha256 : of the network, as `model_files.load` takes them; workers on other machines need the folder
    """

    def predict_batches(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        # Spark runs a worker on each core: one thread each. TensorFlow reads these when it starts.
        os.environ.setdefault("TF_NUM_INTRAOP_THREADS", "1")
        os.environ.setdefault("TF_NUM_INTEROP_THREADS", "1")
        from jobs.audio.training import predict
        from jobs.audio.windows import spectrograms

        for batch in batches:
            if len(batch):
                vectors = list(predict(_loaded(folder, path, sha256), spectrograms(batch)))
                ids = [batch.column(name) for name in SCHEMA.names[:3]]
                yield pa.RecordBatch.from_arrays([*ids, pa.array(vectors, pa.list_(pa.float32()))], schema=SCHEMA)

    return predict_batches


@cache
def _loaded(folder: Path, path: str, sha256: str) -> "keras.Model":
    from jobs.audio.model_files import load

    return load(folder, path, sha256)
