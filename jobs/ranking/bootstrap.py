"""Intervals for estimates that are made from sums over a log, and whether the log can carry them.

The bootstrap is the Poisson bootstrap (Chamandy et al., "Estimating Uncertainty for Massive Data Streams", 2012): in
each replicate a unit, such as a listener, counts a Poisson(1) number of times. That number comes from a hash of the
unit and the seed, so the sums of any partition can be taken apart and added, and all rounds of a unit stay together.
"""

import hashlib
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

REPLICATES = 1000
BLOCK_CELLS = 4_000_000  # rounds × replicates held at a time
STEP = np.uint64(0x9E3779B97F4A7C15)

# Poisson(1) by inversion of 16-bit numbers: the count of the quantile (number + ½) / 65536.
_CUMULATIVE = np.cumsum([math.exp(-1) / math.factorial(k) for k in range(9)])
_POISSON = np.searchsorted(_CUMULATIVE, (np.arange(65536) + 0.5) / 65536).astype(np.uint8)


@dataclass(frozen=True)
class Terms:
    """What an estimator takes from each unit of a log; its estimate is  mean(plain) + Σ_j Σ weighted_j / Σ weight_j.

    plain : float64 (n,); weighted, weight : float64 (n,) or (n, n_ratios); what is None takes no part
    """

    plain: np.ndarray | None = None
    weighted: np.ndarray | None = None
    weight: np.ndarray | None = None

    def columns(self) -> list[np.ndarray]:
        """All of it, each float64 (n, ...)."""
        return [_two_dimensional(part) for part in (self.plain, self.weighted, self.weight) if part is not None]


@dataclass(frozen=True)
class Totals:
    """The sums of a part of a log, float64 (1 + replicates, n_columns): those of the log itself, then one row for each
    replicate. The first column counts rounds; then the columns of each estimator's `Terms`, whose numbers of columns
    (plain, ratios) are in `layout`; the last two of each row are Σ w and Σ w² of the importance weights, then the
    largest weight is `largest`."""

    sums: np.ndarray
    layout: Mapping[str, tuple[int, int]]
    largest: float

    def __add__(self, other: "Totals") -> "Totals":
        return Totals(self.sums + other.sums, self.layout, max(self.largest, other.largest))


@dataclass(frozen=True)
class Estimate:
    """A policy's reward, and the bounds of its 95 % interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Overlap:
    """Whether a log says anything about a policy.

    rounds : logged; effective : the number of rounds of the policy's own that would tell as much, (Σw)² / Σw²;
    mean_weight : near 1 where the log covers what the policy does; standard_error : of that mean;
    largest_share : of the largest weight in the sum of all
    """

    rounds: int
    effective: float
    mean_weight: float
    standard_error: float
    largest_share: float

    def warnings(self) -> list[str]:
        """What is wrong, in sentences; empty where the overlap is good."""
        found = []
        if self.rounds and self.effective < 100:
            found.append(f"the log tells as little as {self.effective:.0f} rounds of the policy's own would")
        if abs(self.mean_weight - 1) > max(3 * self.standard_error, 0.01):
            found.append(
                f"the mean of the importance weights is {self.mean_weight:.2f} ± {self.standard_error:.2f}, not 1: the "
                "policy does what the log never holds, or the logged probabilities are wrong"
            )
        if self.largest_share > 0.05:
            found.append(f"one round has {self.largest_share:.0%} of all weight")
        return found


def totals(terms: Mapping[str, Terms], weight: np.ndarray, keys: np.ndarray, replicates: int = REPLICATES) -> Totals:
    """The sums over some units of a log, for `estimates` and `overlap`.

    Parameters
    ----------
    terms : what each estimator takes from each unit
    weight : float64 (n,), importance weights
    keys : uint64 (n,), from `keys_of`: rounds with the same key are counted together in each replicate
    """
    columns = [np.ones((len(weight), 1))]
    for one in terms.values():
        columns += one.columns()
    columns += [_two_dimensional(weight), _two_dimensional(weight**2)]
    matrix = np.hstack(columns)
    sums = np.zeros((1 + replicates, matrix.shape[1]))
    sums[0] = matrix.sum(axis=0)
    block = max(1, BLOCK_CELLS // max(replicates, 1))
    for start in range(0, len(matrix), block):
        rows = slice(start, start + block)
        sums[1:] += poisson_counts(keys[rows], replicates).T.astype(np.float64) @ matrix[rows]
    layout = {name: (int(one.plain is not None), _ratios(one)) for name, one in terms.items()}
    return Totals(sums, layout, float(weight.max(initial=0)))


def estimates(found: Totals, confidence: float = 0.95) -> dict[str, Estimate]:
    """The estimate of each estimator with its percentile bootstrap interval; nan where the log is empty."""
    tail = 50 * (1 - confidence)
    answer = {}
    for name, values in _values(found):
        replicates = values[1:][np.isfinite(values[1:])]
        low, high = np.percentile(replicates, [tail, 100 - tail]) if len(replicates) else (np.nan, np.nan)
        answer[name] = Estimate(float(values[0]), float(low), float(high))
    return answer


def difference(one: Totals, other: Totals, name: str, confidence: float = 0.95) -> Estimate:
    """How much more the first policy earns than the other one, by one estimator. Both are judged on the same log with
    the same seed, so what the log's chance does to both cancels out."""
    values = dict(_values(one))[name] - dict(_values(other))[name]
    tail = 50 * (1 - confidence)
    replicates = values[1:][np.isfinite(values[1:])]
    low, high = np.percentile(replicates, [tail, 100 - tail]) if len(replicates) else (np.nan, np.nan)
    return Estimate(float(values[0]), float(low), float(high))


def overlap(found: Totals) -> Overlap:
    """How well the log covers the policy; the standard error is the bootstrap's, so it knows of the units."""
    rounds, weight, squares = found.sums[:, 0], found.sums[:, -2], found.sums[:, -1]
    with np.errstate(invalid="ignore", divide="ignore"):
        means = weight / rounds
    replicates = means[1:][np.isfinite(means[1:])]
    return Overlap(
        rounds=int(rounds[0]),
        effective=float(weight[0] ** 2 / squares[0]) if squares[0] else 0.0,
        mean_weight=float(means[0]),
        standard_error=float(replicates.std()) if len(replicates) else float("nan"),
        largest_share=found.largest / weight[0] if weight[0] else 0.0,
    )


def keys_of(units: Sequence[object], seed: int) -> np.ndarray:
    """A key for each unit (a listener's identifier, a number): uint64 (n,), the same in any company."""
    hashes = (hashlib.blake2b(f"{seed}/{unit}".encode(), digest_size=8).digest() for unit in units)
    return np.frombuffer(b"".join(hashes), np.uint64)


def poisson_counts(keys: np.ndarray, replicates: int) -> np.ndarray:
    """How often each unit counts in each replicate: uint8 (n, replicates), Poisson(1), by the SplitMix64 generator
    (Steele, Lea, Flood, OOPSLA 2014), which gives four counts a number."""
    steps = np.arange(1, -(-replicates // 4) + 1, dtype=np.uint64) * STEP
    numbers = splitmix(keys[:, None] + steps)
    return _POISSON[numbers.view(np.uint16)][:, :replicates]


def splitmix(state: np.ndarray) -> np.ndarray:
    """The output of SplitMix64 for each state, uint64, shape as `state`; arithmetic wraps around, as it should."""
    z = (state ^ (state >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


def _values(found: Totals) -> Iterator[tuple[str, np.ndarray]]:
    """Name and estimate of each estimator, in the log and each replicate: float64 (1 + replicates,)."""
    rounds, at = found.sums[:, 0], 1
    with np.errstate(invalid="ignore", divide="ignore"):
        for name, (plain, ratios) in found.layout.items():
            value = np.zeros(len(rounds))
            if plain:
                value = found.sums[:, at] / rounds
            at += plain
            if ratios:
                weighted, weight = found.sums[:, at : at + ratios], found.sums[:, at + ratios : at + 2 * ratios]
                value = value + (weighted / weight).sum(axis=1)
            at += 2 * ratios
            yield name, value


def _ratios(terms: Terms) -> int:
    return 0 if terms.weight is None else _two_dimensional(terms.weight).shape[1]


def _two_dimensional(values: np.ndarray) -> np.ndarray:
    values = np.asarray(values, np.float64)
    return values[:, None] if values.ndim == 1 else values
