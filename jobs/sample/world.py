"""A sample world on disk: made once, in one piece, and brought into the lake by the commands that everybody uses."""

import json
import logging
import os
import re
import shutil
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv

from jobs.ingest.__main__ import main as ingest_command
from jobs.progress import step, track
from jobs.sample import playlists as lists
from jobs.sample.catalogue import Catalogue, catalogue
from jobs.sample.instruments import SAMPLE_RATE
from jobs.sample.listeners import CHARACTERS, Listeners, listeners
from jobs.sample.listening import World, history
from jobs.sample.music import manner, render
from jobs.sample.options import Options
from jobs.sample.site import site, source_rows
from jobs.sample.styles import STYLES

TRUTH = "truth.json"
FILES = {  # what is imported, in an order in which nothing names what is not there yet
    "artists": "artists.csv",
    "tracks": "tracks.csv",
    "listens": "listens*.csv",
    "playlists": "playlists.jsonl",
    "exclusions": "exclusions.csv",
    "sources": "sources.csv",
}
log = logging.getLogger("discover")


def make(options: Options, folder: Path) -> bool:
    """Make the world in `folder`, unless there is one; returns whether it was made.

    It is built beside and then renamed, so that a world is there as a whole or not at all.
    """
    if folder.exists():
        return False
    unfinished = folder.with_name(f"{folder.name}.unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(parents=True)
    world = planted(options)
    what = f"sample world: {options.tracks} tracks of audio, {options.weeks} weeks of listening, a web site"
    with step(what), recording(options, world.catalogue, unfinished) as files:
        write_catalogue(world.catalogue, unfinished)
        write_listens(history(world, options.weeks, options.random("history")), unfinished / "listens.csv")
        rows = lists.playlists(world, options)
        rows.to_json(unfinished / "playlists.jsonl", orient="records", lines=True, force_ascii=False)
        lists.exclusions(world, options).to_csv(unfinished / "exclusions.csv", index=False)
        pd.DataFrame(source_rows(options)).to_csv(unfinished / "sources.csv", index=False)
        site(options, world.catalogue).write(unfinished / "site")
        write_truth(world, unfinished / TRUTH)
        options.write(unfinished)
        for _ in track(files, "audio", options.tracks, "tracks"):
            pass
    unfinished.rename(folder)
    return True


def planted(options: Options) -> World:
    """Catalogue, listeners and their tastes; the same for the same options."""
    return World.of(catalogue(options), listeners(options))


def ingest(folder: Path) -> None:
    """Import all files of the world, by the commands that everybody uses. Raises UserError for a broken row: there
    is none in what is made here."""
    for kind, pattern in FILES.items():
        ingest_command(kind=kind, strict=True, files=sorted(folder.glob(pattern)))


def audio_path(catalogue: Catalogue, number: int) -> str:
    """Where the file of a track lies below the world's folder."""
    track = catalogue.tracks[number]
    artist = _file_name(catalogue.artists[track.artist].name)
    title = _file_name(track.title)
    return f"music/{artist}/{_file_name(track.album)}/{track.number:02d} {title} [{track.track_id}].flac"


def write_catalogue(catalogue: Catalogue, folder: Path) -> None:
    """artists.csv and tracks.csv."""
    artists = [{"artist_id": artist.artist_id, "name": artist.name} for artist in catalogue.artists]
    pd.DataFrame(artists).to_csv(folder / "artists.csv", index=False)
    rows = [
        {
            "track_id": track.track_id,
            "artist_id": catalogue.artists[track.artist].artist_id,
            "title": track.title,
            "featured_artist_ids": ";".join(catalogue.artists[guest].artist_id for guest in track.featured),
            "album": track.album,
            "released_at": track.released_at.isoformat() if track.released_at else None,
            "duration_ms": track.duration_ms,
            "path": audio_path(catalogue, number),
        }
        for number, track in enumerate(catalogue.tracks)
    ]
    pd.DataFrame(rows).to_csv(folder / "tracks.csv", index=False)


def write_listens(listens: pa.Table, file: Path) -> None:
    """Write a file of listens in one piece."""
    unfinished = file.with_name("." + file.name)
    text = pa.compute.strftime(listens["listened_at"], "%Y-%m-%dT%H:%M:%SZ")
    pa.csv.write_csv(listens.set_column(0, "listened_at", text), unfinished)
    os.replace(unfinished, file)


def write_truth(world: World, file: Path) -> None:
    """What is planted, for `jobs.sample judge` and the tests alone."""
    catalogue, who = world.catalogue, world.listeners
    truth = {
        "styles": [style.name for style in STYLES],
        "artists": {a.artist_id: {"style": a.style, "second": a.second, "lean": a.lean} for a in catalogue.artists},
        "tracks": {
            t.track_id: {"style": int(style), "song": t.song, "is_new": t.is_new}
            for t, style in zip(catalogue.tracks, catalogue.main_style, strict=True)
        },
        "listeners": {user: _listener_truth(who, n) for n, user in enumerate(who.user_ids)},
        "liking": np.round(world.liking, 3).tolist(),
    }
    file.write_text(json.dumps(truth) + "\n", encoding="utf-8")


def _listener_truth(who: Listeners, number: int) -> dict[str, object]:
    return {
        "taste": np.round(who.taste[number], 4).tolist(),
        "main_styles": np.flatnonzero(who.main_styles[number]).tolist(),
        "character": CHARACTERS[who.character[number]],
    }


# Audio


@contextmanager
def recording(options: Options, catalogue: Catalogue, folder: Path) -> Iterator[Iterator[str]]:
    """Write all audio files in processes of their own, one for each core; yields their paths as they get ready."""
    workers = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    jobs = ((options, catalogue, number, folder) for number in range(len(catalogue.tracks)))
    with ProcessPoolExecutor(workers, initializer=_start_worker) as pool:
        try:
            yield pool.map(_record, jobs, chunksize=8)
        except BaseException:
            pool.shutdown(wait=True, cancel_futures=True)
            raise


def _start_worker() -> None:
    import signal

    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _record(job: tuple[Options, Catalogue, int, Path]) -> str:
    """Render one track, write it as FLAC and tag it."""
    import soundfile
    from mutagen.flac import FLAC

    options, catalogue, number, folder = job
    track, artist = catalogue.tracks[number], catalogue.artists[catalogue.tracks[number].artist]
    played = manner(artist.style, artist.second, artist.lean, options.random("manner", artist.artist_id))
    song, version = options.random("song", track.artist, track.song), options.random("version", track.track_id)
    # Rounded up, so that the file is no shorter than the catalogue says by a fraction of a millisecond.
    signal = render(played, -(-track.duration_ms * SAMPLE_RATE // 1000) / SAMPLE_RATE, song, version)
    file = folder / audio_path(catalogue, number)
    file.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(file, signal, SAMPLE_RATE, subtype="PCM_16")
    tags = FLAC(file)
    tags["title"], tags["artist"], tags["album"] = track.title, artist.name, track.album
    tags["albumartist"], tags["tracknumber"] = artist.name, str(track.number)
    if track.released_at:
        tags["date"] = track.released_at.isoformat()
    tags.save()
    return str(file)


def _file_name(text: str) -> str:
    return re.sub(r'[\\/:*?"<>|\0]+', "_", text).strip(" .") or "_"
