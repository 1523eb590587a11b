"""The solver: alternating least squares for implicit feedback, on Spark, with compiled kernels.

It minimizes the objective of Rendle, Krichene, Zhang, Koren, "Revisiting the Performance of iALS on Item Recommendation
Benchmarks" (RecSys 2022), after Hu, Koren, Volinsky, "Collaborative Filtering for Implicit Feedback Datasets" (2008):

    L = Σ_(u,i)∈S c_ui (1 − x_u·y_i)² + α0 Σ_u Σ_i (x_u·y_i)²
        + λ Σ_u (|S_u| + α0 |I|) ‖x_u‖² + λ Σ_i (|S_i| + α0 |U|) ‖y_i‖²

with c the confidences, S their cells, U the rows (listeners and playlists) and I the tracks. An epoch solves all x
for the y as they are, then all y for the x; each half is one Spark job over the blocks of that side. Blocks of values
stay where they are, in Spark's cache; factors travel as files (`exchange`); the driver sees sums of d × d numbers.
"""

import uuid
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import pyarrow as pa
from pyspark import SparkFiles
from pyspark.sql import DataFrame
from pyspark.sql import functions as F
from scipy.special import ndtri

from jobs.collaborative import kernels
from jobs.collaborative.blocks import Side, divide, n_blocks
from jobs.collaborative.exchange import ROWS, TRACKS, Exchange

ROWS_KEY = ("kind", "row_id")
INITIAL_DEVIATION = 0.1  # of the first factors, over √d: Rendle et al.
SOLVERS = ("conjugate_gradient", "cholesky")
STEPS = 3  # of conjugate gradient in a half-epoch, from where the last one ended

SOLVED = "loss double, penalty double, gram binary"


@dataclass(frozen=True)
class Parameters:
    """What the solver needs to know.

    factors : d, length of a vector, ≥ 1
    epochs : most epochs, ≥ 1
    regularization : λ > 0
    unobserved_weight : α0 ≥ 0, the confidence that a cell without a value is a 0
    seed : of the first factors
    solver : one of `SOLVERS`
    tolerance : training ends after an epoch that lowers the loss by less than this share of it, ≥ 0
    """

    factors: int
    epochs: int
    regularization: float
    unobserved_weight: float
    seed: int
    solver: str = "conjugate_gradient"
    tolerance: float = 0.0


@dataclass(frozen=True)
class Factorization:
    """What a training found.

    rows : (kind, row_id, n_values long, factors array<float>), tracks : (track_id, n_values, factors): one row for each
        row and track of the matrix, n_values how many values it has
    losses : L after each half-epoch
    """

    rows: DataFrame
    tracks: DataFrame
    losses: list[float]


@contextmanager
def factorize(
    matrix: DataFrame,
    parameters: Parameters,
    address: str,
    key: str = "",
    initial: tuple[DataFrame, DataFrame] | None = None,
    on_epoch: Callable[[int, float], None] = lambda epoch, loss: None,
) -> Iterator[Factorization]:
    """Factors of the rows and of the tracks of a matrix that is not empty.

    matrix : (kind, row_id, track_id, value), each cell once; value is the confidence, finite and > 0
    address : URI of a folder that all executors reach, for this training alone. The factors in the result are read
        from there; it is removed when the context ends well. After an exception it stays, and a call with the same
        key and parameters goes on after the last epoch that finished, with the result that it would have had.
    key : what tells the matrix and the initial factors from others
    initial : (kind, row_id, factors) and (track_id, factors), from where to start; who is not among them starts at 0 (a
        row) or near it (a track). Rows are solved first, so a new listener is placed among the tracks at once, and a
        new track by the rows that have it.
    on_epoch : called after each epoch with its number, from 1, and the loss

    The same matrix, parameters and initial factors give the same factors, whatever the files, partitions and cores, up
    to the rounding of sums in float32: within 1e-3 of the largest factor after 16 epochs, and the loss within 1e-5.

    Raises FloatingPointError when the loss is not finite.
    """
    spark = matrix.sparkSession
    blocks = n_blocks(matrix.count(), spark.sparkContext.defaultParallelism)
    rows, tracks = divide(matrix, ROWS_KEY, blocks)
    made_from = f"{key} {parameters} {blocks} blocks"
    exchange = Exchange(address, made_from, uuid.uuid4().hex, parameters.factors)
    training = _Training(parameters, exchange, {ROWS: rows, TRACKS: tracks})
    try:
        last, losses = training.run(initial or (None, None), on_epoch)
        yield Factorization(training.factors(ROWS, last), training.factors(TRACKS, last), losses)
        exchange.clear()
    finally:
        rows.release()
        tracks.release()


@dataclass(frozen=True)
class _Training:
    parameters: Parameters
    exchange: Exchange
    sides: dict[str, Side]

    def run(
        self, initial: tuple[DataFrame | None, DataFrame | None], on_epoch: Callable[[int, float], None]
    ) -> tuple[int, list[float]]:
        """Train; returns the number of the last epoch and the losses after each half."""
        recorded = self.exchange.recorded()
        if recorded is None:
            self.exchange.clear()
            self._begin(ROWS, initial[0])
            penalty, gram = self._begin(TRACKS, initial[1])
            recorded = 0, [], penalty, gram
            self.exchange.record(*recorded)
        epoch, losses, penalty, gram = recorded
        while epoch < self.parameters.epochs and not self._settled(losses):
            epoch += 1
            loss, own_penalty, row_gram = self._half(ROWS, TRACKS, epoch, epoch - 1, gram)
            losses.append(loss + penalty)
            loss, penalty, gram = self._half(TRACKS, ROWS, epoch, epoch, row_gram)
            losses.append(loss + own_penalty)
            if not np.isfinite(losses[-2:]).all():
                raise FloatingPointError(f"epoch {epoch}: the loss is {losses[-1]}")
            self.exchange.record(epoch, losses, penalty, gram)
            on_epoch(epoch, losses[-1])
        return epoch, losses

    def factors(self, name: str, epoch: int) -> DataFrame:
        """Who there is on a side, with n_values and the factors after an epoch."""
        side = self.sides[name]
        schema = f"{', '.join(f'{column} string' for column in side.key)}, n_values long, factors array<float>"
        return side.ids.mapInArrow(partial(_attached, exchange=self.exchange, side=name, epoch=epoch), schema)

    def _settled(self, losses: list[float]) -> bool:
        return len(losses) >= 4 and losses[-3] - losses[-1] < self.parameters.tolerance * losses[-3]

    def _begin(self, name: str, initial: DataFrame | None) -> tuple[float, np.ndarray]:
        """Leave the first factors of a side; returns their penalty and Gram matrix."""
        side, config = self.sides[name], self.parameters
        ids = side.ids.withColumn("#", F.xxhash64(F.lit(config.seed), *side.key))
        if initial is None:
            ids = ids.withColumn("factors", F.lit(None).cast("array<float>"))
        else:
            known = initial.select(*side.key, F.col("factors").cast("array<float>"))
            ids = ids.join(known, list(side.key), "left").repartitionById(len(side.sizes), "block")
        begin = partial(
            _begun,
            exchange=self.exchange,
            side=name,
            sizes=side.sizes,
            deviation=INITIAL_DEVIATION if name == TRACKS else 0.0,
            ridge=self._ridge(name),
        )
        return self._sums(ids.select("block", "place", "n_values", "#", "factors").mapInArrow(begin, SOLVED))[1:]

    def _half(self, name: str, other: str, epoch: int, other_epoch: int, gram: np.ndarray) -> tuple:
        """Solve one side; returns its part of the loss, its penalty and its Gram matrix."""
        config = self.parameters
        solve = partial(
            _solved,
            exchange=self.exchange,
            side=name,
            other=other,
            epoch=epoch,
            other_epoch=other_epoch,
            other_sizes=self.sides[other].sizes,
            gram=(config.unobserved_weight * gram).astype(np.float32),
            ridge=self._ridge(name),
            solver=config.solver,
        )
        return self._sums(self.sides[name].values.mapInArrow(solve, SOLVED))

    def _ridge(self, name: str) -> tuple[float, float]:
        """(a, b): one with n values has ridge a · n + b."""
        weight, config = self.parameters.regularization, self.parameters
        return weight, weight * config.unobserved_weight * len(self.sides[ROWS if name == TRACKS else TRACKS])

    def _sums(self, solved: DataFrame) -> tuple[float, float, np.ndarray]:
        """The sums of the blocks' losses, penalties and Gram matrices, in the order of the blocks."""
        found = solved.collect()
        d = self.parameters.factors
        grams = [np.frombuffer(row["gram"]).reshape(d, d) for row in found]
        return sum(row["loss"] for row in found), sum(row["penalty"] for row in found), np.sum(grams, axis=0)


# In the tasks


def _begun(
    batches: Iterable[pa.RecordBatch],
    exchange: Exchange,
    side: str,
    sizes: tuple[int, ...],
    deviation: float,
    ridge: tuple[float, float],
) -> Iterator[pa.RecordBatch]:
    """The first factors of one block: those that are given, and random ones that depend on the id and the seed."""
    parts = [batch for batch in batches if batch.num_rows]
    if not parts:
        return
    ids = pa.Table.from_batches(parts)
    block, d = ids["block"][0].as_py(), exchange.n_factors
    factors, ridges = np.empty((sizes[block], d), np.float32), np.empty(sizes[block], np.float32)
    place = ids["place"].to_numpy()
    factors[place] = deviation / d**0.5 * _normal(ids["#"].to_numpy(), d)
    ridges[place] = ridge[0] * ids["n_values"].to_numpy() + ridge[1]
    given = ids["factors"].is_valid().to_numpy()
    if given.any():
        values = ids["factors"].combine_chunks().drop_null().flatten().to_numpy()
        factors[place[given]] = values.reshape(-1, d)
    exchange.write(side, 0, block, factors)
    yield _sums(0.0, factors, ridges)


def _solved(
    batches: Iterable[pa.RecordBatch],
    exchange: Exchange,
    side: str,
    other: str,
    epoch: int,
    other_epoch: int,
    other_sizes: tuple[int, ...],
    gram: np.ndarray,
    ridge: tuple[float, float],
    solver: str,
) -> Iterator[pa.RecordBatch]:
    """One half-epoch of the blocks of a partition."""
    for batch in batches:
        for row in range(batch.num_rows):
            block = batch.column("block")[row].as_py()
            indptr, indices, confidence = (
                np.frombuffer(batch.column(name)[row].as_buffer(), kind)
                for name, kind in (("indptr", np.int64), ("indices", np.int32), ("confidence", np.float32))
            )
            others = exchange.gathered(other, other_epoch, other_sizes, Path(SparkFiles.getRootDirectory()))
            factors = exchange.read(side, epoch - 1, block)
            ridges = (ridge[0] * np.diff(indptr) + ridge[1]).astype(np.float32)
            steps = (STEPS,) if solver == "conjugate_gradient" else ()
            kernel = getattr(kernels, solver)
            loss = kernel(indptr, indices, confidence, others, gram, ridges, factors, *steps)
            exchange.write(side, epoch, block, factors)
            yield _sums(loss, factors, ridges)


def _attached(batches: Iterable[pa.RecordBatch], exchange: Exchange, side: str, epoch: int) -> Iterator[pa.RecordBatch]:
    """Who there is with the factors of an epoch, in place of block and place."""
    kept: dict[int, np.ndarray] = {}
    for batch in batches:
        if not batch.num_rows:
            continue
        block = batch.column("block")[0].as_py()  # a partition is one block
        if block not in kept:
            kept[block] = exchange.read(side, epoch, block)
        values = kept[block][batch.column("place").to_numpy()]
        ends = pa.array(np.arange(len(values) + 1, dtype=np.int32) * exchange.n_factors)
        columns = {n: batch.column(n) for n in batch.schema.names if n not in ("block", "place")}
        yield pa.record_batch(columns | {"factors": pa.ListArray.from_arrays(ends, values.ravel())})


def _sums(loss: float, factors: np.ndarray, ridges: np.ndarray) -> pa.RecordBatch:
    """A row of `SOLVED`: loss, Σ ridge ‖x‖² and Σ x xᵀ."""
    exact = factors.astype(np.float64)
    penalty = float(ridges @ (exact**2).sum(axis=1))
    gram = pa.array([(exact.T @ exact).tobytes()], pa.binary())
    return pa.record_batch({"loss": [loss], "penalty": [penalty], "gram": gram})


def _normal(keys: np.ndarray, d: int) -> np.ndarray:
    """Standard normal numbers that depend on the keys alone, float64 (len(keys), d): SplitMix64 (Steele, Lea, Flood,
    OOPSLA 2014) counted on from each key."""
    with np.errstate(over="ignore"):
        state = keys.astype(np.uint64)[:, None] + np.arange(1, d + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
        state = (state ^ (state >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        state = (state ^ (state >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        state ^= state >> np.uint64(31)
    return ndtri(((state >> np.uint64(11)).astype(np.float64) + 0.5) / 2**53)
