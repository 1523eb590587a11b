"""The stage as it is run: tables in, tables out."""

from datetime import UTC, date, datetime, timedelta

import numpy as np
import pandas as pd
import pytest

from jobs.cli import UserError
from jobs.collaborative import trials
from jobs.collaborative.__main__ import evaluate, explain, train, tune
from jobs.collaborative.interactions import Weights
from jobs.collaborative.loading import past
from jobs.lake import ALL, APPEND
from jobs.settings import settings

WEEK = date(2026, 11, 23)
START = datetime(2026, 11, 23, tzinfo=UTC)
HOLDOUT = timedelta(weeks=2)  # as set by default
TRACKS = [f"t{n}" for n in range(12)]
LISTENS = ["listened_at", "user_id", "track_id", "ms_played"]


def listen(lake, *rows):
    lake.publish("listens", pd.DataFrame(rows, columns=LISTENS), APPEND)


@pytest.fixture
def world(lake, spark, monkeypatch):
    for name, value in {"EPOCHS": 3, "FACTORS": 8}.items():  # quick
        monkeypatch.setenv(f"DISCOVER_COLLABORATIVE_{name}", str(value))
    settings.cache_clear()
    tracks = pd.DataFrame({"track_id": TRACKS, "artist_id": "a", "title": "x", "work_id": TRACKS})
    lake.publish("artists", pd.DataFrame({"artist_id": ["a"], "name": ["A"]}), ALL)
    lake.publish("tracks", tracks, ALL)
    rng = np.random.default_rng(0)
    rows = []
    for user in range(10):  # two tastes: even and odd tracks, one a week, the last two in the holdout
        liked = [t for n, t in enumerate(TRACKS) if n % 2 == user % 2]
        for n, track in enumerate(rng.permutation(liked)):
            rows.append((START - timedelta(weeks=6 - n, minutes=-user), f"u{user}", track, 60_000))
    listen(
        lake,
        *rows,
        (START + timedelta(hours=1), "u0", "t1", 60_000),  # after the week has begun: not known yet
        (START - timedelta(days=3), "once", "t3", None),
        (START - timedelta(days=3), "skipper", "t3", 500),
        (START - timedelta(days=3), "gone", "t3", None),
        (START - timedelta(days=30), "gone", "t5", None),
    )
    lake.publish("exclusions", pd.DataFrame({"user_id": ["gone"], "kind": "opt_out", "excluded_id": ""}), ALL)
    return lake


def rows_of(lake, table):
    frame = lake.pandas(table, {"week": WEEK}).astype({"factors": str})
    return frame.sort_values(list(frame.columns), ignore_index=True)


def metrics(lake, stage):
    measured = lake.pandas("metrics", {"week": WEEK, "stage": stage})
    return {(r.metric, r.dimension): r.value for r in measured.itertuples()}


def test_train_writes_factors_for_everybody_who_has_heard_something(world):
    train(WEEK)
    users = world.pandas("user_factors", {"week": WEEK}).set_index("user_id")
    assert set(users.index) == {*(f"u{n}" for n in range(10)), "once"}
    assert users.loc["u0", "tracks_heard"] == 6, "what happened after the week began is not known"
    tracks = world.pandas("track_factors", {"week": WEEK}).set_index("track_id")
    assert set(tracks["origin"]) == {"collaborative"}
    assert tracks.loc["t3", "listeners"] == 6
    own = np.mean([users.loc["u0", "factors"] @ tracks.loc[f"t{n}", "factors"] for n in (0, 2, 4)])
    other = np.mean([users.loc["u0", "factors"] @ tracks.loc[f"t{n}", "factors"] for n in (1, 3, 5)])
    assert own > other
    counted = metrics(world, "collaborative.train")
    assert (counted["listeners", ""], counted["playlists", ""], counted["tracks", ""]) == (11, 0, 12)
    assert counted["listens_set_aside", "reason=skips"] == 1


@pytest.mark.slow
def test_a_second_run_gives_the_same_rows(world):
    train(WEEK)
    first = rows_of(world, "user_factors"), rows_of(world, "track_factors")
    train(WEEK)
    for before, after in zip(first, (rows_of(world, "user_factors"), rows_of(world, "track_factors")), strict=True):
        pd.testing.assert_frame_equal(after, before)


def test_evaluate_beats_chance_where_there_is_taste_and_prints_all_models(world, capsys):
    evaluate(WEEK)
    values = metrics(world, "collaborative.evaluate")
    assert values["map_at_30", "model=als"] > values["map_at_30", "model=random"]
    assert values["listeners", "model=als"] == values["listeners", "model=popularity"] == 10
    assert values["recall_at_30", "model=cosine"] > 0
    assert all(0 <= v <= 1 for (m, _), v in values.items() if m not in ("listeners", "novelty_at_30"))
    printed = capsys.readouterr().out
    assert all(
        model in printed
        for model in ("als", "cosine", "popularity", "random", "map@30", "novelty@30", "new_artists@30")
    )


def test_nothing_of_the_weeks_to_predict_gets_into_the_training(world, spark, monkeypatch):
    monkeypatch.setenv("DISCOVER_COLLABORATIVE_SHELF_WEIGHT", "0")  # nine listeners are a household
    settings.cache_clear()
    moment = WEEK - HOLDOUT

    def training():
        before = past(world, spark, moment, Weights(13, 1), judged_in=WEEK)
        rows = {(r.kind, r.row_id, r.track_id): r.value for r in before.matrix.collect()}
        before.release()
        return rows

    before = training()
    assert {row for _, row, _ in before} == {f"u{n}" for n in range(10)}, "the others left, skipped or came later"
    assert len(before) == 10 * 4
    listen(
        world,
        (START - HOLDOUT, "u0", "t1", None),  # the first moment of the holdout
        *((START - timedelta(days=1, minutes=n), f"u{n % 10}", f"t{n % 12}", None) for n in range(60)),
    )
    counts = {"user_id": ["u0", "u1"], "track_id": ["t7", "t8"], "plays": [9, 9], "as_of": [None, moment]}
    world.publish("play_counts", pd.DataFrame(counts), ALL)
    playlists = {"playlist_id": ["p", "q"], "position": 1, "track_id": "t1", "updated_at": [None, moment]}
    world.publish("playlists", pd.DataFrame(playlists), ALL)
    left = {"user_id": ["gone", "u9"], "kind": "opt_out", "excluded_id": "", "since": [None, moment]}
    world.publish("exclusions", pd.DataFrame(left), ALL)
    assert training() == {cell: value for cell, value in before.items() if cell[1] != "u9"}, "u9 has left since"


def test_with_nothing_to_learn_from_it_says_so_and_empties_the_partition(lake, caplog):
    caplog.set_level("INFO")
    train(WEEK)
    evaluate(WEEK)
    assert "no listens, play counts or playlists before 2026-11-23" in caplog.text
    assert metrics(lake, "collaborative.train") == {(n, ""): 0 for n in ("listeners", "playlists", "tracks", "values")}
    assert "nothing to evaluate" in caplog.text
    assert lake.is_empty("user_factors")
    assert lake.is_empty("track_factors")


def test_skips_alone_give_no_factors_and_replace_those_of_an_earlier_run(world, caplog):
    caplog.set_level("INFO")
    train(WEEK)
    world.publish("listens", pd.DataFrame([(START - timedelta(days=1), "u", "t1", 10)], columns=LISTENS), ALL)
    train(WEEK)
    evaluate(WEEK)
    assert world.is_empty("user_factors", {"week": WEEK})
    assert world.is_empty("track_factors", {"week": WEEK})
    assert "nothing to evaluate" in caplog.text
    assert metrics(world, "collaborative.train")["listens_set_aside", "reason=skips"] == 1


def test_input_as_it_comes_is_counted_and_gives_finite_factors(lake, spark, caplog):
    tracks = [f"t{n:03}" for n in range(800)]
    lake.publish("artists", pd.DataFrame({"artist_id": ["a"], "name": ["A"]}), ALL)
    lake.publish("tracks", pd.DataFrame({"track_id": tracks, "artist_id": "a", "title": "x", "work_id": tracks}), ALL)
    day = START - timedelta(days=10)
    bot = pd.DataFrame({"listened_at": [day + timedelta(milliseconds=864 * n) for n in range(100_000)]})
    bot["user_id"], bot["track_id"] = "bot", np.resize(tracks, len(bot))  # 125 plays of each, 691 s apart
    listen(
        lake,
        *bot.assign(ms_played=None).itertuples(index=False),
        (START - timedelta(days=9), "bot", "t000", None),  # on another day it plays like a person
        *((START - timedelta(days=9, hours=n), "u", f"t{n:03}", None) for n in range(3)),
        *((START - timedelta(days=9, hours=n), "v", f"t{n:03}", None) for n in range(3)),
        (START - timedelta(days=9, seconds=-5), "u", "t000", 100_000),  # the first of them from another source
        (START - timedelta(days=8), "once", "t001", None),
        (START - timedelta(days=8), "u", "t700", None),  # nobody else plays it
        (datetime(1970, 1, 1, tzinfo=UTC), "u", "t005", None),
        (START + timedelta(days=365), "u", "t006", None),
    )
    counts = {"user_id": ["u", "v"], "track_id": ["t007", "t007"], "plays": [0, 10**12], "as_of": None}
    lake.publish("play_counts", pd.DataFrame(counts), ALL)
    train(WEEK)
    counted = metrics(lake, "collaborative.train")
    aside = {d.removeprefix("reason="): n for (m, d), n in counted.items() if m == "listens_set_aside" and n}
    assert aside == {"bot_plays": 100_000, "duplicates": 1, "clock_errors": 1, "after_the_week_began": 1}
    # 799 of the bot's tracks, u's play of 1970, and u's count of 0
    assert counted["cells_set_aside", "reason=zero_or_not_finite"] == 799 + 1 + 1
    assert [counted[name, ""] for name in ("listeners", "tracks", "values")] == [4, 5, 1 + 4 + 4 + 1]
    assert counted["listeners_of_one_track", ""] == 2, "once, and the bot"
    assert counted["tracks_of_one_listener", ""] == 2, "t007 and t700"
    assert counted["listens_in_last_week", ""] == 0
    assert "no listens in the week before 2026-11-23" in caplog.text
    for table in ("user_factors", "track_factors"):
        assert np.isfinite(np.stack(lake.pandas(table, {"week": WEEK})["factors"])).all()


def test_a_week_starts_from_the_last_one_that_has_factors(world, caplog):
    caplog.set_level("INFO")
    train(WEEK - timedelta(weeks=2))
    train(WEEK)
    assert "starting from random factors: there are none of an earlier week" in caplog.text
    assert "starting from the factors of 2026-11-09" in caplog.text


def test_play_counts_alone_are_enough(world):
    world.publish("listens", [], ALL)
    counts = pd.DataFrame({"user_id": ["u", "v"], "track_id": ["t1", "t1"], "plays": [3, 4], "as_of": [None, WEEK]})
    world.publish("play_counts", counts, ALL)
    train(WEEK)
    assert world.pandas("user_factors", {"week": WEEK})["user_id"].tolist() == ["u"], "v's total was read too late"


def test_playlists_alone_give_tracks_factors_and_no_listener_any(world):
    world.publish("listens", [], ALL)
    playlists = {"playlist_id": "p", "position": [1, 2], "track_id": ["t1", "t2"], "user_id": "u"}
    world.publish("playlists", pd.DataFrame(playlists), ALL)
    train(WEEK)
    assert world.is_empty("user_factors", {"week": WEEK})
    tracks = world.pandas("track_factors", {"week": WEEK})
    assert sorted(tracks["track_id"]) == ["t1", "t2"]
    assert tracks["listeners"].tolist() == [1, 1]


@pytest.mark.slow
def test_tune_measures_each_setting_once_and_on_weeks_that_evaluate_does_not_report(world, capsys, monkeypatch):
    tune(WEEK, 1)
    values = metrics(world, "collaborative.tune")
    measured = {name: value for (metric, name), value in values.items() if metric == "map_at_30"}
    assert len(measured) == 1
    (chosen,) = (name for metric, name in values if metric == "chosen")
    assert values["ndcg_at_30", chosen] == max(v for (m, _), v in values.items() if m == "ndcg_at_30")
    printed = capsys.readouterr().out
    assert "[collaborative]" in printed
    assert "2026-10-26 to 2026-11-09" in printed
    searched = []
    measure = trials.measure
    monkeypatch.setattr(trials, "measure", lambda *rest: (searched.extend(rest[-1]), measure(*rest))[1])
    tune(WEEK, 2)
    assert len(searched) == 1, "one of the two is known"
    assert (
        measured.items()
        <= {n: v for (m, n), v in metrics(world, "collaborative.tune").items() if m == "map_at_30"}.items()
    )
    listen(world, (START - timedelta(days=40), "u1", "t1", None))
    searched.clear()
    monkeypatch.setattr(trials, "measure", lambda *rest: searched.extend(rest[-1]) or iter(()))
    tune(WEEK, 2)
    assert len(searched) == 2, "of other data nothing is known"


def test_explain_shows_the_listens_that_make_a_score_and_only_those(world, capsys):
    factors = {"week": WEEK, "origin": "collaborative", "track_id": ["t1", "t3", "t5"], "listeners": 1}
    factors["factors"] = [[1.0, 0.0], [0.0, 1.0], [1.0, 0.0]]
    world.publish("track_factors", pd.DataFrame(factors), {"week": WEEK, "origin": "collaborative"})
    explain(WEEK, "u1", "t1", 10)
    printed = capsys.readouterr().out
    assert "A – x for u1" in printed
    assert "100.0%" in printed
    assert printed.count("A – x") == 1 + 3, "t1, t3 and t5; what has no factors takes no part"


@pytest.mark.parametrize(
    ("user", "track", "message"), [("u1", "t99", "t99 has none"), ("nobody", "t1", "nobody has none")]
)
def test_explain_names_what_is_not_known(world, user, track, message):
    factors = {"week": WEEK, "origin": "collaborative", "track_id": ["t1"], "factors": [[1.0]], "listeners": 1}
    world.publish("track_factors", pd.DataFrame(factors), {"week": WEEK, "origin": "collaborative"})
    with pytest.raises(UserError, match=message):
        explain(WEEK, user, track, 10)


def test_in_a_household_the_neighbours_on_the_shelf_of_what_is_played_score_higher(lake):
    """Two listeners who have heard half of an album each, and two more albums: nobody else says what is alike."""
    albums = [f"album{i}" for i in range(4)]
    lake.publish("artists", pd.DataFrame({"artist_id": albums, "name": albums}), ALL)
    tracks = pd.DataFrame(
        [(f"{album}/{k}", album) for album in albums for k in range(8)], columns=["track_id", "artist_id"]
    )
    tracks = tracks.assign(title=tracks.track_id, work_id=tracks.track_id, album=tracks.artist_id)
    lake.publish("tracks", tracks, ALL)
    heard = [(user, f"{album}/{k}") for user, album in (("u", "album0"), ("v", "album1")) for k in range(4)]
    listen(lake, *((START - timedelta(days=3, minutes=n), *pair, None) for n, pair in enumerate(heard)))
    train(WEEK)
    tracks, users = lake.pandas("track_factors"), lake.pandas("user_factors")
    factors = dict(zip(tracks.track_id, map(np.array, tracks.factors), strict=True))
    for user, factor in zip(users.user_id, map(np.array, users.factors), strict=True):
        own, foreign = ("album0", "album2") if user == "u" else ("album1", "album3")
        unheard = [factor @ factors[f"{own}/{k}"] for k in range(4, 8)]
        assert min(unheard) > max(factor @ factors[f"{foreign}/{k}"] for k in range(8))
    assert set(tracks.listeners) == {2, 3}  # album and artist, and who has heard it
