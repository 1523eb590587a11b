"""What a file says about itself, in every dialect of tags, and from its place where it says nothing."""

from datetime import date
from pathlib import PurePath

import numpy as np
import pytest
import soundfile

from jobs.ingest.tags import UNKNOWN_ARTIST, Artist, Unreadable, _facts, names_of_place, read_song, song_of

SAMPLE_RATE = 22_050
RECORDING = "0b0194db-4b2a-81ef-9f1e-5c61d81f11b3"
ARTIST, GUEST = "1ce9486b-b027-aa94-256e-897e113a3b6a", "39442971-3b0d-c7fe-5276-730d983e7d5a"
PLACE = PurePath("Folder Artist/Folder Album/07 Folder Title.flac")


def audio(path, seconds=0.5):
    """A real audio file of the format of its name, with a quiet tone."""
    path.parent.mkdir(parents=True, exist_ok=True)
    tone = 0.1 * np.sin(np.arange(int(seconds * SAMPLE_RATE)) / 20).astype(np.float32)
    options = {"format": "OGG", "subtype": "OPUS"} if path.suffix == ".opus" else {}
    soundfile.write(path, tone, 48_000 if options else SAMPLE_RATE, **options)
    return path


def tag_vorbis(path, **tags):
    import mutagen

    file = mutagen.File(path)
    for key, value in tags.items():
        file[key] = value
    file.save()


def tag_id3(path):
    import mutagen
    from mutagen import id3

    file = mutagen.File(path)
    if file.tags is None:
        file.add_tags()
    file.tags.add(id3.TPE1(encoding=3, text=["Air feat. Beth Hirsch"]))
    file.tags.add(id3.TIT2(encoding=3, text=["All I Need"]))
    file.tags.add(id3.TALB(encoding=3, text=["Moon Safari"]))
    file.tags.add(id3.TDRC(encoding=3, text=["1998-01-16"]))
    file.tags.add(id3.TSRC(encoding=3, text=["FR-AAA-98-00001"]))
    file.tags.add(id3.UFID(owner="http://musicbrainz.org", data=RECORDING.encode()))
    file.tags.add(id3.TXXX(encoding=3, desc="MusicBrainz Artist Id", text=[ARTIST, GUEST]))
    file.save()


VORBIS_TAGS = {
    "artist": "Air feat. Beth Hirsch",
    "title": "All I Need",
    "album": "Moon Safari",
    "date": "1998-01-16",
    "isrc": "FRAAA9800001",
    "musicbrainz_trackid": RECORDING,
    "musicbrainz_artistid": [ARTIST, GUEST],
}


@pytest.mark.parametrize("suffix", [".flac", ".ogg", ".opus", ".mp3", ".wav", ".aiff"])
def test_every_format_says_the_same(tmp_path, suffix):
    path = audio(tmp_path / f"x{suffix}")
    if suffix in (".mp3", ".wav", ".aiff"):
        tag_id3(path)
    else:
        tag_vorbis(path, **VORBIS_TAGS)
    song = read_song(path, PLACE)
    assert song.artist == Artist("Air", ARTIST)
    assert song.featured == (Artist("Beth Hirsch", GUEST),)
    assert (song.title, song.album, song.released_at) == ("All I Need", "Moon Safari", date(1998, 1, 16))
    assert (song.isrc, song.mbid, song.tagged) == ("FRAAA9800001", RECORDING, True)
    # 0.5 s; MP3 pads to whole frames, Opus was written with 22,050 Hz worth of samples at 48 kHz
    assert song.duration_ms == pytest.approx(230 if suffix == ".opus" else 500, abs=80)


def test_mp4_atoms_say_the_same():
    from mutagen.mp4 import MP4FreeForm, MP4Tags

    tags = MP4Tags()
    tags["\xa9ART"], tags["\xa9nam"], tags["\xa9day"] = ["Air"], ["All I Need"], ["1998"]
    tags["----:com.apple.iTunes:MusicBrainz Artist Id"] = [MP4FreeForm(ARTIST.encode())]
    song = song_of(_facts(tags), PLACE)
    assert (song.artist, song.title, song.released_at) == (Artist("Air", ARTIST), "All I Need", date(1998, 1, 1))


def test_a_file_without_tags_is_named_by_its_place(tmp_path):
    song = read_song(audio(tmp_path / "x.flac"), PLACE)
    assert (song.artist.name, song.album, song.title) == ("Folder Artist", "Folder Album", "Folder Title")
    assert not song.tagged


@pytest.mark.parametrize(
    ("place", "names"),
    [
        ("Air/Moon Safari/01 Sexy Boy.mp3", ("Air", "Moon Safari", "Sexy Boy")),
        ("Music/Air/Moon Safari/1-02. Sexy_Boy.mp3", ("Air", "Moon Safari", "Sexy Boy")),
        ("Air/Sexy Boy.mp3", ("Air", None, "Sexy Boy")),
        ("Singles/Air - Sexy Boy.mp3", ("Air", "Singles", "Sexy Boy")),
        ("03 - Air - Sexy Boy.mp3", ("Air", None, "Sexy Boy")),
        ("Sexy Boy.mp3", (UNKNOWN_ARTIST, None, "Sexy Boy")),
        ("Air/Moon Safari/07.mp3", ("Air", "Moon Safari", "07")),
    ],
)
def test_places_give_artist_album_and_title(place, names):
    assert names_of_place(PurePath(place)) == names


def test_tags_win_over_the_place_and_the_album_of_a_tagged_file_is_never_its_folder():
    song = song_of({"artist": ["Air"], "title": ["Sexy Boy"]}, PLACE)
    assert (song.artist.name, song.album, song.title) == ("Air", None, "Sexy Boy")


def test_identifiers_that_cannot_be_told_apart_are_left_out():
    song = song_of({"artist": ["Air & Beth"], "title": ["S"], "artist_mbids": [ARTIST, GUEST]}, PLACE)
    assert song.artist == Artist("Air & Beth", None)
    listed = {"artist": ["Air & Beth"], "artists": ["Air", "Beth"], "title": ["S"], "artist_mbids": [ARTIST, GUEST]}
    song = song_of(listed, PLACE)
    assert (song.artist, song.featured) == (Artist("Air", ARTIST), (Artist("Beth", GUEST),))


def test_featured_artists_of_the_title_count_and_the_title_stays_as_it_is():
    song = song_of({"artist": ["Beyoncé"], "title": ["Crazy in Love (feat. Jay-Z)"]}, PLACE)
    assert song.title == "Crazy in Love (feat. Jay-Z)"
    assert song.featured == (Artist("Jay-Z"),)


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2011", date(2011, 1, 1)),
        ("2011-05", date(2011, 5, 1)),
        ("2011-05-03T10:00", date(2011, 5, 3)),
        ("2011-13-01", None),
        ("0000", None),
        ("unknown", None),
    ],
)
def test_dates_may_be_of_a_year_or_a_month(text, day):
    assert song_of({"title": ["S"], "date": [text]}, PLACE).released_at == day


@pytest.mark.parametrize("content", [b"", b"RIFF", b"fLaC\x00\x00", b"<html>" * 100, bytes(range(256)) * 10])
@pytest.mark.parametrize("suffix", [".mp3", ".flac", ".ogg", ".m4a", ".wav"])
def test_what_is_no_audio_is_unreadable_and_says_why(tmp_path, content, suffix):
    path = tmp_path / f"x{suffix}"
    path.write_bytes(content)
    with pytest.raises(Unreadable, match=r"\w"):
        read_song(path, PLACE)
