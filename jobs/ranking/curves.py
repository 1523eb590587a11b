"""What a simulation says: a table of its arms, pictures of reward and regret, all numbers as a file."""

import sys
from itertools import combinations
from pathlib import Path

import numpy as np
import pandas as pd

from jobs.ranking import chart, features
from jobs.sample.listeners import CHARACTERS

LAST_WEEKS = 8  # that the table is about


def summary(rows: pd.DataFrame) -> pd.DataFrame:
    """One row an arm, in the order in which they were run: means over worlds of the last `LAST_WEEKS` weeks.

    rows : of `simulation.run`, of all arms and worlds
    Columns: reward and expected (streams an examined place, counted, and as chances), regret (what the best possible
    lists would have had more), log_loss, found (over all weeks), reasons (how differently reasons are chosen for
    listeners of different character: the largest total variation, 0: alike, 1: nothing in common), and low, high: the
    interval of the reward's mean over worlds, two standard errors.
    """
    late = rows[rows.week > rows.week.max() - LAST_WEEKS]
    table = []
    for arm in rows.arm.unique():
        of = late[late.arm == arm]
        by_world = of.groupby("seed").reward.mean()
        error = 2 * by_world.std(ddof=1) / np.sqrt(len(by_world)) if len(by_world) > 1 else np.nan
        table.append(
            {
                "arm": arm,
                "reward": by_world.mean(),
                "low": by_world.mean() - error,
                "high": by_world.mean() + error,
                "expected": of.expected.mean(),
                "regret": (of.best - of.expected).mean(),
                "log_loss": of.log_loss.mean(),
                "found": rows[rows.arm == arm].found.mean(),
                "reasons": _reasons_differ(of),
            }
        )
    return pd.DataFrame(table)


def show(table: pd.DataFrame, weeks: int, worlds: int) -> None:
    """Print what `summary` gives, each reward beside that of the arm "ALS only" as well."""
    from rich.console import Console
    from rich.table import Table

    alone = table.set_index("arm").reward.get("ALS only", np.nan)
    title = f"{weeks} weeks, {worlds} worlds; the last {min(weeks, LAST_WEEKS)} weeks"
    shown = Table(title=title, title_justify="left")
    names = ("reward", "± 2 s.e.", "beside ALS", "expected", "regret", "log loss", "found", "reasons differ")
    shown.add_column("policy")
    for name in names:
        shown.add_column(name, justify="right")
    for row in table.itertuples():
        numbers = (row.reward, row.high - row.reward, row.reward / alone - 1, row.expected, row.regret, row.log_loss)
        cells = [f"{value:.3f}" for value in (*numbers, row.found, row.reasons)]
        cells[2] = f"{numbers[2]:+.1%}"
        shown.add_row(row.arm, *cells)
    (Console() if sys.stdout.isatty() else Console(width=140)).print(shown)


def save(rows: pd.DataFrame, folder: Path) -> list[Path]:
    """Write simulation.csv, reward.svg and regret.svg into a folder; returns their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    curves = {arm: rows[rows.arm == arm].groupby("week").mean(numeric_only=True) for arm in rows.arm.unique()}
    reward = {arm: of.expected.rolling(3, min_periods=1).mean().tolist() for arm, of in curves.items()}
    regret = {arm: ((of.best - of.expected) * of.places).cumsum().tolist() for arm, of in curves.items()}
    files = {
        "simulation.csv": rows.to_csv(index=False),
        "reward.svg": chart.lines("Reward of examined places, three weeks", "week", "chance of a stream", reward),
        "regret.svg": chart.lines("Regret beside the best possible lists, summed", "week", "streams", regret),
    }
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    return [folder / name for name in files]


def _reasons_differ(of: pd.DataFrame) -> float:
    shares = {c: of[[f"kinds:{c}:{kind}" for kind in features.KINDS]].mean().to_numpy() for c in CHARACTERS}
    return max(float(np.abs(shares[one] - shares[other]).sum() / 2) for one, other in combinations(CHARACTERS, 2))
