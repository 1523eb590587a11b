"""How fast factors are learned: ours on Spark, beside Spark's MLlib and implicit, on one made-up matrix.

The matrix has the shape of Last.fm-360K (Celma, "Music Recommendation and Discovery in the Long Tail", 2008): 358,858
listeners, 160,112 artists, 17.3 million pairs, some 49 a listener, a fifth of all listeners on the most
popular artist; and listeners have tastes, so that there is something to learn. Smaller cuts have fewer of both.

    python -m benchmarks.als --small
    python -m benchmarks.als --pairs 1.5e6 4e6 17.3e6 --factors 64 128
"""

import os
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import numpy as np

from benchmarks.contest import alone, arg_parser, cpu_seconds, is_installed, save, show

LISTENERS, ARTISTS, PAIRS = 358_858, 160_112, 17.3e6
TASTES, OWN_TASTE = 40, 0.7  # tastes there are; how much of a listener's history is of their own
TOP_SHARE = 0.42  # of draws outside the own taste that the most popular artist would get from each listener
DRAWS_PER_PAIR = 1.06  # because a listener draws popular artists more than once
HELD_OUT, JUDGED, CUT = 0.1, 5_000, 10  # share of pairs held out; listeners judged; places of a list
JUDGED_AT_ONCE = 200  # listeners
CORES = 2
FEW_EPOCHS = 3  # of MLlib where it is slow: enough to time it
NEW_A_WEEK = 0.02  # share of pairs that are there for the first time, where a week follows another
SMALL = 2e6  # pairs up to which MLlib learns as long as the others, and a week follows another
WEEKS = ("cold epochs", "warm epochs", "cold NDCG", "warm NDCG")
REGULARIZATION, UNOBSERVED_WEIGHT = 0.01, 0.1
ENVIRONMENT = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "DISCOVER_SPARK_MASTER": f"local[{CORES}]"}


def main() -> None:
    """Run all contenders on all sizes; print a table."""
    parser = arg_parser("als", "Factorization of a made-up matrix like Last.fm-360K: ours, MLlib, implicit.")
    parser.add_argument(
        "--pairs", type=float, nargs="+", default=[1.5e6, 4e6, PAIRS], help="sizes (default: all three)"
    )
    parser.add_argument("--factors", type=int, nargs="+", default=[64, 128], help="lengths (default: 64 128)")
    parser.add_argument("--epochs", type=int, default=10, help="of ours and implicit (default: 10)")
    parser.add_argument("--without-mllib", action="store_true", help="leave out the slow one")
    options = parser.parse_args()
    if options.small:
        options.pairs, options.factors, options.epochs = [2e5], [32], 3
    rows, weeks = [], []
    with tempfile.TemporaryDirectory() as folder:
        for pairs in options.pairs:
            data = alone("benchmarks.als:generate", pairs=pairs, folder=folder)
            for factors in options.factors:
                task = {"folder": folder, "factors": factors}
                found = {"ours": alone("benchmarks.als:ours", ENVIRONMENT, **task, epochs=options.epochs)}
                if is_installed("implicit"):
                    found["implicit"] = alone("benchmarks.als:implicit", ENVIRONMENT, **task, epochs=options.epochs)
                if not options.without_mllib:
                    found["MLlib"] = alone(
                        "benchmarks.als:mllib",
                        ENVIRONMENT | {"DISCOVER_SPARK_MEMORY": "8g"},
                        **task,
                        epochs=options.epochs if pairs <= SMALL else FEW_EPOCHS,
                    )
                for name, measured in found.items():
                    rows.append(
                        {
                            "contender": name,
                            "pairs": data["pairs"],
                            "d": factors,
                            "s an epoch": measured["epoch_seconds"],
                            "x ours": measured["epoch_seconds"] / found["ours"]["epoch_seconds"],
                            "CPU s an epoch": measured["epoch_cpu_seconds"],
                            "ns a pair": 1e9 * measured["epoch_seconds"] / data["pairs"],
                            "preparing s": measured["prepare_seconds"],
                            "epochs": measured["epochs"],
                            "total s": measured["total_seconds"],
                            "peak MiB": measured["peak_mib"],
                            f"NDCG@{CUT}": measured["ndcg"],
                            "load": os.getloadavg()[0],
                        }
                    )
                show("Factorization", rows)
            if pairs <= SMALL:
                task = {"folder": folder, "factors": options.factors[0], "epochs": options.epochs}
                measured = alone("benchmarks.als:week_after_week", ENVIRONMENT, **task)
                weeks.append({"pairs": data["pairs"], "new pairs": NEW_A_WEEK, **{k: measured[k] for k in WEEKS}})
                show("Starting from last week's factors: epochs to the loss that a cold start ends with", weeks)
    save(options.json, rows=rows, weeks=weeks)


def generate(pairs: float, folder: str) -> dict:
    """Make the matrix: `train.npz` (rows, columns, plays), the same as `train.parquet`, and `test.npz`."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    scale, rng = pairs / PAIRS, np.random.default_rng(0)
    n_rows, n_columns = int(LISTENERS * scale), int(ARTISTS * scale)
    popularity = _popularity(n_columns)
    taste = rng.integers(TASTES, size=n_columns)
    order = np.lexsort((np.arange(n_columns), taste))
    starts = np.searchsorted(taste[order], np.arange(TASTES + 1))
    activity = rng.lognormal(0, 0.35, n_rows)
    counts = np.maximum(rng.poisson(activity / activity.mean() * pairs / n_rows * DRAWS_PER_PAIR), 1)
    rows = np.repeat(np.arange(n_rows), counts)
    own = rng.random(len(rows)) < OWN_TASTE
    columns = np.searchsorted(np.cumsum(popularity), rng.random(len(rows)) * popularity.sum())
    of_listener = rng.integers(TASTES, size=n_rows)[rows]
    cumulated = np.append(0, np.cumsum(popularity[order]))
    low, high = cumulated[starts[of_listener]], cumulated[starts[of_listener + 1]]
    drawn = np.searchsorted(cumulated, low + rng.random(len(rows)) * (high - low), side="right") - 1
    columns = np.where(own, order[drawn.clip(0, n_columns - 1)], columns.clip(0, n_columns - 1))
    keys = np.unique(rows * n_columns + columns)
    rows, columns = keys // n_columns, rng.permutation(n_columns)[keys % n_columns]
    plays = np.ceil(rng.lognormal(4, 1.5, len(keys)))
    test = (rng.random(len(keys)) < HELD_OUT) & (rows < JUDGED)
    for name, of in (("train", ~test), ("test", test)):
        np.savez(f"{folder}/{name}.npz", rows=rows[of], columns=columns[of], plays=plays[of], shape=(n_rows, n_columns))
    rows, columns, values = rows[~test], columns[~test], np.log1p(plays[~test])
    names = [
        pa.array([f"{kind}{n:07}" for n in range(size)]) for kind, size in (("user", n_rows), ("track", n_columns))
    ]
    kind = pa.DictionaryArray.from_arrays(np.zeros(len(rows), np.int32), ["listener"])
    row_id, track_id = (pa.DictionaryArray.from_arrays(n, names[i]) for i, n in enumerate((rows, columns)))
    matrix = pa.table({"kind": kind, "row_id": row_id, "track_id": track_id, "value": values})
    pq.write_table(matrix, f"{folder}/train.parquet", row_group_size=1_000_000)
    return {"pairs": len(rows), "most": int(np.bincount(columns).max()), "rows": n_rows, "columns": n_columns}


def ours(folder: str, factors: int, epochs: int) -> dict:
    """jobs.collaborative on Spark, ids and all, as the weekly run does it."""
    os.environ["DISCOVER_HOME"] = f"{folder}/home"
    from jobs.collaborative import als
    from jobs.spark import session

    als.LOOK_SECONDS = 0.01  # so that epochs are told when they end
    parameters = als.Parameters(factors, epochs, REGULARIZATION, UNOBSERVED_WEIGHT, seed=0)
    finished, losses, worked = [], [], []

    def note(_: int, loss: float) -> None:
        finished.append(time.perf_counter())
        worked.append(cpu_seconds())
        losses.append(loss)

    with session("benchmark") as spark:
        spark.range(1).count()
        started = time.perf_counter()
        matrix = spark.read.parquet(f"{folder}/train.parquet")
        with als.factorize(matrix, parameters, Path(f"{folder}/exchange").as_uri(), on_epoch=note) as found:
            total = time.perf_counter() - started
            sides = [side.toArrow() for side in (found.rows, found.tracks)]
    seconds = float((finished[-1] - finished[0]) / (epochs - 1))
    x, y = (_dense(side, key) for side, key in zip(sides, ("row_id", "track_id"), strict=True))
    return {
        "epoch_seconds": seconds,
        "epoch_cpu_seconds": (worked[-1] - worked[0]) / (epochs - 1),
        "prepare_seconds": finished[0] - started - seconds,
        "total_seconds": total,
        "epochs": epochs,
        "losses": losses,
        "ndcg": _ndcg(folder, x, y),
    }


def week_after_week(folder: str, factors: int, epochs: int) -> dict:
    """How many epochs last week's factors save, where some pairs of each listener are this week's."""
    os.environ["DISCOVER_HOME"] = f"{folder}/home"
    from pyspark.sql import functions as F

    from jobs.collaborative.als import Parameters, factorize
    from jobs.spark import session

    parameters = Parameters(factors, epochs, REGULARIZATION, UNOBSERVED_WEIGHT, seed=0)
    address = Path(f"{folder}/exchange").as_uri()
    with session("benchmark") as spark:
        matrix = spark.read.parquet(f"{folder}/train.parquet").cache()
        old = matrix.where(F.pmod(F.xxhash64("row_id", "track_id"), F.lit(10_000)) >= NEW_A_WEEK * 10_000)
        with factorize(old, parameters, address) as found:
            for name, side in (("rows", found.rows), ("tracks", found.tracks)):
                side.drop("n_values").write.mode("overwrite").parquet(f"{folder}/last-{name}")
        last = tuple(spark.read.parquet(f"{folder}/last-{name}") for name in ("rows", "tracks"))
        with factorize(matrix, parameters, address) as cold:
            cold_sides = [side.toArrow() for side in (cold.rows, cold.tracks)]
        with factorize(matrix, parameters, address, initial=last) as warm:
            reached = [n for n, loss in enumerate(warm.losses[1::2], start=1) if loss <= cold.losses[-1]]
        warm_epochs = min(reached, default=epochs)
        with factorize(matrix, replace(parameters, epochs=warm_epochs), address, initial=last) as warm:
            warm_sides = [side.toArrow() for side in (warm.rows, warm.tracks)]
    keys = ("row_id", "track_id")
    scores = (_ndcg(folder, *map(_dense, sides, keys)) for sides in (cold_sides, warm_sides))
    return dict(zip(WEEKS, (epochs, warm_epochs, *scores), strict=True))


def implicit(folder: str, factors: int, epochs: int) -> dict:
    """implicit's AlternatingLeastSquares, conjugate gradient, two threads."""
    import scipy.sparse
    from implicit.cpu.als import AlternatingLeastSquares

    train = np.load(f"{folder}/train.npz")
    values = np.log1p(train["plays"]).astype(np.float32)
    started = time.perf_counter()
    matrix = scipy.sparse.csr_matrix((values, (train["rows"], train["columns"])), shape=tuple(train["shape"]))
    seconds, worked = [], []

    def note(_: int, elapsed: float, *__) -> None:
        seconds.append(elapsed)
        worked.append(time.process_time())

    # Its c counts from the 1 of all cells: the ratio of ours is 1 + α · value to 1. Its penalty is the same for all.
    mean = matrix.nnz * np.mean([1 / n for n in matrix.shape])
    model = AlternatingLeastSquares(
        factors=factors,
        regularization=_regularization(train) * mean,
        alpha=1 / UNOBSERVED_WEIGHT,
        iterations=epochs,
        num_threads=CORES,
    )
    model.fit(matrix, show_progress=False, callback=note)
    total = time.perf_counter() - started
    return {
        "epoch_seconds": float(np.mean(seconds[1:])),
        "epoch_cpu_seconds": (worked[-1] - worked[0]) / (epochs - 1),
        "prepare_seconds": total - sum(seconds),
        "total_seconds": total,
        "epochs": epochs,
        "ndcg": _ndcg(folder, model.user_factors, model.item_factors),
    }


def mllib(folder: str, factors: int, epochs: int) -> dict:
    """Spark MLlib's ALS: an epoch is what each takes that one training has more than another."""
    os.environ["DISCOVER_HOME"] = f"{folder}/home"
    from pyspark.ml.recommendation import ALS

    from jobs.spark import session

    with np.load(f"{folder}/train.npz") as train:
        regularization = _regularization(train)
    with session("benchmark") as spark:
        matrix = spark.read.parquet(f"{folder}/train.parquet").selectExpr(
            "int(substring(row_id, 5)) AS row", "int(substring(track_id, 6)) AS track", "float(value) AS value"
        )
        matrix = matrix.repartition(CORES * 2, "row").cache()
        matrix.count()
        part = matrix.where("row % 10 = 0")  # warms the JVM up
        seconds, worked = [], []
        for data, n in ((part, 1), (matrix, 1), (matrix, epochs)):
            started, already = time.perf_counter(), cpu_seconds()
            model = ALS(
                userCol="row",
                itemCol="track",
                ratingCol="value",
                implicitPrefs=True,
                rank=factors,
                maxIter=n,
                regParam=regularization,
                alpha=1 / UNOBSERVED_WEIGHT,
                numUserBlocks=CORES * 2,
                numItemBlocks=CORES * 2,
            ).fit(data)
            model.itemFactors.count()
            seconds.append(time.perf_counter() - started)
            worked.append(cpu_seconds() - already)
        sides = [side.toArrow() for side in (model.userFactors.where(f"id < {JUDGED}"), model.itemFactors)]
    epoch = (seconds[2] - seconds[1]) / (epochs - 1)
    x, y = (_dense(side, "id", "features") for side in sides)
    return {
        "epoch_seconds": epoch,
        "epoch_cpu_seconds": (worked[2] - worked[1]) / (epochs - 1),
        "prepare_seconds": seconds[1] - epoch,
        "total_seconds": seconds[2],
        "epochs": epochs,
        "ndcg": _ndcg(folder, x, y),
    }


def _popularity(n: int) -> np.ndarray:
    """Shares of listeners: Zipf with the exponent at which the first has `TOP_SHARE` and all together their pairs."""
    ranks, mean = np.arange(1, n + 1), PAIRS / LISTENERS
    low, high = 0.1, 2.0
    for _ in range(60):
        exponent = (low + high) / 2
        low, high = (exponent, high) if TOP_SHARE * (ranks**-exponent).sum() > mean else (low, exponent)
    return TOP_SHARE * ranks**-exponent


def _regularization(train) -> float:
    """What one value of a row adds to its penalty where others do not count, and 1 is the weight of a cell without a
    value: as strong on the mean as ours."""
    n_rows, n_columns = train["shape"]
    return REGULARIZATION / UNOBSERVED_WEIGHT + REGULARIZATION * n_rows * n_columns / len(train["rows"])


def _dense(side, key: str, values: str = "factors") -> np.ndarray:
    """Factors by number: the ids or the digits in them, float32 (n, d)."""
    numbers = np.array([int(str(name).lstrip("usertack")) for name in side[key].to_pylist()])
    factors = side[values].combine_chunks().flatten().to_numpy().reshape(len(numbers), -1)
    dense = np.zeros((numbers.max() + 1, factors.shape[1]), np.float32)
    dense[numbers] = factors
    return dense


def _pairs(file: str, n_rows: int, n_columns: int) -> tuple[np.ndarray, np.ndarray]:
    """The rows and columns of the pairs of the first of each."""
    with np.load(file) as pairs:
        rows, columns = pairs["rows"], pairs["columns"]
    of = (rows < n_rows) & (columns < n_columns)
    return rows[of], columns[of]


def _ndcg(folder: str, x: np.ndarray, y: np.ndarray) -> float:
    """Mean NDCG over the listeners with held-out pairs, of the first `JUDGED`."""
    n = min(JUDGED, len(x))
    (train, known), (test, relevant) = (_pairs(f"{folder}/{part}.npz", n, len(y)) for part in ("train", "test"))
    gain, wanted = 1 / np.log2(np.arange(2, CUT + 2)), np.bincount(test, minlength=n)[:n]
    best = gain.cumsum()[np.minimum(wanted, CUT).clip(1) - 1]
    found = np.zeros(n)
    for first in range(0, n, JUDGED_AT_ONCE):  # so that judging needs less memory than what is judged
        last = min(first + JUDGED_AT_ONCE, n)
        scores, hits = x[first:last] @ y.T, np.zeros((last - first, len(y)), bool)
        of = (train >= first) & (train < last)
        scores[train[of] - first, known[of]] = -np.inf
        of = (test >= first) & (test < last)
        hits[test[of] - first, relevant[of]] = True
        top = np.argpartition(-scores, CUT, axis=1)[:, :CUT]
        top = np.take_along_axis(top, np.argsort(-np.take_along_axis(scores, top, axis=1), axis=1), axis=1)
        found[first:last] = (np.take_along_axis(hits, top, axis=1) * gain).sum(axis=1) / best[first:last]
    return float(found[wanted > 0].mean())


if __name__ == "__main__":
    main()
