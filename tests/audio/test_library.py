import os

import pandas as pd

from jobs.audio.isolation import Died
from jobs.audio.library import UNTOUCHED, plan, read_file, recipe, spectrogram
from tests.audio.sounds import noise, write

RECIPE = recipe(90, 1)
COLUMNS = ["track_id", "path", "size_bytes", "modified_ns", "audio_sha256", "recipe", "error"]


def known_of(track_id, file, **changed):
    status = os.stat(file)
    row = dict(zip(COLUMNS, [track_id, file, status.st_size, status.st_mtime_ns, "5ha", RECIPE, None], strict=True))
    return row | changed


def planned(tracks, known):
    tracks = pd.DataFrame(tracks, columns=["track_id", "path"])
    return plan(tracks, pd.DataFrame(known, columns=COLUMNS), RECIPE)


def test_only_new_and_changed_files_are_read(tmp_path):
    path = write(tmp_path / "a.wav", noise(2))
    gone = str(tmp_path / "gone.wav")
    known = [
        known_of("same", path),
        known_of("grown", path, size_bytes=1),
        known_of("later", path, modified_ns=1),
        known_of("moved", path, path="/elsewhere.wav"),
        known_of("corrupt", path, error="not decodable"),
        known_of("could_not_be_read", path, audio_sha256=None, error="permission denied"),
        known_of("other_recipe", path, recipe="rate=8000"),
        known_of("disk_not_mounted", path, path=gone),
        known_of("still_missing", path, path=gone, audio_sha256=None, error="no such file or directory"),
        known_of("not_in_the_catalogue", path),
    ]
    names = [row["track_id"] for row in known[:-1]]
    tracks = [
        (name, gone if name in ("disk_not_mounted", "still_missing") else path)
        for name in [*names, "new", "new_and_missing"]
    ]
    found = planned(tracks, known)
    assert found.new["track_id"].tolist() == ["new", "new_and_missing"]
    # the known hash is passed on where the spectrogram would be the same for the same bytes
    assert dict(zip(found.changed["track_id"], found.changed["known_sha256"], strict=True)) == {
        "grown": "5ha",
        "later": "5ha",
        "moved": "5ha",
        "could_not_be_read": None,
        "other_recipe": None,
    }
    assert (found.unchanged, found.gone, found.removed) == (3, 1, ["not_in_the_catalogue"])


def test_an_empty_catalogue_and_an_empty_table_are_no_trouble():
    found = planned([], [])
    assert (len(found.new), len(found.changed), found.removed) == (0, 0, [])


def row_of(path, known_sha256=None, decoder=spectrogram):
    return read_file(
        track_id="t", path=path, known_sha256=known_sha256, max_seconds=90, stretches=1, spectrogram=decoder
    )


def test_the_same_bytes_are_not_decoded_again(tmp_path):
    path = write(tmp_path / "a.wav", noise(2))
    first = row_of(path)
    assert first["error"] is None
    assert len(first["log_mel"]) == first["frames"] * first["bands"]

    def never(*arguments):
        raise AssertionError("decoded")

    again = row_of(path, known_sha256=first["audio_sha256"], decoder=never)
    assert again == first | {"error": UNTOUCHED} | dict.fromkeys(["seconds", "frames", "bands", "log_mel"])


def test_a_file_without_permission_is_named(tmp_path, monkeypatch):
    path = write(tmp_path / "locked.wav", noise(2))

    def denied(*arguments):  # the tests may run as root, whom nothing is denied
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "open", denied)
    row = row_of(path)
    assert (row["error"], row["audio_sha256"], row["log_mel"]) == ("permission denied", None, None)


def test_a_file_that_kills_the_decoder_is_named_and_tried_again(tmp_path):
    def dies(*arguments):
        raise Died("the decoder crashed: signal 11")

    row = row_of(write(tmp_path / "evil.wav", noise(2)), decoder=dies)
    # without a hash the file counts as not read yet
    assert (row["error"], row["audio_sha256"]) == ("the decoder crashed: signal 11", None)
