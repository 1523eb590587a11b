"""How fast audio files become stored spectrograms: `jobs.audio spectrograms` on two cores beside a plain librosa loop.

The loop is what one would write first: `librosa.load`, `melspectrogram`, `power_to_db`, `numpy.save`, one file after
the other on one core. Both read whole files from the page cache. The times are of whole processes, Spark's start
included; "at work" leaves out what both need to start, as measured on an empty catalogue. Then where the time of one
core goes, and whether time grows with the number of (short) files.
"""

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from benchmarks.contest import alone, arg_parser, save, show, without_costs

RATE = 44_100
FORMATS = ("wav", "flac", "mp3", "ogg", "opus", "m4a")
DISTINCT = 4  # songs; the files are copies of them
ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"), "1")


def main(small: bool, json: Path | None) -> None:
    """Run, print, save."""
    files, seconds = (8, 30) if small else (240, 180)
    counts = (20, 100) if small else (100, 1000, 10_000)
    with TemporaryDirectory() as scratch:
        folder = Path(scratch)
        started = {
            "loop": alone("benchmarks.spectrograms:loop", ONE_THREAD, folder=_empty(folder / "none"), out=scratch),
            "ours": _ours(folder / "none", folder / "home-none"),
        }
        speeds, shares = [], []
        for suffix in FORMATS:
            songs = make(folder / suffix, suffix, files, seconds)
            if songs is None:
                print(f"{suffix} is left out: ffmpeg is not installed", file=sys.stderr)
                continue
            theirs = None
            if suffix != "m4a":  # librosa does not read it without a second, deprecated library
                theirs = alone("benchmarks.spectrograms:loop", ONE_THREAD, folder=str(songs), out=scratch)
            ours = _ours(songs, folder / f"home-{suffix}")
            speeds.append(_speed(suffix, files * seconds / 3600, ours, theirs, started))
            phases = alone("benchmarks.spectrograms:phases", ONE_THREAD, folder=str(songs))
            shares.append({"format": suffix, **without_costs(phases)})
            shutil.rmtree(songs)
        show(f"{files} files of {seconds} s, on {os.cpu_count()} cores", speeds)
        show("Where the time of one core goes, shares", shares)
        linear = []
        for count in counts:
            songs = make(folder / "short", "wav", count, 3)
            ours = _ours(songs, folder / "home-short")
            work = ours["wall_seconds"] - started["ours"]["wall_seconds"]
            linear.append(
                {
                    "short files": count,
                    "s": ours["wall_seconds"],
                    "ms a file at work": 1000 * work / count,
                    "peak MiB": ours["peak_mib"],
                }
            )
            shutil.rmtree(songs)
            shutil.rmtree(folder / "home-short")
        show("By number of files of 3 s", linear)
    save(json, speeds=speeds, shares=shares, linear=linear, started=started)


def _speed(suffix: str, hours: float, ours: dict, theirs: dict | None, started: dict) -> dict:
    work = ours["wall_seconds"] - started["ours"]["wall_seconds"]
    row = {
        "format": suffix,
        "hours a minute": 60 * hours / ours["wall_seconds"],
        "librosa loop": None,
        "x faster": None,
        "x faster at work": None,
        "hours a minute at work": 60 * hours / work,
        "peak MiB": ours["peak_mib"],
        "loop's": None,
    }
    if theirs:
        row |= {
            "librosa loop": 60 * hours / theirs["wall_seconds"],
            "x faster": theirs["wall_seconds"] / ours["wall_seconds"],
            "x faster at work": (theirs["wall_seconds"] - started["loop"]["wall_seconds"]) / work,
            "loop's": theirs["peak_mib"],
        }
    return row


def make(folder: Path, suffix: str, count: int, seconds: float) -> Path | None:
    """A folder of stereo files; None where their format cannot be written."""
    import soundfile

    folder.mkdir(parents=True)
    generator, times = np.random.default_rng(0), np.arange(round(seconds * RATE)) / RATE
    for number in range(min(count, DISTINCT)):
        beat = np.exp(-5 * (times % 0.5))
        chord = sum(np.sin(2 * np.pi * hertz * times) for hertz in generator.uniform(80, 4000, 4)) / 8
        signal = (beat * chord + generator.normal(0, 0.02, len(times))).astype(np.float32)
        path = folder / f"{number:05}.{suffix}"
        wav = path.with_suffix(".wav")
        native = suffix not in ("m4a", "opus")
        with soundfile.SoundFile(path if native else wav, "w", RATE, 2) as file:
            for first in range(0, len(signal), RATE):  # in one call, libsndfile crashes on long Ogg files
                file.write(np.stack([signal[first : first + RATE]] * 2, axis=1))
        if not native:
            if shutil.which("ffmpeg") is None:
                return None
            subprocess.run(["ffmpeg", "-v", "error", "-i", wav, "-ar", "48000", path], check=True)
            wav.unlink()
    for number in range(DISTINCT, count):
        shutil.copyfile(folder / f"{number % DISTINCT:05}.{suffix}", folder / f"{number:05}.{suffix}")
    return folder


def _empty(folder: Path) -> str:
    folder.mkdir()
    return str(folder)


def _ours(songs: Path, home: Path) -> dict:
    shutil.rmtree(home, ignore_errors=True)
    environment = {
        "DISCOVER_HOME": str(home),
        "DISCOVER_SPARK_MASTER": "local[2]",
        "DISCOVER_AUDIO_MAX_SECONDS": "600",
    }
    alone("benchmarks.spectrograms:catalogue", environment, folder=str(songs))
    measured = alone("benchmarks.spectrograms:pipeline", environment)
    if measured["spectrograms"] != len(list(songs.iterdir())):
        raise RuntimeError(f"{songs}: {measured}")
    return measured


def catalogue(folder: str) -> dict:
    """Put the files of a folder into the catalogue."""
    import pandas as pd

    from jobs.lake import ALL, Lake

    lake, paths = Lake(), sorted(map(str, Path(folder).iterdir()))
    if not paths:
        return {}
    lake.publish("artists", pd.DataFrame({"artist_id": ["a"], "name": ["A"]}), ALL)
    tracks = pd.DataFrame({"track_id": paths, "artist_id": "a", "title": "t", "work_id": paths, "path": paths})
    lake.publish("tracks", tracks, ALL)
    return {}


def pipeline() -> dict:
    """The step itself, with Spark's start."""
    from jobs import weeks
    from jobs.audio.run_spectrograms import main as spectrograms
    from jobs.lake import Lake
    from jobs.spark import session

    with session("benchmark"):  # so that an empty catalogue starts it, too
        spectrograms(Lake(), weeks.newest())
    return {"spectrograms": len(Lake().arrow("spectrograms", "error is null", ["track_id"]))}


def loop(folder: str, out: str) -> dict:
    """The plain loop."""
    import librosa

    from jobs.audio.constants import FFT_LENGTH, HOP_LENGTH, MEL_BANDS, SAMPLE_RATE

    warm = np.zeros(SAMPLE_RATE, np.float32)
    for path in [None, *sorted(Path(folder).iterdir())]:
        signal = warm if path is None else librosa.load(path, sr=SAMPLE_RATE, mono=True)[0]
        power = librosa.feature.melspectrogram(
            y=signal, sr=SAMPLE_RATE, n_fft=FFT_LENGTH, hop_length=HOP_LENGTH, n_mels=MEL_BANDS
        )
        np.save(Path(out) / "spectrogram.npy", librosa.power_to_db(power, ref=np.max))
    return {}


def phases(folder: str) -> dict:
    """Shares of the time of one core, as `jobs.audio` does it; and the seconds for a file."""
    import hashlib

    import librosa
    import soundfile

    from jobs.audio import decode, ffmpeg, library
    from jobs.audio.constants import SAMPLE_RATE
    from jobs.audio.logmel import log_mel, to_levels
    from jobs.lake import APPEND, Lake
    from jobs.settings import settings

    spent, rows = dict.fromkeys(("read and hash", "decode", "resample", "transform", "store"), 0.0), []

    def timed(phase: str, function, *arguments, **options):
        started = time.process_time(), time.perf_counter()
        result = function(*arguments, **options)
        by_child = phase == "decode" and suffix == "m4a"
        spent[phase] += time.perf_counter() - started[1] if by_child else time.process_time() - started[0]
        return result

    log_mel(np.zeros(SAMPLE_RATE, np.float32))
    paths = sorted(Path(folder).iterdir())[:12]
    suffix = paths[0].suffix[1:]
    for path in paths:
        with path.open("rb") as file:
            digest = timed("read and hash", lambda opened: hashlib.file_digest(opened, "sha256").hexdigest(), file)
            file.seek(0)
            if suffix == "m4a":  # ffmpeg resamples, too
                signal = timed("decode", ffmpeg.stretch, file, "mov", 0.0, 600.0)
            else:
                with soundfile.SoundFile(file) as audio:
                    mono = timed("decode", decode._read, audio, audio.frames)
                    rate = audio.samplerate
                signal = timed("resample", librosa.resample, mono, orig_sr=rate, target_sr=SAMPLE_RATE)
        levels = timed("transform", lambda samples: to_levels(log_mel(decode._without_silent_ends(samples))), signal)
        rows.append(
            {
                **dict.fromkeys(library.ROW.names),
                "track_id": str(path),
                "path": str(path),
                "size_bytes": 1,
                "modified_ns": 1,
                "audio_sha256": digest,
                "recipe": library.recipe(600, 1),
                "seconds": 1.0,
                "frames": len(levels),
                "bands": levels.shape[1],
                "log_mel": levels.tobytes(),
            }
        )
    import pyarrow as pa

    with TemporaryDirectory() as home:
        os.environ["DISCOVER_HOME"] = home
        settings.cache_clear()
        timed("store", Lake().publish, "spectrograms", pa.Table.from_pylist(rows, library.ROW), APPEND)
    total = sum(spent.values())
    return {phase: seconds / total for phase, seconds in spent.items()} | {"s a file": total / len(rows)}


if __name__ == "__main__":
    main(**vars(arg_parser("spectrograms", __doc__.split("\n")[0]).parse_args()))
