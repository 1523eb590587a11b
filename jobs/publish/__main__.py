"""`python -m jobs.publish [show|watch|push] --week YYYY-MM-DD`; see the help."""

import argparse
import logging
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jobs import cli
from jobs.progress import bar
from jobs.progress import step as logged
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
        description="Write the week's lists, under output/WEEK in DISCOVER_HOME: a playlist of each listener as M3U8, "
        "XSPF and JSPF (playlists/), a page (listeners/, index.html), and index.jsonl, which says whose each file is; "
        "and the report of the run, reports/WEEK. They take the place of those of an earlier run as a whole. Lists of "
        "older weeks go away (DISCOVER_PUBLISH_KEEP_WEEKS), reports stay; output/index.html leads to all there is.",
        epilog="examples: python -m jobs.publish --week 2026-11-23; python -m jobs.publish show --user u001",
    )
    cli.add_week(parser)
    parser.set_defaults(step="write", user=None)
    steps = parser.add_subparsers(title="steps", metavar="[STEP]", description="without one, the files are written")
    show = steps.add_parser(
        "show",
        help="show how many listeners got a playlist, and one of them",
        description="Show how many listeners got a playlist, one of them, and where everything lies.",
        epilog="example: python -m jobs.publish show --week 2026-11-23 --user u001",
    )
    show.add_argument("--user", metavar="ID", help="whose playlist (default: the first listener's)")
    watch = steps.add_parser(
        "watch",
        help="tell what of the week a person should look at",
        description="Look for lists that could not be filled, for reward or coverage that has dropped, and for sources "
        "that have gone silent (DISCOVER_ALERTS_...). Each alert goes into the log and to DISCOVER_ALERTS_WEBHOOK; "
        "with any, the exit status is 2.",
        epilog="example: python -m jobs.publish watch --week 2026-11-23",
    )
    push = steps.add_parser(
        "push",
        help="put a list on a music server, as a playlist",
        description="Put the list of a user of a Subsonic server (Navidrome and the like) there, into one playlist "
        "named as DISCOVER_PUBLISH_TITLE says, in place of last week's. The server's songs must have been imported "
        "(jobs.ingest subsonic); what it does not have is left out. The password is that of "
        "DISCOVER_SUBSONIC_PASSWORD, else it is asked for. With DISCOVER_SUBSONIC_PUSH_URL and _USER the weekly run "
        "does this.",
        epilog="example: python -m jobs.publish push http://localhost:4533 --user ann",
    )
    push.add_argument("url", metavar="URL", help="address of the server")
    push.add_argument("--user", metavar="NAME", required=True, help="the user, who is the listener as well")
    for step in (show, watch, push):
        step.set_defaults(step=step.prog.split()[-1])
        step.add_argument(
            "--week",
            type=cli.week_argument,
            default=argparse.SUPPRESS,
            metavar="YYYY-MM-DD",
            help="the Monday of the lists",
        )
    return parser


def main(step: str, week: date, user: str | None = None, url: str | None = None) -> None:
    """Write the files of a week, show it, tell what is wrong with it, or push a list."""
    if step == "show":
        show_week(week, user)
    elif step == "watch":
        watch_week(week)
    elif step == "push":
        from jobs.lake import Lake

        with Lake().connect() as connection:
            _push(connection, week, url, user)
    else:
        write_week(week)


def write_week(week: date) -> None:
    """Write the lists and the report of a week, in place of those of an earlier run."""
    from jobs.lake import Lake
    from jobs.publish.report import page
    from jobs.publish.swap import keep_newest

    lake, output = Lake(), _output()
    with lake.connect() as connection:
        files, playable = _write_lists(connection, week, output / week.isoformat())
        _write_report(connection, week, output)
        _serve(connection, week)
        if settings().subsonic.push_url:
            _push(connection, week, settings().subsonic.push_url, settings().subsonic.push_user)
    removed = keep_newest(output, settings().publish.keep_weeks, week)
    page.write_index(output, settings().publish.title)
    lake.record(week, "publish", [("playlists", "", files), ("tracks_playable", "", playable)])
    if removed:
        log.info("lists of older weeks removed: %s (DISCOVER_PUBLISH_KEEP_WEEKS)", ", ".join(removed))
    if files:
        log.info("lists of %s listeners in %s", f"{files:,}", output / week.isoformat())
    else:
        log.info("no lists for week %s: nothing to publish but the report in %s", week, output / "reports" / f"{week}")


def _write_lists(connection: "DuckDBPyConnection", week: date, target: Path) -> tuple[int, int]:
    """Write playlists and pages; return how many listeners have them, and how many of their tracks have audio."""
    from jobs.publish import pages, playlists
    from jobs.publish.swap import replacing

    title = settings().publish.title
    count = "SELECT count(DISTINCT user_id) FROM discover_weekly WHERE week = $1"
    ((listeners,),) = connection.execute(count, [week]).fetchall()
    files = playable = 0
    with replacing(target, carried="audio") as folder:
        for name in ("playlists", "listeners"):
            (folder / name).mkdir()
        pages.copy_assets(folder)
        lists = connection.sql(f"{playlists.LISTS} ORDER BY list.user_id, rank", params=_parameters(week))
        index = pages.Index(title, week, folder, listeners)
        with (
            (folder / "index.jsonl").open("w", encoding="utf-8") as lines,
            bar("playlists and pages", listeners, "listeners") as progress,
        ):
            made = pages.Pages(title, week, folder)
            for written in playlists.write(
                lists.to_arrow_reader(BATCH_ROWS), folder, f"{title} {week}", week, made, lines
            ):
                index.add(written.user_id, written.page, written.tracks)
                files, playable = files + 1, playable + written.playable
                progress.advance()
        index.close()
    return files, playable


def _serve(connection: "DuckDBPyConnection", week: date) -> None:
    """Publish to Postgres, where its address is set."""
    url = settings().publish.postgres_url.get_secret_value()
    if not url:
        return
    from jobs.publish import postgres

    with logged("publishing to Postgres"):
        rows = postgres.publish(connection, week, url)
    log.info("Postgres: %s", ", ".join(f"{count:,} rows of {name}" for name, count in rows.items()))


def _push(connection: "DuckDBPyConnection", week: date, url: str, user: str) -> None:
    """Put the list of a user on a music server."""
    from jobs.publish.push import push
    from jobs.subsonic import Subsonic, ask_password

    with Subsonic(url, user, ask_password(url, user)) as server:
        push(connection, server, settings().publish.title, week)


def _write_report(connection: "DuckDBPyConnection", week: date, output: Path) -> None:
    """Write the report of a week, and the index of all weeks."""
    from jobs.publish import summary
    from jobs.publish.report import page
    from jobs.publish.swap import replacing

    with replacing(output / "reports" / week.isoformat()) as folder:
        page.write(
            connection,
            week,
            7 * settings().ranking.new_release_weeks,
            settings().publish.title,
            folder,
            audio=output / week.isoformat() / "audio",
            rejects=settings().home / "rejects",
            summary=summary.as_json(_summary(connection, week)),
        )


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
        query = f"SELECT * FROM ({playlists.LISTS}) WHERE user_id = $user ORDER BY rank"
        places = connection.sql(query, params=_parameters(week) | {"user": user}).to_arrow_table().to_pylist()
        if not places:
            raise cli.UserError(f"listener {user!r} has no list for week {week}")
        show(_summary(connection, week), user, places, _output())


def watch_week(week: date) -> None:
    """Tell what of a week a person should look at. Raises cli.UserError when there is anything."""
    from jobs.alerts import send
    from jobs.lake import Lake
    from jobs.publish.watch import alerts

    with Lake().connect() as connection:
        found = list(alerts(connection, week, settings().ranking.playlist_length, settings().alerts))
    send(found)
    if found:
        raise cli.UserError(f"week {week}: alerts, {len(found)} of them; the lists are out all the same")
    log.info("week %s: nothing to alert anybody about", week)


def _parameters(week: date) -> dict[str, Any]:
    """The parameters of playlists.LISTS."""
    return {"week": week, "days": 7 * settings().ranking.new_release_weeks}


def _summary(connection: "DuckDBPyConnection", week: date) -> "Summary":
    from jobs.publish.summary import summarize

    ranking = settings().ranking
    rejects = settings().home / "rejects"
    return summarize(connection, week, ranking.playlist_length, ranking.new_release_weeks, rejects)


def _output() -> Path:
    return settings().home / "output"


if __name__ == "__main__":
    cli.run(arg_parser(), main)
