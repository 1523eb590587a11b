"""The steps on a real lake, with real files, Spark and a network."""

import json
import os
import subprocess
import sys
from datetime import date

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
import soundfile

from jobs.audio.__main__ import main
from jobs.cli import UserError
from jobs.lake import ALL
from jobs.settings import settings
from tests.audio.sounds import noise, tone, write

WEEK, NEXT_WEEK = date(2026, 11, 23), date(2026, 11, 30)


def signal_of(path):
    return soundfile.read(path, dtype="float32")[0]


def fill_catalogue(lake, paths):
    """One track a path, named after its file; the artist is the part of the name before the dash."""
    names = [os.path.basename(path).rsplit(".", 1)[0] for path in paths]
    artists = [name.split("-")[0] for name in names]
    lake.publish("artists", pd.DataFrame({"artist_id": sorted(set(artists)), "name": sorted(set(artists))}), ALL)
    tracks = pd.DataFrame({"track_id": names, "artist_id": artists, "title": names, "work_id": names, "path": paths})
    lake.publish("tracks", tracks, ALL)


def run(step, week=WEEK, **arguments):
    main(step=step, week=week, **arguments)


def files_by_state(lake):
    rows = lake.arrow("metrics", {"week": WEEK, "stage": "audio.spectrograms"}).to_pylist()
    return {row["dimension"][6:]: int(row["value"]) for row in rows if row["metric"] == "files"}


@pytest.mark.slow
def test_spectrograms_are_made_once_and_again_only_for_changed_bytes(lake, spark, tmp_path, caplog):
    paths = [write(tmp_path / f"a-{n}.wav", noise(2, seed=n)) for n in range(3)]
    paths += [str(tmp_path / "b-missing.wav"), str(tmp_path / "b-text.mp3")]
    (tmp_path / "b-text.mp3").write_text("no music")
    fill_catalogue(lake, paths)
    run("spectrograms")
    first = lake.pandas("spectrograms").set_index("track_id").sort_index()
    assert first["error"].notna().tolist() == [False, False, False, True, True]
    assert first.loc["a-0", "frames"] == 1 + 2 * 22_050 // 1024
    assert files_by_state(lake) == {"decoded": 3, "unchanged": 0, "gone": 0, "removed": 0}
    assert f"no spectrogram of {tmp_path}/b-missing.wav: no such file or directory" in caplog.text
    assert f"no spectrogram of {tmp_path}/b-text.mp3: not decodable" in caplog.text

    os.utime(paths[1], (1, 1))  # another time, the same bytes
    write(tmp_path / "a-2.wav", tone(3, 440))  # other bytes
    os.remove(paths[0])  # gone: what is known is kept
    run("spectrograms")
    second = lake.pandas("spectrograms").set_index("track_id")
    assert files_by_state(lake) == {"decoded": 1, "unchanged": 2, "gone": 1, "removed": 0}
    assert second.loc["a-1", "modified_ns"] == 10**9
    assert second.loc["a-1", "log_mel"] == first.loc["a-1", "log_mel"]
    assert second.loc["a-0", "log_mel"] == first.loc["a-0", "log_mel"]
    assert second.loc["a-2", "seconds"] == 3

    # Two of the same recording, one of them coded anew and softer, and one other.
    copy = write(tmp_path / "c-copy.flac", signal_of(paths[1]) / 4)
    fill_catalogue(lake, [*paths[1:], copy])
    run("spectrograms")
    run("recordings")
    found = lake.pandas("recordings").set_index("track_id")["recording_id"]
    assert found.to_dict() == {"a-1": "a-1", "c-copy": "a-1"}
    assert not lake.is_empty("fingerprints", {"track_id": "a-2"})

    # The same bytes under another track_id are not decoded again, even as the old track goes.
    moved = str(tmp_path / "d-moved.wav")
    os.rename(paths[1], moved)
    fill_catalogue(lake, [*paths[2:], moved])
    run("spectrograms")
    assert files_by_state(lake) == {"decoded": 0, "unchanged": 3, "gone": 0, "removed": 2}
    third = lake.pandas("spectrograms").set_index("track_id")
    assert sorted(third.index) == ["a-2", "b-missing", "b-text", "d-moved"]
    assert third.loc["d-moved", "log_mel"] == first.loc["a-1", "log_mel"]
    run("recordings")
    assert lake.is_empty("recordings")
    assert sorted(lake.pandas("fingerprints")["track_id"]) == ["a-2", "d-moved"]


@pytest.fixture
def small_network(monkeypatch):
    for name, value in {"FILTERS": 4, "DENSE_UNITS": 16, "MIN_TRACKS": 8, "EPOCHS": 8, "LEARNING_RATE": 0.01}.items():
        monkeypatch.setenv(f"DISCOVER_AUDIO_{name}", str(value))
    settings.cache_clear()


def publish_factors(lake, listeners=5, week=WEEK, swapped=False):
    ids = sorted(lake.arrow("tracks", columns=["track_id"])["track_id"].to_pylist())
    by_style = {"low": [0.0, 3.0], "high": [3.0, 0.0]}
    if swapped:
        by_style = {style: factors[::-1] for style, factors in by_style.items()}
    factors = [by_style[track_id.split("_")[0]] for track_id in ids]
    rows = {"track_id": ids, "factors": factors, "listeners": [0 if "new" in i else listeners for i in ids]}
    lake.publish("track_factors", pa.table(rows), {"week": week, "origin": "collaborative"})


@pytest.mark.slow
def test_tracks_that_nobody_has_heard_get_factors_near_those_of_their_sound(
    lake, spark, tmp_path, small_network, monkeypatch, capsys, caplog
):
    paths = []
    for style, hertz in (("low", 200), ("high", 4000)):
        for artist in range(3):
            for track in ("1", "2", "new"):
                signal = tone(4, hertz * (1 + artist / 10)) + noise(4, seed=artist) / 10
                paths.append(write(tmp_path / f"{style}_{artist}-{track}.wav", signal))
    fill_catalogue(lake, paths)
    publish_factors(lake)
    for step in ("spectrograms", "train", "embed"):
        run(step)
    rows = lake.pandas("track_factors", {"week": WEEK, "origin": "audio"}).set_index("track_id")
    assert len(rows) == 18
    assert set(rows["listeners"]) == {0}
    # as long as the factors it learned from
    np.testing.assert_allclose([np.linalg.norm(f) for f in rows["factors"]], 3, rtol=1e-5)
    for artist in range(3):
        assert rows["factors"][f"low_{artist}-new"] @ [0, 1] > rows["factors"][f"low_{artist}-new"] @ [1, 0]
        assert rows["factors"][f"high_{artist}-new"] @ [1, 0] > rows["factors"][f"high_{artist}-new"] @ [0, 1]
    metrics = lake.pandas("metrics", {"week": WEEK, "stage": "audio.train"})
    assert {"train_loss", "val_loss", "test_cosine"} <= set(metrics["metric"])
    assert set(metrics.loc[metrics["metric"] == "test_cosine", "dimension"]) == {
        "model=network",
        "model=ridge",
        "model=mean_vector",
    }

    # Nothing is new: nothing goes through the network again.
    run("embed")
    told = lake.pandas("metrics", {"week": WEEK, "stage": "audio.embed"}).set_index("metric")["value"]
    assert told.to_dict() == {"tracks": 18, "predicted": 0}
    assert rows.equals(lake.pandas("track_factors", {"week": WEEK, "origin": "audio"}).set_index("track_id"))

    run("pictures")
    folder = settings().home / "output" / str(WEEK) / "audio"
    index = json.loads((folder / "index.json").read_text())
    named = [picture["file"] for picture in index["pictures"]]
    assert sorted([*named, "index.json"]) == sorted(file.name for file in folder.iterdir())
    assert named[:2] == ["losses.svg", "map.svg"]
    assert sum(name.startswith("spectrogram-") for name in named) == 4
    assert index["filters"]
    assert len(index["losses"]["train"]) == 8

    # Next week the coordinates are the other way round and training goes wrong: the old network stays, turned.
    publish_factors(lake, week=NEXT_WEEK, swapped=True)
    monkeypatch.setenv("DISCOVER_AUDIO_LEARNING_RATE", "1000")
    settings.cache_clear()
    for step in ("train", "embed"):
        run(step, week=NEXT_WEEK)
    (used,) = lake.arrow("models", {"week": NEXT_WEEK}).to_pylist()
    assert used["trained_on"] == WEEK
    assert "stays in use: the new network is worse" in caplog.text
    turned = lake.pandas("track_factors", {"week": NEXT_WEEK, "origin": "audio"}).set_index("track_id")["factors"]
    for artist in range(3):
        assert turned[f"low_{artist}-new"] @ [1, 0] > turned[f"low_{artist}-new"] @ [0, 1]
        assert turned[f"high_{artist}-new"] @ [0, 1] > turned[f"high_{artist}-new"] @ [1, 0]

    with pytest.raises(UserError, match=f"no network 'none'; there are: {used['version']}"):
        run("rollback", version="none")
    lake.publish("models", [], {"week": WEEK, "kind": "audio"})
    run("rollback", version=used["version"])
    assert lake.arrow("models", {"week": WEEK}).to_pylist() == [used | {"week": WEEK}]
    capsys.readouterr()

    run("similar", track="LOW_1 - low_1-new", count=8)
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "sounds like low_1 - low_1-new:"
    assert len(lines) == 9
    assert all(line.split()[1].startswith("low_") for line in lines[1:])


def test_without_audio_or_factors_every_step_says_so_and_publishes_nothing(lake, caplog):
    lake.publish("artists", pd.DataFrame({"artist_id": ["low"], "name": ["low"]}), ALL)
    tracks = pd.DataFrame({"track_id": ["low_1"], "artist_id": "low", "title": "t", "work_id": "w", "path": None})
    lake.publish("tracks", tracks.astype({"path": object}), ALL)
    publish_factors(lake)
    for step in ("spectrograms", "recordings", "train", "embed", "pictures"):
        run(step)
    assert lake.is_empty("spectrograms")
    assert lake.is_empty("recordings")
    assert lake.is_empty("models")
    assert lake.is_empty("track_factors", {"week": WEEK, "origin": "audio"})
    assert "0 tracks of 0 artists have both a spectrogram and at least 3 listeners" in caplog.text
    assert "the week has no network" in caplog.text


def test_help_loads_nothing_heavy():
    code = (
        "import sys, jobs.audio.__main__ as m; m.arg_parser().format_help(); "
        "print([x for x in ('tensorflow', 'keras', 'librosa', 'pyspark', 'pandas', 'duckdb') if x in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
