"""Playlist files: what they say, and that nothing from data can break them."""

import os

from hypothesis import example, given
from hypothesis import strategies as st

from jobs.publish.entries import Entry, one_line
from jobs.publish.m3u import playlist

FOLDER = "/home/discover/output/2026-11-23/playlists"
HOSTILE = st.text() | st.sampled_from(["\n#EXTINF:1,x\n/etc/passwd", "a\r\nb", "\u2028/x", "\x1b[2J", "", "#EXTM3U"])


def entry(**changes):
    values = {"rank": 1, "artist": "Björk", "title": "Jóga", "reason": "Because so many play it",
              "duration_ms": 305_400, "path": "/home/music/Björk/Jóga.flac"}  # fmt: skip
    return Entry(**(values | changes))


def test_a_playlist_reads_as_the_format_says():
    entries = [entry(), entry(rank=2, title="Unravel", path=None), entry(rank=3, title="Immature", duration_ms=None)]
    assert playlist("Discover Weekly 2026-11-23", entries, FOLDER) == (
        "#EXTM3U\n"
        "#PLAYLIST:Discover Weekly 2026-11-23\n"
        "\n"
        "# 1. Because so many play it\n"
        "#EXTINF:305,Björk - Jóga\n"
        "../../../../music/Björk/Jóga.flac\n"
        "\n"
        "# 2. Because so many play it\n"
        "# Björk - Unravel (no audio file)\n"
        "\n"
        "# 3. Because so many play it\n"
        "#EXTINF:-1,Björk - Immature\n"
        "../../../../music/Björk/Jóga.flac\n"
    )


def test_an_empty_list_is_a_valid_playlist():
    assert playlist("x", [], FOLDER) == "#EXTM3U\n#PLAYLIST:x\n"


def test_a_path_that_looks_like_a_comment_is_none():
    assert playlist("x", [entry(path=f"{FOLDER}/#1.flac")], FOLDER).splitlines()[-1] == "./#1.flac"


def test_a_file_whose_name_breaks_a_line_is_left_out_and_said_so():
    lines = playlist("x", [entry(path="/music/a\nb.flac")], FOLDER).splitlines()
    assert [line for line in lines if not line.startswith("#") and line] == []
    assert "characters that a playlist cannot hold" in lines[-1]


@given(artist=HOSTILE, title=HOSTILE, reason=HOSTILE, name=HOSTILE)
@example(artist="a\n/etc/passwd", title="\n", reason="\n../x", name="\x85")
def test_whatever_the_titles_hold_the_only_lines_that_players_open_are_the_paths(artist, title, reason, name):
    text = playlist(name, [entry(artist=artist, title=title, reason=reason)] * 2, FOLDER)
    opened = [line for line in text.splitlines() if line and not line.startswith("#")]
    assert [os.path.normpath(os.path.join(FOLDER, line)) for line in opened] == ["/home/music/Björk/Jóga.flac"] * 2
    assert len(text.splitlines()) == 10


@given(HOSTILE)
def test_one_line_has_no_break_and_no_control_character(text):
    assert len(one_line(text).splitlines()) <= 1
    assert not any(ord(character) < 32 or 127 <= ord(character) < 160 for character in one_line(text))
