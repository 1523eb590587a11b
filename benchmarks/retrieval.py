"""How fast the 500 best of 160,000 tracks are found: ours on Spark, beside implicit's `recommend` and Spark's MLlib.

Two kinds of factors. "even": random ones, all track vectors of one length: every product has to be computed. "learned":
from some epochs on the made-up matrix of `benchmarks.als`, where the vectors of most tracks are short, as they are in
reality. Ours and implicit hide what a listener knows, MLlib cannot. The share of the peak is that of the matrix product
of numpy with two threads in the same session, as if all products were computed; it can exceed 1 where they are not.

    python -m benchmarks.retrieval --small
"""

import os
import tempfile
import time
from pathlib import Path

import numpy as np

from benchmarks import als
from benchmarks.contest import alone, arg_parser, cpu_seconds, is_installed, save, show

CORES, FACTORS, CUT = 2, 64, 500
ENVIRONMENT = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "DISCOVER_SPARK_MASTER": f"local[{CORES}]"}
FEWER = 50  # of the listeners are enough for MLlib, one in so many, because it is slow


def main() -> None:
    """Run all contenders on both kinds of factors; print a table."""
    parser = arg_parser("retrieval", "The 500 best of 160,000 tracks for many listeners: ours, implicit, MLlib.")
    parser.add_argument("--listeners", type=int, default=40_000, help="how many (default: 40,000)")
    parser.add_argument("--repeats", type=int, default=3, help="of each contender (default: 3)")
    options = parser.parse_args()
    pairs = als.PAIRS
    if options.small:
        pairs, options.listeners, options.repeats = 2e5, 1000, 1
    rows, peaks = [], []
    contenders = {
        "ours": {},
        **({"implicit": {}} if is_installed("implicit") else {}),
        "MLlib": {"DISCOVER_SPARK_MEMORY": "4g"},
    }
    with tempfile.TemporaryDirectory() as folder:
        print(alone("benchmarks.retrieval:generate", pairs=pairs, listeners=options.listeners, folder=folder))
        for kind in ("even", "learned"):
            found = {name: [] for name in contenders}
            for repeat in range(options.repeats):  # in turn, so that the machine's moods meet all of them
                for name, environment in contenders.items():
                    if name == "MLlib" and repeat:
                        continue  # once is enough for a factor of many
                    peaks.append(alone("benchmarks.retrieval:peak")["flops"])
                    measured = alone(
                        f"benchmarks.retrieval:{name.lower()}", ENVIRONMENT | environment, folder=folder, kind=kind
                    )
                    print(f"{kind} {name}: {measured['listeners_per_second']:,.0f} listeners/s", flush=True)
                    found[name].append(measured)
            flops = max(peaks)
            rates = {name: max(m["listeners_per_second"] for m in runs) for name, runs in found.items()}
            for name, runs in found.items():
                of = max(runs, key=lambda m: m["listeners_per_second"])
                rows.append(
                    {
                        "contender": name,
                        "factors": kind,
                        "listeners": of["listeners"],
                        "listeners/s": rates[name],
                        "ours is x faster": rates["ours"] / rates[name],
                        "CPU ms a listener": of["cpu_milliseconds"],
                        "share of peak": rates[name] * of["products"] * 2 * FACTORS / flops,
                        "first run s": runs[0]["first_seconds"],
                        "mean last score": of["last_score"],
                        "peak MiB": of["peak_mib"],
                        "load": os.getloadavg()[0],
                    }
                )
        show(f"The {CUT} best tracks; peak of the matrix product {flops / 1e9:.0f} GFLOP/s", rows)
    save(options.json, rows=rows, peak_flops=peaks)


def generate(pairs: float, listeners: int, folder: str) -> dict:
    """Make `even.npz` and `learned.npz` (x, y), `known.npz` (ends, positions), and the same for Spark as Parquet."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    from jobs.collaborative.kernels import compressed, conjugate_gradient

    data = als.generate(pairs, folder)
    train = np.load(f"{folder}/train.npz")
    n, shape = len(train["rows"]), (data["rows"], data["columns"])
    rows, columns = train["rows"].astype(np.int32), train["columns"].astype(np.int32)
    values = np.log1p(train["plays"]).astype(np.float32)
    sides = [compressed(rows, columns, values, *shape), compressed(columns, rows, values, *shape[::-1])]
    rng = np.random.default_rng(0)
    factors = [
        np.zeros((shape[0], FACTORS), np.float32),
        rng.normal(0, 0.1 / FACTORS**0.5, (shape[1], FACTORS)).astype(np.float32),
    ]
    for _ in range(4):
        for side in (0, 1):
            other = factors[1 - side]
            gram = als.UNOBSERVED_WEIGHT * (other.T @ other)
            ridge = als.REGULARIZATION * (np.diff(sides[side][0]) + als.UNOBSERVED_WEIGHT * shape[1 - side])
            conjugate_gradient(*sides[side], other, gram, ridge.astype(np.float32), factors[side], 3)
    x, y = factors
    judged = min(listeners, shape[0])
    ends = sides[0][0][: judged + 1]
    known = sides[0][1][: ends[-1]]
    np.savez(f"{folder}/known.npz", ends=ends, positions=known)
    even = rng.normal(size=(shape[1], FACTORS))
    even /= np.linalg.norm(even, axis=1, keepdims=True)
    kinds = {"learned": (x[:judged], y), "even": (rng.normal(size=(judged, FACTORS)), even)}
    for kind, (own, tracks) in kinds.items():
        own, tracks = own.astype(np.float32), tracks.astype(np.float32)
        np.savez(f"{folder}/{kind}.npz", x=own, y=tracks)
        table = pa.table(
            {
                "user_id": [f"user{u:07}" for u in range(judged)],
                "factors": pa.ListArray.from_arrays(np.arange(judged + 1, dtype=np.int32) * FACTORS, own.ravel()),
                "excluded": pa.ListArray.from_arrays(ends.astype(np.int32), known),
            }
        )
        pq.write_table(table, f"{folder}/{kind}.parquet", row_group_size=max(1, judged // (4 * CORES)))
    return {"pairs": n, "tracks": shape[1], "listeners": judged}


def peak() -> dict:
    """What a large matrix product in float32 reaches, operations a second."""
    size, seconds = 4096, []
    left, right, result = (
        np.ones((size, size), np.float32),
        np.ones((size, size), np.float32),
        np.empty((size, size), np.float32),
    )
    for _ in range(5):
        started = time.perf_counter()
        np.matmul(left, right, out=result)
        seconds.append(time.perf_counter() - started)
    return {"flops": 2 * size**3 / min(seconds)}


def ours(folder: str, kind: str) -> dict:
    """jobs.collaborative.retrieval on Spark: from a table of listeners to their lists, all that Spark does included."""
    os.environ["DISCOVER_HOME"] = f"{folder}/home"
    from pyspark.sql import functions as F

    from jobs.collaborative.retrieval import Tracks, recommend
    from jobs.spark import session

    with session("benchmark") as spark:
        spark.conf.set(
            "spark.sql.files.maxPartitionBytes", Path(f"{folder}/{kind}.parquet").stat().st_size // (2 * CORES)
        )

        def run() -> float:
            users = spark.read.parquet(f"{folder}/{kind}.parquet")
            found = recommend(users, Tracks.of(np.load(f"{folder}/{kind}.npz")["y"]), CUT)
            return found.agg(F.count("*"), F.avg(F.element_at("scores", -1))).first()

        return _timed(run, folder)


def implicit(folder: str, kind: str) -> dict:
    """implicit's `recommend` with two threads, what is known filtered out."""
    import scipy.sparse
    from implicit.cpu.als import AlternatingLeastSquares

    data, known = np.load(f"{folder}/{kind}.npz"), np.load(f"{folder}/known.npz")
    x, y = data["x"], data["y"]
    model = AlternatingLeastSquares(factors=FACTORS, num_threads=CORES)
    model.user_factors, model.item_factors = x, y
    history = scipy.sparse.csr_matrix(
        (np.ones(len(known["positions"]), np.float32), known["positions"], known["ends"]), shape=(len(x), len(y))
    )

    def run() -> tuple:
        ids, scores = model.recommend(np.arange(len(x)), history, N=CUT, filter_already_liked_items=True)
        return len(ids), float(scores[:, -1].mean())

    return _timed(run, folder)


def mllib(folder: str, kind: str) -> dict:
    """Spark MLlib's `recommendForAllUsers`, for fewer listeners."""
    os.environ["DISCOVER_HOME"] = f"{folder}/home"
    import pandas as pd
    from pyspark.ml.recommendation import ALSModel
    from pyspark.sql import functions as F

    from jobs.spark import session

    data = np.load(f"{folder}/{kind}.npz")
    few = len(data["x"]) // FEWER
    with session("benchmark") as spark:
        sides = [
            spark.createDataFrame(
                pd.DataFrame({"id": np.arange(len(side), dtype=np.int32), "features": list(side)}),
                "id int, features array<float>",
            )
            .repartition(2 * CORES)
            .cache()
            for side in (data["x"][:few], data["y"])
        ]
        for side in sides:
            side.count()
        made = spark.sparkContext._jvm.org.apache.spark.ml.recommendation.ALSModel(
            "als", FACTORS, *(side._jdf for side in sides)
        )
        model = ALSModel(made.setUserCol("user").setItemCol("item"))

        def run() -> tuple:
            found = model.recommendForAllUsers(CUT)
            return found.agg(F.count("*"), F.avg(F.element_at("recommendations", -1)["rating"])).first()

        return _timed(run, folder)


def _timed(run, folder: str) -> dict:
    """A first run, and the next one, when everything is compiled and warm."""
    seconds = []
    for _ in range(2):
        started, already = time.perf_counter(), cpu_seconds()
        n, last = run()
        seconds.append(time.perf_counter() - started)
    return {
        "listeners": n,
        "listeners_per_second": n / seconds[1],
        "cpu_milliseconds": 1000 * (cpu_seconds() - already) / n,
        "products": int(np.load(f"{folder}/even.npz")["y"].shape[0]),
        "first_seconds": seconds[0],
        "last_score": last,
    }


if __name__ == "__main__":
    main()
