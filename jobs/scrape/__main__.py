"""Reads the feeds, sitemaps and sites in `sources` into articles, pages and crawl_log; keeps the sources; extracts
articles from pages that were fetched before."""

import argparse
from collections.abc import Callable
from datetime import date

from jobs import cli
from jobs.scrape import run_crawl, run_extract, run_sources
from jobs.scrape.shards import WHOLE, Shard


def arg_parser() -> argparse.ArgumentParser:
    """The command line."""
    parser = argparse.ArgumentParser(
        prog="python -m jobs.scrape",
        description="Read the feeds, sitemaps and sites in `sources` that are due. New and changed articles go into "
        "`articles`, what became of every address into `crawl_log`. Pages that are known are asked for now and then, "
        "and come only when they have changed; robots.txt and a delay for each host are kept.",
        epilog="examples: python -m jobs.scrape --week 2026-11-23; python -m jobs.scrape --shard 1/4; "
        "python -m jobs.scrape sources check https://example.org/music/",
    )
    cli.add_week(parser)
    parser.add_argument(
        "--shard",
        type=shard_argument,
        default=WHOLE,
        metavar="K/N",
        help="read from the hosts of part K of N; other processes read from the others (default: all)",
    )
    parser.add_argument("--all", dest="every_source", action="store_true", help="look at every source, due or not")
    steps = parser.add_subparsers(title="steps", metavar="[STEP]", description="without one, the sources are read")
    sources = steps.add_parser("sources", help="add, list and check sources")
    run_sources.add_arguments(sources)
    sources.set_defaults(run=run_sources.main)
    extract = steps.add_parser("extract", help="articles from pages that are there already")
    run_extract.add_arguments(extract)
    extract.set_defaults(run=run_extract.main)
    return parser


def shard_argument(text: str) -> Shard:
    """`Shard.parse` for argparse, which shows the message of this error only."""
    try:
        return Shard.parse(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def main(
    week: date,
    shard: Shard = WHOLE,
    every_source: bool = False,
    run: Callable[..., None] | None = None,
    **arguments: object,
) -> None:
    """Read the sources, or `run` another step with its arguments."""
    if run is None:
        run_crawl.main(week, shard, every_source)
    else:
        run(week=week, **arguments)


if __name__ == "__main__":
    cli.run(arg_parser(), main)
