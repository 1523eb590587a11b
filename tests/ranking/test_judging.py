"""Policies replayed on logged lists: the logged one earns what was observed, a better one more, and the gate knows."""

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest

from jobs.ranking import bootstrap, features, judging, lists, report
from jobs.ranking.judging import Judged, Verdict, Yardstick
from jobs.ranking.offers import ByFeature
from tests.ranking import worlds

LENGTH = 10


@pytest.fixture(scope="module")
def log():
    """A ranker, its profiles with logged lists, and the listeners' answers: they stream what is popular, top to
    bottom; one in three never opens a list."""
    world = worlds.make(5, n_tracks=150, n_listeners=60, n_candidates=40, length=LENGTH, epsilon=0.5, most_explored=10)
    rows = world.lists().to_pylist()
    rng = np.random.default_rng(0)
    popularity = dict(zip(world.ranker.catalogue.track_ids, world.ranker.catalogue.popularity, strict=True))
    logged = {}
    for row in rows:
        opened = int(row["user_id"][1:]) % 3 > 0
        place = {name: row[name] for name in ("rank", "track_id", "explanation_kind", "propensity")}
        streams = int(rng.random() < 0.1 + 0.8 * popularity[row["track_id"]])
        reward = streams if opened and row["rank"] <= 8 else None
        logged.setdefault(row["user_id"], []).append({**place, "reward": reward})
    profiles = world.profiles.to_pylist()
    column = pa.array([logged[p["user_id"]] for p in profiles], judging.LOGGED)
    return world.ranker, world.profiles.append_column("logged", column)


def policies(ranker):
    return {
        "own": Judged(ranker.policy.model, ranker.policy.exploration),
        "popular": Judged(ByFeature("popularity"), ranker.policy.exploration),
        **judging.trivial(LENGTH),
    }


def judge(log, names=None, **changed):
    ranker, batch = log
    batch = changed.pop("batch", batch)
    some = {name: p for name, p in policies(ranker).items() if names is None or name in names}
    yardstick = Yardstick(ranker.policy.model, np.full(LENGTH, 0.5), np.full(LENGTH, 0.2))
    return judging.judge_batch(batch, ranker, some, yardstick, 0, 200)


def test_the_logged_policy_earns_what_was_observed_with_weights_of_one(log):
    found = Verdict.of(judge(log, ["own"])["own"])
    assert found.found == 1
    assert found.overlap.mean_weight == pytest.approx(1)
    assert found.overlap.effective == pytest.approx(found.overlap.rounds)
    assert found.overlap.warnings() == []
    for name in ("IPS", "clipped IPS", "SNIPS"):
        assert found.rounds[name].value == pytest.approx(found.rounds["observed"].value), name
    for name in ("IIPS", "RIPS", "SNRIPS"):
        assert found.lists[name].value == pytest.approx(found.lists["observed"].value), name
    assert found.rounds["DR"].value == pytest.approx(found.rounds["observed"].value, abs=0.05)


def test_a_policy_that_follows_what_listeners_stream_is_estimated_to_earn_more(log):
    sums = judge(log)
    lead = bootstrap.difference(sums["popular"].rounds, sums["own"].rounds, "SNIPS")
    assert lead.low > 0
    live, why = judging.decide(sums["popular"], sums["own"], margin=0.02)
    assert live
    assert "not worse by more than 0.02" in why
    live, why = judging.decide(sums["own"], sums["popular"], margin=0.0)
    assert not live
    assert "the present one ranks" in why


def test_blocks_and_batches_add_up(log):
    _, batch = log
    whole = judge(log, ["popular"])["popular"]
    parts = [judge(log, ["popular"], batch=batch.slice(*cut))["popular"] for cut in ((0, 17), (17, 43))]
    added = parts[0] + parts[1]
    assert added.rounds.sums == pytest.approx(whole.rounds.sums)
    assert added.lists.sums == pytest.approx(whole.lists.sums)
    assert (added.logged, added.found) == (whole.logged, whole.found)


def test_a_list_is_judged_down_to_the_first_place_that_is_not_found_again(log):
    _ranker, batch = log
    logged = batch.column(batch.schema.get_field_index("logged")).to_pylist()
    for rows in logged:
        rows[3]["track_id"] = "no such track"
    changed = batch.set_column(batch.schema.get_field_index("logged"), "logged", pa.array(logged, judging.LOGGED))
    sums = judge(log, ["own"], batch=changed)["own"]
    assert sums.found == 3 * len(logged)
    assert Verdict.of(sums).overlap.mean_weight == pytest.approx(1)


def test_a_log_without_an_answer_lets_the_new_policy_rank(log):
    _ranker, batch = log
    logged = [[{**row, "reward": None} for row in rows] for rows in batch.column(batch.num_columns - 1).to_pylist()]
    silent = batch.set_column(batch.num_columns - 1, "logged", pa.array(logged, judging.LOGGED))
    sums = judge(log, ["own", "popular"], batch=silent)
    live, why = judging.decide(sums["popular"], sums["own"], margin=0.0)
    assert live
    assert "holds nothing" in why


def test_an_evaluation_is_shown_and_recorded(log, capsys):
    verdicts = {name: Verdict.of(sums) for name, sums in judge(log).items()}
    report.show(verdicts, worlds.WEEK)
    shown = capsys.readouterr().out
    assert "cascade-DR" in shown
    assert "poor overlap" in shown  # of the greedy ones
    rows = {(metric, dimension): value for metric, dimension, value in report.metrics(verdicts)}
    assert rows["policies_judged", ""] == len(verdicts)
    assert all(value == value for value in rows.values())
    assert ("reward_a_place", "policy=uniform, estimator=DR, low") in rows


def test_who_is_held_out_gets_the_best_match_without_exploration_every_week():
    world = worlds.make(9, n_tracks=120, n_listeners=40, epsilon=1.0)
    ranker = replace(world.ranker, held_out_share=0.5)
    rows = next(iter(ranker.batches([world.profiles]))).to_pylist()
    out = {u for u, is_out in zip(world.profiles["user_id"].to_pylist(), lists.held_out(
        world.profiles["user_id"].to_pylist(), 0.5), strict=True) if is_out}  # fmt: skip
    assert 8 < len(out) < 32
    assert {r["user_id"] for r in rows if r["policy_version"] == lists.BASELINE} == out
    baseline = [r for r in rows if r["user_id"] in out]
    assert all(r["propensity"] == 1 and not r["explored"] for r in baseline)
    # The others explore at every place, and are what they are without anybody held out.
    others = [r for r in world.lists().to_pylist() if r["user_id"] not in out]
    assert [r for r in rows if r["user_id"] not in out] == others


def test_the_held_out_share_is_kept_and_grows_with_the_setting():
    users = [f"user {n}" for n in range(4000)]
    five, ten = lists.held_out(users, 0.05), lists.held_out(users, 0.1)
    assert five.mean() == pytest.approx(0.05, abs=0.011)  # three standard errors
    assert (ten | ~five).all()  # who is held out stays so
    assert not lists.held_out(users, 0.0).any()


def test_every_model_that_brings_tracks_is_a_feature():
    assert all(f"by_{model}" in features.NAMES for model in features.MODELS)
