"""The sample world on the command line: make, serve, listen, judge."""

import argparse
import logging
import sys
from datetime import date

from jobs import cli
from jobs.settings import settings

log = logging.getLogger("discover")

EXAMPLES = """\
examples:
  python -m jobs.sample make                                make a world and import it
  python -m jobs.sample serve -- dags/run-weekly            read its web site in the weekly run
  python -m jobs.sample judge                               how much of what is planted came out
  python -m jobs.sample listen --week 2026-11-23            the listeners answer that week's lists
"""


def arg_parser() -> argparse.ArgumentParser:
    """The command line."""
    parser = argparse.ArgumentParser(
        prog="python -m jobs.sample",
        description="A small music service with listeners, audio and a web site, made from a seed, as plain files in "
        "DISCOVER_HOME/sample.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    steps = parser.add_subparsers(dest="step", required=True, metavar="STEP")
    make = steps.add_parser(
        "make",
        help="make the world, unless there is one, and import it",
        description="Make the world, unless there is one, and bring it in with jobs.ingest.",
        epilog="example: python -m jobs.sample make --listeners 60 --tracks 120 --artists 24 --audio-seconds 6",
    )
    cli.add_week(make)
    make.add_argument("--listeners", type=int, default=300, metavar="N", help="default: %(default)s")
    make.add_argument("--artists", type=int, default=100, metavar="N", help="default: %(default)s")
    make.add_argument(
        "--tracks", type=int, default=500, metavar="N", help="new releases included; default: %(default)s"
    )
    make.add_argument(
        "--new-releases", type=int, default=40, metavar="N", help="of the last two weeks, unheard; default: %(default)s"
    )
    make.add_argument("--weeks", type=int, default=26, metavar="N", help="of history; default: %(default)s")
    make.add_argument(
        "--audio-seconds",
        type=seconds_range,
        default=(15.0, 20.0),
        metavar="S[-S]",
        help="length of the tracks; default: 15-20",
    )
    make.add_argument("--port", type=int, default=8765, metavar="N", help="of the web site; default: %(default)s")
    make.add_argument("--seed", type=int, metavar="N", help="default: DISCOVER_SEED, which is 0 unless set")
    serve = steps.add_parser(
        "serve",
        help="serve the world's web site on loopback, alone or while a command runs",
        description="Serve the world's web site on 127.0.0.1. With a command, serve while it runs, let its jobs read "
        "from loopback, and end with its exit status.",
        epilog="example: python -m jobs.sample serve -- python -m jobs.scrape",
    )
    serve.add_argument("command", nargs=argparse.REMAINDER, metavar="-- COMMAND ...")
    listen = steps.add_parser(
        "listen",
        help="add a week of listening, with answers to that week's lists",
        description="Add the listening of the week from --week on: what people listen to anyhow, and what they do "
        "with the discover_weekly of that week. A second time adds nothing.",
        epilog="example: python -m jobs.sample listen --week 2026-11-23",
    )
    cli.add_week(listen)
    judge = steps.add_parser(
        "judge",
        help="compare the tables of a week with what is planted",
        description="Compare the tables of a week with what is planted in the world, beside chance; the figures go "
        "into the table metrics as well.",
        epilog="example: python -m jobs.sample judge --week 2026-11-23",
    )
    cli.add_week(judge)
    return parser


def seconds_range(text: str) -> tuple[float, float]:
    """ "15-20" or "6" as shortest and longest."""
    try:
        first, _, last = text.partition("-")
        return float(first), float(last or first)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r}: give seconds, such as 6, or 15-20") from None


def main(step: str, command: list[str] | None = None, week: date | None = None, **options: object) -> None:
    """Run one step."""
    folder = settings().home / "sample"
    if step == "make":
        _make(week, **options)
    elif step == "serve":
        from jobs.sample.options import Options
        from jobs.sample.serve import serve

        port = Options.read(folder).port
        sys.exit(serve(folder / "site", port, command[1:] if command[:1] == ["--"] else command))
    elif step == "listen":
        _listen(week)
    else:
        _judge(week)


def _make(week: date, seed: int | None, **sizes: object) -> None:
    from jobs.sample import world
    from jobs.sample.options import Options

    folder = settings().home / "sample"
    options = Options(week=week, seed=settings().seed if seed is None else seed, **sizes)
    options.check()
    if not world.make(options, folder):
        kept = Options.read(folder)
        log.info("the sample world in %s is kept; its history ends on %s", folder, kept.week)
        without_effect = [name for name in vars(kept) if name != "week" and vars(kept)[name] != vars(options)[name]]
        if without_effect:
            made = ", ".join(f"{name} {vars(kept)[name]}" for name in without_effect)
            log.info("it was made with %s; to make another one, remove that folder and the lake", made)
    world.ingest(folder)


def _listen(week: date) -> None:
    from jobs.ingest.__main__ import main as ingest
    from jobs.lake import Lake
    from jobs.sample.listen import listen

    lists = Lake().pandas("discover_weekly", {"week": week}, ["user_id", "rank", "track_id", "explanation_kind"])
    file = listen(settings().home / "sample", week, lists)
    ingest(kind="listens", strict=True, files=[file])


def _judge(week: date) -> None:
    from jobs.lake import Lake
    from jobs.sample import judge

    lake = Lake()
    figures = judge.judge(lake, judge.Truth.read(settings().home / "sample"), week)
    lake.record(week, "sample.judge", judge.metrics(figures))
    judge.show(figures, week)


if __name__ == "__main__":
    cli.run(arg_parser(), main)
