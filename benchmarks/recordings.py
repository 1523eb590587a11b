"""Whether one recording is known again in another file: music coded anew, cut, equalised, compressed, by ffmpeg.

    python -m benchmarks.recordings FOLDER

Each file of the folder that has one of the suffixes of music is taken with all its variants into one catalogue. A
variant is found when it is among the candidates of its original and their fingerprints correlate; what is found among
different originals is wrong. `fingerprint.SAME` lies between the two.
"""

import argparse
import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from benchmarks.contest import arg_parser, save, show
from benchmarks.placing import spectrograms
from benchmarks.real_music import LEAST_BYTES, SUFFIXES

VARIANTS = {
    "MP3 of 64 kbit/s": ("-b:a", "64k"),
    "8 dB softer": ("-af", "volume=-8dB"),
    "bass +6, treble -6 dB": ("-af", "bass=g=6,treble=g=-6"),
    "compressed 6:1": ("-af", "acompressor=threshold=0.05:ratio=6"),
    "first 1.24 s cut": ("-ss", "1.237"),
    "first 23 ms cut": ("-ss", "0.023"),
    "1 % faster": ("-af", "asetrate=44100*1.01,aresample=44100"),
}


def main(folder: Path, most: int, small: bool, json: Path | None) -> None:
    """Run, print, save."""
    from jobs.audio.fingerprint import SAME, correlation, rhythm, signs
    from jobs.audio.recordings import candidates

    files = [path for path in sorted(folder.rglob("*")) if path.suffix.lower() in SUFFIXES and path.is_file()]
    files = [path for path in files if path.stat().st_size >= LEAST_BYTES]
    files = [files[n] for n in np.random.default_rng(0).permutation(len(files))[: 6 if small else most]]
    with TemporaryDirectory() as scratch:
        paths, variant = [], []
        for number, file in enumerate(files):
            made = [_made(file, Path(scratch) / f"{number}-{n}.mp3", options)
                    for n, options in enumerate(VARIANTS.values())]  # fmt: skip
            if all(made):
                paths += [file, *made]
                variant += [None, *VARIANTS]
        sound = spectrograms(list(map(str, paths)), 90.0)
    prints = [signs(levels) for levels in sound]
    original = np.cumsum([one is None for one in variant]) - 1
    seconds = np.ones(len(prints))  # lengths are not to help
    pairs = {tuple(pair) for pair in candidates(np.stack(list(map(rhythm, prints))), seconds).tolist()}
    rows = []
    for name in VARIANTS:
        numbers = [n for n, one in enumerate(variant) if one == name]
        values = [correlation(prints[n - 1 - list(VARIANTS).index(name)], prints[n]) for n in numbers]
        together = [any((min(n, o), max(n, o)) in pairs for o in np.flatnonzero(original == original[n]) if o != n)
                    for n in numbers]  # fmt: skip
        rows.append(
            {
                "variant": name,
                "least correlation": min(values),
                "median": float(np.median(values)),
                "same by SAME": float(np.mean(np.array(values) >= SAME)),
                "a candidate": float(np.mean(together)),
            }
        )
    show(f"{len(rows and numbers)} recordings, the same above {SAME}", rows)
    firsts = [n for n, one in enumerate(variant) if one is None]
    different = [correlation(prints[a], prints[b]) for a in firsts for b in firsts if a < b]
    print(f"{len(different)} pairs of different recordings: largest correlation {max(different):.3f}, "
          f"99th percentile {np.quantile(different, 0.99):.3f}")  # fmt: skip
    save(json, variants=rows, different=[float(value) for value in different])


def _made(file: Path, target: Path, options: tuple[str, ...]) -> Path | None:
    """The variant of a file; None where ffmpeg does not read it."""
    command = ["ffmpeg", "-v", "quiet", "-y", "-i", file, "-vn", "-ar", "44100", "-t", "200", *options, target]
    return None if subprocess.run(command, check=False).returncode else target


def _options() -> argparse.Namespace:
    parser = arg_parser("recordings", __doc__.split("\n")[0])
    parser.add_argument("folder", type=Path, help="with music")
    parser.add_argument("--most", type=int, default=40, help="files taken, at random (default: %(default)s)")
    return parser.parse_args()


if __name__ == "__main__":
    main(**vars(_options()))
