"""A further week in the sample world: its listeners listen on, and answer their lists."""

import logging
from datetime import date, timedelta
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.csv

from jobs import weeks
from jobs.cli import UserError
from jobs.progress import step
from jobs.sample.answers import answer
from jobs.sample.listening import Memory, World, as_table, one_week, without_repeats
from jobs.sample.options import Options
from jobs.sample.world import planted, write_listens

HEARD_SHARE = 0.9  # a listen of at least this share of a track was finished
log = logging.getLogger("discover")


def listen(folder: Path, week: date, lists: pd.DataFrame) -> Path:
    """Write `listens-WEEK.csv` beside the other files of the world, unless it is there; returns its path.

    lists : rows of discover_weekly of this week.
    Raises UserError when the week is not one that the world has still before it, or has no lists.
    """
    file = folder / f"listens-{week}.csv"
    options = Options.read(folder)
    if file.exists():
        log.info("the listening of the week %s is there already: %s is kept", week, file)
        return file
    if week < options.week:
        raise UserError(f"--week {week}: the sample world has been listening until {options.week} already")
    if lists.empty:
        raise UserError(f"--week {week}: there are no lists to answer yet; `make weekly WEEK={week}` makes them")
    with step(f"sample world: listening from {week} to {week + timedelta(days=6)}"):
        world = planted(options)
        memories = remember(world, folder, week)
        answers = answer(world, lists, memories, lambda user: options.random("answer", week, user))
        usual = one_week(world, week, memories, options.random("listen", week))
        table = pa.concat_tables([as_table(world, week, answers.logs), usual])
        write_listens(without_repeats(table), file)
    log.info(
        "%s of %s lists were opened, %s places examined, %s played; %s listens in all",
        *(f"{n:,}" for n in (answers.opened, lists.user_id.nunique(), answers.examined, answers.played, len(table))),
    )
    return file


def remember(world: World, folder: Path, week: date) -> dict[int, Memory]:
    """What each listener has heard before the week, from the files of listens."""
    memories = {number: Memory.empty(len(world.catalogue.tracks)) for number in range(len(world.listeners))}
    number_of = {user: number for number, user in enumerate(world.listeners.user_ids)}
    files = [folder / "listens.csv", *sorted(folder.glob("listens-*.csv"))]
    rows = pd.concat([pyarrow.csv.read_csv(file).to_pandas() for file in files])
    rows = rows[pd.to_datetime(rows.listened_at, utc=True) < weeks.start(week)]
    tracks = rows.track_id.map(world.catalogue.number_of)
    rows = rows.assign(track=tracks, finished=rows.ms_played >= HEARD_SHARE * world.catalogue.duration_ms[tracks])
    for user, heard in rows.groupby("user_id"):
        memories[number_of[user]].add(heard.track.to_numpy(), heard.finished.to_numpy())
    return memories
