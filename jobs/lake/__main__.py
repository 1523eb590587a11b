"""`python -m jobs.lake snapshots|rollback|vacuum`; see the help."""

import argparse
import json
import logging

import schemas
from jobs import cli
from jobs.lake import Lake

log = logging.getLogger("discover")


def arg_parser() -> argparse.ArgumentParser:
    """The command line."""
    parser = argparse.ArgumentParser(
        prog="python -m jobs.lake",
        description="List the states that a table has had, go back to one, or throw the old ones away.",
        epilog="example: python -m jobs.lake snapshots discover_weekly",
    )
    commands = parser.add_subparsers(dest="command", required=True)
    listing = commands.add_parser("snapshots", help="list the snapshots of a table, oldest first")
    listing.add_argument("table", choices=sorted(schemas.tables()), metavar="TABLE")
    back = commands.add_parser("rollback", help="make an earlier snapshot the current one")
    back.add_argument("table", choices=sorted(schemas.tables()), metavar="TABLE")
    back.add_argument("snapshot_id", type=int)
    clean = commands.add_parser(
        "vacuum",
        help="delete every file that the current state does not need, for space; run it while nothing else writes",
    )
    clean.add_argument("table", choices=sorted(schemas.tables()), metavar="TABLE")
    return parser


def main(command: str, table: str, snapshot_id: int | None = None) -> None:
    """List snapshots, roll back, or vacuum."""
    lake = Lake()
    if command == "vacuum":
        log.info("%s files of table %s deleted", f"{lake.vacuum(table):,}", table)
    if command == "rollback":
        try:
            lake.rollback(table, snapshot_id)
        except ValueError as error:
            raise cli.UserError(str(error)) from None
    for s in lake.snapshots(table):
        mark = "  <- current" if s["current"] else ""
        what = json.dumps(s["published"])
        print(
            f"{s['snapshot_id']:>20}  {s['committed_at']:%Y-%m-%d %H:%M:%S}  {s['operation']:9} "
            f"{s['rows']:>12,} rows  {what}{mark}"
        )


if __name__ == "__main__":
    cli.run(arg_parser(), main)
