"""What a person wants to see of a week: how many got a playlist, one list with its reasons, where everything lies."""

import os
import sys
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from jobs.publish.entries import one_line
from jobs.publish.names import file_name
from jobs.publish.summary import Summary, number
from jobs.settings import ROOT

WIDTH = 140  # characters, where the output is no terminal


def show(summary: Summary, user_id: str, places: list[dict[str, Any]], output: Path) -> None:
    """Print a week. places: the rows of playlists.LISTS of one listener, by rank. output: where jobs.publish writes."""
    console = Console(highlight=False) if sys.stdout.isatty() else Console(highlight=False, width=WIDTH)
    table = Table(title=Text(f"Discover Weekly {summary.week} for {one_line(user_id)}"), title_justify="left")
    table.add_column("#", justify="right")
    for column in ("Artist", "Title", "Why"):
        table.add_column(column)
    table.add_column("Explored", justify="center")
    for place in places:
        texts = [Text(one_line(place[column])) for column in ("artist", "title", "reason")]
        table.add_row(Text(str(place["rank"])), *texts, Text("*" if place["explored"] else ""))
    console.print(table)

    figures = summary.figures
    told = ", ".join(
        f"{number(name, figures[name])} {words}"
        for name, words in (("new_release_share", "new releases"), ("explored_share", "explored"))
        if name in figures
    )
    short = f", {figures['short_lists']:,} of them short" if figures["short_lists"] else ""
    console.print(Text(f"{figures['listeners']:,} listeners got a playlist{short}; {told}."))
    folder = output / summary.week
    for what, where in (
        ("This playlist", folder / "playlists" / file_name(user_id)),
        ("As a page", folder / "listeners" / file_name(user_id, ".html")),
        ("All listeners", folder / "index.html"),
        ("Report", output / "reports" / summary.week / "index.html"),
        ("All weeks", output / "index.html"),
    ):
        console.print(Text(f"{what + ':':15}{where}"), soft_wrap=True)
    query = f"SELECT * FROM discover_weekly WHERE week = '{summary.week}' ORDER BY user_id, rank LIMIT 30"
    console.print(Text(f'Ask the tables: {_python()} -m jobs.query "{query}"'), soft_wrap=True)


def _python() -> str:
    """This Python, as one would type it in the project's folder."""
    return os.path.relpath(sys.executable, ROOT) if sys.executable.startswith(f"{ROOT}/") else sys.executable
