"""How accurate the factorization is on a public split of real listening, beside popularity and implicit.

The data is hetrec2011-lastfm-2k (GroupLens) with the split of the SocialLGN study: 1,892 listeners, 74,267 pairs of
listener and artist to learn from, 18,567 to find. Settings are chosen on a fifth of the pairs to learn from, the table
is of the others, which took no part in the choice.

    python -m benchmarks.lastfm --data FOLDER     # with train_set.txt, test_set.txt, user_artists.dat, ...
"""

import json
import os
import sys
import tempfile
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import NamedTuple

import numpy as np

from benchmarks.contest import alone, arg_parser, is_installed, save, show

CUT = 10
EPOCHS = 16
SEEDS = 3  # starts of ours that the table has the mean of
GRID = {
    "factors": (64, 128, 256),
    "unobserved_weight": (0.05, 0.1),
    "regularization": (0.01, 0.014, 0.03, 0.05),
}
TAG_GRID = {  # beside the settings chosen without tags
    "weight": (0.03, 0.1, 0.3),  # confidence of an entry of a playlist that a listener's tag makes
    "regularization": (0.001, 0.003, 0.01),  # lower, because it grows with the number of rows
}
ENVIRONMENT = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "DISCOVER_SPARK_MASTER": "local[2]"}


class Split(NamedTuple):
    """Pairs to learn from and to find, int64 (n, 2): listener, artist; and the sizes of the matrix."""

    train: np.ndarray
    test: np.ndarray
    shape: tuple[int, int]


def main() -> None:
    """Choose, test, print."""
    parser = arg_parser("lastfm", "Accuracy on hetrec2011-lastfm-2k: ours, popularity, implicit.")
    parser.add_argument("--data", type=Path, required=True, metavar="FOLDER", help="where the data set lies")
    options = parser.parse_args()
    if not (options.data / "train_set.txt").is_file():
        sys.exit(f"{options.data} has no train_set.txt: hetrec2011-lastfm-2k with the split of SocialLGN is needed")
    found = alone("benchmarks.lastfm:ours", ENVIRONMENT, data=str(options.data), small=options.small)
    rows = found["rows"]
    if is_installed("implicit"):
        rows += alone("benchmarks.lastfm:implicit", ENVIRONMENT, data=str(options.data))["rows"]
    show("hetrec2011-lastfm-2k, test pairs", rows)
    save(options.json, rows=rows, trials=found["trials"])


def ours(data: str, small: bool) -> dict:
    """Popularity, and jobs.collaborative with three kinds of input."""
    folder = Path(data)
    whole = split(folder)
    inner = np.random.default_rng(1).random(len(whole.train)) < 0.2
    part = Split(whole.train[~inner], whole.train[inner], whole.shape)
    plays = _plays(folder)
    kinds = {
        "binary": lambda pairs: np.ones(len(pairs)),
        "play counts": lambda pairs: np.log1p([plays[tuple(pair)] for pair in pairs.tolist()]),
    }
    grid = [dict(zip(GRID, values, strict=True)) for values in product(*GRID.values())]
    grid = grid[:2] if small else grid
    counts = np.bincount(whole.train[:, 1], minlength=whole.shape[1])
    rows = [{"model": "popularity", "settings": "", **metrics(np.tile(counts, (whole.shape[0], 1)), whole)}]
    trials = []
    with tempfile.TemporaryDirectory() as home:
        os.environ["DISCOVER_HOME"] = home
        from jobs.progress import bar, setup_logging
        from jobs.spark import session

        setup_logging()
        tags = list(product(*TAG_GRID.values()))[: 1 if small else None]
        n_trainings = len(kinds) * len(grid) + len(tags) + (len(kinds) + 1) * (1 if small else SEEDS)
        with session("benchmark") as spark, bar("lastfm", n_trainings, "trainings") as progress:
            chosen = {}
            for kind, confidence in kinds.items():
                tried = []
                for settings in grid:
                    scores = _scores(spark, home, part, confidence(part.train), settings, seed=0)
                    tried.append((metrics(scores, part), settings))
                    trials.append({"input": kind, **settings, **tried[-1][0]})
                    progress.advance(note=kind)
                chosen[kind] = max(tried, key=lambda trial: trial[0][f"NDCG@{CUT}"])[1]
                rows.append(_tested(spark, home, whole, confidence(whole.train), chosen[kind], kind, small))
                progress.advance(1 if small else SEEDS)
            tried = []
            lists = _tag_lists(folder, part, whole)
            for weight, regularization in tags:
                settings = chosen["binary"] | {"regularization": regularization}
                scores = _scores(spark, home, part, kinds["binary"](part.train), settings, 0, lists, weight)
                tried.append((metrics(scores, part), settings, weight))
                trials.append({"input": "binary and tags", "weight": weight, **settings, **tried[-1][0]})
                progress.advance(note="tags")
            _, settings, weight = max(tried, key=lambda trial: trial[0][f"NDCG@{CUT}"])
            lists, name = _tag_lists(folder, whole, whole), f"binary, tags as playlists of weight {weight}"
            values = kinds["binary"](whole.train)
            rows.append(_tested(spark, home, whole, values, settings, name, small, lists, weight))
            progress.advance(1 if small else SEEDS)
    return {"rows": rows, "trials": trials}


def implicit(data: str) -> dict:
    """implicit's ALS as a reference run has it: 64 factors, α 5, λ 5, binary input."""
    import scipy.sparse
    from implicit.cpu.als import AlternatingLeastSquares

    whole = split(Path(data))
    matrix = scipy.sparse.csr_matrix((np.ones(len(whole.train), np.float32), whole.train.T), shape=whole.shape)
    model = AlternatingLeastSquares(factors=64, alpha=5, regularization=5, random_state=0, num_threads=2)
    model.fit(matrix, show_progress=False)
    row = {"model": "implicit, untuned", "settings": "64 factors, α 5, λ 5"}
    return {"rows": [row | metrics(model.user_factors @ model.item_factors.T, whole)]}


def split(folder: Path) -> Split:
    """The published split."""
    train, test = (
        np.loadtxt(folder / f"{name}_set.txt", np.int64, delimiter=",", skiprows=1) for name in ("train", "test")
    )
    return Split(train, test, tuple(int(n) for n in np.concatenate([train, test]).max(axis=0) + 1))


def metrics(scores: np.ndarray, of: Split) -> dict[str, float]:
    """Mean precision, recall and NDCG over the listeners with something to find, by scores (n_listeners, n_artists)."""
    scores = scores.astype(np.float32)
    scores[tuple(of.train.T)] = -np.inf
    relevant = np.zeros(of.shape, bool)
    relevant[tuple(of.test.T)] = True
    wanted = relevant.sum(axis=1)
    top = np.argpartition(-scores, CUT, axis=1)[:, :CUT]
    top = np.take_along_axis(top, np.argsort(-np.take_along_axis(scores, top, axis=1), axis=1), axis=1)
    hits = np.take_along_axis(relevant, top, axis=1)[wanted > 0]
    gain, wanted = 1 / np.log2(np.arange(2, CUT + 2)), wanted[wanted > 0]
    return {
        f"P@{CUT}": float(hits.mean()),
        f"R@{CUT}": float((hits.sum(axis=1) / wanted).mean()),
        f"NDCG@{CUT}": float(((hits * gain).sum(axis=1) / gain.cumsum()[np.minimum(wanted, CUT) - 1]).mean()),
    }


def _tested(spark, home, whole, values, settings, name, small, lists=(), weight=0.0) -> dict:
    """The mean over several starts, on the test pairs."""
    measured = [
        metrics(_scores(spark, home, whole, values, settings, seed, lists, weight), whole)
        for seed in range(1 if small else SEEDS)
    ]
    words = "{factors} factors, α0 {unobserved_weight}, λ {regularization}".format(**settings)
    return {"model": f"ours, {name}", "settings": words} | {
        key: float(np.mean([m[key] for m in measured])) for key in measured[0]
    }


def _scores(spark, home, of: Split, values, settings, seed, lists=(), weight=0.0) -> np.ndarray:
    """Scores of all artists for all listeners, (n_listeners, n_artists), by the factors that the project learns."""
    import pandas as pd

    from jobs.collaborative.als import Parameters, factorize

    listens = pd.DataFrame({"kind": "listener", "row_id": of.train[:, 0], "track_id": of.train[:, 1], "value": values})
    entries = [("playlist", number, artist, weight) for number, artists in enumerate(lists) for artist in artists]
    matrix = listens
    if entries:
        matrix = pd.concat([listens, pd.DataFrame(entries, columns=listens.columns)], ignore_index=True)
    matrix[["row_id", "track_id"]] = matrix[["row_id", "track_id"]].astype(str)
    frame = spark.createDataFrame(matrix.astype({"value": float}))
    with factorize(frame, Parameters(epochs=EPOCHS, seed=seed, **settings), (Path(home) / "als").as_uri()) as found:
        sides = [
            (found.rows.where("kind = 'listener'").toArrow(), "row_id", of.shape[0]),
            (found.tracks.toArrow(), "track_id", of.shape[1]),
        ]
    x, y = (_dense(table, key, size) for table, key, size in sides)
    return x @ y.T


def _dense(table, key: str, size: int) -> np.ndarray:
    numbers = np.array(table[key].to_pylist(), int)
    factors = table["factors"].combine_chunks().flatten().to_numpy().reshape(len(numbers), -1)
    dense = np.zeros((size, factors.shape[1]), np.float32)
    dense[numbers] = factors
    return dense


def _plays(folder: Path) -> dict[tuple[int, int], int]:
    return {(user, artist): plays for user, artist, plays in _rows(folder, "user_artists.dat")}


def _tag_lists(folder: Path, of: Split, whole: Split) -> list[list[int]]:
    """What a listener has given one tag, as a playlist of at least two artists. No pair that is to be found is on one,
    nor an artist that the pairs to learn from do not have."""
    hidden = {*map(tuple, of.test.tolist()), *map(tuple, whole.test.tolist())}
    known, lists = set(of.train[:, 1].tolist()), {}
    for user, artist, tag in _rows(folder, "user_taggedartists.dat"):
        if artist in known and (user, artist) not in hidden:
            lists.setdefault((user, tag), set()).add(artist)
    return [sorted(artists) for artists in lists.values() if len(artists) > 1]


def _rows(folder: Path, name: str) -> Iterator[tuple[int, int, int]]:
    """The first three columns of a file, with the numbers of the split for listeners and artists."""
    users, artists = (
        {int(old): new for old, new in json.loads((folder / f"{kind}Reindex.json").read_text()).items()}
        for kind in ("user", "item")
    )
    for line in (folder / name).read_text(encoding="utf-8").splitlines()[1:]:
        user, artist, value = map(int, line.split("\t")[:3])
        if user in users and artist in artists:
            yield users[user], artists[artist], value


if __name__ == "__main__":
    main()
