"""What Spotify hands out on request: the extended streaming history, and the shorter one of the account data.

Extended: JSON arrays named Streaming_History_Audio_*.json (endsong_*.json before 2023) with the names of track, artist
and album, the end of the listen, `ms_played`, `skipped`, `reason_end`; account data: StreamingHistory*.json, the last
year, with names, end and length. Addresses, countries and devices in them are not read.
"""

import re
from collections.abc import Collection, Iterator
from pathlib import Path

import msgspec
import pyarrow as pa
import pyarrow.compute as pc

from jobs.cli import UserError
from jobs.ingest.archive import Member
from jobs.ingest.batch import Batch
from jobs.ingest.exports import batch, batches
from jobs.ingest.records import Records, read_array

FILES = re.compile(
    r"(?:.*/)?(?:Streaming_History_Audio|endsong|StreamingHistory(?:_music)?)[-_ ]?[^/]*\.json", re.IGNORECASE
)
KNOWS = "time, artist, title, album, milliseconds played, skips, why a listen ended"
LACKS = "MusicBrainz recordings and ISRCs: names alone can be matched"


class Stream(msgspec.Struct, gc=False):
    """A listen of either history; an episode of a podcast or a chapter of a book has no track."""

    ts: object = None
    username: object = None
    ms_played: object = None
    master_metadata_track_name: object = None
    master_metadata_album_artist_name: object = None
    master_metadata_album_album_name: object = None
    spotify_track_uri: object = None
    reason_end: object = None
    skipped: object = None
    endTime: object = None  # these four: the short history
    artistName: object = None
    trackName: object = None
    msPlayed: object = None


def read(
    path: Path, columns: Collection[str], required: Collection[str], batch_rows: int, *, user: str | None = None
) -> Iterator[Batch]:
    """The listens of an export: zip archive, the folder it unpacks to, or one file of it; as `files.read`.

    user: whose it is; None: as the records say. Podcasts and books are left out.
    """
    alone = path.is_file() and path.suffix.lower() != ".zip"

    def read_member(member: Member) -> Iterator[Batch]:
        with member.open() as stream:
            for records in read_array(stream, Stream):
                yield _batch(path, member, alone, _of_music(records), user)

    yield from batches(path, FILES, "Streaming_History_Audio_*.json, as Spotify's extended history does", read_member)


def _of_music(records: Records[Stream]) -> Records[Stream]:
    kept = [i for i, stream in enumerate(records.values) if not _is_spoken(stream)]
    if len(kept) == len(records.values):
        return records
    return Records([records.numbers[i] for i in kept], [records.values[i] for i in kept], records.broken)


def _is_spoken(stream: Stream) -> bool:
    """Whether it has a time and a length, but nobody's music: an episode, a chapter, a video."""
    names = stream.spotify_track_uri or stream.master_metadata_track_name or stream.trackName
    return not names and stream.ts is not None and stream.ms_played is not None


def _batch(path: Path, member: Member, alone: bool, records: Records[Stream], user: str | None) -> Batch:
    streams = records.values
    users = [user or s.username for s in streams]
    if streams and not any(users):
        raise UserError(f"{path} does not say whose it is: give --user ID")
    made = batch(
        member,
        alone,
        records,
        {
            "listened_at": [s.ts or s.endTime for s in streams],
            "user_id": users,
            "source": ["spotify"] * len(streams),
            "artist": [s.master_metadata_album_artist_name or s.artistName for s in streams],
            "title": [s.master_metadata_track_name or s.trackName for s in streams],
            "album": [s.master_metadata_album_album_name for s in streams],
            "uri": [s.spotify_track_uri for s in streams],
            "ms_played": [s.ms_played if s.ms_played is not None else s.msPlayed for s in streams],
            "skipped": [s.skipped for s in streams],
            "reason_end": [s.reason_end for s in streams],
        },
    )
    return _with_starts(made)


def _with_starts(made: Batch) -> Batch:
    """The same with the start of each listen: Spotify tells the end."""
    ends, lengths = made.rows["listened_at"], made.rows["ms_played"]
    if not pa.types.is_string(ends.type) or not pa.types.is_integer(lengths.type):
        return made  # a value that is no time or no length: the check will say so
    plain = pc.replace_substring(pc.replace_substring(ends, "T", " "), "Z", "")
    times = pc.strptime(plain, format="%Y-%m-%d %H:%M:%S", unit="ms", error_is_null=True)
    short = pc.strptime(plain, format="%Y-%m-%d %H:%M", unit="ms", error_is_null=True)
    times = pc.coalesce(times, short)
    played = pc.fill_null(pc.max_element_wise(lengths, pa.scalar(0, pa.int64())), 0)
    starts = pc.cast(pc.subtract(pc.cast(times, pa.int64()), played), pa.timestamp("ms", "UTC"))
    texts = pc.strftime(starts, format="%Y-%m-%dT%H:%M:%SZ")
    kept = pc.coalesce(texts, ends)  # what is no time stays as it is
    return Batch(
        made.lines,
        made.rows.set_column(made.rows.column_names.index("listened_at"), "listened_at", kept),
        made.broken,
        made.unknown,
        made.place,
    )
