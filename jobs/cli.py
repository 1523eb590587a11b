"""What every command line here shares: the --week option, logging, and errors that a person can mend."""

import argparse
import errno
import logging
import sys
from collections.abc import Callable
from datetime import date

from pydantic import ValidationError

from jobs import weeks
from jobs.progress import setup_logging
from jobs.settings import settings


class UserError(Exception):
    """Something that the caller can mend: the message says what, where, and what to do."""


def week_argument(text: str) -> date:
    """`weeks.parse` for argparse, which shows the message of this error only."""
    try:
        return weeks.parse(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def add_week(parser: argparse.ArgumentParser) -> None:
    """Add `--week YYYY-MM-DD`, by default the Monday of the present week."""
    parser.add_argument(
        "--week",
        type=week_argument,
        default=weeks.newest(),
        metavar="YYYY-MM-DD",
        help="the Monday of the run; it reads what happened before this day (default: the newest Monday, %(default)s)",
    )


def job_seed(week: date, job: str) -> int:
    """The seed of one job in one week, from `settings().seed`."""
    return weeks.seed(week, job, settings().seed)


def run(parser: argparse.ArgumentParser, main: Callable[..., None]) -> None:
    """Parse the arguments and call `main` with them. A wrong setting, a broken contract and a `UserError` end with
    one clear message and exit status 2, a full disk with 1; anything else is a defect and shows where it is."""
    arguments = vars(parser.parse_args())
    setup_logging()
    from jobs.lake import AuditFailed
    from jobs.resources import recorded

    try:
        settings()
        with recorded(parser, arguments):
            main(**arguments)
    except UserError as error:
        logging.getLogger("discover").error("%s", error)
        sys.exit(2)
    except AuditFailed as error:
        from jobs.alerts import Alert, send

        send([Alert("failed_audit", arguments.get("week"), str(error))])
        sys.exit(2)
    except ValidationError as error:
        if error.title != "Settings":
            raise
        for wrong in error.errors():
            name = "DISCOVER_" + "_".join(str(part) for part in wrong["loc"]).upper()
            logging.getLogger("discover").error("setting %s: %s", name, wrong["msg"])
        sys.exit(2)
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        logging.getLogger("discover").error(
            "no space left on the disk of %s (or of the folder for temporary files): free some and run it again; what "
            "was not committed is not in the lake",
            settings().home,
        )
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)
