"""Simulated weeks: they repeat, they add up, and their pictures can be drawn."""

from dataclasses import replace
from datetime import date
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pytest

from jobs.ranking import chart, choice, curves, simulation
from jobs.ranking.fitting import Method
from jobs.ranking.simulated import Planted, State, true_chances
from jobs.ranking.simulation import Plan
from jobs.sample.options import Options
from tests.ranking.worlds import exploration

OPTIONS = Options(
    week=date(2026, 11, 23), listeners=15, artists=30, tracks=300, new_releases=40, weeks=4, seed=3
)  # fmt: skip
PLAN = Plan(choice.Rules(30, 2, 1, 0.2, 0.5), 60, 12, 20.0, 20.0, "cascade")
METHOD = Method("factorization_machine", 2, 0, 50.0, 50.0)


@pytest.fixture(scope="module")
def planted():
    return Planted.make(OPTIONS, 6)


@pytest.fixture(scope="module")
def rows(planted):
    """Three weeks of every arm."""
    arms = simulation.arms(exploration(most_explored=5), METHOD, 30)
    return pd.DataFrame([row for arm in arms for row in simulation.run(planted, arm, PLAN, 3)])


def test_the_same_arm_in_the_same_world_goes_the_same_way(planted, rows):
    arm = simulation.arms(exploration(most_explored=5), METHOD, 30)[-2]
    again = pd.DataFrame(list(simulation.run(planted, arm, PLAN, 3)))
    pd.testing.assert_frame_equal(again, rows[rows.arm == arm.name].reset_index(drop=True))


def test_what_is_run_side_by_side_is_the_same(rows):
    arms = simulation.arms(exploration(most_explored=5), METHOD, 30)
    runs = [(OPTIONS, arm, PLAN, 6) for arm in (arms[0], arms[-1])]
    together = pd.DataFrame([row for one in simulation.each(runs) for row in one if row["week"] < 3])
    for arm in (arms[0], arms[-1]):
        one, other = (frame[frame.arm == arm.name].reset_index(drop=True) for frame in (together, rows))
        pd.testing.assert_frame_equal(one[["week", "places", "reward"]], other[["week", "places", "reward"]])


def test_examination_decides_what_of_a_list_is_judged(planted, rows):
    arm = simulation.arms(exploration(most_explored=5), METHOD, 30)[0]
    places = {
        model: pd.DataFrame(list(simulation.run(planted, arm, replace(PLAN, examination=model), 1))).places[0]
        for model in ("answered", "opened")
    }
    assert places["answered"] < rows.places[0] < places["opened"]
    assert places["opened"] % 30 == 0


def test_rewards_are_the_true_chances_with_noise(rows):
    # Places of one row are Bernoulli with `expected` as mean chance: five standard errors at most.
    error = np.sqrt(rows.expected * (1 - rows.expected) / rows.places)
    assert ((rows.reward - rows.expected).abs() < 5 * error + 0.02).all()
    assert (rows.best > rows.expected).all()


def test_matching_is_better_than_chance_and_knowing_the_truth_better_than_all(rows):
    reward = rows.groupby("arm").expected.mean()
    assert reward["ALS only"] > reward["random"]
    assert reward.idxmax() == "the truth"
    assert set(reward.index) == {
        "random", "popularity", "ALS only", "logistic", "logistic, exploring", "machine", "machine, exploring",
        "the truth",
    }  # fmt: skip


def test_new_releases_come_out_during_the_simulation_and_nobody_has_heard_them_before(planted):
    catalogue = planted.world.catalogue
    assert catalogue.released_day[catalogue.is_new].max() > 0
    state = State.begin(planted)
    assert not state.heard[:, catalogue.is_new].any()
    early = State.begin(planted, until=date(2026, 11, 9))
    assert early.heard.sum() < state.heard.sum()
    assert (early.heard <= state.heard).all()


def test_true_chances_follow_liking_and_trust(planted):
    chances = true_chances(planted)
    assert ((chances > 0) & (chances < 1)).all()
    user, liking = 0, planted.world.liking[0]
    assert np.corrcoef(chances[user].mean(axis=1), liking)[0, 1] > 0.7


def test_the_table_has_a_row_an_arm_and_the_pictures_are_drawn(rows, tmp_path, capsys):
    two = pd.concat([rows, rows.assign(seed=4, reward=rows.reward + 0.1)])
    table = curves.summary(two)
    assert table.arm.tolist() == rows.arm.unique().tolist()
    one = table.set_index("arm").loc["random"]
    assert one.reward == pytest.approx(rows[rows.arm == "random"].reward.mean() + 0.05)
    assert one.high - one.reward == pytest.approx(2 * 0.1 / np.sqrt(2) / np.sqrt(2))
    curves.show(table, 3, 2)
    assert "machine, exploring" in capsys.readouterr().out
    files = curves.save(two, tmp_path / "out")
    assert [file.name for file in files] == ["simulation.csv", "reward.svg", "regret.svg"]
    assert len(pd.read_csv(files[0])) == len(two)
    for file in files[1:]:
        names = [element.text for element in ElementTree.parse(file).iter() if element.text]
        assert "ALS only" in names


def test_a_chart_has_a_line_for_each_curve_and_says_names_as_they_are():
    svg = ElementTree.fromstring(chart.lines("T", "x", "y", {"a < b & c": [1, 2, 3], "flat": [2, 2]}))
    lines = [element for element in svg.iter() if element.tag.endswith("polyline")]
    assert [len(line.attrib["points"].split()) for line in lines] == [3, 2]
    assert "a < b & c" in [element.text for element in svg.iter()]
    with pytest.raises(ValueError, match="no curve"):
        chart.lines("T", "x", "y", {"empty": []})


def test_arms_that_explore_differ_from_those_that_do_not_in_that_alone():
    arms = {arm.name: arm for arm in simulation.arms(exploration(), METHOD, 30)}
    for name in ("logistic", "machine"):
        exploring = arms[f"{name}, exploring"]
        assert replace(exploring, name=name, exploration=arms[name].exploration) == arms[name]
        assert arms[name].exploration.epsilon == 0
