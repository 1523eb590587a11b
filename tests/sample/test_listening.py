"""Listening: what the history of a small music service looks like."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd
import pytest

from jobs.sample.catalogue import catalogue
from jobs.sample.listeners import listeners
from jobs.sample.listening import HEARD_SHARE, World, history
from jobs.sample.options import Options
from jobs.sample.playlists import exclusions, playlists
from tests.sample.conftest import TINY

MIDDLE = Options(TINY.week, 120, 40, 240, 20, weeks=8, seed=1)


@pytest.fixture(scope="module")
def world():
    return World.of(catalogue(MIDDLE), listeners(MIDDLE))


@pytest.fixture(scope="module")
def listens(world) -> pd.DataFrame:
    return history(world, MIDDLE.weeks, MIDDLE.random("history")).to_pandas()


def test_the_history_ends_where_the_week_begins(listens):
    end = datetime(2026, 11, 16, tzinfo=UTC)
    assert end - timedelta(weeks=MIDDLE.weeks) <= listens.listened_at.min()
    assert end - timedelta(days=1) < listens.listened_at.max() < end
    assert listens.listened_at.is_monotonic_increasing


def test_nobody_plays_two_tracks_at_once(listens):
    ordered = listens.sort_values(["user_id", "listened_at"])
    ends = ordered.listened_at + pd.to_timedelta(ordered.ms_played, unit="ms")
    same = ordered.user_id.eq(ordered.user_id.shift(-1))
    # A week's last session may run into the next week's first one.
    assert (ends[same] > ordered.listened_at.shift(-1)[same]).mean() < 0.001
    assert not listens.duplicated(["user_id", "listened_at", "track_id"]).any()


def test_new_releases_are_heard_by_nobody_and_nothing_before_its_release(world, listens):
    numbers = listens.track_id.map(world.catalogue.number_of).to_numpy()
    assert not world.catalogue.is_new[numbers].any()
    days = (listens.listened_at - pd.Timestamp(MIDDLE.week, tz="UTC")).dt.days.to_numpy()
    assert (days >= world.catalogue.released_day[numbers]).all()


def test_some_have_one_listen_some_a_few_and_some_very_many(listens):
    counts = listens.user_id.value_counts()
    assert counts.min() == 1
    assert ((counts > 1) & (counts <= 10)).sum() >= 5
    assert counts.max() > 5 * counts.median()


def test_everybody_has_songs_left_to_discover(world, listens):
    heard = listens.groupby("user_id").track_id.nunique()
    assert heard.max() <= HEARD_SHARE * len(set(world.catalogue.song.tolist()))


def test_people_skip_repeat_and_prefer_their_main_styles(world, listens):
    numbers = listens.track_id.map(world.catalogue.number_of).to_numpy()
    users = listens.user_id.map({u: n for n, u in enumerate(world.listeners.user_ids)}).to_numpy()
    skipped = (listens.ms_played < 0.9 * world.catalogue.duration_ms[numbers]).to_numpy()
    liking = world.liking[users, numbers]
    assert 0.1 < skipped.mean() < 0.4
    assert skipped[liking > 0.7].mean() < 0.6 * skipped[liking < 0.3].mean()
    assert listens.duplicated(["user_id", "track_id"]).mean() > 0.5
    suits = world.listeners.main_styles[users, world.catalogue.main_style[numbers]].mean()
    assert suits > 2 * world.listeners.main_styles.mean()


def test_the_popular_are_heard_by_more(world, listens):
    heard = np.zeros(len(world.catalogue.tracks))
    counted = listens.groupby("track_id").user_id.nunique()
    heard[[world.catalogue.number_of[track] for track in counted.index]] = counted
    old = ~world.catalogue.is_new & (world.catalogue.released_day < -7 * MIDDLE.weeks)
    popularity, heard = world.catalogue.popularity[old], heard[old]
    assert (
        heard[popularity > np.quantile(popularity, 0.8)].mean() > 2 * heard[popularity < np.median(popularity)].mean()
    )


def test_people_listen_in_the_evening_more_than_before_dawn(listens):
    hours = listens.listened_at.dt.hour.value_counts().reindex(range(24), fill_value=0)
    assert hours[19:22].sum() > 3 * hours[2:5].sum()


def test_playlists_hold_what_belongs_together_and_nothing_new(world):
    rows = playlists(world, MIDDLE)
    numbers = rows.track_id.map(world.catalogue.number_of).to_numpy()
    assert rows.playlist_id.nunique() == MIDDLE.listeners // 2
    assert not world.catalogue.is_new[numbers].any()
    assert not rows.duplicated(["playlist_id", "track_id"]).any()
    styles = pd.Series(world.catalogue.main_style[numbers]).groupby(rows.playlist_id.to_numpy())
    assert styles.agg(lambda s: s.value_counts(normalize=True).iloc[0]).mean() > 0.4
    assert rows.user_id.isna().any()
    assert rows.user_id.notna().any()
    assert rows.groupby("playlist_id").position.agg(lambda p: sorted(p) == list(range(1, len(p) + 1))).all()


def test_two_have_left_and_bans_are_of_what_is_disliked(world):
    rows = exclusions(world, MIDDLE)
    assert (rows.kind == "opt_out").sum() == 2
    assert world.listeners.user_ids[0] not in set(rows.user_id)
    bans = rows[rows.kind == "track"]
    users = [world.listeners.user_ids.index(user) for user in bans.user_id]
    tracks = [world.catalogue.number_of[track] for track in bans.excluded_id]
    assert world.liking[users, tracks].mean() < 0.5 * world.liking.mean()
