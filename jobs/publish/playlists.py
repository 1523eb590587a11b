"""The playlist files of a week: lists in, one file for each listener and an index out."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain, groupby
from operator import itemgetter
from pathlib import Path
from typing import Any, TextIO

import pyarrow as pa

from jobs.publish.m3u import Entry, playlist
from jobs.publish.names import file_name

# The places of a week with what a playlist file says, listener by listener. $1: the week.
LISTS = """
    SELECT user_id, rank, track_id, explanation_kind, explored, explanation AS reason,
        coalesce(title, track_id) AS title, coalesce(name, artist_id, 'unknown artist') AS artist, duration_ms, path
    FROM discover_weekly LEFT JOIN tracks USING (track_id) LEFT JOIN artists USING (artist_id) WHERE week = $1
"""


@dataclass(frozen=True)
class Written:
    """One playlist file. playable: the tracks in it that have audio."""

    user_id: str
    file: str
    tracks: int
    playable: int


def write(batches: Iterable[pa.RecordBatch], folder: Path, title: str, index: TextIO) -> Iterator[Written]:
    """Write a file into `folder` for each listener, and a line about it into `index` (JSON Lines: user_id, file,
    tracks, playable).

    batches: the columns of LISTS, ordered by user_id and rank; one batch is held at a time.
    """
    real = str(folder.resolve())
    rows = chain.from_iterable(batch.to_pylist() for batch in batches)
    for user_id, places in groupby(rows, key=itemgetter("user_id")):
        entries = [entry(place) for place in places]
        name = file_name(user_id)
        (folder / name).write_text(playlist(title, entries, real), encoding="utf-8")
        written = Written(user_id, name, len(entries), sum(one.path is not None for one in entries))
        index.write(json.dumps(vars(written), ensure_ascii=False) + "\n")
        yield written


def entry(place: dict[str, Any]) -> Entry:
    """The playlist entry of a row of LISTS."""
    return Entry(
        rank=place["rank"],
        artist=place["artist"],
        title=place["title"],
        reason=place["reason"],
        duration_ms=place["duration_ms"],
        path=place["path"] or None,
    )
