"""The judge: known answers, and figures that come from the tables."""

from datetime import date

import numpy as np
import pandas as pd
import pytest

from jobs.cli import UserError
from jobs.sample.judge import (
    Truth,
    about_artists,
    about_lists,
    about_neighbours,
    about_unheard,
    area_under_curve,
    judge,
)
from jobs.sample.judge import metrics as as_metrics
from jobs.sample.world import ingest

# Two styles of 20 tracks and 4 artists each; listener "x" likes style 0, "y" style 1. Five tracks of each are new.
TRACKS = [f"t{n:02d}" for n in range(40)]
STYLE = pd.Series([n // 20 for n in range(40)], TRACKS)
NEW = pd.Series([n % 20 < 5 for n in range(40)], TRACKS)
ARTIST = {track: f"a{n // 5}" for n, track in enumerate(TRACKS)}
LIKING = pd.DataFrame([np.where(STYLE == 0, 0.9, 0.1), np.where(STYLE == 1, 0.9, 0.1)], ["x", "y"], TRACKS)
TRUTH = Truth(
    pd.Series([n // 4 for n in range(8)], [f"a{n}" for n in range(8)]), STYLE, NEW, {"x": {0}, "y": {1}}, LIKING
)
HEARD = pd.DataFrame({"user_id": ["x", "y"], "track_id": ["t19", "t39"]})


def by_name(figures):
    return {(f.metric, f.dimension): f for f in figures}


def test_perfect_lists_are_told_from_chance():
    # 30 places each; x is offered all of style 0 but what x has heard, then 11 of the other style.
    rows = [("x", t) for t in TRACKS[:19] + TRACKS[20:31]] + [("y", t) for t in TRACKS[20:39] + TRACKS[:11]]
    figures = by_name(about_lists(TRUTH, pd.DataFrame(rows, columns=["user_id", "track_id"]), HEARD, {"x", "y"}))
    assert figures["full_lists", ""].value == 1
    assert figures["precision", ""].value == pytest.approx(19 / 30)
    assert figures["precision", ""].chance == pytest.approx(19 / 39)  # of 39 unheard tracks each likes 19
    assert figures["precision", "best possible"].value == pytest.approx(19 / 30)
    assert figures["new_releases_suit", ""].value == pytest.approx(0.5)  # all ten new ones were offered to both
    assert figures["new_releases_suit", ""].chance == pytest.approx(0.5)
    assert figures["new_releases_offered", ""].value == 1


def test_a_missing_and_a_short_list_count():
    rows = pd.DataFrame({"user_id": "x", "track_id": TRACKS[:29]})
    assert by_name(about_lists(TRUTH, rows, HEARD, {"x", "y"}))["full_lists", ""].value == 0


def test_neighbours_by_perfect_factors_are_all_of_one_style_and_random_ones_are_not():
    random = np.random.default_rng(0)
    perfect = pd.DataFrame(np.eye(2)[STYLE] + random.normal(0, 0.01, (40, 2)), TRACKS)
    figure = by_name(about_neighbours(TRUTH, perfect, ARTIST, "audio"))["same_style_neighbours", "tracks, audio"]
    assert figure.value == 1
    assert figure.chance == pytest.approx(15 / 35)  # of 35 tracks by others 15 are of the style
    noise = pd.DataFrame(random.normal(size=(40, 8)), TRACKS)
    figures = by_name(about_neighbours(TRUTH, noise, ARTIST, "audio"))
    assert figures["same_style_neighbours", "tracks, audio"].value == pytest.approx(15 / 35, abs=0.12)
    assert ("same_style_neighbours", "new releases, audio") in figures


def test_the_ranking_of_unheard_tracks_is_judged_for_each_listener():
    users = pd.DataFrame(np.eye(2), ["x", "y"])
    perfect = pd.DataFrame(np.eye(2)[STYLE], TRACKS)
    (figure,) = about_unheard(TRUTH, users, perfect, set(HEARD.track_id), "audio")
    assert figure.value == 1
    (figure,) = about_unheard(TRUTH, users, -perfect, set(), "audio")
    assert figure.value == 0
    assert not list(about_unheard(TRUTH, users, perfect, set(TRACKS), "audio"))


def test_similar_artists_are_compared_with_chance():
    rows = pd.DataFrame({"artist_id": ["a0", "a0"], "rank": [1, 2], "similar_artist_id": ["a1", "a7"]})
    (figure,) = about_artists(TRUTH, rows)
    assert (figure.value, figure.chance) == (0.5, pytest.approx(3 / 7))


def test_equal_scores_count_half():
    assert area_under_curve(np.zeros(4), np.array([True, False, True, False])) == 0.5


def test_an_empty_lake_gives_no_figures_and_a_missing_world_is_told(tiny, lake, tmp_path):
    assert judge(lake, Truth.read(tiny.folder), date(2026, 11, 16)) == []
    with pytest.raises(UserError, match="there is no sample world"):
        Truth.read(tmp_path)


def test_figures_come_from_the_tables_and_go_into_the_metrics(tiny, lake):
    ingest(tiny.folder)
    truth, week = Truth.read(tiny.folder), tiny.options.week
    random = np.random.default_rng(1)
    factors = [(np.eye(8)[style] + random.normal(0, 0.1, 8)).tolist() for style in truth.track_style]
    rows = {"track_id": truth.track_style.index, "factors": factors, "listeners": 0}
    lake.publish("track_factors", pd.DataFrame(rows), {"week": week, "origin": "audio"})
    tastes = [np.isin(np.arange(8), list(styles)).astype(float).tolist() for styles in truth.main_styles.values()]
    users = pd.DataFrame({"user_id": list(truth.main_styles), "factors": tastes, "tracks_heard": 1})
    lake.publish("user_factors", users, {"week": week})
    figures = judge(lake, truth, week)
    named = by_name(figures)
    assert set(named) == {("same_style_neighbours", "tracks, audio"), ("same_style_neighbours", "new releases, audio"),
                          ("auc_unheard", "audio")}  # fmt: skip
    assert named["auc_unheard", "audio"].value > 0.75
    lake.record(week, "sample.judge", as_metrics(figures))
    assert len(lake.arrow("metrics", {"stage": "sample.judge", "week": week})) == 6
