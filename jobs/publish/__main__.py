"""`python -m jobs.publish [show] --week YYYY-MM-DD`; see the help."""

import argparse
import json
import logging
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from jobs import cli
from jobs.progress import bar
from jobs.settings import settings

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from jobs.publish.summary import Summary

BATCH_ROWS = 30_000  # places held in memory at a time

log = logging.getLogger("discover")


def arg_parser() -> argparse.ArgumentParser:
    """The command line."""
    parser = argparse.ArgumentParser(
        prog="python -m jobs.publish",
        description="Write the week's lists as playlist files: output/WEEK/playlists/*.m3u8 under DISCOVER_HOME, with "
        "index.jsonl, which says whose each file is, and a summary of the run, summary.html and summary.json. "
        "They take the place of those of an earlier run as a whole.",
        epilog="examples: python -m jobs.publish --week 2026-11-23; python -m jobs.publish show --user u001",
    )
    cli.add_week(parser)
    parser.set_defaults(step="write", user=None)
    steps = parser.add_subparsers(title="steps", metavar="[show]", description="without one, the files are written")
    show = steps.add_parser(
        "show",
        help="show how many listeners got a playlist, and one of them",
        description="Show how many listeners got a playlist, one of them, and where everything lies.",
        epilog="example: python -m jobs.publish show --week 2026-11-23 --user u001",
    )
    show.add_argument("--user", metavar="ID", help="whose playlist (default: the first listener's)")
    show.add_argument(
        "--week",
        type=cli.week_argument,
        default=argparse.SUPPRESS,
        metavar="YYYY-MM-DD",
        help="the Monday of the lists",
    )
    show.set_defaults(step="show")
    return parser


def main(step: str, week: date, user: str | None = None) -> None:
    """Write the files of a week, or show it."""
    if step == "show":
        show_week(week, user)
    else:
        write_week(week)


def write_week(week: date) -> None:
    """Write playlists, index and summary of a week, in place of those of an earlier run."""
    from jobs.lake import Lake
    from jobs.publish import playlists, summary
    from jobs.publish.swap import replacing

    lake, title = Lake(), f"{settings().publish.title} {week}"
    with lake.connect() as connection, replacing(_folder(week)) as folder:
        figures = _summary(connection, week)
        (folder / "playlists").mkdir()
        lists = connection.sql(f"{playlists.LISTS} ORDER BY user_id, rank", params=[week])
        files = playable = 0
        with (
            (folder / "index.jsonl").open("w", encoding="utf-8") as index,
            bar("playlist files", int(figures.figures["listeners"]), "files") as progress,
        ):
            batches = lists.to_arrow_reader(BATCH_ROWS)
            for written in playlists.write(batches, folder / "playlists", title, index):
                files, playable = files + 1, playable + written.playable
                progress.advance()
        content = json.dumps(summary.as_json(figures), ensure_ascii=False, indent=2)
        (folder / "summary.json").write_text(content + "\n", encoding="utf-8")
        (folder / "summary.html").write_text(summary.page(figures), encoding="utf-8")
    lake.record(week, "publish", [("playlists", "", files), ("tracks_playable", "", playable)])
    if files:
        log.info("%s playlists in %s", f"{files:,}", _folder(week) / "playlists")
    else:
        log.info("no lists for week %s: nothing to publish but the summary in %s", week, _folder(week))


def show_week(week: date, user: str | None) -> None:
    """Print what a person wants to see of a week. Raises cli.UserError when there is no such list."""
    from jobs.lake import Lake
    from jobs.publish import playlists
    from jobs.publish.show import show

    with Lake().connect() as connection:
        if user is None:
            first = "SELECT min(user_id) FROM discover_weekly WHERE week = $1"
            ((user,),) = connection.execute(first, [week]).fetchall()
        if user is None:
            raise cli.UserError(f"there are no lists for week {week}; `make weekly WEEK={week}` makes them")
        query = f"{playlists.LISTS} AND user_id = $2 ORDER BY rank"
        places = connection.sql(query, params=[week, user]).to_arrow_table().to_pylist()
        if not places:
            raise cli.UserError(f"listener {user!r} has no list for week {week}")
        show(_summary(connection, week), user, places, _folder(week))


def _summary(connection: "DuckDBPyConnection", week: date) -> "Summary":
    from jobs.publish.summary import summarize

    ranking = settings().ranking
    rejects = settings().home / "rejects"
    return summarize(connection, week, ranking.playlist_length, ranking.new_release_weeks, rejects)


def _folder(week: date) -> Path:
    return settings().home / "output" / week.isoformat()


if __name__ == "__main__":
    cli.run(arg_parser(), main)
