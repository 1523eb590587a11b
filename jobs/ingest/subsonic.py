"""What a music server knows: its library, and of one user the play counts, stars and playlists.

Songs get the identifiers that `library` gives to files with the same tags, so that a folder of music and the server
that plays it are one library.
"""

import logging
from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path, PurePath

import pyarrow as pa

from jobs.cli import UserError
from jobs.ingest import playlists
from jobs.ingest.exports import isrc, mbid
from jobs.ingest.forgotten import Forgotten
from jobs.ingest.library import catalogue
from jobs.ingest.load import Loaded, Source, record
from jobs.ingest.rejects import Rejects
from jobs.ingest.tags import UNKNOWN_ARTIST, Artist, Song, main_and_featured
from jobs.lake import Lake
from jobs.progress import track
from jobs.subsonic import Subsonic, ask_password, objects

STARRED = "Starred"

log = logging.getLogger("discover")


def load_server(lake: Lake, url: str, user: str, music: Path | None) -> None:
    """Bring in the server at `url` as `user` sees it.

    music: the folder that holds the server's files on this machine; None: tracks that no folder brought in have no
    audio. What the server tells of its songs that cannot be used is set aside. Raises UserError (a SubsonicError
    where the server is the reason); nothing is written then.
    """
    if music is not None and not music.is_dir():
        raise UserError(f"{music} is not a folder")
    if user in Forgotten.of(lake):
        raise UserError("this listener was forgotten; `python -m jobs.ingest forget --user ... --lift` takes it back")
    with Subsonic(url, user, ask_password(url, user)) as server:
        server.ask("ping")
        source = Source(Path(server.url), Rejects(lake.config.home / "rejects", "subsonic", Path(server.url)))
        try:
            songs = _songs(server, source)
            lists = list(_playlists(server, user))
            _write(lake, server, user, source, songs, lists, music)
            source.rejects.close()
        finally:
            source.rejects.discard()


def _songs(server: Subsonic, source: Source) -> dict[str, dict]:
    """All songs by identifier, as the server tells them; those that lack one or a title are set aside."""
    found: dict[str, dict] = {}
    for album in track(list(server.albums()), "albums of the server", unit="albums"):
        for entry in server.songs_of(str(album.get("id"))):
            source.rows += 1
            if not entry.get("id") or not _text(entry.get("title")):
                source.rejects.add(None, "a song without identifier or title", _shown(entry))
            elif not (entry.get("isDir") or entry.get("isVideo") or entry.get("type") in ("podcast", "audiobook")):
                found[str(entry["id"])] = entry
    return found


def _playlists(server: Subsonic, user: str) -> Iterator[tuple[str, str, str, date | None, list[str]]]:
    """(identifier, name, owner, day of change, identifiers of songs) of the playlists and the starred songs."""
    starred = server.starred()
    days = [day for entry in starred if (day := _day(entry.get("starred")))]
    yield f"starred:{user}", STARRED, user, max(days, default=None), [str(s.get("id")) for s in starred]
    for listed in track(server.playlists(), "playlists of the server", unit="playlists"):
        identifier = str(listed.get("id"))
        songs = [str(song.get("id")) for song in server.playlist(identifier)]
        owner = _text(listed.get("owner")) or user
        yield identifier, _text(listed.get("name")) or identifier, owner, _day(listed.get("changed")), songs


def _write(
    lake: Lake,
    server: Subsonic,
    user: str,
    source: Source,
    songs: dict[str, dict],
    lists: list[tuple[str, str, str, date | None, list[str]]],
    music: Path | None,
) -> None:
    placed = {(Path(key), _inside(entry)): song_of_entry(entry) for key, entry in songs.items()}
    artists, tracks, track_ids = catalogue(placed, lake.arrow("artists").to_pylist())
    ids = dict(zip(songs, track_ids, strict=True))
    lake.merge("artists", artists)
    merged = lake.merge("tracks", _with_paths(lake, tracks, songs, ids, music, source))
    lake.merge(
        "server_songs",
        pa.table({"server": [server.url] * len(ids), "song_id": list(ids), "track_id": list(ids.values())}),
    )
    counts = _play_counts(user, songs, ids)
    counted = lake.merge("play_counts", pa.Table.from_pylist(counts)) if counts else None
    forgotten = Forgotten.of(lake)
    put = playlists.put(
        lake,
        [
            {
                "playlist_id": f"{server.url}/{identifier}",
                "position": position,
                "track_id": ids[song],
                "name": name,
                "user_id": owner,
                "updated_at": day,
            }
            for identifier, name, owner, day, entries in lists
            if owner not in forgotten
            for position, song in enumerate(entries, start=1)
            if song in ids
        ],
    )
    record(lake, "subsonic", [source], Loaded(merged.added, merged.changed, merged.unchanged))
    log.info(
        "%s: %s songs; tracks: %s added, %s changed, %s known; play counts of %s tracks; %s playlists with %s entries "
        "(%s new); %s songs set aside, %s without a file here",
        server.url,
        *(
            f"{n:,}"
            for n in (
                len(songs),
                merged.added,
                merged.changed,
                merged.unchanged,
                counted.added + counted.changed + counted.unchanged if counted else 0,
                len(lists),
                sum(put),
                put[0],
                source.rejects.count,
                source.missing_paths,
            )
        ),
    )


def song_of_entry(entry: dict) -> Song:
    """A song as the API tells it ("Child"), with the fields of OpenSubsonic where the server has them."""
    title = _text(entry.get("title")) or ""
    credited = [_text(artist.get("name")) for artist in objects(entry, "artists")]
    credited = [name for name in credited if name] or [_text(entry.get("artist")) or UNKNOWN_ARTIST]
    names = main_and_featured(credited, title)
    found_isrc = entry.get("isrc")
    year, length = entry.get("year"), entry.get("duration")
    return Song(
        artist=Artist(names[0]),
        title=title,
        album=_text(entry.get("album")),
        featured=tuple(map(Artist, names[1:])),
        released_at=date(year, 1, 1) if isinstance(year, int) and 1 <= year <= 9999 else None,
        duration_ms=length * 1000 if isinstance(length, int) and length > 0 else None,
        isrc=isrc(found_isrc[0] if isinstance(found_isrc, list) and found_isrc else found_isrc),
        mbid=mbid(entry.get("musicBrainzId")),
        tagged=True,
    )


def _inside(entry: dict) -> PurePath:
    return PurePath(_text(entry.get("path")) or str(entry["id"]))


def _with_paths(
    lake: Lake, tracks: pa.Table, songs: dict[str, dict], ids: dict[str, str], music: Path | None, source: Source
) -> pa.Table:
    """The tracks with the files that `music` holds; where there is none, the path that the lake has."""
    known = {row["track_id"]: row for row in lake.arrow("tracks").to_pylist()}
    inside = defaultdict(list)
    for key, entry in songs.items():
        inside[ids[key]].append(_inside(entry))
    rows = tracks.to_pylist()
    for row in rows:
        before = known.get(row["track_id"], {})
        files = [music / p for p in inside[row["track_id"]] if music and not p.is_absolute() and ".." not in p.parts]
        row["path"] = next((str(f.absolute()) for f in files if f.is_file()), before.get("path"))
        source.missing_paths += row["path"] is None
        for name, value in before.items():  # what tags told stays, where the server does not tell it
            row[name] = value if row.get(name) is None else row[name]
        if before.get("released_at") and row["released_at"] and before["released_at"].year == row["released_at"].year:
            row["released_at"] = before["released_at"]  # the server knows the year alone
    return pa.Table.from_pylist(rows, schema=tracks.schema)


def _play_counts(user: str, songs: dict[str, dict], ids: dict[str, str]) -> list[dict]:
    plays: dict[str, int] = defaultdict(int)
    for key, entry in songs.items():
        count = entry.get("playCount")
        if isinstance(count, int) and count > 0:
            plays[ids[key]] += count
    today = datetime.now(UTC).date()
    return [{"user_id": user, "track_id": t, "plays": n, "as_of": today} for t, n in plays.items()]


def _text(value: object) -> str | None:
    """A text without control characters and outer blanks; None for anything else, and for an empty one."""
    if not isinstance(value, str):
        return None
    return " ".join("".join(c if c.isprintable() else " " for c in value).split()) or None


def _day(value: object) -> date | None:
    try:
        return date.fromisoformat(value[:10]) if isinstance(value, str) else None
    except ValueError:
        return None


def _shown(entry: dict) -> dict:
    return {key: str(value)[:200] for key, value in list(entry.items())[:40]}
