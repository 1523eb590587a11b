"""What the solver does in Spark's tasks: begin, solve, hand out. Each task has one block of each side."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pyarrow as pa
from pyspark import BarrierTaskContext, SparkFiles, TaskContext
from scipy.special import ndtri

from jobs.collaborative import kernels
from jobs.collaborative.blocks import Block, gather
from jobs.collaborative.exchange import ROWS, TRACKS, Exchange, Sums

STEPS = 3  # of conjugate gradient in a half-epoch, from where the last one ended


@dataclass(frozen=True)
class Plan:
    """What all tasks of a training know.

    sizes : by side, how many each block has
    ridge : by side, (a, b): one with n values has ridge a · n + b
    unobserved_weight, solver, epochs, tolerance : as in `als.Parameters`
    """

    exchange: Exchange
    sizes: dict[str, tuple[int, ...]]
    ridge: dict[str, tuple[float, float]]
    unobserved_weight: float
    solver: str
    epochs: int
    tolerance: float

    def ridges(self, side: str, n_values: np.ndarray) -> np.ndarray:
        """The ridge of each one of a side, float32."""
        a, b = self.ridge[side]
        return (a * n_values + b).astype(np.float32)

    def is_over(self, epoch: int, losses: list[float]) -> bool:
        """Whether no further epoch is needed, or possible. losses : after each half-epoch"""
        if epoch >= self.epochs or not np.isfinite(losses).all():
            return True
        return len(losses) >= 4 and losses[-3] - losses[-1] < self.tolerance * losses[-3]


def begin(batches: Iterable[pa.RecordBatch], plan: Plan, side: str, deviation: float) -> Iterator[pa.RecordBatch]:
    """Leave the first factors of a block, and their sums: those that are given, and random ones that depend on the id
    and the seed. Gives nothing.

    batches : (n_values, block, place, seed, factors or null), a partition
    """
    exchange, block = plan.exchange, TaskContext.get().partitionId()
    parts = [batch for batch in batches if batch.num_rows]
    n, d = plan.sizes[side][block], exchange.n_factors
    factors, ridges = np.empty((n, d), np.float32), np.empty(n, np.float32)
    if parts:
        ids = pa.Table.from_batches(parts)
        place = ids["place"].to_numpy()
        factors[place] = deviation / d**0.5 * _normal(ids["seed"].to_numpy(), d)
        ridges[place] = plan.ridges(side, ids["n_values"].to_numpy())
        given = ids["factors"].is_valid().to_numpy()
        if given.any():
            values = ids["factors"].combine_chunks().drop_null().flatten().to_numpy()
            factors[place[given]] = values.reshape(-1, d)
        exchange.write(side, 0, block, factors)
    exchange.leave_sums(side, 0, block, _sums(0.0, factors, ridges))
    yield from ()


def train(batches: Iterable[pa.RecordBatch], plan: Plan) -> Iterator[pa.RecordBatch]:
    """Epoch after epoch, from the last one that is recorded, in step with the tasks of all other blocks. The task of
    the first block gives the losses after each half-epoch.

    batches : a partition of `blocks.divide`
    """
    task = BarrierTaskContext.get()
    attempt = int(task.allGather(f"{task.taskAttemptId()}")[0])  # Spark's barriers take a second, so there is only one
    plan = replace(plan, exchange=replace(plan.exchange, attempt=attempt))
    plan.exchange.claim()
    worker = Worker(plan, task.partitionId(), gather(batches, plan.sizes, task.partitionId()))
    epoch, losses, penalty, gram = plan.exchange.recorded()
    while not plan.is_over(epoch, losses):
        epoch += 1
        rows = worker.half(ROWS, TRACKS, epoch, epoch - 1, gram)
        losses.append(rows.loss + penalty)
        loss, penalty, gram = worker.half(TRACKS, ROWS, epoch, epoch, rows.gram)
        losses.append(loss + rows.penalty)
        if task.partitionId() == 0 and np.isfinite(losses).all():
            plan.exchange.record(epoch, losses, penalty, gram)
    if task.partitionId() == 0:
        yield pa.record_batch({"losses": pa.array([losses], pa.list_(pa.float64()))})


class Worker:
    """One task of a training, with its blocks and their factors."""

    def __init__(self, plan: Plan, number: int, blocks: dict[str, Block]):
        self._plan, self._number, self._blocks = plan, number, blocks
        self._factors: dict[str, np.ndarray] = {}
        self._ridges = {side: plan.ridges(side, block.n_values) for side, block in blocks.items()}

    def half(self, side: str, other: str, epoch: int, other_epoch: int, gram: np.ndarray) -> Sums:
        """Solve one side for the other as it is after `other_epoch`, and wait until all tasks have.

        gram : float64 (d, d), of the other side; returns the sums over the whole side
        """
        plan, exchange, block = self._plan, self._plan.exchange, self._blocks[side]
        others = exchange.gathered(other, other_epoch, plan.sizes[other], Path(SparkFiles.getRootDirectory()))
        if side not in self._factors:
            self._factors[side] = self._left(side, epoch - 1)
        factors, ridges = self._factors[side], self._ridges[side]
        steps = (STEPS,) if plan.solver == "conjugate_gradient" else ()
        loss = getattr(kernels, plan.solver)(
            block.indptr,
            block.indices,
            block.confidence,
            others,
            (plan.unobserved_weight * gram).astype(np.float32),
            ridges,
            factors,
            *steps,
        )
        if len(factors):
            exchange.write(side, epoch, self._number, factors)
        exchange.leave_sums(side, epoch, self._number, _sums(loss, factors, ridges))
        return exchange.sums(side, epoch, len(plan.sizes[side]))

    def _left(self, side: str, epoch: int) -> np.ndarray:
        exchange = self._plan.exchange
        if not self._plan.sizes[side][self._number]:
            return np.empty((0, exchange.n_factors), np.float32)
        return exchange.read(side, epoch, self._number)


def attach(batches: Iterable[pa.RecordBatch], exchange: Exchange, side: str, epoch: int) -> Iterator[pa.RecordBatch]:
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


def _sums(loss: float, factors: np.ndarray, ridges: np.ndarray) -> Sums:
    exact = factors.astype(np.float64)
    return Sums(loss, float(ridges @ (exact**2).sum(axis=1)), exact.T @ exact)


def _normal(keys: np.ndarray, d: int) -> np.ndarray:
    """Standard normal numbers that depend on the keys alone, float64 (len(keys), d): SplitMix64 (Steele, Lea, Flood,
    OOPSLA 2014) counted on from each key."""
    with np.errstate(over="ignore"):
        state = keys.astype(np.uint64)[:, None] + np.arange(1, d + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
        state = (state ^ (state >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        state = (state ^ (state >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        state ^= state >> np.uint64(31)
    return ndtri(((state >> np.uint64(11)).astype(np.float64) + 0.5) / 2**53)
