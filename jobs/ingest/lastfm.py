"""Scrobbles from Last.fm. Last.fm has no export of its own; these are the files that the usual tools make.

CSV   lastfm.ghan.nl/export: uts,utc_time,artist,artist_mbid,album,album_mbid,track,track_mbid
      benjaminbenben.com/lastfm-to-csv: artist,album,track,time, without a header
      lastfmstats.com: Artist;Album;AlbumId;Track;Date#user
JSON  answers of the API (https://www.last.fm/api/show/user.getRecentTracks): one, a list of pages, or only their
      tracks; lastfmstats.com: {"username": ..., "scrobbles": [...]}
"""

import csv
import json
import re
from collections.abc import Collection, Iterator
from io import BufferedReader
from pathlib import Path

import msgspec
import pyarrow as pa
import pyarrow.compute as pc

from jobs.cli import UserError
from jobs.ingest.archive import Member
from jobs.ingest.batch import Batch, Broken, open_bytes
from jobs.ingest.delimited import LONGEST_HEADER, read_delimited
from jobs.ingest.exports import batch, mbid
from jobs.ingest.records import Records, read_array

KNOWS = "time, artist, title, mostly album, MusicBrainz recording of some"
LACKS = "how long a track was played, and ISRCs: it lists completed listens"
LARGEST_WHOLE = 1 << 30  # bytes of a JSON file that is one object, or a list of lists

# The columns by the names that tools give them, the best first.
NAMES = {
    "listened_at": ("uts", "timestamp", "date", "utc_time", "time"),
    "artist": ("artist", "artist_name"),
    "title": ("track", "title", "name", "track_name"),
    "album": ("album", "album_name"),
    "mbid": ("track_mbid", "mbid"),
}
WITHOUT_HEADER = ["artist", "album", "track", "date"]
MONTHS = re.compile(r"\d{1,2} (?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]* \d{4}", re.IGNORECASE)


class Scrobble(msgspec.Struct, gc=False):
    """A scrobble as the API tells it, or a page of them."""

    artist: object = None
    name: object = None
    track: object = None
    title: object = None
    album: object = None
    date: object = None
    uts: object = None
    timestamp: object = None
    mbid: object = None
    recenttracks: object = None
    scrobbles: object = None
    username: object = None
    attributes: object = msgspec.field(name="@attr", default=None)


def read(
    path: Path, columns: Collection[str], required: Collection[str], batch_rows: int, *, user: str | None = None
) -> Iterator[Batch]:
    """The scrobbles of a CSV (also .csv.gz) or JSON file; as `files.read`. `user`: whose they are."""
    if not path.is_file():
        raise UserError(f"{path} is no file; Last.fm's exports are single files")
    suffixes = [s.lower() for s in path.suffixes if s.lower() != ".gz"]
    if suffixes[-1:] == [".json"]:
        yield from _read_json(path, user)
    elif suffixes[-1:] in ([".csv"], [".tsv"], [".txt"]):
        yield from _read_csv(path, user, batch_rows)
    else:
        raise UserError(f"{path}: the name must end in .csv or .json")


def _whose(path: Path, user: str | None) -> str:
    if not user:
        raise UserError(f"{path} does not say whose it is: give --user ID")
    return user


# CSV


def _read_csv(path: Path, user: str | None, batch_rows: int) -> Iterator[Batch]:
    with open_bytes(path) as stream:
        line = stream.readline(LONGEST_HEADER).decode("utf-8-sig", "replace").strip()
    delimiter = next((d for d in ("\t", ";") if line.count(d) >= 3), ",")
    names = [name.strip() for name in next(csv.reader([line], delimiter=delimiter), [])]
    has_header = not any(MONTHS.search(name) for name in names)
    if not has_header and len(names) != len(WITHOUT_HEADER):
        raise UserError(f"{path}: {len(names)} columns without a header; expected are {', '.join(WITHOUT_HEADER)}")
    header = [_plain(n) for n in names] if has_header else WITHOUT_HEADER
    chosen = {to: next((n for n in known if n in header), None) for to, known in NAMES.items()}
    lacking = [to for to in ("listened_at", "artist", "title") if chosen[to] is None]
    if lacking:
        raise UserError(f"{path} lacks a column for {', '.join(lacking)}; the columns there are: {', '.join(names)}")
    owner = next((n.partition("#")[2] for n in names if n.lower().startswith("date#")), "") if has_header else ""
    whose = _whose(path, user or owner or None)
    wanted = {name: to for to, name in chosen.items() if name}
    for part in read_delimited(path, delimiter, True, list(wanted), [], batch_rows, header, skip_first=has_header):
        rows = part.rows.rename_columns([wanted[name] for name in part.rows.column_names])
        columns = {name: rows[name] for name in rows.column_names}
        columns["listened_at"] = _times(columns["listened_at"])
        if "mbid" in columns:
            columns["mbid"] = pa.array([mbid(value) for value in columns["mbid"].to_pylist()], pa.string())
        columns["user_id"] = pa.array([whose] * len(rows), pa.string())
        columns["source"] = pa.array(["lastfm"] * len(rows), pa.string())
        yield Batch(part.lines, pa.table(columns), part.broken)


def _plain(name: str) -> str:
    """A column's name in lower case, without the user whom lastfmstats.com appends."""
    return name.partition("#")[0].strip().lower().replace(" ", "_")


def _times(values: pa.ChunkedArray) -> pa.ChunkedArray:
    """Times as ISO 8601 where they are like "17 May 2026, 12:54" (UTC); others as they are."""
    plain = pc.replace_substring(values, ",", "")
    times = pc.strptime(plain, format="%d %b %Y %H:%M", unit="s", error_is_null=True)
    with_seconds = pc.strptime(plain, format="%d %b %Y %H:%M:%S", unit="s", error_is_null=True)
    return pc.coalesce(pc.strftime(pc.coalesce(times, with_seconds), format="%Y-%m-%dT%H:%M:%SZ"), values)


# JSON


def _read_json(path: Path, user: str | None) -> Iterator[Batch]:
    with open_bytes(path) as stream:
        start = stream.peek(64).lstrip(b"\xef\xbb\xbf \t\r\n")
        parts = read_array(stream, Scrobble) if re.match(rb"\[\s*\{", start) else _whole(path, stream)
        for part in parts:
            records, owner = _flat(part)
            yield _batch(path, records, user or owner)


def _whole(path: Path, stream: BufferedReader) -> Iterator[Records[Scrobble]]:
    """An answer of the API, or a list of lists."""
    data = stream.read(LARGEST_WHOLE + 1)
    if len(data) > LARGEST_WHOLE:
        raise UserError(f"{path} is one JSON object of more than {LARGEST_WHOLE >> 30} GiB; export it as CSV")
    try:
        value = json.loads(data.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise UserError(f"{path} is damaged or was cut off: {error}") from error
    found, broken = [], []
    for number, entry in enumerate(_objects(value), start=1):
        try:
            found.append((number, msgspec.convert(entry, Scrobble)))
        except msgspec.ValidationError as error:
            broken.append(Broken(number, f"no record: {error}", ascii(entry)[:200]))
    yield Records([n for n, _ in found], [s for _, s in found], broken)


def _objects(value: object) -> Iterator[object]:
    """What lists within lists hold."""
    if isinstance(value, list):
        for entry in value:
            yield from _objects(entry) if isinstance(entry, list) else [entry]
    else:
        yield value


def _flat(part: Records[Scrobble]) -> tuple[Records[Scrobble], str | None]:
    """The scrobbles, those in pages one by one, what is playing now left out; and whose they are, if that is said."""
    found, owner = Records([], [], list(part.broken)), None
    for number, entry in zip(part.numbers, part.values, strict=True):
        page = entry
        if isinstance(entry.recenttracks, dict):
            page = msgspec.convert(entry.recenttracks, Scrobble)
        inner = page.track if isinstance(page.track, list) else page.scrobbles
        said = page.attributes.get("user") if isinstance(page.attributes, dict) else page.username
        owner = said if isinstance(said, str) else owner
        if isinstance(inner, list):
            for scrobble in inner:
                if isinstance(scrobble, dict):
                    found.numbers.append(number)
                    found.values.append(msgspec.convert(scrobble, Scrobble))
                else:
                    found.broken.append(Broken(number, "no scrobble", ascii(scrobble)[:200]))
        else:
            found.numbers.append(number)
            found.values.append(entry)
    kept = [i for i, s in enumerate(found.values) if not _is_playing(s)]
    return Records([found.numbers[i] for i in kept], [found.values[i] for i in kept], found.broken), owner


def _is_playing(scrobble: Scrobble) -> bool:
    return isinstance(scrobble.attributes, dict) and str(scrobble.attributes.get("nowplaying")).lower() == "true"


def _batch(path: Path, records: Records[Scrobble], user: str | None) -> Batch:
    scrobbles = records.values
    return batch(
        Member(path.name, path.open),
        True,
        records,
        {
            "listened_at": [_time(s) for s in scrobbles],
            "user_id": [_whose(path, user)] * len(scrobbles) if scrobbles else [],
            "source": ["lastfm"] * len(scrobbles),
            "artist": [_name(s.artist) for s in scrobbles],
            "title": [s.name or s.title or _name(s.track) for s in scrobbles],
            "album": [_name(s.album) for s in scrobbles],
            "mbid": [mbid(s.mbid) for s in scrobbles],
        },
    )


def _name(value: object) -> object:
    """The API has the name of an artist or album under "#text" or "name"."""
    return (value.get("#text") or value.get("name")) if isinstance(value, dict) else value


def _time(scrobble: Scrobble) -> object:
    date = scrobble.date
    return (date.get("uts") if isinstance(date, dict) else date) or scrobble.uts or scrobble.timestamp
