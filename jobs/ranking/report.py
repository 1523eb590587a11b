"""What an evaluation says, as a table for people and as rows of `metrics`."""

import sys
from collections.abc import Mapping
from datetime import date

from jobs.ranking.bootstrap import Estimate
from jobs.ranking.judging import Verdict


def show(verdicts: Mapping[str, Verdict], week: date) -> None:
    """Print the estimates of each policy with their intervals, and what is wrong with the log for it."""
    from rich.console import Console

    console = Console(width=None if sys.stdout.isatty() else 160)
    for title, of in (("stream an examined place", "rounds"), ("streams a list", "lists")):
        estimates = {name: getattr(verdict, of) for name, verdict in verdicts.items()}
        console.print(_table(f"Lists of {week}: {title}, with 95 % intervals", estimates))
    for name, verdict in verdicts.items():
        overlap = verdict.overlap
        console.print(
            f"{name}: {overlap.rounds:,} judgements, worth {overlap.effective:,.0f} of its own; mean weight "
            f"{overlap.mean_weight:.2f} ± {overlap.standard_error:.2f}; {verdict.found:.1%} of places found again"
        )
        for what, warnings in (("places", overlap.warnings()), ("lists", verdict.list_overlap.warnings())):
            for warning in warnings:
                console.print(f"  poor overlap ({what}): {warning}")


def metrics(verdicts: Mapping[str, Verdict]) -> list[tuple[str, str, float]]:
    """The same as rows (metric, dimension, value); an estimate of nothing is left out."""
    rows = [("policies_judged", "", float(len(verdicts)))]
    for policy, verdict in verdicts.items():
        for metric, estimates in (("reward_a_place", verdict.rounds), ("reward_a_list", verdict.lists)):
            for estimator, found in estimates.items():
                for bound, value in (("", found.value), (", low", found.low), (", high", found.high)):
                    if value == value:  # not nan
                        rows.append((metric, f"policy={policy}, estimator={estimator}{bound}", value))
        rows.append(("effective_sample_size", f"policy={policy}", verdict.overlap.effective))
        rows.append(("places_found_again", f"policy={policy}", verdict.found))
        if verdict.overlap.rounds:
            rows.append(("mean_weight", f"policy={policy}", verdict.overlap.mean_weight))
    return rows


def _table(title: str, estimates: Mapping[str, Mapping[str, Estimate]]):
    from rich.table import Table

    table = Table(title=title, title_justify="left")
    table.add_column("Policy")
    for estimator in next(iter(estimates.values()), {}):
        table.add_column(estimator, justify="right")
    for name, found in estimates.items():
        table.add_row(name, *(f"{e.value:.3f}\n[{e.low:.3f}, {e.high:.3f}]" for e in found.values()), end_section=True)
    return table
