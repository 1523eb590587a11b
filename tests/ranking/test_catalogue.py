"""The catalogue as arrays, and the neighbourhoods in it."""

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import csr_matrix

from jobs.cli import UserError
from jobs.ranking import catalogue as catalogues
from jobs.ranking import links
from tests.ranking import worlds
from tests.ranking.worlds import WEEK, track


def small(*tracks, heard=()):
    profile = {"user_id": "u", "heard": [{"track_id": t, "plays": n, "last_day": None} for t, n in heard]}
    return worlds.of(list(tracks), [profile])


def factors(rows, listeners=5):
    values = [np.array(v, "f4") for v in rows.values()]
    kinds = pa.list_(pa.float32())
    return pa.table(
        {
            "track_id": pa.array(list(rows), pa.string()),
            "factors": pa.array(values, kinds),
            "listeners": [listeners] * len(rows),
        }
    )


def test_dates_decide_what_is_out_and_what_is_new():
    days = {"future": -1, "today": 0, "yesterday": 1, "month": 28, "older": 29}
    found = small(
        track("unknown", "a"), *(track(n, "a", released_at=WEEK - timedelta(days=d)) for n, d in days.items())
    ).ranker.catalogue
    assert set(found.track_ids[found.available]) == {"unknown", "yesterday", "month", "older"}
    assert set(found.track_ids[found.new]) == {"yesterday", "month"}


def test_an_artist_who_stands_in_for_a_track_is_named_once():
    found = small(track("t1", "a", title="Artist a"), track("t2", "a", title="Song")).ranker.catalogue
    assert found.labels.tolist() == ["Artist a", "“Song” by Artist a"]


def test_a_track_without_its_artist_is_named():
    artists = pa.table({"artist_id": ["a"], "name": ["A"]})
    lost = pa.Table.from_pylist([track("t1", "b")], worlds.TRACKS)
    with pytest.raises(UserError, match="the artist of t1"):
        catalogues.make(lost, artists, {}, {}, WEEK, 4)


def test_tracks_with_few_listeners_are_scored_by_their_content():
    found = small(track("t1", "a"), track("t2", "a"), track("t3", "a"), track("t4", "a")).ranker.catalogue
    known = pa.concat_tables([factors({"t1": [3, 4], "t2": [0, 5]}), factors({"t3": [9, 9]}, listeners=1)])
    sound = factors({"t4": [0, 7]}, listeners=0)
    content = factors({"t3": [0, 2], "t1": [1, 0]}, listeners=0)
    by_origin = {"collaborative": known, "audio": sound, "content": content}
    scoring, placed = catalogues.factor_matrices(found, by_origin, min_listeners=3)
    # The lengths of the learned factors are 5, 5 and 12.7, so 5 is typical.
    assert scoring == pytest.approx(np.array([[3, 4], [0, 5], [0, 5], [0, 0]]))
    assert placed["collaborative"].tolist() == [[3, 4], [0, 5], [0, 0], [0, 0]]
    assert placed["audio"].tolist() == [[0, 0], [0, 0], [0, 0], [0, 7]]
    assert placed["content"].tolist() == [[1, 0], [0, 0], [0, 2], [0, 0]]


def test_factors_of_two_lengths_are_an_error():
    found = small(track("t1", "a")).ranker.catalogue
    vectors = {"collaborative": [1, 2], "audio": [1, 2, 3], "content": [1, 2]}
    tables = {origin: factors({"t1": vector}) for origin, vector in vectors.items()}
    with pytest.raises(UserError, match="differ in length"):
        catalogues.factor_matrices(found, tables, 3)


def test_similar_artists_go_both_ways_and_say_words_only():
    found = small(track("t1", "a"), track("t2", "b"), track("t3", "c")).ranker.catalogue
    similar = pa.table(
        {
            "artist_id": ["a", "c"],
            "similar_artist_id": ["b", "a"],
            "similarity": [0.5, 0.9],
            "shared_terms": [["b", "hushed", "slow", "warm", "late"], ["b"]],  # b is an artist, not a word
        }
    )
    matrix, terms = catalogues.artist_similarities(found, similar)
    assert matrix.toarray() == pytest.approx(np.array([[0, 0.5, 0], [0.5, 0, 0], [0, 0, 0]]))
    assert terms.tolist() == ["hushed, slow, warm"] * 2


@given(st.integers(0, 2**32 - 1), st.integers(1, 30), st.integers(1, 8))
def test_the_nearest_are_those_of_an_exhaustive_search(seed, n, k):
    rng = np.random.default_rng(seed)
    vectors = catalogues.unit(rng.normal(size=(n, 3)))
    rows, candidates = np.arange(0, n, 2), np.flatnonzero(rng.random(n) < 0.7)
    neighbours, cosines = links.nearest(vectors, rows, candidates, k)
    for row, found, near in zip(rows, neighbours, cosines, strict=True):
        exact = sorted((max(float(vectors[row] @ vectors[c]), 0) for c in candidates if c != row), reverse=True)
        assert sorted(near[near > 0], reverse=True) == pytest.approx([c for c in exact[:k] if c > 0], abs=1e-5)
        assert row not in found[near > 0]


def test_neighbourhoods_of_played_tracks_hold_available_tracks_only(spark):
    early = {"released_at": WEEK + timedelta(days=1)}
    found = small(
        track("t1", "a"), track("t2", "b"), track("t3", "c", **early), track("t4", "d"), heard=[("t1", 1)]
    ).ranker.catalogue
    near = links.nearest_tracks(spark, found, np.array([[1, 0], [1, 1], [1, 0], [0, 0]], "f4"))
    assert near.toarray() == pytest.approx(np.array([[0, 0.5**0.5, 0, 0], [0] * 4, [0] * 4, [0] * 4]))


def test_playlist_neighbours_stand_within_reach_of_each_other(spark):
    # t00 and t01 share both lists of t01, and two of the three of t00; t00 and t20 share one list, 20 places apart.
    entries = [("long", i, f"t{i:02}") for i in range(21)] + [("p", 7, "t01"), ("p", 5, "t00"), ("q", 1, "t00")]
    rows = spark.createDataFrame(entries, "playlist_id string, position int, track_id string")
    found = links.playlist_neighbours(rows, small(*(track(f"t{i:02}", "a") for i in range(21))).ranker.catalogue)
    assert found[0, 1] == pytest.approx(2 / (3 * 2) ** 0.5)
    assert found[1, 0] == found[0, 1]
    assert found[0, 10] > 0
    assert found[0, 11] == found[0, 20] == 0


def test_the_most_similar_played_track_is_named_and_of_equals_the_most_played():
    heard = [("p1", 1), ("p2", 9), ("p3", 5)]
    world = small(*(track(t, t) for t in ("c1", "c2", "p1", "p2", "p3")), heard=heard)
    # c1 is nearest to p1; c2 is as near to p3 as to p2, which is played more.
    near = csr_matrix(([0.9, 0.5, 0.6, 0.6], ([2, 3, 3, 4], [0, 0, 1, 1])), shape=(5, 5), dtype=np.float32)
    known = replace(world.ranker.catalogue, links={**world.ranker.catalogue.links, "sound": near})
    greedy = replace(world.ranker.policy, exploration=worlds.exploration(epsilon=0.0))
    rows = world.lists(catalogue=known, policy=greedy).to_pylist()
    assert {r["track_id"]: r["explanation_of"] for r in rows if r["explanation_kind"] == "sounds_like"} == {
        "c1": "p1",
        "c2": "p2",
    }
