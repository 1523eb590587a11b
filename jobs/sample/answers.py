"""What listeners do with their Discover Weekly: leave it closed, or go down the list, let some tracks play, skip some,
pass some over, stop somewhere, and come back to what they liked."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from jobs.sample.listeners import KINDS
from jobs.sample.listening import SECONDS_OF_WEEK, Log, Memory, World, play

DAY = np.array([0.4, 0.2, 0.12, 0.1, 0.1, 0.05, 0.03])  # when a list is opened, Monday to Sunday
CHANCE = 0.8  # log-odds that a track gets its chance, before the trust in its reason
COMES_BACK = 0.6  # times the liking: mean of further plays within the week


@dataclass(frozen=True)
class Answers:
    """logs : listens by number of listener; opened : lists opened; examined, played : places of them."""

    logs: dict[int, Log]
    opened: int
    examined: int
    played: int


def answer(
    world: World, lists: pd.DataFrame, memories: dict[int, Memory], random_of: Callable[[str], np.random.Generator]
) -> Answers:
    """The listening that lists cause.

    lists : columns user_id, rank, track_id, explanation_kind; of one week. Listeners and tracks that are not of this
    world do not answer.
    memories : by number of listener, brought up to date.
    random_of : the random numbers of a listener, so that one's answer does not depend on who else has a list.
    """
    number_of = {user: number for number, user in enumerate(world.listeners.user_ids)}
    logs: dict[int, Log] = {}
    examined = played = 0
    offers = lists[lists.track_id.isin(world.catalogue.number_of)].sort_values(["user_id", "rank"])
    offers = offers.assign(
        track=offers.track_id.map(world.catalogue.number_of), kind=offers.explanation_kind.map(KINDS.index)
    )
    for user, rows in offers.groupby("user_id"):
        number, own = number_of.get(user), random_of(user)
        if number is None or own.random() >= world.listeners.opens[number]:
            continue
        tracks, kinds = rows.track.to_numpy(), rows.kind.to_numpy()
        reached = min(len(tracks), int(own.geometric(1 - world.listeners.stays[number])))
        gets = own.random(reached) < _chance(world, number, tracks[:reached], kinds[:reached])
        examined, played = examined + reached, played + int(gets.sum())
        logs[number] = _listens(world, number, tracks[:reached][gets], own)
        for heard, ms_played in zip(logs[number].tracks, logs[number].ms_played, strict=True):
            memories[number].add(heard, ms_played >= world.catalogue.duration_ms[heard])
    return Answers(logs, len(logs), examined, played)


def _chance(world: World, number: int, tracks: np.ndarray, kinds: np.ndarray) -> np.ndarray:
    """The chance that each place that is examined gets to play: by its reason, and a little by its artist."""
    fondness = world.listeners.fondness[number, world.catalogue.artist[tracks]]
    return 1 / (1 + np.exp(-(CHANCE + world.listeners.trust[number, kinds] + 0.3 * fondness)))


def _listens(world: World, number: int, tracks: np.ndarray, random: np.random.Generator) -> Log:
    """Play tracks one after the other, and those that please again later in the week."""
    log = Log()
    if not len(tracks):
        return log
    hour = random.choice(24, p=world.listeners.hours[number])
    begin = int(random.choice(7, p=DAY)) * 86_400 + int(hour) * 3600 + int(random.integers(0, 3600))
    ms_played, finished = play(world, number, tracks, random)
    ends = np.cumsum(np.ceil(ms_played / 1000).astype(np.int64) + random.integers(1, 8, len(tracks)))
    _append(log, begin + np.concatenate([[0], ends[:-1]]), tracks, ms_played)
    pleased = tracks[finished]
    again = np.repeat(pleased, random.poisson(COMES_BACK * world.liking[number, pleased]))
    later = begin + int(ends[-1]) + 60
    if len(again) and later < SECONDS_OF_WEEK:
        ms_played, _ = play(world, number, again, random)
        _append(log, np.sort(random.integers(later, SECONDS_OF_WEEK, len(again))), again, ms_played)
    return log


def _append(log: Log, seconds: np.ndarray, tracks: np.ndarray, ms_played: np.ndarray) -> None:
    log.seconds.append(seconds)
    log.tracks.append(tracks)
    log.ms_played.append(ms_played)
