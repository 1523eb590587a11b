"""A world on disk: plain files that keep the contracts, whole or not at all."""

import hashlib
import json
import shutil

import pandas as pd
import pytest
import soundfile
from mutagen.flac import FLAC

from jobs.sample import world as module
from jobs.sample.options import Options
from jobs.sample.world import TRUTH, ingest, make
from tests.sample.conftest import TINY


def digests(folder):
    return {
        str(file.relative_to(folder)): hashlib.sha256(file.read_bytes()).hexdigest()
        for file in sorted(folder.rglob("*"))
        if file.is_file()
    }


def test_the_same_options_make_the_same_files(tiny, tmp_path):
    assert make(TINY, tmp_path / "again")
    assert digests(tmp_path / "again") == digests(tiny.folder)


def test_a_world_that_is_there_is_kept(tiny):
    before = digests(tiny.folder)
    assert not make(Options(TINY.week, seed=99), tiny.folder)
    assert digests(tiny.folder) == before


def test_a_world_that_fails_half_way_leaves_nothing_that_looks_like_one(tmp_path, monkeypatch):
    least = Options(TINY.week, 5, 4, 10, 1, weeks=2, audio_seconds=(1.0, 1.0))
    with monkeypatch.context() as patch:
        patch.setattr(module, "write_truth", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            make(least, tmp_path / "sample")
    assert not (tmp_path / "sample").exists()
    (tmp_path / "sample.unfinished").mkdir(exist_ok=True)
    (tmp_path / "sample.unfinished" / "listens-2026-01-05.csv").write_text("left by the failed one")
    assert make(least, tmp_path / "sample")
    assert not list((tmp_path / "sample").glob("listens-*"))


def test_every_track_has_a_file_of_its_length_with_its_tags(tiny):
    rows = pd.read_csv(tiny.folder / "tracks.csv")
    names = pd.read_csv(tiny.folder / "artists.csv", index_col="artist_id").name
    assert rows.path.is_unique
    for row in rows.itertuples():
        audio = soundfile.info(tiny.folder / row.path)
        assert (audio.samplerate, audio.channels, audio.subtype) == (22_050, 1, "PCM_16")
        assert abs(1000 * audio.frames / audio.samplerate - row.duration_ms) <= 1
        tags = FLAC(tiny.folder / row.path)
        assert (tags["title"], tags["artist"]) == ([row.title], [names[row.artist_id]])
        assert not {"genre", "style", "mood"} & {key for key, _ in tags.tags}


@pytest.fixture
def moved(tiny, tmp_path):
    """The tiny world in another place: what is imported does not depend on where it was made."""
    return shutil.copytree(tiny.folder, tmp_path / "elsewhere")


def test_everything_is_imported_and_a_second_time_adds_nothing(moved, lake):
    ingest(moved)
    files = {"artists": 12, "tracks": 60, "sources": 8}
    counts = {name: len(lake.arrow(name)) for name in (*files, "listens", "playlists", "exclusions")}
    assert {name: counts[name] for name in files} == files
    assert counts["listens"] == len(pd.read_csv(moved / "listens.csv"))
    assert not list((lake.config.home / "rejects").glob("*"))
    the_lake_knows_works_guests_and_audio(lake, moved)
    snapshots = {name: len(lake.snapshots(name)) for name in counts}
    ingest(moved)
    assert {name: len(lake.arrow(name)) for name in counts} == counts
    assert {name: len(lake.snapshots(name)) for name in counts} == snapshots


def the_lake_knows_works_guests_and_audio(lake, folder):
    rows = lake.pandas("tracks").set_index("track_id")
    truth = json.loads((folder / TRUTH).read_text())["tracks"]
    songs = {track: told["song"] for track, told in truth.items()}
    assert len(set(rows.work_id)) == len(set(songs.values()))
    assert len({(songs[track], work) for track, work in rows.work_id.items()}) == len(set(songs.values()))
    assert rows.path.str.startswith(str(folder)).all()
    assert all(soundfile.info(path).frames for path in rows.path)
    assert rows.featured_artist_ids.notna().any()


def test_options_survive_on_disk(tiny):
    assert Options.read(tiny.folder) == TINY
