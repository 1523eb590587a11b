"""A week of answers: what is liked is played, what is trusted gets its chance, and nothing is added twice."""

import shutil
from datetime import UTC, date, datetime, timedelta

import numpy as np
import pandas as pd
import pytest

from jobs.cli import UserError
from jobs.ingest.__main__ import main as ingest_command
from jobs.sample.answers import answer
from jobs.sample.catalogue import catalogue
from jobs.sample.listen import listen, remember
from jobs.sample.listeners import KINDS, TRUST, listeners
from jobs.sample.listening import Memory, World
from jobs.sample.options import Options
from jobs.sample.world import ingest
from tests.sample.conftest import TINY

CROWD = Options(TINY.week, 600, 40, 240, 20, weeks=2, seed=3)


@pytest.fixture(scope="module")
def crowd():
    return World.of(catalogue(CROWD), listeners(CROWD))


def lists_of(world, n_places=30, seed=0):
    """Random tracks with random reasons for everybody."""
    random, rows = np.random.default_rng(seed), []
    for user in world.listeners.user_ids:
        tracks = random.choice(len(world.catalogue.tracks), min(n_places, len(world.catalogue.tracks)), replace=False)
        rows += [
            (user, rank, world.catalogue.tracks[track].track_id, str(random.choice(KINDS)))
            for rank, track in enumerate(tracks, 1)
        ]
    return pd.DataFrame(rows, columns=["user_id", "rank", "track_id", "explanation_kind"])


def forget(world):
    return {number: Memory.empty(len(world.catalogue.tracks)) for number in range(len(world.listeners))}


def random_of(user):
    return np.random.default_rng(int(user[1:]))


@pytest.fixture(scope="module")
def answered(crowd):
    """One row a place of a list: whether it was played and finished, with what is planted about it."""
    lists = lists_of(crowd)
    answers = answer(crowd, lists, forget(crowd), random_of)
    rows = lists.assign(
        number=lists.user_id.map({u: n for n, u in enumerate(crowd.listeners.user_ids)}),
        track=lists.track_id.map(crowd.catalogue.number_of),
    )
    first = {}
    for number, log in answers.logs.items():
        for track, ms_played in zip(log.tracks[0], log.ms_played[0], strict=True) if log.tracks else ():
            first[number, track] = ms_played >= crowd.catalogue.duration_ms[track]
    rows["played"] = [(n, t) in first for n, t in zip(rows.number, rows.track, strict=True)]
    rows["finished"] = [first.get((n, t), False) for n, t in zip(rows.number, rows.track, strict=True)]
    rows["liking"] = crowd.liking[rows.number, rows.track]
    return rows


def test_some_lists_stay_closed_and_the_top_is_played_more_than_the_end(crowd, answered):
    opened = answered.groupby("number").played.any()
    assert 0.5 < opened.mean() < 0.95
    never = crowd.listeners.opens == 0
    assert never.any()
    assert not opened[np.flatnonzero(never)].any()
    assert answered[answered["rank"] <= 5].played.mean() > 1.5 * answered[answered["rank"] > 25].played.mean()


def test_what_is_liked_is_heard_to_the_end(answered):
    played = answered[answered.played]
    assert played[played.liking > 0.7].finished.mean() > 0.7
    assert played[played.liking < 0.2].finished.mean() < 0.4


def test_each_character_gives_the_reasons_that_it_trusts_a_better_chance(crowd, answered):
    character = crowd.listeners.character[answered.number]
    for number, (name, trust) in enumerate(TRUST.items()):
        mine = answered[(character == number) & (answered["rank"] <= 8)]
        played = mine.groupby("explanation_kind").played.mean()
        best, worst = max(trust, key=trust.get), min(trust, key=trust.get)
        if trust[worst] < 0:
            assert played[best] > played[worst] + 0.08, name


def test_an_answer_depends_on_nobody_elses_list_and_unknown_ones_are_left_out(crowd):
    lists = lists_of(crowd)
    some = lists[lists.user_id.isin(crowd.listeners.user_ids[:50])]
    unknown = [("a stranger", 1, lists.track_id[0], "popular"), ("u001", 31, "no such track", "popular")]
    strangers = pd.DataFrame(unknown, columns=lists.columns)
    alone = answer(crowd, some, forget(crowd), random_of)
    among = answer(crowd, pd.concat([strangers, lists]), forget(crowd), lambda u: random_of("u0" if " " in u else u))
    for number in range(50):
        assert (number in alone.logs) == (number in among.logs)
        if number in alone.logs:
            assert np.array_equal(np.concatenate(alone.logs[number].seconds or [[]]),
                                  np.concatenate(among.logs[number].seconds or [[]]))  # fmt: skip


@pytest.fixture
def own(tiny, tmp_path):
    """A copy of the tiny world that a test may add to."""
    return shutil.copytree(tiny.folder, tmp_path / "own", ignore=shutil.ignore_patterns("music", "site"))


def test_the_week_that_follows_is_listened_to_and_offered_tracks_are_heard(tiny, own):
    lists = lists_of(tiny.world)
    rows = pd.read_csv(listen(own, TINY.week, lists), parse_dates=["listened_at"])
    start = datetime(2026, 11, 16, tzinfo=UTC)
    assert start <= rows.listened_at.min()
    assert rows.listened_at.max() < start + timedelta(days=7)
    assert not rows.duplicated(["listened_at", "user_id", "track_id"]).any()
    new = {track.track_id for track in tiny.world.catalogue.tracks if track.is_new}
    heard_new = rows[rows.track_id.isin(new)]
    offered = set(map(tuple, lists[["user_id", "track_id"]].to_numpy()))
    assert len(heard_new)
    assert set(map(tuple, heard_new[["user_id", "track_id"]].to_numpy())) <= offered
    # Most of the week is what people listen to anyhow, as much as in the weeks before.
    before = len(pd.read_csv(own / "listens.csv")) / TINY.weeks
    assert 0.6 * before < len(rows) < 2.5 * before


def test_the_same_week_is_the_same_and_is_made_once(tiny, own, tmp_path):
    lists = lists_of(tiny.world)
    file = listen(own, TINY.week, lists)
    content, changed = file.read_bytes(), file.stat().st_mtime_ns
    assert listen(own, TINY.week, lists.iloc[:0]) == file
    assert file.stat().st_mtime_ns == changed
    file.unlink()
    assert listen(own, TINY.week, lists.sample(frac=1, random_state=1)).read_bytes() == content


def test_the_listeners_remember_what_they_heard_until_the_week(tiny, own):
    first = listen(own, TINY.week, lists_of(tiny.world))
    later = TINY.week + timedelta(days=7)
    before, after = remember(tiny.world, own, TINY.week), remember(tiny.world, own, later)
    assert sum(m.listens for m in before.values()) == len(pd.read_csv(own / "listens.csv"))
    assert sum(m.listens for m in after.values()) - sum(m.listens for m in before.values()) == len(pd.read_csv(first))
    assert listen(own, later, lists_of(tiny.world, seed=1)) != first


def test_a_week_that_has_passed_or_has_no_lists_is_refused(tiny, own):
    with pytest.raises(UserError, match="until 2026-11-16 already"):
        listen(own, date(2026, 11, 9), lists_of(tiny.world))
    with pytest.raises(UserError, match="no lists to answer"):
        listen(own, TINY.week, lists_of(tiny.world).iloc[:0])


def test_answers_are_imported_like_any_listens(tiny, own, lake):
    ingest(own)
    before = len(lake.arrow("listens"))
    file = listen(own, TINY.week, lists_of(tiny.world))
    for _ in range(2):
        ingest_command(kind="listens", strict=True, files=[file])
        assert len(lake.arrow("listens")) == before + len(pd.read_csv(file))
