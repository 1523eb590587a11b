"""How much of what is planted comes out of the pipeline, beside what chance would give."""

import json
import logging
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd

from jobs.cli import UserError
from jobs.lake import Lake
from jobs.sample.world import TRUTH

NEIGHBOURS = 10
LIKED = 0.5  # a track that a listener likes with this chance or more is a good one
PLACES = 30  # of a full list

log = logging.getLogger("discover")


@dataclass(frozen=True)
class Truth:
    """What is planted. artist_style, track_style, is_new : by identifier; main_styles : numbers of styles by
    listener; liking : chance that a listener (row) likes a track (column), between 0 and 1."""

    artist_style: pd.Series
    track_style: pd.Series
    is_new: pd.Series
    main_styles: dict[str, set[int]]
    liking: pd.DataFrame

    @classmethod
    def read(cls, folder: Path) -> "Truth":
        """From a world's folder. Raises UserError when there is no world."""
        try:
            told = json.loads((folder / TRUTH).read_text(encoding="utf-8"))
        except FileNotFoundError:
            raise UserError(
                f"there is no sample world in {folder}: make one with `python -m jobs.sample make`"
            ) from None
        tracks = pd.DataFrame.from_dict(told["tracks"], orient="index")
        return cls(
            pd.Series({artist: truth["style"] for artist, truth in told["artists"].items()}),
            tracks["style"],
            tracks["is_new"],
            {user: set(truth["main_styles"]) for user, truth in told["listeners"].items()},
            pd.DataFrame(told["liking"], index=list(told["listeners"]), columns=list(told["tracks"])),
        )

    def suits(self, users: pd.Series, tracks: pd.Series) -> np.ndarray:
        """Whether the style of each track is a main one of the listener beside it, bool (n,)."""
        styles = self.track_style[tracks]
        return np.array([style in self.main_styles[user] for user, style in zip(users, styles, strict=True)], bool)


@dataclass(frozen=True)
class Figure:
    """One number: what it says in words, its value, and what chance would give (NaN where that means nothing)."""

    metric: str
    dimension: str
    value: float
    chance: float
    words: str


def judge(lake: Lake, truth: Truth, week: date) -> list[Figure]:
    """All figures that the tables of this week allow; what is missing is said."""
    figures: list[Figure] = []
    lists = lake.pandas("discover_weekly", {"week": week}, ["user_id", "rank", "track_id"])
    lists = lists[lists.user_id.isin(truth.main_styles) & lists.track_id.isin(truth.track_style.index)]
    heard = lake.sql(
        "SELECT DISTINCT user_id, track_id FROM listens WHERE listened_at < CAST($1 AS TIMESTAMP) AT TIME ZONE 'UTC'",
        [week.isoformat()],
    ).to_pandas()
    left = set(lake.pandas("exclusions", {"kind": "opt_out"}, ["user_id"]).user_id)
    if _there(lists, "discover_weekly", week):
        listeners = set(truth.main_styles) & set(heard.user_id) - left
        figures += about_lists(truth, lists, heard, listeners)
    tracks_of = dict(lake.pandas("tracks", columns=["track_id", "artist_id"]).itertuples(index=False))
    for origin in ("collaborative", "audio", "content"):
        factors = _factors(lake, "track_factors", {"week": week, "origin": origin}, truth.track_style.index)
        if _there(factors, f"track_factors of origin {origin}", week):
            figures += about_neighbours(truth, factors, tracks_of, origin)
        if origin != "collaborative" and len(factors):
            users = _factors(lake, "user_factors", {"week": week}, pd.Index(truth.main_styles))
            figures += about_unheard(truth, users, factors, set(heard.track_id), origin)
    similar = lake.pandas("similar_artists", {"week": week}, ["artist_id", "rank", "similar_artist_id"])
    if _there(similar, "similar_artists", week):
        figures += about_artists(truth, similar)
    return figures


def about_lists(truth: Truth, lists: pd.DataFrame, heard: pd.DataFrame, listeners: set[str]) -> Iterator[Figure]:
    """Whether everybody has a full list, whether it is liked, and whether new releases reach those of their style.

    lists : user_id, track_id, one row a place; heard : distinct user_id, track_id; listeners : who should have one
    """
    full = lists.groupby("user_id").size() == PLACES
    share = full.reindex(sorted(listeners), fill_value=False).mean()
    yield Figure("full_lists", "", share, np.nan, f"listeners with a list of {PLACES} tracks")

    liking = truth.liking.loc[sorted(set(lists.user_id))]
    unheard = np.ones(liking.shape, bool)
    known = heard[heard.user_id.isin(liking.index) & heard.track_id.isin(liking.columns)]
    unheard[liking.index.get_indexer(known.user_id), liking.columns.get_indexer(known.track_id)] = False
    per_listener = np.nanmean(np.where(unheard, liking >= LIKED, np.nan), axis=1)
    of_places = truth.liking.to_numpy()[
        truth.liking.index.get_indexer(lists.user_id), truth.liking.columns.get_indexer(lists.track_id)
    ]
    yield Figure("precision", "", (of_places >= LIKED).mean(), per_listener.mean(), "places that the listener likes")
    best = -np.sort(-np.where(unheard, liking, -1), axis=1)[:, :PLACES]
    yield Figure("precision", "best possible", (best >= LIKED).mean(), np.nan, "the same, had one known the truth")

    new = lists[truth.is_new[lists.track_id].to_numpy()]
    if len(new):
        styles = truth.track_style[truth.is_new]
        by_chance = new.user_id.map(lambda user: styles.isin(truth.main_styles[user]).mean()).mean()
        hits = truth.suits(new.user_id, new.track_id).mean()
        yield Figure("new_releases_suit", "", hits, by_chance, "places of new releases whose style is a main one")
        share = new.track_id.nunique() / truth.is_new.sum()
        yield Figure("new_releases_offered", "", share, np.nan, "new releases that somebody was offered")


def about_neighbours(truth: Truth, factors: pd.DataFrame, artist_of: dict[str, str], origin: str) -> Iterator[Figure]:
    """Whether the nearest tracks of other artists, by the cosine of the factors, are of the same style.

    factors : one row a track, indexed by its identifier
    """
    unit = factors.to_numpy()
    unit = unit / np.maximum(np.linalg.norm(unit, axis=1, keepdims=True), 1e-12)
    artists = np.array([artist_of[track] for track in factors.index])
    others = artists[:, None] != artists[None, :]
    style, new = (values[factors.index].to_numpy() for values in (truth.track_style, truth.is_new))
    same = style[:, None] == style[None, :]
    cosine = np.where(others, unit @ unit.T, -np.inf)
    nearest = np.argsort(-cosine, axis=1, kind="stable")[:, :NEIGHBOURS]
    shares = np.take_along_axis(same, nearest, axis=1).mean(axis=1)
    chance = (same & others).sum(axis=1) / others.sum(axis=1)
    words = f"{NEIGHBOURS} nearest tracks of other artists that are of the same style, by {origin} factors"
    yield Figure("same_style_neighbours", f"tracks, {origin}", shares.mean(), chance.mean(), words)
    if origin != "collaborative" and new.any():
        words = "the same for new releases alone"
        yield Figure("same_style_neighbours", f"new releases, {origin}", shares[new].mean(), chance[new].mean(), words)


def about_unheard(
    truth: Truth, users: pd.DataFrame, factors: pd.DataFrame, heard: set[str], origin: str
) -> Iterator[Figure]:
    """Whether predicted factors rank tracks that nobody has heard as listeners would: the area under
    the ROC curve, the mean over listeners.

    users, factors : one row each, indexed by identifier, in the same space
    """
    unheard = factors[~factors.index.isin(heard)]
    if len(unheard) and len(users):
        scores = users.to_numpy() @ unheard.to_numpy().T
        liked = truth.liking.loc[users.index, unheard.index].to_numpy() >= LIKED
        values = [
            area_under_curve(s, good) for s, good in zip(scores, liked, strict=True) if 0 < good.sum() < len(good)
        ]
        if values:
            yield Figure(
                "auc_unheard", origin, float(np.mean(values)), 0.5, f"AUC of tracks that nobody has heard, by {origin}"
            )


def about_artists(truth: Truth, similar: pd.DataFrame) -> Iterator[Figure]:
    """Whether artists described alike are of the same style. similar : artist_id, rank, similar_artist_id."""
    nearest = similar[similar["rank"] <= NEIGHBOURS]
    known = truth.artist_style.index
    nearest = nearest[nearest.artist_id.isin(known) & nearest.similar_artist_id.isin(known)]
    style = truth.artist_style
    same = style[nearest.artist_id].to_numpy() == style[nearest.similar_artist_id].to_numpy()
    sizes = style.value_counts()
    chance = (sizes[style[nearest.artist_id]].to_numpy() - 1) / (len(style) - 1)
    words = f"{NEIGHBOURS} most similar artists that are of the same style, by words"
    yield Figure("same_style_neighbours", "artists, words", same.mean(), chance.mean(), words)


def area_under_curve(scores: np.ndarray, good: np.ndarray) -> float:
    """The chance that a good one scores above another one; equal scores count half.

    >>> area_under_curve(np.array([3.0, 2.0, 1.0]), np.array([True, False, True]))
    0.5
    """
    above = scores[good][:, None] - scores[~good][None, :]
    return float((np.sign(above) / 2 + 0.5).mean())


def metrics(figures: list[Figure]) -> list[tuple[str, str, float]]:
    """The figures as rows for `Lake.record`; chance is a dimension of its own."""
    rows = []
    for figure in figures:
        rows.append((figure.metric, figure.dimension, figure.value))
        if not np.isnan(figure.chance):
            rows.append((figure.metric, ", ".join(filter(None, (figure.dimension, "chance"))), figure.chance))
    return rows


def show(figures: list[Figure], week: date) -> None:
    """Print the figures as a table."""
    from rich.console import Console
    from rich.table import Table

    table = Table(title=f"The week {week} against the planted truth", title_justify="left")
    table.add_column("What")
    for column in ("Found", "By chance", "Times"):
        table.add_column(column, justify="right")
    for f in figures:
        chance = "" if np.isnan(f.chance) else f"{f.chance:.3f}"
        times = "" if np.isnan(f.chance) or not f.chance else f"{f.value / f.chance:.1f}"
        table.add_row(f.words, f"{f.value:.3f}", chance, times)
    (Console() if sys.stdout.isatty() else Console(width=140)).print(table)


def _factors(lake: Lake, table: str, where: dict[str, object], known: pd.Index) -> pd.DataFrame:
    """Factors by identifier, of what this world knows."""
    key = {"track_factors": "track_id", "user_factors": "user_id"}[table]
    rows = lake.pandas(table, where, [key, "factors"]).set_index(key)
    rows = rows[rows.index.isin(known)].sort_index()
    return pd.DataFrame(np.stack(rows.factors.to_numpy()) if len(rows) else None, index=rows.index)


def _there(rows: pd.DataFrame, what: str, week: date) -> bool:
    if rows.empty:
        log.info("%s: nothing of the week %s, so nothing is said about it", what, week)
    return not rows.empty
