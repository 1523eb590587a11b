"""Listening, week by week: sessions, skips, repeats, discovery. One listener at a time, a week in one go."""

from dataclasses import dataclass, field
from datetime import date, timedelta

import numpy as np
import pyarrow as pa

from jobs import weeks
from jobs.sample.catalogue import Catalogue
from jobs.sample.listeners import Listeners

SESSION = 7  # listens of a session, mean
DAYS = np.array([1.0, 1.0, 1.0, 1.05, 1.25, 1.3, 1.15]) / 7.75  # how much is listened from Monday to Sunday
HEARD_SHARE = 0.4  # of the songs that one listener comes to know: there is always something left to discover
SECONDS_OF_WEEK = 7 * 86_400
SCHEMA = pa.schema(
    [("listened_at", pa.timestamp("s", "UTC")), ("user_id", pa.string()), ("track_id", pa.string()),
     ("ms_played", pa.int64())]
)  # fmt: skip


@dataclass
class Memory:
    """What one listener has heard: plays that were finished, and whether there was any, by number of track."""

    finished: np.ndarray
    heard: np.ndarray
    listens: int = 0

    @classmethod
    def empty(cls, n_tracks: int) -> "Memory":
        """Of somebody who has heard nothing."""
        return cls(np.zeros(n_tracks), np.zeros(n_tracks, bool))

    def add(self, tracks: np.ndarray, finished: np.ndarray) -> None:
        """Remember listens."""
        np.add.at(self.finished, tracks, finished)
        self.heard[tracks] = True
        self.listens += len(tracks)


@dataclass
class Log:
    """Listens of one listener, as arrays: second of the week's beginning, tracks, milliseconds played."""

    seconds: list[np.ndarray] = field(default_factory=list)
    tracks: list[np.ndarray] = field(default_factory=list)
    ms_played: list[np.ndarray] = field(default_factory=list)


@dataclass(frozen=True)
class World:
    """What listening depends on. reach : (n_listeners, n_tracks), how readily a track is discovered."""

    catalogue: Catalogue
    listeners: Listeners
    liking: np.ndarray
    reach: np.ndarray

    @classmethod
    def of(cls, catalogue: Catalogue, listeners: Listeners) -> "World":
        """Put catalogue and listeners together. People find what is popular and what they like, and never the new
        releases, except where somebody offers them."""
        liking = listeners.liking(catalogue)
        reach = liking**1.5 * catalogue.popularity**0.8 * ~catalogue.is_new
        return cls(catalogue, listeners, liking, reach)


def history(world: World, n_weeks: int, random: np.random.Generator) -> pa.Table:
    """`n_weeks` of listening that end where the catalogue's week begins; columns as SCHEMA, in the order of time."""
    first = world.catalogue.week - timedelta(weeks=n_weeks)
    listeners = list(range(len(world.listeners)))
    memories = [Memory.empty(len(world.catalogue.tracks)) for _ in listeners]
    tables = []
    for number in range(n_weeks):
        week = first + timedelta(weeks=number)
        present = [n for n in listeners if world.listeners.joined[n] <= number]
        tables.append(one_week(world, week, {n: memories[n] for n in present}, random))
    return pa.concat_tables(tables)


def one_week(world: World, week: date, memories: dict[int, Memory], random: np.random.Generator) -> pa.Table:
    """A week of listening by those in `memories` (by number), which is brought up to date."""
    logs = {number: _listen(world, week, number, memory, random) for number, memory in memories.items()}
    return as_table(world, week, logs)


def as_table(world: World, week: date, logs: dict[int, Log]) -> pa.Table:
    """The listens of a week, by number of listener, in the order of time."""
    begin = int(weeks.start(week).timestamp())
    seconds, users, tracks, played = ([np.empty(0, np.int64)] for _ in range(4))
    for number, log in logs.items():
        for at, track, ms_played in zip(log.seconds, log.tracks, log.ms_played, strict=True):
            seconds.append(at)
            users.append(np.full(len(at), number))
            tracks.append(track)
            played.append(ms_played)
    seconds, users, tracks, played = map(np.concatenate, (seconds, users, tracks, played))
    order = np.lexsort((tracks, users, seconds))
    order = order[seconds[order] < SECONDS_OF_WEEK]
    track_ids = pa.array([track.track_id for track in world.catalogue.tracks])
    columns = [
        pa.array(begin + seconds[order]).cast(SCHEMA.field("listened_at").type),
        pa.array(world.listeners.user_ids).take(pa.array(users[order])),
        track_ids.take(pa.array(tracks[order])),
        pa.array(played[order]),
    ]
    return pa.table(columns, schema=SCHEMA)


def without_repeats(listens: pa.Table) -> pa.Table:
    """The listens in the order of time, none twice: nobody starts a track two times in one second."""
    rows = listens.to_pandas().sort_values(["listened_at", "user_id", "track_id"], kind="stable")
    rows = rows.drop_duplicates(["listened_at", "user_id", "track_id"])
    return pa.Table.from_pandas(rows, schema=SCHEMA, preserve_index=False)


def play(world: World, number: int, tracks: np.ndarray, random: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Play tracks: milliseconds of each, and whether it was finished. What does not please is skipped soon, by the
    impatient sooner."""
    liked = random.random(len(tracks)) < world.liking[number, tracks]
    finished = random.random(len(tracks)) < np.where(liked, 0.95, 0.55 * world.listeners.patience[number])
    duration = world.catalogue.duration_ms[tracks]
    skipped_after = np.minimum(0.8, random.beta(1.2, 3, len(tracks))) * np.minimum(duration, 30_000)
    return np.where(finished, duration, np.maximum(1000, skipped_after)).astype(np.int64), finished


def _listen(world: World, week: date, number: int, memory: Memory, random: np.random.Generator) -> Log:
    """One listener's week apart from any recommendation."""
    who, log = world.listeners, Log()
    wanted = int(random.poisson(who.plays_a_week[number] * random.gamma(4, 0.25)))
    if who.listens[number] >= 0:
        wanted = min(max(1, wanted), int(who.listens[number]) - memory.listens)
    if wanted <= 0:
        return log
    tracks = _choose(world, week, number, memory, wanted, random)
    free = 0
    for session, begin in zip(*_sessions(world, number, tracks, random), strict=True):
        begin = max(begin, free)
        ms_played, finished = play(world, number, session, random)
        gaps = random.integers(1, 6, len(session))
        ends = np.cumsum(np.ceil(ms_played / 1000).astype(np.int64) + gaps)
        free = begin + int(ends[-1]) + 60
        log.seconds.append(begin + np.concatenate([[0], ends[:-1]]))
        log.tracks.append(session)
        log.ms_played.append(ms_played)
        memory.add(session, finished)
    return log


def _choose(
    world: World, week: date, number: int, memory: Memory, wanted: int, random: np.random.Generator
) -> np.ndarray:
    """What is played in a week: some tracks for the first time, the rest again."""
    catalogue = world.catalogue
    day = (week - catalogue.week).days
    # Somebody who knows little discovers more.
    share = max(world.listeners.adventure[number], 1 - memory.heard.sum() / 15)
    left = int(HEARD_SHARE * (catalogue.song.max() + 1)) - int(memory.heard.sum())
    reach = world.reach[number] * ~memory.heard * (catalogue.released_day <= day)
    n_new = min(int(random.binomial(wanted, share)), max(0, left), int((reach > 0).sum()))
    new = random.choice(len(reach), n_new, replace=False, p=reach / reach.sum()) if n_new else np.empty(0, np.int64)
    again = world.liking[number] ** 2 * np.sqrt(memory.finished)
    again[new] = world.liking[number, new]
    if again.sum() == 0:
        return new
    repeated = random.choice(len(again), wanted - n_new, p=again / again.sum())
    return np.concatenate([new, repeated])


def _sessions(
    world: World, number: int, tracks: np.ndarray, random: np.random.Generator
) -> tuple[list[np.ndarray], np.ndarray]:
    """Deal tracks to sessions, those of one style together more often than not, each with the second at which it
    begins."""
    mood = random.random(world.catalogue.style.shape[1])
    order = np.argsort(mood[world.catalogue.main_style[tracks]] + random.normal(0, 0.15, len(tracks)))
    n = max(1, round(len(tracks) / SESSION))
    cuts = np.sort(random.integers(0, len(tracks) + 1, n - 1))
    parts = [part for part in np.split(tracks[order], cuts) if len(part)]
    days = random.choice(7, len(parts), p=DAYS)
    hours = random.choice(24, len(parts), p=world.listeners.hours[number])
    return parts, np.sort(days * 86_400 + hours * 3600 + random.integers(0, 3600, len(parts)))
