"""Tables on the terminal: how well models predict, how well settings do, what makes a score."""

import sys
from collections.abc import Iterable, Mapping, Sequence

from rich.console import Console
from rich.table import Table

from jobs.collaborative.evaluation import CUT, MEANS, MODELS
from jobs.collaborative.metrics import METRICS


def show_models(measured: Iterable[tuple[str, str, float]], title: str) -> None:
    """The models of an evaluation. measured : as `evaluation.evaluate` gives it"""
    values = {(metric, dimension): value for metric, dimension, value in measured}
    table = Table(
        "model", *(f"{name}@{CUT}" for name in MEANS), "coverage", "listeners", title=f"{title} (± standard error)"
    )
    for model in MODELS:
        of = {metric: value for (metric, dimension), value in values.items() if dimension == f"model={model}"}
        table.add_row(model, *_means(of, MEANS), f"{of.get('coverage', 0):.1%}", f"{of['listeners']:,.0f}")
    _print(table)


def show_trials(names: Sequence[str], measured: Mapping[tuple[str, str], float], title: str) -> None:
    """Settings, the best first. measured : values by (metric, name)"""
    table = Table("settings", *(f"{name}@{CUT}" for name in METRICS), "coverage", title=f"{title} (± standard error)")
    for name in names:
        of = {metric: value for (metric, dimension), value in measured.items() if dimension == name}
        table.add_row(name, *_means(of, METRICS), f"{of.get('coverage', 0):.1%}")
    _print(table)


def show_contributions(title: str, labels: Sequence[str], contributions: Sequence[float], top: int) -> None:
    """The listens that contribute most to a score, the largest first, and all others together."""
    total = sum(contributions)
    order = sorted(range(len(labels)), key=lambda n: -abs(contributions[n]))
    table = Table("listen", "contribution", "share of the score", title=title)
    rows = [(labels[n], contributions[n]) for n in order[:top]]
    if len(order) > top:
        rows.append((f"{len(order) - top:,} others", sum(contributions[n] for n in order[top:])))
    for label, value in [*rows, ("score", total)]:
        table.add_row(label, f"{value:+.4f}", f"{value / total:.1%}" if total else "-")
    _print(table)


def _print(table: Table) -> None:
    Console(width=None if sys.stdout.isatty() else 140).print(table)


def _means(of: Mapping[str, float], names: Sequence[str]) -> list[str]:
    return [f"{of[f'{name}_at_{CUT}']:.3f} ± {of[f'{name}_at_{CUT}_standard_error']:.3f}" for name in names]
