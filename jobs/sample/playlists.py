"""Playlists that people have put together, and what they want never to hear."""

from datetime import timedelta

import numpy as np
import pandas as pd

from jobs.sample import words
from jobs.sample.listening import World
from jobs.sample.options import Options

STRAY_SHARE = 0.12  # of a playlist's tracks do not belong
BY_NOBODY = 0.3  # share of playlists whose maker is not known
MOODS = [  # by number of style, overlapping as people's words do
    ["Sleep", "Float", "Deep Focus", "Rainy Windows", "Slow Mornings"],
    ["Warehouse", "Night Drive", "Peak Time", "Long Run", "Motorik"],
    ["Campfire", "Sunday Porch", "Slow Mornings", "Coffee", "Walking Home"],
    ["Bass Weight", "Sunday Smoke", "Deep Focus", "Heat Haze", "Low End"],
    ["Loud", "Gym", "Rage", "Garage Days", "Night Drive"],
    ["Late Set", "Blue Hours", "Coffee", "Dinner", "After the Show"],
    ["Arcade", "Summer 26", "Gym", "Sugar", "Getting Ready"],
    ["Study", "Rainy Windows", "Strings Attached", "Winter Light", "Deep Focus"],
]
NAME_PATTERNS = ["{mood}", "{mood} {n}", "{person}'s {mood}", "{mood} / {place}", "{adjective} {mood}", "my {mood} mix"]


def playlists(world: World, options: Options) -> pd.DataFrame:
    """One playlist for every two listeners, of 8 to 40 tracks: of a style and its neighbours, with some that do not
    belong. Columns as the contract's; no new releases."""
    random, catalogue = options.random("playlists"), world.catalogue
    names, rows, old = set(), [], ~catalogue.is_new
    for number in range(1, max(2, options.listeners // 2) + 1):
        owner = int(random.integers(len(world.listeners)))
        style = int(random.choice(len(MOODS), p=world.listeners.taste[owner]))
        belongs = catalogue.style[:, style] ** 2 * world.liking[owner] * catalogue.popularity**0.6 * old + 1e-9 * old
        chances = (1 - STRAY_SHARE) * belongs / belongs.sum() + STRAY_SHARE * old / old.sum()
        size = min(int(random.integers(8, 41)), old.sum() // 2)
        tracks = random.choice(len(old), size, replace=False, p=chances)
        age = int(random.integers(1, 7 * options.weeks + 1))
        # What came out after the last change cannot be in it.
        tracks = tracks[catalogue.released_day[tracks] < -age]
        name = _name(style, random)
        while name in names:
            name = _name(style, random) + f" {number}"
        names.add(name)
        rows += [
            {
                "playlist_id": f"p{number:03d}",
                "position": position,
                "track_id": catalogue.tracks[track].track_id,
                "name": name,
                "user_id": None if number % 10 < 10 * BY_NOBODY else world.listeners.user_ids[owner],
                "updated_at": (options.week - timedelta(days=age)).isoformat(),
            }
            for position, track in enumerate(tracks, 1)
        ]
    return pd.DataFrame(rows)


def exclusions(world: World, options: Options) -> pd.DataFrame:
    """One listener in fifteen bans an artist or a track of little liking; two have left altogether. The first
    listener and the special ones at the end of the list do not."""
    random, catalogue = options.random("exclusions"), world.catalogue
    n = len(world.listeners)
    usual = random.permutation(np.arange(1, max(4, n - n // 20 - 3)))
    left, banning = usual[:2], usual[2 : 2 + max(1, n // 15)]
    rows = [{"user_id": world.listeners.user_ids[u], "kind": "opt_out", "excluded_id": ""} for u in left]
    for user in banning:
        disliked = np.argsort(world.liking[user] + random.normal(0, 0.1, len(catalogue.tracks)))
        for track in disliked[: random.integers(1, 4)]:
            kind = str(random.choice(["track", "artist"]))
            what = catalogue.tracks[track]
            excluded = what.track_id if kind == "track" else catalogue.artists[what.artist].artist_id
            rows.append({"user_id": world.listeners.user_ids[user], "kind": kind, "excluded_id": excluded})
    days = random.integers(1, 7 * options.weeks + 1, len(rows))
    since = [(options.week - timedelta(days=int(day))).isoformat() for day in days]
    return pd.DataFrame(rows).assign(since=since).drop_duplicates(["user_id", "kind", "excluded_id"])


def _name(style: int, random: np.random.Generator) -> str:
    return str(random.choice(NAME_PATTERNS)).format(
        mood=random.choice(MOODS[style]),
        n=random.integers(2, 30),
        person=random.choice(words.FIRST_NAMES),
        place=random.choice(words.PLACES),
        adjective=random.choice(words.ADJECTIVES),
    )
