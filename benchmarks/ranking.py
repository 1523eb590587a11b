"""From factors to thirty rows: listeners a second of the whole ranker, and of its scoring and choosing beside peers.

Three parts. The whole: candidates, reasons, features, scores, the draw and the sentences, for listeners of a made-up
world, in as many processes as there are cores. Scoring and choosing alone: the same candidates and features, by the
compiled ranker, in plain pandas, and by MABWiser's linear ε-greedy, where it is installed; the contenders take turns,
each in a process of its own. Training: a factorization machine on made-up judgements.
"""

import os
import statistics
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from datetime import date
from functools import cache

import numpy as np
import pandas as pd
import pyarrow as pa
from scipy.sparse import csr_matrix

from benchmarks import contest
from jobs.ranking import catalogue as catalogues
from jobs.ranking import choice, features, fitting
from jobs.ranking.clusters import clusters
from jobs.ranking.features import KINDS
from jobs.ranking.listeners import Block, played_tracks
from jobs.ranking.lists import BLOCK_CELLS, BLOCK_LISTENERS, Policy, Ranker
from jobs.ranking.reward import RewardModel, stated_model

WEEK = date(2026, 11, 23)
FACTORS, PLAYED, LINKS = 32, 60, 40  # length of factors; tracks that a listener has played; neighbours of a track
CANDIDATES, PLACES = 500, 30
EPSILON = 0.1
RULES = choice.Rules(PLACES, 2, 1, 0.2, 0.5)
EXPLORATION = choice.Exploration("epsilon_greedy", EPSILON, 0.2, 100, 6)
ENVIRONMENT = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "NUMBA_NUM_THREADS": str(os.cpu_count())}


@cache
def ranker(n_tracks: int) -> Ranker:
    """The ranker of a made-up catalogue, with a factorization machine of rank 4."""
    random = np.random.default_rng(0)
    ids, n_artists = [f"t{i:07}" for i in range(n_tracks)], n_tracks // 8
    artists = [f"a{i:06}" for i in range(n_artists)]
    tracks = pa.table(
        {
            "track_id": ids,
            "artist_id": random.choice(artists, n_tracks),
            "title": ids,
            "album": random.choice([f"album {i}" for i in range(3)], n_tracks),
            "work_id": ids,
            "featured_artist_ids": pa.array([None] * n_tracks, pa.list_(pa.string())),
            "released_at": pa.array(
                np.datetime64(WEEK) - random.integers(1, 3000, n_tracks).astype("timedelta64[D]"), pa.date32()
            ),
        }
    )
    counts = dict(zip(ids, (1000 / random.permutation(np.arange(1, n_tracks + 1))).astype(int).tolist(), strict=True))
    named = pa.table({"artist_id": artists, "name": artists})
    bare = catalogues.make(tracks, named, counts, counts, WEEK, 4)
    factors = random.normal(size=(n_tracks, FACTORS)).astype(np.float32)
    known = replace(
        bare,
        factors=factors,
        cluster=clusters(factors, 12, 0),
        crowds=random.integers(0, 50, (n_tracks, 12), np.int32),
        links={name: _links(n_tracks, random) for name in bare.links},
        similar_artists=_links(n_artists, random),
        shared_terms=np.full(n_artists * LINKS, "hushed", object),
    )
    pairs = random.normal(0, 0.1, (len(features.NAMES), 4))
    pairs[features.COLUMN[features.POSITION]] = 0
    stated = stated_model()
    model = RewardModel(
        kind="factorization_machine", weights=stated.weights, prior=stated.prior, pairs=tuple(map(tuple, pairs))
    )
    return Ranker(known, Policy("benchmark", model, EXPLORATION), RULES, CANDIDATES, 0.0, WEEK, 0)


def block(known: catalogues.Catalogue, n: int, seed: int) -> Block:
    """Some listeners who have played `PLAYED` tracks each."""
    random, nothing = np.random.default_rng(seed), np.zeros(0, np.int64)
    rows = np.repeat(np.arange(n), PLAYED)
    tracks = random.integers(len(known), size=n * PLAYED)
    rows, tracks = np.unique(np.stack([rows, tracks]), axis=1)
    plays = random.integers(0, 9, len(rows))
    days = np.full(len(rows), (WEEK - date(1970, 1, 1)).days - 30.0)
    return Block(
        user_ids=np.array([f"{seed}-{i}" for i in range(n)], object),
        played=played_tracks(rows, tracks, plays, days, WEEK),
        heard=(rows, tracks),
        kept=plays > 0,
        served=(nothing, nothing),
        banned_tracks=(nothing, nothing),
        banned_artists=(nothing, nothing),
        explores=np.full(n, True),
        factors=random.normal(size=(n, FACTORS)).astype(np.float32),
        answers=(random.normal(size=(n, len(KINDS))), *np.full((2, n, len(KINDS)), 5.0)),
    )


def whole(listeners: int, tracks: int) -> dict:
    """Lists of all listeners in as many processes as there are cores; the world is made before the clock starts."""
    size = int(np.clip(BLOCK_CELLS // tracks, 1, BLOCK_LISTENERS))
    sizes = [min(size, listeners - start) for start in range(0, listeners, size)]
    ranker(tracks)  # before the processes part, so that they share it
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        list(pool.map(_rank, [(tracks, 8, -1 - n) for n in range(4 * (os.cpu_count() or 1))]))  # compiled by now
        started = time.perf_counter()
        rows = sum(pool.map(_rank, [(tracks, n, seed) for seed, n in enumerate(sizes)]))
        seconds = time.perf_counter() - started
    return {"rows": rows, "seconds": seconds}


def _rank(task: tuple[int, int, int]) -> int:
    tracks, n, seed = task
    one = ranker(tracks)
    return one.rank(block(one.catalogue, n, seed + 10_000)).num_rows


def ours(listeners: int, repeats: int) -> dict:
    """Scores of a factorization machine and the draw by all rules, in blocks, by one process."""
    one, parts = ranker(5000), _prepared(listeners)
    model = one.policy.model

    def run() -> None:
        for seed, known in enumerate(parts):
            flags = np.ones(len(known.chosen), bool)
            log_odds = model.log_odds(known.offers.features)
            actions = known.offers.actions(log_odds, RULES.cluster_spread, PLACES, flags, flags, flags)
            users = [f"{seed}-{i}" for i in range(len(flags))]
            choice.draw(actions, choice.uniforms_of(users, PLACES, 0), RULES, EXPLORATION)

    return _timed(run, repeats)


def in_pandas(listeners: int, repeats: int) -> dict:
    """The same features through a logistic regression, ε-greedy with the cap of an artist, in plain pandas: a frame of
    all actions, and a loop over the listeners' groups."""
    weights = np.array(stated_model().weights)
    frames = []
    for number, known in enumerate(_prepared(listeners)):
        row, column, _ = np.nonzero(known.offers.number >= 0)
        frame = pd.DataFrame({"user": number * BLOCK_LISTENERS + row, "track": known.chosen[row, column]})
        frame["artist"] = ranker(5000).catalogue.artist[frame.track]
        frames.append((frame, known.offers.features))

    def run() -> None:
        random = np.random.default_rng(0)
        for frame, described in frames:
            scored = frame.assign(score=features.design(described) @ weights)
            scored = scored.sort_values(["user", "score"], ascending=[True, False])
            for _, of in scored.groupby("user"):
                _choose(of.track.to_numpy(), of.artist.to_numpy(), random)

    return _timed(run, repeats)


def _choose(tracks: np.ndarray, artists: np.ndarray, random: np.random.Generator) -> list[int]:
    chosen: list[int] = []
    places: dict[int, int] = {}
    left = dict.fromkeys(range(len(tracks)))
    while len(chosen) < PLACES and left:
        at = random.choice(list(left)) if random.random() < EPSILON else next(iter(left))
        del left[at]
        if tracks[at] not in chosen and places.get(artists[at], 0) < RULES.max_per_artist:
            chosen.append(tracks[at])
            places[artists[at]] = places.get(artists[at], 0) + 1
    return chosen


def mabwiser(listeners: int, repeats: int) -> dict:
    """MABWiser's linear ε-greedy with an arm for each of the candidates, all the same for everybody, and a context of
    the listener's traits: expectations of all arms, and the best thirty of them, without a rule."""
    from mabwiser.mab import MAB, LearningPolicy

    random = np.random.default_rng(0)
    contexts = random.random((listeners, len(features.TRAITS)))
    arms = list(range(CANDIDATES))
    bandit = MAB(arms, LearningPolicy.LinGreedy(epsilon=EPSILON))
    n = 20 * CANDIDATES
    bandit.fit(np.arange(n) % CANDIDATES, random.integers(0, 2, n), random.random((n, len(features.TRAITS))))

    def run() -> None:
        expected = pd.DataFrame(bandit.predict_expectations(contexts)).to_numpy()
        np.argsort(-expected, axis=1)[:, :PLACES]

    return _timed(run, repeats)


def training(rows: int, repeats: int) -> dict:
    """A factorization machine of rank 4 on made-up judgements, a third of whose features are 0."""
    random = np.random.default_rng(0)
    shape = (rows, len(features.NAMES))
    x = random.random(shape, np.float32) * (random.random(shape, np.float32) < 2 / 3)
    truth = random.normal(size=shape[1]).astype(np.float32)
    reward = (random.random(rows) < 1 / (1 + np.exp(-(x - 0.3) @ truth))).astype(float)
    judged = fitting.Judged(x, reward, np.ones(rows))
    method = fitting.Method("factorization_machine", 4, 0, 50.0, 50.0)
    return _timed(lambda: fitting.fit(judged, features.prior(), method, 0), repeats)


def _timed(run, repeats: int) -> dict:
    seconds = []
    for _ in range(1 + repeats):  # the first one warms up
        started = time.perf_counter()
        run()
        seconds.append(time.perf_counter() - started)
    return {"seconds": statistics.median(seconds[1:])}


def _prepared(listeners: int) -> list:
    one = ranker(5000)
    starts = range(0, listeners, BLOCK_LISTENERS)
    return [one.prepare(block(one.catalogue, min(BLOCK_LISTENERS, listeners - s), s)) for s in starts]


def _links(n: int, random: np.random.Generator) -> csr_matrix:
    rows, columns = np.repeat(np.arange(n), LINKS), random.integers(n, size=n * LINKS)
    matrix = csr_matrix((random.random(n * LINKS, np.float32), (rows, columns)), shape=(n, n))
    matrix.sum_duplicates()
    np.clip(matrix.data, 0.01, 1, out=matrix.data)
    return matrix


def main() -> None:
    """Run all parts and print their tables."""
    options = contest.arg_parser("ranking", __doc__.splitlines()[0]).parse_args()
    sizes = ((200, 5000), (1000, 5000)) if options.small else ((1000, 5000), (10_000, 5000), (100_000, 5000))
    rows = []
    for listeners, tracks in sizes:
        found = contest.alone("benchmarks.ranking:whole", ENVIRONMENT, listeners=listeners, tracks=tracks)
        rows.append(
            {
                "listeners": listeners,
                "tracks": tracks,
                "listeners a second": listeners / found["seconds"],
                "rows": found["rows"],
                "peak MiB": found["peak_mib"],
            }
        )
    contest.show(f"The whole, {CANDIDATES} candidates, {os.cpu_count()} processes", rows)

    listeners, repeats = (200, 1) if options.small else (1000, 3)
    contenders = ["ours", "in_pandas", *(["mabwiser"] if contest.is_installed("mabwiser") else [])]
    times = {
        name: contest.alone(f"benchmarks.ranking:{name}", ENVIRONMENT, listeners=listeners, repeats=repeats)
        for name in contenders
    }
    choosing = [
        {
            "scoring and choosing": name,
            "listeners a second": listeners / found["seconds"],
            "times ours": found["seconds"] / times["ours"]["seconds"],
            "peak MiB": found["peak_mib"],
        }
        for name, found in times.items()
    ]
    contest.show(f"Scoring and choosing alone, {listeners:,} listeners x {CANDIDATES} candidates, 1 process", choosing)

    judgements = 100_000 if options.small else 3_000_000
    trained = contest.alone("benchmarks.ranking:training", ENVIRONMENT, rows=judgements, repeats=1)
    learned = [{"judgements": judgements, "seconds": trained["seconds"], "peak MiB": trained["peak_mib"]}]
    contest.show("Training a factorization machine of rank 4", learned)
    contest.save(options.json, whole=rows, choosing=choosing, training=learned)


if __name__ == "__main__":
    main()
