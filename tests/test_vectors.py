import numpy as np
import pyarrow as pa

from jobs import vectors


def test_no_rows_make_an_empty_matrix():
    assert vectors.matrix(pa.chunked_array([], pa.list_(pa.float32()))).shape == (0, 0)


def test_scaling_keeps_dtype_and_direction():
    rows = np.random.default_rng(0).normal(size=(20, 5)).astype(np.float32)
    scaled = vectors.unit(rows)
    assert scaled.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(scaled, axis=1), 1, rtol=1e-6)
    np.testing.assert_allclose(scaled * np.linalg.norm(rows, axis=1, keepdims=True), rows, rtol=1e-5, atol=1e-6)
