import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs.ingest.names import digest, fold, split_featured
from jobs.ingest.works import work_id, work_title


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Motörhead", "MOTORHEAD"),
        ("Sigur Rós", "sigur ros"),
        ("Beyoncé", unicodedata.normalize("NFD", "Beyoncé")),
        ("Røyksopp", "Royksopp"),
        ("Guns N’ Roses", "Guns N' Roses"),
        ("Simon & Garfunkel", "Simon and Garfunkel"),
        ("Ｐｅｒｆｕｍｅ", "Perfume"),
        ("AC/DC", "AC DC"),
    ],
)
def test_spellings_of_one_name_fold_to_the_same(one, other):
    assert fold(one) == fold(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [("か", "が"), ("कि", "का"), ("!!!", "???"), ("Air", "Airs"), ("÷", "×"), ("한", "하")],
)
def test_different_names_stay_different_in_any_script(one, other):
    assert fold(one) != fold(other)


@given(st.text(min_size=1).filter(str.strip))
def test_folding_twice_is_folding_once_and_leaves_something(name):
    assert fold(name)
    assert fold(fold(name)) == fold(name)


def test_featured_artists_are_found_in_brackets_and_behind_the_name():
    assert split_featured("Song (feat. A, B & C)") == ("Song", ["A", "B", "C"])
    assert split_featured("Song ft. A - Remix") == ("Song - Remix", ["A"])
    assert split_featured("Left Behind") == ("Left Behind", [])  # "ft" within a word is none
    assert split_featured("Ft. Worth Blues") == ("Ft. Worth Blues", [])  # nor at the beginning


SAME_SONG = [
    "Heroes",
    "Heroes (Remastered 2011)",
    "Heroes - 2017 Remaster",
    "Heroes - Remastered",
    "HEROES [2009 Digital Remaster]",
    "Heroes - Live",
    "Heroes (Live at Wembley, 1986)",
    "Heroes (Single Version)",
    "Heroes - Radio Edit",
    "Heroes (feat. Brian Eno)",
    "Heroes feat. Brian Eno - Live",
    "Heroes (Live) [Remastered 2005]",
    "Héroes",
    "Heroes!",
    "Heroes (Acoustic)",
    "Heroes - Mono",
    "Heroes (Demo 2)",
]


@pytest.mark.parametrize("title", SAME_SONG)
def test_versions_of_one_song_share_its_work(title):
    assert work_id("bowie", title) == work_id("bowie", "Heroes")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Song, Pt. 1", "Song, Pt. 2"),
        ("Song (Part 1)", "Song (Part 2)"),
        ("Live and Let Die", "Let Die"),
        ("Live Forever", "Forever"),
        ("Take Five", "Five"),
        ("(I Can't Get No) Satisfaction", "Satisfaction"),
        ("Song (Live and Let Die)", "Song"),  # "live" as a word of the title
        ("Stereo Love", "Love"),
        ("One - Two", "One"),
        ("が", "か"),
    ],
)
def test_different_songs_keep_different_works(one, other):
    assert work_id("a", one) != work_id("a", other)


def test_a_title_that_is_all_version_keeps_its_words():
    assert work_title("Live") == "live"
    assert work_title("(Demo)") == "demo"
    assert work_title("feat. X") == "feat x"


def test_the_same_title_by_another_artist_is_another_work():
    assert work_id("a", "Heroes") != work_id("b", "Heroes")


@given(st.text(min_size=1).filter(str.strip))
def test_every_title_has_a_work_title_and_a_version_of_it_shares_it(title):
    assert work_title(title)
    plain = "".join(c for c in title if c.isalnum()) or "x"
    assert work_title(f"{plain} (Remastered 2011)") == work_title(plain)
    assert work_title(f"{plain} - Live at the Apollo") == work_title(plain)


def test_a_digest_depends_on_where_the_parts_are_divided():
    assert digest("ab", "c") != digest("a", "bc")
