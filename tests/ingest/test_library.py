"""A folder of music: the same identifiers each time, whatever moves."""

import json
import os
import shutil
from pathlib import Path, PurePath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs.cli import UserError
from jobs.ingest.library import audio_files, catalogue, identify, load_library
from jobs.ingest.tags import Artist, song_of
from tests.ingest.test_tags import ARTIST, GUEST, RECORDING, audio, tag_vorbis


@pytest.fixture
def music(tmp_path):
    """A tagged file, the same recording twice, an untagged one, one that is no audio, and things to leave alone."""
    root = tmp_path / "music"
    tag_vorbis(audio(root / "a" / "one.flac"), artist="Air", title="One", album="X")
    tag_vorbis(audio(root / "b" / "two.ogg"), artist="Air", title="Two", musicbrainz_trackid=RECORDING)
    tag_vorbis(audio(root / "c" / "copy.flac"), artist="Air", title="Two", musicbrainz_trackid=RECORDING)
    audio(root / "Beck" / "Odelay" / "02 Hotwax.wav")
    (root / "bad.mp3").write_bytes(b"no music")
    (root / "cover.jpg").write_bytes(b"picture")
    (root / "._one.flac").write_bytes(b"resource fork")
    (root / "a" / "loop").symlink_to(root)
    return root


def test_a_library_read_twice_is_the_same_and_a_moved_file_keeps_its_track(lake, music):
    load_library(lake, music, strict=False)
    tracks = {row["title"]: row for row in lake.arrow("tracks").to_pylist()}
    assert set(tracks) == {"One", "Two", "Hotwax"}
    assert sorted(lake.arrow("artists")["name"].to_pylist()) == ["Air", "Beck"]
    assert tracks["Two"]["track_id"] == RECORDING
    assert tracks["Two"]["path"] == str(music / "b" / "two.ogg")  # the first of the copies
    assert tracks["Hotwax"]["album"] == "Odelay"
    (reject,) = (lake.config.home / "rejects").glob("library.*")
    (entry,) = map(json.loads, reject.open())
    assert entry["file"] == str(music / "bad.mp3")

    load_library(lake, music, strict=False)
    assert len(lake.snapshots("tracks")) == 1

    (music / "a" / "one.flac").rename(music / "moved.flac")
    (music / "Beck" / "Odelay" / "02 Hotwax.wav").unlink()
    load_library(lake, music, strict=False)
    later = {row["title"]: row for row in lake.arrow("tracks").to_pylist()}
    assert later["One"] == tracks["One"] | {"path": str(music / "moved.flac")}
    assert later["Hotwax"] == tracks["Hotwax"] | {"path": None}


def test_strict_stops_at_an_unreadable_file(lake, music):
    with pytest.raises(UserError, match=r"bad\.mp3: .*--strict"):
        load_library(lake, music, strict=True)
    assert lake.is_empty("tracks")


def test_a_folder_that_is_not_there_is_an_error(lake, tmp_path):
    with pytest.raises(UserError, match="not a folder"):
        load_library(lake, tmp_path / "nowhere", strict=False)


def test_only_audio_files_are_found_and_no_folder_twice(music):
    found = [path.relative_to(music).as_posix() for path in audio_files(music)]
    assert found == ["bad.mp3", "Beck/Odelay/02 Hotwax.wav", "a/one.flac", "b/two.ogg", "c/copy.flac"]


@pytest.mark.skipif(os.name != "posix", reason="file names are bytes on POSIX only")
def test_a_file_name_that_is_not_utf8_is_set_aside(lake, tmp_path):
    root = tmp_path / "music"
    good = audio(root / "Air - One.flac")
    shutil.copy(good, os.fsencode(root) + b"/\xff.flac")
    load_library(lake, root, strict=False)
    assert lake.arrow("tracks")["title"].to_pylist() == ["One"]
    (reject,) = (lake.config.home / "rejects").glob("library.*")
    assert "not UTF-8" in reject.read_text()


def rows(*artists):
    return [{"artist_id": i, "name": name, "mbid": mbid} for i, name, mbid in artists]


def test_a_known_artist_keeps_the_identifier_by_name_or_by_mbid():
    known = rows(("1", "Air", None), ("2", "Beck", ARTIST))
    found = identify([Artist("AIR"), Artist("Beck Hansen", ARTIST), Artist("Cake")], known)
    assert found[Artist("AIR")] == "1"
    assert found[Artist("Beck Hansen", ARTIST)] == "2"
    assert found[Artist("Cake")] not in ("1", "2")


def test_spellings_and_files_without_mbid_are_one_artist():
    found = identify([Artist("Röyksopp"), Artist("Royksopp", ARTIST)], [])
    assert set(found.values()) == {ARTIST}


def test_two_artists_of_one_name_stay_two():
    found = identify([Artist("Nirvana", ARTIST), Artist("Nirvana", GUEST), Artist("Nirvana")], [])
    assert found[Artist("Nirvana", ARTIST)] == ARTIST
    assert found[Artist("Nirvana", GUEST)] == GUEST
    assert found[Artist("Nirvana")] not in (ARTIST, GUEST)  # nobody can say which


artists = st.builds(Artist, st.sampled_from(["A", "a", "B", "C"]), st.sampled_from([None, ARTIST, GUEST]))
known_rows = st.lists(
    st.tuples(st.sampled_from("123"), st.sampled_from("ABC"), st.sampled_from([None, ARTIST, RECORDING])),
    max_size=3,
    unique_by=(lambda r: r[0], lambda r: r[2] or r[0]),
)


@given(st.lists(artists, min_size=1, max_size=5), known_rows)
def test_identifying_again_with_what_was_stored_changes_nothing(found, known):
    known = rows(*known)
    songs = {
        (Path(f"/m/{i}"), PurePath(f"{i}")): song_of(
            {"artist": [a.name], "title": [f"T{i}"]} | ({"artist_mbids": [a.mbid]} if a.mbid else {}), PurePath(f"{i}")
        )
        for i, a in enumerate(found)
    }
    first = catalogue(songs, known)
    stored = {row["artist_id"]: row for row in [*known, *first[0].to_pylist()]}
    second = catalogue(songs, list(stored.values()))
    assert second[1] == first[1]
    assert {row["artist_id"]: row for row in second[0].to_pylist()}.items() <= stored.items()
