"""Artists and tracks: the sizes asked for, names as varied as real ones, and nothing planted in the identifiers."""

from collections import Counter
from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jobs.cli import UserError
from jobs.ingest.works import work_id
from jobs.sample.catalogue import catalogue
from jobs.sample.names import artist_names
from jobs.sample.options import Options
from jobs.sample.styles import STYLES

FULL = Options(date(2026, 11, 23))


@pytest.fixture(scope="module")
def full():
    return catalogue(FULL)


def test_the_default_world_has_the_sizes_that_it_promises(full):
    assert (len(full.artists), len(full.tracks), int(full.is_new.sum())) == (100, 500, 40)
    styles = Counter(artist.style for artist in full.artists)
    assert set(styles) == set(range(len(STYLES)))
    assert max(styles.values()) - min(styles.values()) <= 1


def test_new_releases_come_out_in_the_two_weeks_before_and_nothing_later(full):
    for track in full.tracks:
        if track.is_new:
            assert FULL.week - timedelta(days=14) <= track.released_at < FULL.week
        elif track.released_at:
            assert track.released_at < FULL.week - timedelta(days=14)


def test_some_artists_have_new_releases_only(full):
    newcomers = [n for n, artist in enumerate(full.artists) if artist.is_new]
    assert newcomers
    for newcomer in newcomers:
        assert full.is_new[full.artist == newcomer].all()
        assert (full.artist == newcomer).any()


def test_some_tracks_come_out_while_the_history_runs(full):
    within = (full.released_day >= -7 * FULL.weeks) & ~full.is_new
    assert 0.05 < within.mean() < 0.3


def test_versions_of_a_song_share_the_work_that_import_finds_and_nothing_else_does(full):
    songs = [(full.artists[t.artist].artist_id, t.song) for t in full.tracks]
    works = [work_id(full.artists[t.artist].artist_id, t.title) for t in full.tracks]
    assert len(set(songs)) == len(set(works)) == len(set(zip(songs, works, strict=True)))
    assert len(set(songs)) < len(full.tracks)


def test_guests_are_not_the_main_artist_and_some_titles_name_them(full):
    with_guests = [t for t in full.tracks if t.featured]
    assert len(with_guests) >= 5
    assert all(t.artist not in t.featured for t in with_guests)
    assert any("(feat. " in t.title for t in with_guests)


def test_identifiers_tell_nothing_of_the_styles(full):
    numbers = np.arange(len(full.tracks))
    for style in range(len(STYLES)):
        # The mean of k of 500 numbers in random order has a standard deviation of 144 / sqrt(k).
        mine = numbers[full.main_style == style]
        assert abs(mine.mean() - numbers.mean()) < 4.5 * 144 / np.sqrt(len(mine))


@given(st.integers(4, 300), st.integers(0, 2**32))
@settings(max_examples=40)
def test_artists_never_share_a_name_and_some_names_are_hard(n, seed):
    names = artist_names(n, np.random.default_rng(seed))
    assert len({name.casefold() for name in names}) == n
    assert any(not name.isascii() for name in names)
    assert sum(name.startswith("The ") or " & " in name for name in names) >= 1


@given(
    st.integers(5, 60), st.integers(4, 30), st.integers(0, 60), st.integers(0, 1000), st.integers(1, 30),
)  # fmt: skip
@settings(max_examples=40)
def test_any_sizes_that_are_allowed_make_a_catalogue(listeners, artists, new, seed, weeks):
    tracks = 2 * artists + 2 * new
    options = Options(FULL.week, listeners, artists, tracks, new, weeks, seed=seed)
    options.check()
    made = catalogue(options)
    assert (len(made.tracks), int(made.is_new.sum())) == (tracks, new)
    assert len({t.track_id for t in made.tracks}) == tracks


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"tracks": 100}, "--tracks"),
        ({"new_releases": 300}, "--new-releases"),
        ({"listeners": 0}, "--listeners"),
        ({"audio_seconds": (5.0, 2.0)}, "--audio-seconds"),
        ({"port": 70_000}, "--port"),
    ],
)
def test_sizes_that_make_no_world_are_named(change, named):
    with pytest.raises(UserError, match=named):
        replace(FULL, **change).check()


def test_the_same_seed_gives_the_same_catalogue_and_another_one_another():
    assert catalogue(FULL).tracks == catalogue(FULL).tracks
    assert catalogue(replace(FULL, seed=1)).tracks != catalogue(FULL).tracks
