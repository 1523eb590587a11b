import os

import pandas as pd

from jobs.audio.isolation import Died
from jobs.audio.library import UNTOUCHED, plan, prefixes, read_file, recipe, spectrogram
from jobs.settings import AudioSettings
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
    assert found.changed["track_id"].tolist() == ["grown", "later", "moved", "could_not_be_read", "other_recipe"]
    assert (found.unchanged, found.gone, found.removed) == (3, 1, ["not_in_the_catalogue"])


def test_a_content_is_known_by_one_row_with_a_spectrogram_of_this_recipe(tmp_path):
    path = write(tmp_path / "a.wav", noise(2))
    known = [
        known_of("a", path, audio_sha256="corrupt", error="not decodable"),
        known_of("b", path, audio_sha256="old", recipe="rate=8000"),
        known_of("c", path, audio_sha256="good"),
        known_of("d", path, audio_sha256="good"),
    ]
    assert planned([("c", path)], known).holders.to_dict() == {"good": "c"}


def test_an_empty_catalogue_and_an_empty_table_are_no_trouble():
    found = planned([], [])
    assert (len(found.new), len(found.changed), found.removed) == (0, 0, [])


def row_of(path, known=(), decoder=spectrogram, **settings):
    config = AudioSettings(**settings)
    return read_file(track_id="t", path=path, config=config, known=prefixes(known), spectrogram=decoder)


def never(*arguments):
    raise AssertionError("decoded")


def test_the_same_bytes_are_not_decoded_again(tmp_path):
    path = write(tmp_path / "a.wav", noise(2))
    first = row_of(path)
    assert first["error"] is None
    assert len(first["log_mel"]) == first["frames"] * first["bands"]
    digest = first["audio_sha256"]
    again = row_of(path, known=[f"{n:016x}" for n in range(9)] + [digest], decoder=never)
    assert again == first | {"error": UNTOUCHED} | dict.fromkeys(["seconds", "frames", "bands", "log_mel"])
    other = f"{int(digest[:16], 16) ^ 1:016x}"
    assert row_of(path, known=[other]) == first


def test_a_file_that_is_too_large_is_not_read(tmp_path):
    path = tmp_path / "huge.wav"
    with path.open("wb") as file:
        file.truncate(10 * 10**9)  # sparse
    assert row_of(str(path), decoder=never)["error"] == "too large: 10.0 GB, at most 8 GB are read"


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
