"""Which settings are tried, and which measurements count again."""

import tomllib

import pytest

from jobs.collaborative.tuning import REGULARIZATION, UNOBSERVED_WEIGHT, Trial, as_toml, checksum, draw
from jobs.settings import CollaborativeSettings

CONFIG = CollaborativeSettings()


def test_the_present_settings_come_first_and_a_longer_search_begins_like_a_shorter_one():
    few, many = draw(CONFIG, 5, seed=3, playlists=True), draw(CONFIG, 40, seed=3, playlists=True)
    assert few[0] == Trial.of(CONFIG)
    assert many[:5] == few
    assert len({trial.name for trial in many}) == len(many) > 30
    assert draw(CONFIG, 5, seed=4, playlists=True) != few


def test_drawn_settings_are_within_their_ranges_and_accepted():
    for trial in draw(CONFIG, 200, seed=0, playlists=True)[1:]:
        assert REGULARIZATION[0] <= trial.regularization <= REGULARIZATION[1]
        assert UNOBSERVED_WEIGHT[0] <= trial.unobserved_weight <= UNOBSERVED_WEIGHT[1]
        CollaborativeSettings.model_validate(trial.settings(CONFIG).model_dump())


def test_without_playlists_their_weight_is_not_searched():
    assert {trial.playlist_weight for trial in draw(CONFIG, 50, 0, playlists=False)} == {CONFIG.playlist_weight}


@pytest.mark.parametrize("change", [{"epochs": 3}, {"holdout_weeks": 1}, {"solver": "cholesky"}])
def test_other_settings_or_other_data_make_other_measurements_and_searched_ones_do_not(change):
    assert checksum({"snapshots": [1]}, CONFIG) != checksum({"snapshots": [2]}, CONFIG)
    assert checksum({}, CONFIG) != checksum({}, CONFIG.model_copy(update=change))
    assert checksum({}, CONFIG) == checksum({}, CONFIG.model_copy(update={"factors": 7, "half_life_weeks": 2.0}))


def test_the_lines_for_the_file_of_settings_are_these_settings():
    trial = draw(CONFIG, 2, seed=1, playlists=True)[1]
    read = tomllib.loads(as_toml(trial))["collaborative"]
    assert Trial.of(CONFIG.model_copy(update=read)) == trial
