"""A folder of music as artists and tracks, with identifiers that stay the same when it is read again."""

import logging
import os
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path, PurePath

import pyarrow as pa
import pyarrow.compute as pc
from pyiceberg.io.pyarrow import schema_to_pyarrow

import schemas
from jobs.cli import UserError
from jobs.ingest.load import SHOWN, Loaded, Source, record
from jobs.ingest.names import digest, fold
from jobs.ingest.rejects import Rejects
from jobs.ingest.tags import Artist, Song, Unreadable, read_song
from jobs.ingest.works import work_id
from jobs.lake import Lake
from jobs.progress import track

AUDIO = {".flac", ".ogg", ".oga", ".opus", ".mp3", ".m4a", ".wav", ".aif", ".aiff"}

log = logging.getLogger("discover")


def load_library(lake: Lake, folder: Path, *, strict: bool) -> None:
    """Bring the music below `folder` into `artists` and `tracks`.

    Files that cannot be read are set aside; with `strict` the first one raises UserError, and nothing is written.
    A track of an earlier import whose file is no longer there loses its path.
    """
    if not folder.is_dir():
        raise UserError(f"{folder} is not a folder")
    folder = Path(os.path.abspath(folder))
    source = Source(folder, Rejects(lake.config.home / "rejects", "library", folder, strict=strict))
    try:
        songs = dict(_read_songs(folder, source))
        known = lake.arrow("artists").to_pylist()
        artists, tracks, track_ids = catalogue(songs, known)
        copies = len(track_ids) - len(tracks)
        present = lake.merge("artists", artists)
        merged = lake.merge("tracks", tracks)
        source.missing_paths = gone = _forget_paths(lake, folder)
        source.rejects.close()
    finally:
        source.rejects.discard()
    record(lake, "library", [source], Loaded(merged.added, merged.changed, merged.unchanged + copies))
    log.info(
        "library: %s files; artists: %s added, %s known; tracks: %s added, %s changed, %s known, %s copies of "
        "another file; %s files unreadable, %s no longer there",
        *(
            f"{n:,}"
            for n in (
                source.rows,
                present.added,
                present.changed + present.unchanged,
                merged.added,
                merged.changed,
                merged.unchanged,
                copies,
                source.rejects.count,
                gone,
            )
        ),
    )


def audio_files(folder: Path) -> Iterator[Path]:
    """The audio files below a folder, by their ending, in a fixed order. Links are followed, each folder is entered
    once; what is hidden is left out."""
    entered = set()
    for place, folders, names in os.walk(folder, followlinks=True):
        status = os.stat(place)
        if (status.st_dev, status.st_ino) in entered:
            folders.clear()
            continue
        entered.add((status.st_dev, status.st_ino))
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            if not name.startswith(".") and os.path.splitext(name)[1].lower() in AUDIO:
                yield Path(place, name)


def identify(artists: Iterable[Artist], known: Iterable[Mapping[str, str | None]]) -> dict[Artist, str]:
    """An identifier for each artist, the same one in each import.

    artists: as the files name them. known: the rows of `artists` (artist_id, name, mbid).

    Somebody known keeps the identifier: by MusicBrainz identifier, or by folded name where only one artist has that
    name and nothing speaks against it. Others get their MusicBrainz identifier, or a digest of the folded name.
    """
    artists = set(artists)
    mbids_of_name, names_of_mbid = defaultdict(set), defaultdict(set)
    for artist in artists:
        if artist.mbid:
            mbids_of_name[fold(artist.name)].add(artist.mbid)
            names_of_mbid[artist.mbid].add(fold(artist.name))
    by_mbid: dict[str, str] = {}
    by_name: dict[str, Mapping[str, str | None] | None] = {}  # None: several have this name
    for row in sorted(known, key=lambda row: row["artist_id"]):
        name = fold(row["name"])
        by_name[name] = None if name in by_name else row
        if row["mbid"]:
            by_mbid.setdefault(row["mbid"], row["artist_id"])
    for mbid, names in names_of_mbid.items():
        namesakes = [by_name.get(name) for name in sorted(names) if len(mbids_of_name[name]) == 1]
        adopted = [row["artist_id"] for row in namesakes if row and not row["mbid"]]
        by_mbid.setdefault(mbid, adopted[0] if adopted else mbid)

    def by_its_name(name: str) -> str:
        if len(mbids_of_name[name]) == 1:
            return by_mbid[next(iter(mbids_of_name[name]))]
        row = by_name.get(name)
        return row["artist_id"] if row and not mbids_of_name[name] else digest("artist", name)

    return {artist: by_mbid[artist.mbid] if artist.mbid else by_its_name(fold(artist.name)) for artist in artists}


def catalogue(
    songs: Mapping[tuple[Path, PurePath], Song], known: Sequence[Mapping[str, str | None]]
) -> tuple[pa.Table, pa.Table, list[str]]:
    """The rows of `artists` and `tracks` for the songs, and the track_id of each song: copies share one.

    songs: by (absolute path, path within the library). known: the rows of `artists`, whose names stay as they are.
    A track is known by its MusicBrainz recording, else by artist, album and title, and where nothing is tagged by
    its place in the library.
    """
    identifiers = identify(_artists(songs.values()), known)
    before = {row["artist_id"]: row for row in known}
    artists: dict[str, dict] = {}
    for artist in _artists(songs.values()):
        key = identifiers[artist]
        row = artists.setdefault(key, dict(before.get(key) or {"artist_id": key, "name": artist.name, "mbid": None}))
        row["mbid"] = row["mbid"] or artist.mbid
    tracks: dict[str, dict] = {}
    track_ids = []
    for (path, inside), song in songs.items():
        row = _track(path, inside, song, identifiers)
        track_ids.append(row["track_id"])
        tracks.setdefault(row["track_id"], row)
    return _table("artists", artists.values()), _table("tracks", tracks.values()), track_ids


def _track(path: Path, inside: PurePath, song: Song, identifiers: Mapping[Artist, str]) -> dict:
    names = [fold(name) for name in (song.artist.name, song.album or "", song.title)]
    place = [] if song.tagged else [inside.as_posix()]
    artist_id = identifiers[song.artist]
    featured = dict.fromkeys(identifiers[a] for a in song.featured if identifiers[a] != artist_id)
    return {
        "track_id": song.mbid or digest("track", *names, *place),
        "artist_id": artist_id,
        "title": song.title,
        "work_id": work_id(artist_id, song.title),
        "featured_artist_ids": list(featured) or None,
        "album": song.album,
        "released_at": song.released_at,
        "duration_ms": song.duration_ms,
        "path": str(path),
        "mbid": song.mbid,
        "isrc": song.isrc,
    }


def _table(name: str, rows: Iterable[dict]) -> pa.Table:
    schema = schema_to_pyarrow(schemas.table(name).schema(), include_field_ids=False)
    return pa.Table.from_pylist(list(rows), schema=schema)


def _forget_paths(lake: Lake, folder: Path) -> int:
    """Leave out the paths below `folder` that lead to no file any more; return how many there were."""
    tracks = lake.arrow("tracks", columns=["track_id", "path"])
    below = tracks.filter(pc.starts_with(tracks["path"], os.path.join(folder, ""))).to_pylist()
    gone = [row for row in below if not os.path.isfile(row["path"])]
    for row in gone[:SHOWN]:
        log.warning("%s is no longer there; its track stays, without audio", row["path"])
    if gone:
        paths = pa.nulls(len(gone), pa.string())
        lake.merge("tracks", pa.table({"track_id": [row["track_id"] for row in gone], "path": paths}))
    return len(gone)


def _read_songs(folder: Path, source: Source) -> Iterator[tuple[tuple[Path, PurePath], Song]]:
    for path in track(list(audio_files(folder)), f"reading {folder}", unit="files"):
        source.rows += 1
        try:
            str(path).encode()
            inside = path.relative_to(folder)
            yield (path, inside), read_song(path, inside)
        except UnicodeEncodeError:
            source.rejects.add(None, "the name of the file is not UTF-8", None, path)
        except Unreadable as error:
            source.rejects.add(None, str(error), None, path)


def _artists(songs: Iterable[Song]) -> Iterator[Artist]:
    for song in songs:
        yield song.artist
        yield from song.featured
