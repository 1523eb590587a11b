"""The questions of docs/questions.md: asked again, and their answers written into the page.

python -m jobs.query.questions            show the answers of this lake
python -m jobs.query.questions --write    put them into the page
"""

import argparse
import re
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from jobs import cli
from jobs.settings import ROOT

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

PAGE = ROOT / "docs" / "questions.md"
SECTION = re.compile(
    r"^## \d+\. (?P<title>.+?)\n(?P<words>.*?)```sql\n(?P<sql>.*?)\n```\n(?P<answer>.*?)(?=^## |\Z)", re.M | re.S
)


@dataclass(frozen=True)
class Question:
    """A question of the page. answer: what stands below its SQL; start, end: where, in the page."""

    title: str
    sql: str
    answer: str
    start: int
    end: int

    @property
    def columns(self) -> list[str]:
        """The columns of the answer in the page."""
        head = self.answer.strip().splitlines()[:1]
        return [cell.strip() for cell in head[0].strip("|").split("|")] if head else []


def questions(page: str) -> list[Question]:
    """The questions of a page, in its order."""
    return [
        Question(found["title"], found["sql"], found["answer"], found.start("answer"), found.end("answer"))
        for found in SECTION.finditer(page)
    ]


def answer(connection: "DuckDBPyConnection", question: Question) -> tuple[list[str], list[tuple]]:
    """Columns and rows of the answer."""
    result = connection.execute(question.sql)
    return [column[0] for column in result.description], result.fetchall()


def markdown(columns: list[str], rows: list[tuple]) -> str:
    """An answer as a table in Markdown; what comes from data cannot break it."""
    lines = [columns, ["---"] * len(columns), *([_cell(value) for value in row] for row in rows)]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def answered(page: str, connection: "DuckDBPyConnection") -> str:
    """The page with the answers of a lake."""
    for question in reversed(questions(page)):
        table = markdown(*answer(connection, question))
        last = question.end == len(page)
        page = f"{page[: question.start]}\n{table}{'' if last else chr(10)}{page[question.end :]}"
    return page


def arg_parser() -> argparse.ArgumentParser:
    """The command line."""
    parser = argparse.ArgumentParser(
        prog="python -m jobs.query.questions",
        description="Ask the questions of docs/questions.md and show the answers.",
    )
    parser.add_argument("--write", action="store_true", help="put the answers into docs/questions.md")
    return parser


def main(write: bool, page: Path = PAGE) -> None:
    """Ask them all."""
    from jobs.lake import Lake

    with Lake().connect() as connection:
        text = answered(page.read_text(encoding="utf-8"), connection)
    if write:
        page.write_text(text, encoding="utf-8")
    else:
        sys.stdout.write(text)


def _cell(value: object) -> str:
    if value is None:
        return "–"
    if isinstance(value, list):
        return ", ".join(map(_cell, value))
    return " ".join(str(value).replace("|", "\\|").split())


if __name__ == "__main__":
    cli.run(arg_parser(), main)
