"""The solver: alternating least squares for implicit feedback, on Spark, with compiled kernels.

It minimizes the objective of Rendle, Krichene, Zhang, Koren, "Revisiting the Performance of iALS on Item Recommendation
Benchmarks" (RecSys 2022), after Hu, Koren, Volinsky, "Collaborative Filtering for Implicit Feedback Datasets" (2008):

    L = Σ_(u,i)∈S c_ui (1 − x_u·y_i)² + α0 Σ_u Σ_i (x_u·y_i)²
        + λ Σ_u (|S_u| + α0 |I|) ‖x_u‖² + λ Σ_i (|S_i| + α0 |U|) ‖y_i‖²

with c the confidences, S their cells, U the rows (listeners and playlists) and I the tracks. An epoch solves all x
for the y as they are, then all y for the x. A whole training is one stage of Spark in barrier mode: each task keeps
one block of the rows and one of the tracks, with their values, and after each half waits for the others. Factors, and
sums of d × d numbers, travel as files (`exchange`); the driver only looks at how far the tasks are.
"""

import logging
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial

import numpy as np
from pyspark import inheritable_thread_target
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from jobs.collaborative import tasks
from jobs.collaborative.blocks import Side, divide
from jobs.collaborative.exchange import ROWS, TRACKS, Exchange, Sums

ROWS_KEY = ("kind", "row_id")
INITIAL_DEVIATION = 0.1  # of the first factors, over √d: Rendle et al.
SOLVERS = ("conjugate_gradient", "cholesky")
LOOK_SECONDS = 0.2  # between looks at how far the tasks are

log = logging.getLogger("discover")


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
    on_epoch : called with the number of each finished epoch, from 1, and the loss, soon after it has finished

    The same matrix, parameters and initial factors give the same factors, whatever the files, partitions and cores, up
    to the rounding of sums in float32: within 1e-3 of the largest factor after 16 epochs, and the loss within 1e-5.

    There are as many blocks as Spark has cores, and all of them have to be free. A call on another number of cores
    does not go on, but begins anew. Dynamic allocation of executors is not possible (Spark's barrier mode has none).

    Raises FloatingPointError when the loss is not finite.
    """
    blocks = n_blocks(matrix)
    rows, tracks, cells = divide(matrix, ROWS_KEY, blocks)
    made_from = f"{key} {parameters} {blocks} blocks"
    exchange = Exchange(address, made_from, uuid.uuid4().hex, parameters.factors)
    training = _Training(parameters, exchange, {ROWS: rows, TRACKS: tracks})
    try:
        last, losses = training.run(cells, initial or (None, None), on_epoch)
        yield Factorization(training.factors(ROWS, last), training.factors(TRACKS, last), losses)
        exchange.clear()
    finally:
        rows.release()
        tracks.release()


def n_blocks(matrix: DataFrame) -> int:
    """How many blocks: one for each core."""
    return matrix.sparkSession.sparkContext.defaultParallelism


class _Training:
    def __init__(self, parameters: Parameters, exchange: Exchange, sides: dict[str, Side]):
        self._parameters, self._exchange, self._sides = parameters, exchange, sides
        weight, unobserved = parameters.regularization, parameters.unobserved_weight
        self._plan = tasks.Plan(
            exchange,
            sizes={name: side.sizes for name, side in sides.items()},
            ridge={
                name: (weight, weight * unobserved * len(sides[other]))
                for name, other in ((ROWS, TRACKS), (TRACKS, ROWS))
            },
            unobserved_weight=unobserved,
            solver=parameters.solver,
            epochs=parameters.epochs,
            tolerance=parameters.tolerance,
        )

    def run(
        self,
        cells: DataFrame,
        initial: tuple[DataFrame | None, DataFrame | None],
        on_epoch: Callable[[int, float], None],
    ) -> tuple[int, list[float]]:
        """Train; returns the number of the last epoch and the losses after each half."""
        exchange = self._exchange
        recorded = exchange.recorded()
        if recorded is None:
            exchange.clear()
            self._begin(ROWS, initial[0])
            _, penalty, gram = self._begin(TRACKS, initial[1])
            recorded = 0, [], penalty, gram
            exchange.record(*recorded)
        epoch, losses, *_ = recorded
        if epoch:
            log.info("going on after epoch %d, with which an interrupted training ended", epoch)
        if not self._plan.is_over(epoch, losses):
            job = cells.mapInArrow(partial(tasks.train, plan=self._plan), "losses array<double>", barrier=True)
            losses = self._watched(job, epoch, on_epoch)
        epoch = len(losses) // 2
        if not np.isfinite(losses).all():
            raise FloatingPointError(f"epoch {epoch}: the loss is {losses[-1]}")
        return epoch, losses

    def factors(self, name: str, epoch: int) -> DataFrame:
        """Who there is on a side, with n_values and the factors after an epoch."""
        side = self._sides[name]
        schema = f"{', '.join(f'{column} string' for column in side.key)}, n_values long, factors array<float>"
        return side.ids.mapInArrow(partial(tasks.attach, exchange=self._exchange, side=name, epoch=epoch), schema)

    def _begin(self, name: str, initial: DataFrame | None) -> Sums:
        """Leave the first factors of a side; returns their sums."""
        side, blocks = self._sides[name], len(self._sides[name].sizes)
        ids = side.ids.withColumn("seed", F.xxhash64(F.lit(self._parameters.seed), *side.key))
        if initial is None:
            ids = ids.withColumn("factors", F.lit(None).cast("array<float>"))
        else:
            known = initial.select(*side.key, F.col("factors").cast("array<float>"))
            ids = ids.join(known, list(side.key), "left").repartitionById(blocks, "block")
        deviation = INITIAL_DEVIATION if name == TRACKS else 0.0
        begin = partial(tasks.begin, plan=self._plan, side=name, deviation=deviation)
        ids.select("n_values", "place", "seed", "factors").mapInArrow(begin, "nothing int").collect()
        return self._exchange.sums(name, 0, blocks)

    def _watched(self, job: DataFrame, epoch: int, on_epoch: Callable[[int, float], None]) -> list[float]:
        """The losses that a training ends with; each epoch is told while it runs, from the one after `epoch` on."""
        context, tag = job.sparkSession.sparkContext, f"als-{self._exchange.run}"
        with ThreadPoolExecutor(1) as pool:
            context.addJobTag(tag)
            running = pool.submit(inheritable_thread_target(job.sparkSession)(job.collect))
            context.removeJobTag(tag)
            try:
                is_running = True
                while is_running:
                    is_running = bool(wait([running], LOOK_SECONDS).not_done)
                    finished, losses, *_ = self._exchange.recorded()
                    for number in range(epoch + 1, finished + 1):
                        on_epoch(number, losses[2 * number - 1])
                    epoch = finished
            except BaseException:
                self._exchange.claim()
                context.cancelJobsWithTag(tag)
                raise
        return running.result()[0]["losses"]
