import numpy as np
import pyarrow as pa
import pytest

from jobs.audio.constants import MEL_BANDS, WINDOW_FRAMES
from jobs.audio.windows import Store, consecutive
from jobs.cli import UserError
from jobs.settings import AudioSettings

TINY = AudioSettings(filters=4, dense_units=16, dropout=0.1, learning_rate=0.01, batch_size=8, epochs=12)


def network(**changed):
    from jobs.audio.network import build

    sizes = {"factors": 3, "filters": 2, "dense_units": 5, "dropout": 0.5}
    return build(**sizes | changed, mean=np.full(MEL_BANDS, 100.0), deviation=np.full(MEL_BANDS, 50.0))


def timbre(style, generator, frames):
    """A spectrogram with energy in the lower (style 0) or upper half (1) of the bands, and a beat."""
    levels = generator.integers(0, 60, (frames, MEL_BANDS))
    half = slice(0, MEL_BANDS // 2) if style == 0 else slice(MEL_BANDS // 2, None)
    levels[:: generator.integers(4, 9), half] += 150
    return levels.astype(np.uint8)


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    """24 tracks of 8 artists in 2 styles: the store, each track's artist, and unit targets, one for each style."""
    generator = np.random.default_rng(0)
    artists = np.repeat(np.arange(8), 3)
    levels = [timbre(artist % 2, generator, int(generator.integers(200, 700))) for artist in artists]
    batch = {
        "track_id": [f"t{n:02d}" for n in range(24)],
        "frames": [len(one) for one in levels],
        "bands": [MEL_BANDS] * 24,
        "log_mel": [one.tobytes() for one in levels],
    }
    store = Store(tmp_path_factory.mktemp("store"), [pa.RecordBatch.from_pydict(batch)])
    targets = np.array([[0.6, 0.8, 0, 0], [0, 0, 0.8, -0.6]], np.float32)[artists % 2]
    return store, artists, targets


@pytest.fixture(scope="module")
def fitted(world):
    return learn(world)


def examples(world):
    """To learn from (artists 2 to 7) and to judge by (artists 0 and 1, one of each style)."""
    from jobs.audio.training import Examples

    _, artists, targets = world
    held_out, ids = artists < 2, np.array([f"t{n:02d}" for n in range(24)])
    return Examples(ids[~held_out].tolist(), targets[~held_out]), Examples(ids[held_out].tolist(), targets[held_out])


def learn(world, seed=3, config=TINY, **more):
    from jobs.audio.training import fit

    return fit(world[0], *examples(world), config, seed, **more)


def test_the_network_of_2014_has_its_size():
    # four convolutions, mean + max + L2 of 512 channels = 1536, two dense layers of 2048, 40 factors
    model = network(factors=40, filters=256, dense_units=2048)
    convolutions = 4 * (128 * 256 + 256 * 256 + 256 * 512 + 512 * 512) + 256 + 256 + 512 + 512
    dense = 1536 * 2048 + 2048 + 2048 * 2048 + 2048 + 2048 * 40 + 40
    assert sum(int(np.prod(weight.shape)) for weight in model.trainable_weights) == convolutions + dense
    assert model.input_shape == (None, WINDOW_FRAMES, MEL_BANDS)
    assert model.output_shape == (None, 40)


def test_pooling_over_time_is_mean_maximum_and_root_mean_square():
    from jobs.audio.network import PoolOverTime

    pooled = np.asarray(PoolOverTime()(np.array([[[3.0, 1.0], [4.0, 1.0]]], np.float32)))
    np.testing.assert_allclose(pooled, [[3.5, 1, 4, 1, np.sqrt(12.5), 1]], rtol=1e-5)


def test_a_track_is_the_mean_of_its_windows(world):
    from jobs.audio.training import predict

    store, model = world[0], network()
    tracks = [store["t00"], store["t01"][:40], store["t02"]]
    expected = [np.asarray(model(consecutive(levels))).mean(axis=0) for levels in tracks]
    np.testing.assert_allclose(predict(model, tracks), expected, rtol=1e-4, atol=1e-5)


def test_it_learns_to_tell_timbres_apart_for_artists_it_has_never_heard(world, fitted):
    from jobs.audio.evaluation import cosines

    turned = np.roll(np.eye(4, dtype=np.float32), 1, axis=0)  # as if its factors had other coordinates
    reached = cosines(world[0], *examples(world), fitted.model, (fitted.model, turned))
    assert reached["network"] > 0.9
    assert reached["mean_vector"] < 0.8  # two orthogonal targets: the mean is 45 degrees from each
    assert reached["present"] < 0.8
    assert fitted.val_losses[fitted.best_epoch - 1] == min(fitted.val_losses)
    assert len(fitted.train_losses) == len(fitted.val_losses) <= TINY.epochs


def test_the_same_seed_gives_the_same_network_and_file(world, fitted, tmp_path):
    from datetime import date

    from jobs.audio.model_files import save

    again = learn(world)
    assert again.val_losses == fitted.val_losses
    monday = date(2026, 11, 23)
    assert save(again.model, tmp_path / "a", monday) == save(fitted.model, tmp_path / "b", monday)


def test_a_killed_training_goes_on_with_the_result_that_it_would_have_had(world, fitted, tmp_path):
    from jobs.audio.checkpoint import Progress

    class Killed(Exception):
        pass

    seen = []

    def killed(*losses):
        seen.append(losses)
        if len(seen) == 4:
            raise Killed

    progress = Progress(tmp_path / "training.npz", "monday")
    with pytest.raises(Killed):
        learn(world, on_epoch=killed, progress=progress)
    assert Progress(progress.path, "tuesday").load() is None
    resumed = learn(world, on_epoch=lambda *losses: seen.append(losses), progress=progress)
    assert len(seen) == len(fitted.val_losses), "no epoch was trained twice"
    assert resumed.val_losses == fitted.val_losses
    for mine, other in zip(resumed.model.get_weights(), fitted.model.get_weights(), strict=True):
        np.testing.assert_array_equal(mine, other)
    progress.path.write_bytes(b"half a file")
    assert progress.load() is None
    progress.clear()
    progress.clear()


def test_training_starts_from_the_weights_of_a_network_of_the_same_shape(world, fitted):
    one_epoch = TINY.model_copy(update={"epochs": 1})
    warm, cold = (learn(world, config=one_epoch, start=start) for start in (fitted.model, None))
    assert warm.val_losses[0] < cold.val_losses[0]
    other = learn(world, config=one_epoch, start=network(factors=4))
    assert other.val_losses == cold.val_losses


def test_a_saved_network_predicts_the_same_and_a_damaged_file_is_named(world, fitted, tmp_path):
    from datetime import date

    from jobs.audio.model_files import load, save
    from jobs.audio.training import predict

    version, path, sha256 = save(fitted.model, tmp_path, date(2026, 11, 23))
    assert [file.name for file in (tmp_path / "audio").iterdir()] == [f"{version}.keras"]
    track = [world[0]["t05"]]
    np.testing.assert_array_equal(predict(load(tmp_path, path, sha256), track), predict(fitted.model, track))
    data = bytearray((tmp_path / path).read_bytes())
    data[len(data) // 2] ^= 1
    (tmp_path / path).write_bytes(data)
    with pytest.raises(UserError, match=f"{version}.keras is damaged"):
        load(tmp_path, path, sha256)
    (tmp_path / path).unlink()
    with pytest.raises(UserError, match=f"{version}.keras: No such file"):
        load(tmp_path, path, sha256)


def test_in_sixteen_bits_it_learns_too_and_the_network_is_one_of_thirty_two(world):
    fitted = learn(world, config=TINY.model_copy(update={"epochs": 4}), precision="mixed_float16")
    assert fitted.val_losses[-1] < fitted.val_losses[0]
    assert {layer.compute_dtype for layer in fitted.model.layers} == {"float32"}


def test_the_favourites_of_a_filter_are_the_tracks_that_it_responds_to_most(world, fitted):
    from jobs.audio.listening import LAYER, most_exciting

    tracks = [world[0][f"t{n:02d}"] for n in range(24)]
    found = most_exciting(fitted.model, tracks, filters=3, count=4)
    assert 0 < len(found) <= 3
    from jobs.audio.backend import keras

    layer = keras.Model(fitted.model.inputs, fitted.model.get_layer(LAYER).output)
    for one in found:
        response = [np.asarray(layer(consecutive(t)))[..., one.filter].mean(axis=1).max() for t in tracks]
        assert one.tracks == np.argsort(-np.array(response), kind="stable")[:4].tolist()
        assert all(window.shape == (WINDOW_FRAMES, MEL_BANDS) for window in one.windows)


def test_neighbours_stay_neighbours_on_the_map():
    from jobs.audio.listening import on_a_map

    generator = np.random.default_rng(0)
    group = np.repeat([0, 1, 2], 10)
    places = on_a_map(np.eye(5)[group] + generator.normal(0, 0.05, (30, 5)), seed=1)
    distances = np.linalg.norm(places[:, None] - places[None], axis=2)
    np.fill_diagonal(distances, np.inf)
    assert (group[distances.argmin(axis=1)] == group).mean() > 0.9
