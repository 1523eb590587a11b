"""How well tracks that nobody has heard find their listeners, by what places them.

In a sample world, two questions:

- Artists held out: nobody has heard the artist. In each fold a part of the artists loses all its listens; factors are
  learned from the rest, what places tracks from these factors; then the tracks of the artists held out are ranked for
  each listener, and who did listen to them is looked up.
- Tracks held out: the artist is known, a part of each artist's tracks is not.

The oracle has the listens that are asked for: the factors that they give, with the listeners' factors as they are. So
it knows more than any judge of sound could; "planted taste" is what the world's own chance to like a track gives. What
somebody could tell who hears perfectly is "planted style": each track gets the mean direction of its style's tracks.
The network is the one of `jobs.audio`, with its default settings, stopped by artists apart from the ones judged.
"""

import argparse
import os
import subprocess
import sys
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import csr_matrix

from benchmarks.contest import arg_parser, save, show
from benchmarks.placing import Network, World, factorize, folded_in, judge, mean_of, spectrograms

if TYPE_CHECKING:
    from jobs.lake import Lake

SMALL = ("--listeners", "80", "--artists", "40", "--tracks", "160", "--new-releases", "8")
STOP_PARTS = 8  # of the artists that are not judged; training stops by one of these parts
FOLDS, STOPS = 0, 1  # seeds of what parts the artists


def main(home: Path | None, folds: int, small: bool, json: Path | None) -> None:
    """Run, print, save."""
    with TemporaryDirectory() as scratch:
        world, liking, styles = load(home or Path(scratch), small)
    print(f"{world.listened.shape[0]} listeners, {world.listened.shape[1]} tracks of {len(set(world.groups))} artists, "
          f"{world.listened.nnz:,} pairs; words: {world.words is not None}")  # fmt: skip
    tables = {}
    for title, places in (
        ("Nobody has heard the artist", _parts(world.groups, folds, FOLDS)),
        ("New tracks of known artists", _parts_within(world.groups, folds)),
    ):
        measured = []
        for fold in range(folds):
            measured.append(place(world, places == fold, liking, styles, fold))
            print(title, fold, {name: round(of["AUC"], 4) for name, of in measured[-1].items()}, flush=True)
        tables[title] = mean_of(measured)
        show(f"{title}: mean of {folds} folds", tables[title])
        auc = {row["placed by"]: row["AUC"] for row in tables[title]}
        for best in ("planted style", "planted taste", "oracle"):
            closed = (auc["network"] - auc["MFCC ridge"]) / (auc[best] - auc["MFCC ridge"])
            print(f"of the gap in AUC from ridge to {best} the network closes {closed:.2f}")
    save(json, **{title.lower().replace(" ", "_"): rows for title, rows in tables.items()})


def load(home: Path, small: bool) -> tuple[World, np.ndarray, np.ndarray]:
    """The world in a DISCOVER_HOME, made where there is none; each listener's chance to like each track; its style."""
    os.environ["DISCOVER_HOME"] = str(home)
    subprocess.run([sys.executable, "-m", "jobs.sample", "make", *(SMALL if small else ())], check=True)
    from jobs import weeks
    from jobs.lake import Lake
    from jobs.sample.judge import Truth
    from jobs.settings import settings

    settings.cache_clear()
    lake = Lake()
    truth = Truth.read(home / "sample")
    tracks = lake.sql("SELECT track_id, artist_id, path FROM tracks WHERE path IS NOT NULL ORDER BY track_id")
    sound = spectrograms(tracks["path"].to_pylist(), settings().audio.max_seconds)
    usable = [n for n, levels in enumerate(sound) if levels is not None]
    track_ids, artists = (tracks[name].to_numpy(zero_copy_only=False)[usable] for name in ("track_id", "artist_id"))
    plays = lake.sql(
        "SELECT user_id, track_id, count(*) AS plays FROM listens JOIN tracks USING (track_id) WHERE ms_played IS NULL "
        "OR ms_played >= least(30000, 0.9 * duration_ms) GROUP BY ALL ORDER BY ALL"
    ).to_pandas()
    users = {user: n for n, user in enumerate(truth.liking.index)}
    columns = {track: n for n, track in enumerate(track_ids)}
    plays = plays[plays.track_id.isin(columns) & plays.user_id.isin(users)]
    at = plays.user_id.map(users), plays.track_id.map(columns)
    listened = csr_matrix((np.log2(1 + plays.plays), at), shape=(len(users), len(columns)))
    words = _words(lake, weeks.newest(), artists)
    world = World(listened, [sound[n] for n in usable], artists, words)
    return world, truth.liking[track_ids].to_numpy(), truth.track_style[track_ids].to_numpy()


def _words(lake: "Lake", week: date, artists: np.ndarray) -> np.ndarray | None:
    """The dense cultural vector of each track's artist, 0 where nothing is written about it; None: there are none."""
    vectors = lake.sql(
        "SELECT entity_id, kind, term, weight, documents FROM cultural_vectors "
        "WHERE week = ? AND entity_kind = 'artist'",
        [week],
    ).to_pandas()
    if not len(vectors):
        print(f"no cultural vectors of {week}: audio + culture is left out (run jobs.scrape and jobs.culture there)")
        return None
    from jobs.culture.space import space

    found = space(vectors)
    places = {artist: n for n, artist in enumerate(found.artists)}
    dense = np.vstack([found.dense, np.zeros((1, found.dense.shape[1]))])
    return dense[[places.get(artist, -1) for artist in artists]]


def _parts(groups: np.ndarray, parts: int, seed: int) -> np.ndarray:
    """A part for each track, the same for all of a group. Other seeds part independently of each other."""
    names, of_track = np.unique(groups, return_inverse=True)
    return (np.random.default_rng(seed).permutation(len(names)) % parts)[of_track]


def _parts_within(groups: np.ndarray, folds: int) -> np.ndarray:
    """A fold for each track, each with an equal part of each group."""
    generator, parts = np.random.default_rng(0), np.zeros(len(groups), int)
    for name in np.unique(groups):
        own = np.flatnonzero(groups == name)
        parts[own] = (generator.permutation(len(own)) + generator.integers(folds)) % folds
    return parts


def place(
    world: World, held_out: np.ndarray, liking: np.ndarray, styles: np.ndarray, seed: int
) -> dict[str, dict[str, float]]:
    """Figures of each contender on the tracks held out."""
    from jobs.audio.ridge import ridge_predictions
    from jobs.cold_start.estimate import blend, choose, from_words, join, others_of_artist
    from jobs.settings import settings
    from jobs.vectors import unit

    config = settings().collaborative
    kept = world.listened.tolil()
    kept[:, np.flatnonzero(held_out)] = 0
    kept = kept.tocsr()
    kept.eliminate_zeros()
    users, tracks = factorize(kept, config, seed)
    targets = unit(tracks)
    listeners = np.diff(kept.tocsc().indptr)
    enough = ~held_out & (listeners >= settings().audio.min_listeners)
    stopping = enough & (_parts(world.groups, STOP_PARTS, STOPS) == seed % STOP_PARTS)
    train, stop, test = (np.flatnonzero(part) for part in (enough & ~stopping, stopping, held_out))
    network = Network(world, train, stop, targets, settings().audio, seed)
    sound = np.zeros_like(targets)
    for of in (stop, test):
        sound[of] = network.predict([world.sound[n] for n in of])
    ridge = unit(ridge_predictions(world.features[train], targets[train], world.features[test]).astype(np.float32))
    written = np.zeros((len(targets), 0)) if world.words is None else world.words
    words = from_words(world.groups[train], written[train], targets[train], written)
    sums, counts = others_of_artist(world.groups, targets * enough[:, None], enough)
    mix = choose(*(of[stop] for of in (sound, words, sums, counts, targets)))
    joined = join(sound, words, mix.words_weight)
    relevant = world.listened[:, test].toarray() > 0
    predictions = {"MFCC ridge": ridge, "network": sound[test]}
    if words.any():
        predictions |= {"words": words[test], "network and words": joined[test]}
    if counts[test].any():
        predictions["mean of the artist's tracks"] = unit(sums[test])
        predictions["network and artist"] = blend(sound, sums, counts, mix.worth)[test]
        if words.any():
            predictions["network, words and artist"] = blend(joined, sums, counts, mix.worth)[test]
    scores = {"chance": np.zeros_like(relevant, float)}
    if counts[test].any():
        plays, _ = others_of_artist(world.groups, (listeners * enough)[:, None].astype(float), enough)
        popular = plays[test, 0] / np.maximum(counts[test], 1)
        scores["popularity of the artist"] = np.broadcast_to(popular, relevant.shape)
    scores |= {name: users @ predicted.T for name, predicted in predictions.items()}
    by_style = {style: unit(targets[enough & (styles == style)].sum(axis=0)[None])[0] for style in set(styles)}
    scores["planted style"] = users @ np.stack([by_style[style] for style in styles[test]]).T
    scores["planted taste"] = liking[:, test]
    scores["oracle"] = users @ folded_in(world.listened[:, test].tocsr(), users, config).T
    return {name: judge(score, relevant) for name, score in scores.items()}


def _options() -> argparse.Namespace:
    parser = arg_parser("cold_start", __doc__.split("\n")[0])
    parser.add_argument(
        "--home",
        type=Path,
        help="a DISCOVER_HOME with a sample world, made where there is none; with cultural vectors of the newest week "
        "words take part (default: a temporary one)",
    )
    parser.add_argument("--folds", type=int, default=5, help="default: %(default)s")
    return parser.parse_args()


if __name__ == "__main__":
    main(**vars(_options()))
