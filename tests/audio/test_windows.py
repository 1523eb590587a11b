import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs.audio.constants import MEL_BANDS, WINDOW_FRAMES
from jobs.audio.windows import Store, consecutive, random_window


def numbered(frames):
    """A spectrogram in whose first two bands each frame says which it is."""
    levels = np.zeros((frames, MEL_BANDS), np.uint8)
    levels[:, 0], levels[:, 1] = np.arange(frames) % 256, np.arange(frames) // 256
    return levels


def numbers(windows):
    return windows[..., 0].astype(int) + 256 * windows[..., 1].astype(int)


@given(st.integers(1, 5 * WINDOW_FRAMES))
def test_consecutive_windows_hold_every_frame_and_no_other(frames):
    windows = consecutive(numbered(frames))
    assert windows.shape[1:] == (WINDOW_FRAMES, MEL_BANDS)
    assert set(numbers(windows).ravel()) == set(range(frames))
    assert len(windows) == max(1, -(-frames // WINDOW_FRAMES))


@given(st.integers(1, 3 * WINDOW_FRAMES), st.integers(0, 2**32))
def test_a_random_window_is_a_stretch_of_the_track(frames, seed):
    window = numbers(random_window(numbered(frames), np.random.default_rng(seed)))
    assert len(window) == WINDOW_FRAMES
    steps = np.diff(window)
    assert ((steps == 1) | (steps == 1 - frames)).all()  # what is shorter than a window is repeated
    assert window.max() < frames


def test_a_random_window_can_begin_at_every_place():
    generator = np.random.default_rng(0)
    starts = {numbers(random_window(numbered(WINDOW_FRAMES + 3), generator))[0] for _ in range(200)}
    assert starts == {0, 1, 2, 3}


def batch(**tracks):
    levels = list(tracks.values())
    return pa.RecordBatch.from_pydict(
        {
            "track_id": list(tracks),
            "frames": [len(one) for one in levels],
            "bands": [one.shape[1] for one in levels],
            "log_mel": [one.tobytes() for one in levels],
        }
    )


def test_the_store_gives_back_what_it_was_filled_with_and_leaves_no_file(tmp_path):
    store = Store(tmp_path, [batch(a=numbered(300), b=numbered(20)), batch(c=numbered(1000))])
    np.testing.assert_array_equal(store["a"], numbered(300))
    np.testing.assert_array_equal(store["c"], numbered(1000))
    with pytest.raises(KeyError):
        store["d"]
    assert list(tmp_path.iterdir()) == []


def test_another_number_of_bands_is_refused(tmp_path):
    with pytest.raises(ValueError, match="96 bands"):
        Store(tmp_path, [batch(a=np.zeros((10, 96), np.uint8))])
