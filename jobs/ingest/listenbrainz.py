"""The archive that ListenBrainz makes of a user's data: a zip with user.json and listens/YEAR/MONTH.jsonl.

Fields after https://listenbrainz.readthedocs.io/en/latest/users/json.html. `mbid_mapping` is what ListenBrainz itself
makes of the names; an identifier that the player submitted counts more.
"""

import logging
import re
from collections.abc import Collection, Iterator
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from jobs.cli import UserError
from jobs.ingest.archive import Member, members
from jobs.ingest.batch import Batch
from jobs.ingest.exports import batch, batches, isrc, mbid
from jobs.ingest.records import Records, read_lines

LISTENS = re.compile(r"(?:.*/)?listens/\d{4}/\d{1,2}\.jsonl|(?:.*/)?listens(?:[-_].*)?\.jsonl", re.IGNORECASE)
USER = re.compile(r"(?:.*/)?user\.json", re.IGNORECASE)
FEEDBACK = re.compile(r"(?:.*/)?feedback\.jsonl", re.IGNORECASE)
KNOWS = "time, artist, title, album, MusicBrainz recording, ISRC of some"
LACKS = "how long a track was played: it lists completed listens"
LARGEST_USER_FILE = 1 << 20  # bytes

log = logging.getLogger("discover")


class Info(msgspec.Struct, gc=False):
    """What the player told beside the names."""

    recording_mbid: object = None
    isrc: object = None


class Mapping(msgspec.Struct, gc=False):
    """What ListenBrainz makes of the names."""

    recording_mbid: object = None


class Track(msgspec.Struct, gc=False):
    """The track of a listen."""

    artist_name: object = None
    track_name: object = None
    release_name: object = None
    additional_info: Info | None = None
    mbid_mapping: Mapping | None = None


class Listen(msgspec.Struct, gc=False):
    """A line of a file of listens."""

    track_metadata: Track
    listened_at: object = None


class Feedback(msgspec.Struct, gc=False):
    """A line of feedback.jsonl. score : 1 loved, -1 hated."""

    score: int
    recording_mbid: object = None
    created: int | float | None = None


def user_of(path: Path) -> str:
    """Whose export it is. Raises UserError where that cannot be told."""
    with members(path, USER) as found:
        if path.is_dir() or path.suffix.lower() == ".zip":
            for member in found:
                with member.open() as stream:
                    try:
                        user = msgspec.json.decode(stream.read(LARGEST_USER_FILE))
                    except (msgspec.MsgspecError, UnicodeDecodeError):
                        continue
                name = user.get("username") or user.get("user_name") if isinstance(user, dict) else None
                if isinstance(name, str) and name.strip():
                    return name
    raise UserError(f"{path} does not say whose it is: give --user ID")


def read(
    path: Path, columns: Collection[str], required: Collection[str], batch_rows: int, *, user: str | None = None
) -> Iterator[Batch]:
    """The listens of an export: zip archive, the folder it unpacks to, or one file of it; as `files.read`."""
    user = user or user_of(path)
    alone = path.is_file() and path.suffix.lower() != ".zip"

    def read_member(member: Member) -> Iterator[Batch]:
        with member.open() as stream:
            for records in read_lines(stream, Listen, batch_rows):
                yield batch(member, alone, records, _columns(records, user))

    yield from batches(path, LISTENS, "listens/YEAR/MONTH.jsonl, as the export of ListenBrainz does", read_member)


def _columns(records: Records[Listen], user: str) -> dict[str, list]:
    tracks = [listen.track_metadata for listen in records.values]
    infos = [t.additional_info for t in tracks]
    mapped = [t.mbid_mapping for t in tracks]
    return {
        "listened_at": [listen.listened_at for listen in records.values],
        "user_id": [user] * len(tracks),
        "source": ["listenbrainz"] * len(tracks),
        "artist": [t.artist_name for t in tracks],
        "title": [t.track_name for t in tracks],
        "album": [t.release_name for t in tracks],
        "mbid": [
            (i is not None and mbid(i.recording_mbid)) or (m is not None and mbid(m.recording_mbid)) or None
            for i, m in zip(infos, mapped, strict=True)
        ],
        "isrc": [i and isrc(i.isrc) for i in infos],
    }


def feedback(path: Path) -> Iterator[tuple[str, int, datetime | None]]:
    """(recording MBID, 1 loved or -1 hated, when) of the tracks that the user has judged and that have one."""
    with members(path, FEEDBACK) as found:
        if path.is_file() and path.suffix.lower() != ".zip":
            return
        for member in found:
            with member.open() as stream:
                for records in read_lines(stream, Feedback, 10_000):
                    for entry in records.values:
                        recording = mbid(entry.recording_mbid)
                        if recording and entry.score in (1, -1):
                            yield recording, entry.score, _day(entry.created)


def _day(seconds: float | None) -> datetime | None:
    try:
        return datetime.fromtimestamp(seconds, UTC) if seconds is not None else None
    except (OverflowError, OSError, ValueError):
        return None
