"""The steps over a lake: two weeks of lists, answers between them, and runs again."""

import json
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from jobs import settings as settings_module
from jobs.cli import UserError
from jobs.lake import ALL, APPEND, AuditFailed
from jobs.ranking.__main__ import arg_parser, main
from jobs.ranking.features import VERSION
from jobs.ranking.lists import held_out
from tests.ranking.worlds import track

FIRST, SECOND = date(2026, 11, 16), date(2026, 11, 23)
MONDAY = datetime(2026, 11, 16, tzinfo=UTC)
TRACKS = 150
ARTISTS = 40
USERS = [f"u{i}" for i in range(12)]


@pytest.fixture
def world(lake, spark):
    """A lake in which every stage before has run for both weeks. Tracks 140 to 149 are new; u11 has opted out."""
    rng = np.random.default_rng(0)
    ids, artists = [f"t{i:03}" for i in range(TRACKS)], [f"a{i:02}" for i in range(ARTISTS)]
    new = {"released_at": FIRST - timedelta(days=3)}
    tracks = [track(t, artists[i % ARTISTS], **(new if i >= 140 else {})) for i, t in enumerate(ids)]
    lake.publish("artists", pa.table({"artist_id": artists, "name": [a.upper() for a in artists]}), ALL)
    lake.publish("tracks", pa.Table.from_pylist(tracks), ALL)
    listens = [
        (MONDAY - timedelta(days=int(d), seconds=n), user, ids[t], None)
        for n, user in enumerate(USERS)
        for d, t in zip(rng.integers(1, 60, 25), rng.choice(139, 25), strict=True)
    ]
    listen(lake, listens)
    playlist = [{"playlist_id": "p", "position": i + 1, "track_id": t} for i, t in enumerate(ids[:60])]
    lake.publish("playlists", pa.Table.from_pylist(playlist), ALL)
    bans = [("u0", "artist", "a01"), ("u1", "track", "t030"), ("u11", "opt_out", "")]
    lake.publish("exclusions", pa.table(list(zip(*bans, strict=True)), ["user_id", "kind", "excluded_id"]), ALL)
    for week in (FIRST, SECOND):
        for origin, known in (("collaborative", ids[:140]), ("audio", ids), ("content", ids)):
            rows = {"track_id": known, "factors": list(rng.normal(size=(len(known), 4)).astype("f4"))}
            rows["listeners"] = [5 * (origin == "collaborative")] * len(known)
            lake.publish("track_factors", pa.table(rows), {"week": week, "origin": origin})
        factors = list(rng.normal(size=(len(USERS), 4)).astype("f4"))
        table = pa.table({"user_id": USERS, "factors": factors, "tracks_heard": [25] * len(USERS)})
        lake.publish("user_factors", table, {"week": week})
        words = {"entity_kind": "artist", "kind": "adjective", "term": "hushed", "weight": 0.5, "inherited": False}
        vectors = [{**words, "entity_id": a, "documents": 1, "since": date(2026, 1, 1)} for a in artists[:10]]
        lake.publish("cultural_vectors", pa.Table.from_pylist(vectors), {"week": week})
        near = [
            {"artist_id": a, "rank": 1, "similar_artist_id": b, "similarity": 0.9, "shared_terms": ["hushed"]}
            for a, b in pairwise(artists[:10])
        ]
        lake.publish("similar_artists", pa.Table.from_pylist(near), {"week": week})
    return lake


def listen(lake, rows):
    names = ["listened_at", "user_id", "track_id", "ms_played"]
    columns = list(zip(*sorted(set(rows)), strict=True))
    types = [pa.timestamp("us", "UTC"), pa.string(), pa.string(), pa.int64()]
    arrays = [pa.array(values, kind) for values, kind in zip(columns, types, strict=True)]
    lake.publish("listens", pa.table(arrays, names), APPEND)


def lists(lake, week):
    rows = lake.arrow("discover_weekly", {"week": week}).sort_by([("user_id", "ascending"), ("rank", "ascending")])
    return rows.to_pylist()


def metrics(lake, week, stage):
    rows = lake.arrow("metrics", {"week": week, "stage": stage}).to_pylist()
    return {(r["metric"], r["dimension"]): r["value"] for r in rows}


@pytest.mark.slow
def test_two_weeks_with_answers_between_them(world, monkeypatch):
    for step in ("outcomes", "learn", "rank"):
        main(step, FIRST)
    first = lists(world, FIRST)
    assert {r["user_id"] for r in first} == set(USERS) - {"u11"}
    assert len(first) == 30 * 11
    assert len({r["explanation_kind"] for r in first}) >= 4
    found = metrics(world, FIRST, "ranking.rank")
    assert found["lists", ""] == 11
    assert found["short_lists", ""] == 0
    assert 0 < found["explored_share", ""] < 0.3
    assert found["new_release_share", ""] > 0
    assert sum(v for (name, _), v in found.items() if name == "reason_share") == pytest.approx(1)
    (policy,) = world.arrow("policies", {"week": FIRST}).to_pylist()
    assert policy["training_rows"] == 0

    # Everybody streams place 2 and skips place 4.
    at = {(r["user_id"], r["rank"]): r["track_id"] for r in first}
    listen(world, [(MONDAY + timedelta(days=1), u, t, 60_000) for (u, rank), t in at.items() if rank == 2])
    listen(world, [(MONDAY + timedelta(days=2), u, t, 2_000) for (u, rank), t in at.items() if rank == 4])
    for step in ("outcomes", "learn", "rank"):
        main(step, SECOND)
    outcomes = world.arrow("outcomes").to_pylist()
    assert len(outcomes) == 30 * 11
    assert {(o["rank"], o["reward"]) for o in outcomes if o["examined"]} == {(1, 0), (2, 1), (3, 0), (4, 0)}
    (policy,) = world.arrow("policies", {"week": SECOND}).to_pylist()
    baseline = {u for u, out in zip(USERS, held_out(USERS, 0.05), strict=True) if out}
    assert len(baseline - {"u11"}) == 1
    assert policy["training_rows"] == 4 * 10  # all but who is held out
    learned = metrics(world, SECOND, "ranking.learn")
    assert learned["training_rows", ""] == 40
    assert learned["live", ""] == 1
    assert "not worse by more than 0.02" in policy["decision"]
    second = lists(world, SECOND)
    by_policy = {r["user_id"]: r["policy_version"] for r in second}
    assert {u: v for u, v in by_policy.items() if v == "baseline"} == dict.fromkeys(baseline - {"u11"}, "baseline")
    assert set(by_policy.values()) == {policy["policy_version"], "baseline"}
    assert not any(r["explored"] or r["propensity"] < 1 for r in second if r["policy_version"] == "baseline")
    assert not {(r["user_id"], r["track_id"]) for r in first} & {(r["user_id"], r["track_id"]) for r in second}

    # Again, with more partitions, and for the earlier week with the later one there.
    monkeypatch.setenv("DISCOVER_SPARK_SHUFFLE_PARTITIONS", "5")
    settings_module.settings.cache_clear()
    main("outcomes", SECOND)
    main("rank", SECOND)
    main("rank", FIRST)
    assert world.arrow("outcomes").num_rows == 30 * 11
    assert lists(world, SECOND) == second
    assert lists(world, FIRST) == first

    # The logged policy, judged on its own lists, earns what was observed; who is held out takes no part.
    main("evaluate", SECOND)
    judged = metrics(world, SECOND, "ranking.evaluate")
    own, of_lists = f"policy=logged {FIRST}, estimator=", "reward_a_list"
    assert judged["effective_sample_size", f"policy=logged {FIRST}"] == pytest.approx(40)
    assert judged["places_found_again", f"policy=logged {FIRST}"] == 1
    for estimator in ("observed", "IPS", "SNIPS", "DR", "SNDR"):
        assert judged["reward_a_place", own + estimator] == pytest.approx(0.25, abs=0.05)
    for estimator in ("observed", "IIPS", "RIPS", "SNRIPS"):
        assert judged[of_lists, own + estimator] == pytest.approx(1)
    assert ("reward_a_place", "policy=uniform, estimator=IPS") in judged


def test_play_counts_alone_are_enough(lake, spark):
    # Artists stand in for tracks; u0 knows only what nobody else knows.
    ids = [f"a{i:02}" for i in range(50)]
    lake.publish("artists", pa.table({"artist_id": ids, "name": ids}), ALL)
    rows = [{**track(a, a, title=a)} for a in ids]
    lake.publish("tracks", pa.Table.from_pylist(rows), ALL)
    counts = [("u0", "a00", 1), *(("u1", f"a{i:02}", 10 + i) for i in range(1, 15)), ("u2", "a03", 0)]
    lake.publish("play_counts", pa.table(list(zip(*counts, strict=True)), ["user_id", "track_id", "plays"]), ALL)
    main("learn", FIRST)
    main("rank", FIRST)
    found = lists(lake, FIRST)
    assert [r["user_id"] for r in found] == ["u0"] * 30 + ["u1"] * 30
    assert {r["explanation"] for r in found} >= {"1 listener plays it", "Nobody has played it yet: be the first"}
    # What somebody plays comes before what nobody does, but where the draw explores.
    straight = [r["explanation_kind"] for r in found[:30] if not r["explored"]]
    assert straight == sorted(straight, reverse=True)


def test_an_empty_lake_is_no_error(lake):
    for step in ("outcomes", "learn", "rank"):
        main(step, FIRST)
    assert lake.is_empty("discover_weekly")
    assert lake.arrow("policies")["training_rows"].to_pylist() == [0]


def test_without_a_policy_the_rank_step_says_what_to_run(lake, spark):
    one_track(lake)
    with pytest.raises(UserError, match=r"jobs\.ranking learn --week 2026-11-16"):
        main("rank", FIRST)


def test_a_damaged_policy_is_named(lake, spark):
    one_track(lake)
    main("learn", FIRST)
    (good,) = lake.arrow("policies", {"week": FIRST}).drop_columns("week").to_pylist()
    impossible = json.dumps(json.loads(good["exploration"]) | {"epsilon": 7})
    for damage in ({"model": "{}"}, {"exploration": "{}"}, {"exploration": impossible}):
        policy = {**good, **damage, "policy_version": "broken-one"}
        lake.publish("policies", pa.Table.from_pylist([policy]), {"week": FIRST})
        for step, week in (("rank", FIRST), ("learn", SECOND)):
            with pytest.raises(UserError, match="broken-one is damaged"):
                main(step, week)


def test_a_policy_whose_features_meant_something_else_is_not_gone_on_from(lake, spark, caplog):
    caplog.set_level("INFO")
    one_track(lake)
    main("learn", FIRST)
    (good,) = lake.arrow("policies", {"week": FIRST}).drop_columns("week").to_pylist()
    older = good["model"].replace(f'"features_version":{VERSION}', f'"features_version":{VERSION - 1}')
    assert older != good["model"]
    lake.publish("policies", pa.Table.from_pylist([{**good, "model": older}]), {"week": FIRST})
    main("learn", SECOND)
    assert "meant something else" in caplog.text
    assert f'"features_version":{VERSION}' in lake.arrow("policies", {"week": SECOND})["model"][0].as_py()


def one_track(lake):
    lake.publish("artists", pa.table({"artist_id": ["a"], "name": ["A"]}), ALL)
    lake.publish("tracks", pa.Table.from_pylist([track("t", "a")]), ALL)


def test_each_step_explains_itself(capsys):
    for step in ("outcomes", "learn", "rank", "evaluate"):
        with pytest.raises(SystemExit):
            arg_parser().parse_args([step, "--help"])
        assert "--week" in capsys.readouterr().out


@pytest.fixture
def offer(lake):
    """Publishes lists of u, who has played t0, skipped t8, has `mine` on a playlist of their own, and could be offered
    t1 to t4, of which v has played t1 to t3. By factors, t2 and `near` are near t0, t3 is far from it."""
    tracks = [track(f"t{i}", f"a{i}") for i in range(6)]
    tracks += [track("t0 live", "a0", work_id="t0"), track("t8", "a8"), track("early", "a1", released_at=SECOND)]
    tracks += [track("mine", "a4"), track("new", "a1", released_at=FIRST), track("near", "a2", released_at=FIRST)]
    lake.publish("artists", pa.table({"artist_id": [f"a{i}" for i in range(9)], "name": ["A"] * 9}), ALL)
    lake.publish("tracks", pa.Table.from_pylist(tracks), ALL)
    played = [("u", "t0", None), ("u", "t8", 10), *(("v", t, None) for t in ("t0", "t1", "t2", "t3"))]
    listen(lake, [(MONDAY, *listened) for listened in played])
    excluded = {"user_id": ["u", "w"], "kind": ["artist", "exploration"], "excluded_id": ["a5", ""]}
    lake.publish("exclusions", pa.table(excluded), ALL)
    entries = [{"playlist_id": "p", "position": i + 1, "track_id": f"t{i}", "user_id": None} for i in range(3)]
    entries.append({"playlist_id": "q", "position": 1, "track_id": "mine", "user_id": "u"})
    lake.publish("playlists", pa.Table.from_pylist(entries), ALL)
    factors = {"t0": [1.0, 0.0], "t2": [1.0, 1.0], "t3": [-1.0, 0.0], "t4": [1.0, 1.0], "near": [1.0, 1.0]}
    rows = [{"track_id": t, "factors": of, "listeners": 0} for t, of in factors.items()]
    for origin in ("collaborative", "audio"):
        lake.publish("track_factors", pa.Table.from_pylist(rows), {"week": SECOND, "origin": origin})
    words = {"entity_kind": "artist", "kind": "word", "weight": 0.5, "documents": 1, "since": FIRST, "inherited": False}
    terms = [{**words, "entity_id": a, "term": t} for a, t in (("a0", "loud"), ("a1", "loud"), ("a2", "shy"))]
    lake.publish("cultural_vectors", pa.Table.from_pylist(terms), {"week": SECOND})

    def publish(*places, week=SECOND, user="u"):
        common = {"user_id": user, "explanation": "x", "score": 0.5, "propensity": 0.5, "explored": False,
                  "policy_version": "v", "features": []}  # fmt: skip
        rows = [
            {**common, "rank": n, "track_id": t, "explanation_kind": k, "explanation_of": of}
            for n, (t, k, of) in enumerate(places, start=1)
        ]
        table = pa.Table.from_pylist(rows)
        features = pa.array([[]] * len(rows), pa.map_(pa.string(), pa.float64()))
        table = table.set_column(table.column_names.index("features"), "features", features)
        lake.publish("discover_weekly", table, {"week": week})

    return publish


def test_true_rows_pass_the_audits(offer):
    offer(
        ("t1", "playlist_neighbour", "t0"),
        ("t2", "because_you_listened", "t0"),
        ("t3", "popular", None),
        ("t4", "sounds_like", "t0"),
        ("near", "new_release", "a0"),
    )
    offer(("t1", "described_as", "a0"), ("t4", "first_listener", None))


@pytest.mark.parametrize(
    ("place", "rule"),
    [
        (("t0 live", "popular", None), "has heard before the week, in any version"),
        (("t8", "popular", None), "has heard before the week"),
        (("t5", "popular", None), "has excluded"),
        (("early", "popular", None), "not out yet"),
        (("t1", "because_you_listened", "t2"), "names a track that the listener has played"),
        (("t1", "sounds_like", None), "names a track that the listener has played"),
        (("t1", "because_you_listened", "t8"), "names a track that the listener has played"),
        (("t1", "described_as", "a3"), "names an artist that the listener has played"),
        (("t2", "described_as", "a0"), "share a term"),
        (("t3", "playlist_neighbour", "t0"), "on one playlist"),
        (("t1", "new_release", "a0"), "out since less than half a year"),
        (("new", "new_release", "a0"), "by the named artist, near them in words, or sounds like"),
        (("t3", "because_you_listened", "t0"), "near a played track is near it"),
        (("t1", "sounds_like", "t0"), "sounds like a played track sounds like it"),
        (("t4", "popular", None), "popular has been streamed"),
        (("t3", "first_listener", None), "nobody has played has not"),
        (("mine", "first_listener", None), "on a playlist of the listener's own"),
    ],
)
def test_a_row_that_is_not_true_is_refused(offer, place, rule):
    with pytest.raises(AuditFailed, match=rule):
        offer(place)


def test_trying_something_out_with_who_does_not_want_it_is_refused(offer):
    with pytest.raises(AuditFailed, match="nothing is tried out"):
        offer(("t1", "popular", None), user="w")


def test_a_track_of_an_earlier_list_is_refused(offer):
    offer(("t1", "first_listener", None), week=FIRST)
    with pytest.raises(AuditFailed, match="earlier list offered"):
        offer(("t1", "popular", None))


def test_a_list_that_ends_early_is_refused(lake, offer):
    offer(("t1", "popular", None), ("t2", "popular", None))
    rows = lake.arrow("discover_weekly")
    short = rows.slice(0, 1).set_column(rows.column_names.index("user_id"), "user_id", pa.array(["v"]))
    with pytest.raises(AuditFailed, match="shorter than others"):
        lake.publish("discover_weekly", pa.concat_tables([rows, short]), {"week": SECOND})


def test_a_list_may_end_early_where_all_that_is_left_is_a_recording_that_is_in_it(lake, offer):
    offer(("t1", "popular", None), ("t2", "popular", None))
    rows = lake.arrow("discover_weekly")
    short = rows.slice(0, 1).set_column(rows.column_names.index("user_id"), "user_id", pa.array(["x"]))
    tracks = lake.arrow("tracks")["track_id"].to_pylist()
    recordings = {"track_id": tracks, "recording_id": tracks[0], "correlation": 1.0}
    lake.publish("recordings", pd.DataFrame(recordings), ALL)
    lake.publish("discover_weekly", pa.concat_tables([rows, short]), {"week": SECOND})
    assert len(lake.arrow("discover_weekly")) == 3
