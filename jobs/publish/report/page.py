"""The page of a week's report, and the index of all weeks."""

import json
import shutil
from datetime import date
from pathlib import Path
from typing import Any

from duckdb import DuckDBPyConnection

from jobs.publish.entries import one_line
from jobs.publish.pages import copy_assets, environment
from jobs.publish.report import learning, running
from jobs.publish.report.lists import lists
from jobs.publish.report.parts import Facts
from jobs.publish.swap import WEEK, replace_text

INDEXED = (
    ("listeners", "Listeners", "{:,.0f}"),
    ("new_release_share", "New releases", "{:.1%}"),
    ("explored_share", "Explored", "{:.1%}"),
    ("expected_stream_rate", "Expected streams", "{:.3f}"),
)


def write(
    connection: DuckDBPyConnection,
    week: date,
    new_release_days: int,
    title: str,
    folder: Path,
    audio: Path,
    rejects: Path,
    summary: dict[str, Any],
) -> None:
    """Write the report of a week into `folder`: index.html with what it needs, and summary.json.

    audio: the folder of pictures from the audio model; rejects: the folder of what imports have set aside; both may
    be missing.
    """
    facts = Facts(connection, week, new_release_days)
    sound = running.pictures(audio)
    if sound:
        shutil.copytree(audio, folder / "audio")
    sections = [
        *lists(facts),
        learning.reward(facts),
        learning.off_policy(facts),
        learning.accuracy(facts),
        running.reading(facts),
        running.terms(facts),
        sound,
        running.set_aside(facts, rejects),
        running.jobs(facts),
    ]
    copy_assets(folder)
    page = (
        environment()
        .get_template("report.html")
        .render(
            title=one_line(title),
            week=week,
            sections=[section for section in sections if section],
            metrics=running.all_numbers(facts),
            figures=summary["figures"],
        )
    )
    (folder / "index.html").write_text(page, encoding="utf-8")
    content = json.dumps(summary, ensure_ascii=False, indent=2)
    (folder / "summary.json").write_text(content + "\n", encoding="utf-8")


def write_index(output: Path, title: str) -> None:
    """Write output/index.html: every week that has a report, the newest first, with its figures."""
    rows = []
    for folder in sorted((output / "reports").iterdir(), reverse=True):
        if not WEEK.fullmatch(folder.name):
            continue
        figures = json.loads((folder / "summary.json").read_text(encoding="utf-8"))["figures"]
        shown = [form.format(figures[name]) if name in figures else "–" for name, _, form in INDEXED]
        rows.append((date.fromisoformat(folder.name), (output / folder.name / "index.html").is_file(), shown))
    page = (
        environment()
        .get_template("weeks.html")
        .render(title=one_line(title), rows=rows, names=[name for _, name, _ in INDEXED])
    )
    copy_assets(output)
    replace_text(output / "index.html", page)
