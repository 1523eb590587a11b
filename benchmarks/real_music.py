"""Real music: soundtracks in a folder, with listeners who each like some of them.

    apt-get download NAME && dpkg -x NAME*.deb FOLDER/NAME        # such as wesnoth-1.16-music, warzone2100-music
    python -m benchmarks.real_music FOLDER

Each folder in FOLDER is a soundtrack. Listeners are simulated: each likes one to three soundtracks, and has heard some
of their tracks. A third of each soundtrack is heard by nobody; from the factors of the rest what places tracks by sound
is learned, and the unheard ones are ranked for each listener: the ones of soundtracks that she likes should come
first. Then neighbours by sound: for each unheard track the nearest of all other tracks, and how many are of the same
soundtrack. Each track is unheard once, in one of three folds.
"""

import argparse
from pathlib import Path

import numpy as np
from scipy.sparse import csr_matrix

from benchmarks.contest import arg_parser, save, show
from benchmarks.placing import Network, World, factorize, judge, mean_of, spectrograms

FOLDS = 3
SUFFIXES = {".ogg", ".opus", ".mp3", ".flac", ".wav", ".aiff", ".m4a"}
LEAST_BYTES = 150_000  # smaller files are sound effects
LEAST_TRACKS = 10  # of a soundtrack
LISTENERS = 300
HEARD = 0.5  # share of the tracks that were out, of soundtracks that she likes; and a tenth of that of others
NEIGHBOURS = (1, 5, 10)
LOOKED_AT = 10  # tracks whose neighbours are printed


def main(folder: Path, small: bool, json: Path | None) -> None:
    """Run, print, save."""
    from jobs.settings import settings

    world, names = load(folder, 24.0 if small else settings().audio.max_seconds, 12 if small else None)
    titles, sizes = np.unique(world.groups, return_counts=True)
    print(f"{len(names)} tracks: " + ", ".join(f"{t} {n}" for t, n in zip(titles, sizes, strict=True)))
    config, folds, near, seen = settings().audio, [], [], []
    if small:
        config = config.model_copy(update={"epochs": 10})
    parts = np.zeros(len(names), int)
    generator = np.random.default_rng(0)
    for title in titles:
        own = np.flatnonzero(world.groups == title)
        parts[own] = generator.permutation(len(own)) % FOLDS
    for fold in range(FOLDS):
        placed, neighbours, looked = measure(world, parts == fold, titles, config, fold)
        folds.append(placed)
        near.append(neighbours)
        seen += looked
        print(fold, {name: round(of["AUC"], 4) for name, of in placed.items()}, flush=True)
    placed = mean_of(folds)
    near = [
        {"neighbours by": name, **{k: float(np.mean([f[name][k] for f in near])) for k in near[0][name]}}
        for name in near[0]
    ]
    show(f"Tracks that nobody has heard, {FOLDS} folds", placed)
    show("Share of the nearest that are of the same soundtrack", near)
    chosen = np.random.default_rng(1).permutation(len(seen))[:LOOKED_AT]
    for track, by in (seen[n] for n in chosen):
        print(f"\n{names[track]}")
        for name, nearest in by.items():
            print(f"  {name}: " + "; ".join(names[n] for n in nearest))
    save(json, placed=placed, neighbours=near)


def load(folder: Path, seconds: float, most: int | None) -> tuple[World, list[str]]:
    """The soundtracks, and a name for each track; `most` tracks of each."""
    paths, groups = [], []
    for soundtrack in sorted(path for path in folder.iterdir() if path.is_dir()):
        found = {path.resolve() for path in soundtrack.rglob("*") if path.suffix.lower() in SUFFIXES and path.is_file()}
        files = sorted(found)  # a package may hold links from one name to another
        files = [path for path in files if path.stat().st_size >= LEAST_BYTES][:most]
        if len(files) >= LEAST_TRACKS:
            paths += map(str, files)
            groups += [soundtrack.name] * len(files)
    if len(set(groups)) < 2:
        raise SystemExit(f"{folder} has fewer than two folders with {LEAST_TRACKS} tracks each; see --help")
    sound = spectrograms(paths, seconds)
    kept = [n for n, levels in enumerate(sound) if levels is not None]
    names = [f"{groups[n]}/{Path(paths[n]).stem}" for n in kept]
    nobody = csr_matrix((LISTENERS, len(kept)))
    return World(nobody, [sound[n] for n in kept], np.array(groups)[kept]), names


def measure(world: World, unheard: np.ndarray, titles: np.ndarray, config, seed: int) -> tuple[dict, dict, list]:
    """Figures of the contenders on the unheard tracks, shares of neighbours, and the neighbours of each of them."""
    from jobs.audio.ridge import ridge_predictions
    from jobs.settings import settings
    from jobs.vectors import unit

    generator = np.random.default_rng([7, seed])
    likes = np.zeros((LISTENERS, len(titles)), bool)
    for own in likes:
        own[generator.choice(len(titles), generator.integers(1, 4), replace=False)] = True
    of_track = np.searchsorted(titles, world.groups)
    chance = np.where(likes[:, of_track], HEARD, HEARD / 10) * ~unheard
    listened = csr_matrix((generator.random(chance.shape) < chance).astype(np.float32))
    users, tracks = factorize(listened, settings().collaborative, seed)
    targets = unit(tracks)
    heard = np.flatnonzero(~unheard)
    stopping = generator.random(len(heard)) < 0.1
    train, stop, test = heard[~stopping], heard[stopping], np.flatnonzero(unheard)
    network = Network(world, train, stop, targets, config, seed)
    every = network.predict(world.sound)
    ridge = unit(ridge_predictions(world.features[train], targets[train], world.features).astype(np.float32))
    relevant = likes[:, of_track[test]]
    scores = {
        "chance": np.zeros(relevant.shape),
        "MFCC ridge": users @ ridge[test].T,
        "network": users @ every[test].T,
    }
    spread = world.features.std(axis=0)
    spaces = {
        "chance": generator.normal(size=(len(every), 8)),
        "MFCCs": (world.features - world.features.mean(axis=0)) / np.where(spread > 0, spread, 1),
        "MFCC ridge": ridge,
        "network": every,
    }
    shares, looked = {}, {track: {} for track in test}
    for name, points in spaces.items():
        cosines = unit(points[test]) @ unit(points).T
        cosines[np.arange(len(test)), test] = -np.inf
        nearest = np.argsort(-cosines, axis=1)[:, : max(NEIGHBOURS)]
        same = of_track[nearest] == of_track[test][:, None]
        shares[name] = {f"of {k}": float(same[:, :k].mean()) for k in NEIGHBOURS}
        if name in ("MFCCs", "network"):
            for track, row in zip(test, nearest, strict=True):
                looked[track][name] = row[:5].tolist()
    return {name: judge(score, relevant) for name, score in scores.items()}, shares, list(looked.items())


def _options() -> argparse.Namespace:
    parser = arg_parser("real_music", __doc__.split("\n")[0])
    parser.add_argument("folder", type=Path, help="with a folder for each soundtrack")
    return parser.parse_args()


if __name__ == "__main__":
    main(**vars(_options()))
