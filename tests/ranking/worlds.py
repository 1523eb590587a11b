"""Small random worlds, as the tables of the lake would give them, for tests of whole lists."""

from collections import Counter
from dataclasses import dataclass, replace
from datetime import date, timedelta

import numpy as np
import pyarrow as pa
from scipy.sparse import csr_matrix, random_array

from jobs.ranking import catalogue as catalogues
from jobs.ranking import choice, features
from jobs.ranking.clusters import clusters
from jobs.ranking.lists import Policy, Ranker
from jobs.ranking.reward import stated_model

WEEK = date(2026, 11, 23)
PROFILES = pa.schema(
    [
        ("user_id", pa.string()),
        ("heard", pa.list_(pa.struct([("track_id", pa.string()), ("plays", pa.int64()), ("last_day", pa.int32())]))),
        ("served", pa.list_(pa.string())),
        ("banned_tracks", pa.list_(pa.string())),
        ("banned_artists", pa.list_(pa.string())),
        ("steady", pa.bool_()),
        ("factors", pa.list_(pa.float32())),
        (
            "answers",
            pa.list_(
                pa.struct(
                    [("kind", pa.string()), ("surplus", pa.float64()), ("judged", pa.int64()), ("played", pa.int64())]
                )
            ),
        ),
    ]
)
TRACKS = pa.schema(
    [
        ("track_id", pa.string()),
        ("artist_id", pa.string()),
        ("title", pa.string()),
        ("work_id", pa.string()),
        ("album", pa.string()),
        ("featured_artist_ids", pa.list_(pa.string())),
        ("released_at", pa.date32()),
        ("duration_ms", pa.int64()),
    ]
)


RULES = {"length": 30, "max_per_artist": 2, "max_per_album": 30, "new_release_share": 0.2, "cluster_spread": 0.0}
EXPLORATION = {
    "method": "epsilon_greedy",
    "epsilon": 0.1,
    "temperature": 0.5,
    "explore_tracks": 100,
    "most_explored": 30,
}


def exploration(**changed):
    """How lists explore in tests, with some of it changed."""
    return choice.Exploration(**{**EXPLORATION, **changed})


@dataclass(frozen=True)
class World:
    """The ranker of a world, the profiles of its listeners, and its tracks as rows."""

    ranker: Ranker
    profiles: pa.RecordBatch
    tracks: list[dict]

    def lists(self, profiles=None, **changed) -> pa.Table:
        """The lists of the profiles (all of them), by a ranker with some fields changed."""
        return pa.Table.from_batches(replace(self.ranker, **changed).batches([profiles or self.profiles]))


def make(seed, *, n_tracks=60, n_artists=12, n_listeners=6, heard_share=0.2, knowledge=True, n_candidates=30, **rules):
    """A random world: collaborations, versions of works, releases of all ages (some in the future), histories, bans.

    knowledge : whether there are factors, neighbourhoods and words; else play counts are all there is
    """
    rng = np.random.default_rng(seed)
    track_ids, artist_ids = [f"t{i:03}" for i in range(n_tracks)], [f"a{i:02}" for i in range(n_artists)]
    tracks = []
    for track_id in track_ids:
        artist, *featured = rng.choice(n_artists, size=min(n_artists, rng.choice([1, 1, 1, 2, 3])), replace=False)
        age = rng.choice([None, -8, 0, 1, 8, 20, 29, 400], p=[0.2, 0.05, 0.05, 0.1, 0.2, 0.1, 0.1, 0.2])
        tracks.append(
            track(
                track_id,
                artist_ids[artist],
                work_id=f"w{rng.integers(max(1, int(n_tracks * 0.8))):03}",
                featured_artist_ids=[artist_ids[f] for f in featured] or None,
                album=rng.choice([None, "One", "Two"]),
                released_at=None if age is None else WEEK - timedelta(days=int(age)),
            )
        )

    def some(values, share):
        return [v for v in values if rng.random() < share] or None

    profiles = [
        {
            "user_id": f"u{u}",
            "heard": [
                {
                    "track_id": t,
                    "plays": int(rng.integers(0, 5)),
                    "last_day": None if rng.random() < 0.3 else int((WEEK - date(1970, 1, 1)).days - rng.integers(90)),
                }
                for t in some(track_ids, heard_share * rng.random()) or track_ids[:1]
            ],
            "served": some(track_ids, 0.1 * rng.random()),
            "banned_tracks": some(track_ids, 0.1 * rng.random()),
            "banned_artists": some(artist_ids, 0.2 * rng.random()),
            "steady": bool(rng.random() < 0.2),
            "factors": rng.normal(size=4).tolist() if knowledge and rng.random() < 0.8 else None,
            "answers": some(
                [{"kind": k, "surplus": rng.normal(), "judged": 3, "played": 2} for k in features.KINDS], 0.3
            ),
        }
        for u in range(n_listeners)
    ]
    options = {"epsilon": 0.2, "explore_tracks": 20, "cluster_spread": 0.5}
    world = of(tracks, profiles, seed=seed, n_candidates=n_candidates, **{**options, **rules})
    if not knowledge:
        return world
    return replace(world, ranker=replace(world.ranker, catalogue=_with_knowledge(world.ranker.catalogue, rng)))


def of(tracks, profiles, *, seed=0, n_candidates=30, **rules):
    """The world of these tracks and profiles (rows), in which nothing but what was heard is known."""
    names = sorted({a for t in tracks for a in (t["artist_id"], *(t["featured_artist_ids"] or []))})
    artists = pa.table({"artist_id": names, "name": [f"Artist {a}" for a in names]})
    everything = [heard for profile in profiles for heard in profile["heard"]]
    listeners, heard = (Counter(h["track_id"] for h in everything if h["plays"] > least) for least in (0, -1))
    rows = pa.Table.from_pylist(tracks, TRACKS)
    catalogue = catalogues.make(rows, artists, listeners, heard, WEEK, new_release_weeks=4)
    ranker = Ranker(
        catalogue=catalogue,
        policy=Policy("v1", stated_model(), exploration(**{k: v for k, v in rules.items() if k in EXPLORATION})),
        rules=choice.Rules(**{**RULES, **{k: v for k, v in rules.items() if k in RULES}}),
        n_candidates=n_candidates,
        held_out_share=0.0,
        week=WEEK,
        seed=seed,
    )
    return World(ranker, pa.RecordBatch.from_pylist(profiles, PROFILES), tracks)


def track(track_id, artist_id, **more):
    """One row of tracks, a work of its own unless said otherwise."""
    row = {"track_id": track_id, "artist_id": artist_id, "title": f"Title {track_id}", "work_id": track_id}
    return {**row, "featured_artist_ids": None, "album": None, "released_at": None, "duration_ms": None, **more}


def _with_knowledge(world, rng):
    def links(n):
        matrix = csr_matrix(random_array((n, n), density=min(1, 5 / n), rng=rng, dtype=np.float32))
        matrix.setdiag(0)
        matrix.eliminate_zeros()
        return matrix

    n = len(world)
    words = links(len(world.artist_ids))
    factors = np.where(rng.random((n, 1)) < 0.8, rng.normal(size=(n, 4)), 0).astype(np.float32)
    cluster = clusters(factors, 4, 0)
    return replace(
        world,
        factors=factors,
        cluster=cluster,
        crowds=rng.integers(0, 2, (n, cluster.max(initial=-1) + 1)).astype(np.int32) * world.listeners[:, None],
        links={name: links(n) for name in world.links},
        similar_artists=words,
        shared_terms=np.array([f"term {i}" for i in range(words.nnz)], object),
    )
