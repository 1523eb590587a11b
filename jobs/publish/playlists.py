"""The files of a listener: a list in; playlists in three formats, a page and a line of the index out."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from itertools import chain, groupby
from operator import itemgetter
from pathlib import Path
from typing import TextIO

import pyarrow as pa

from jobs.publish import m3u, xspf
from jobs.publish.entries import entry
from jobs.publish.names import file_name
from jobs.publish.pages import Pages

# The places of a week with what the files say about them, to be ordered by user_id and rank. $week; $days: for which
# a track is a new release. `before` is the listener's list of the week that had lists before this one, as a whole:
# its places, how far down it was played, what was played and streamed, its artists and its reasons.
LISTS = """
    WITH list AS (SELECT * FROM discover_weekly WHERE week = $week),
    known AS (SELECT track_id, artist_id, title, album, released_at, duration_ms, path, tracks.mbid AS recording,
        name, artists.mbid AS artist_mbid FROM tracks LEFT JOIN artists USING (artist_id)),
    plays AS (SELECT user_id, track_id, min(listened_at) AS first FROM listens SEMI JOIN list USING (user_id)
        WHERE listened_at < CAST($week AS TIMESTAMP) GROUP BY ALL),
    artist_plays AS (SELECT user_id, artist_id, min(first) AS first FROM (SELECT user_id, track_id, first FROM plays
        UNION ALL SELECT user_id, track_id, NULL FROM play_counts WHERE plays > 0)
        JOIN tracks USING (track_id) GROUP BY ALL),
    last AS (SELECT max(week) AS week FROM discover_weekly WHERE week < $week),
    before AS (SELECT user_id, {'week': any_value(week), 'places': count(*),
        'played': count(*) FILTER (outcomes.plays > 0), 'streamed': count(*) FILTER (reward = 1),
        'answered': count(outcomes.rank) > 0, 'kinds': histogram(explanation_kind),
        'artists': list(DISTINCT artist_id)} AS before
        FROM discover_weekly JOIN last USING (week) SEMI JOIN list USING (user_id)
        LEFT JOIN outcomes USING (week, user_id, rank) LEFT JOIN tracks ON tracks.track_id = discover_weekly.track_id
        GROUP BY user_id)
    SELECT list.user_id, rank, list.track_id, explanation_kind, explored, explanation AS reason, policy_version,
        coalesce(title, list.track_id) AS title, coalesce(name, known.artist_id, 'unknown artist') AS artist,
        known.artist_id, album, released_at, duration_ms, path, recording, artist_mbid, before,
        coalesce(released_at >= $week - $days, false) AS new_release,
        own.user_id IS NULL AS new_artist,
        coalesce(list_contains(before.artists, known.artist_id), false) AS artist_again,
        coalesce(coalesce(track.first, artist.first) >= before.week, false) AS new_reason
    FROM list LEFT JOIN known USING (track_id) LEFT JOIN before USING (user_id)
    LEFT JOIN artist_plays own ON own.user_id = list.user_id AND own.artist_id = known.artist_id
    LEFT JOIN plays track ON track.user_id = list.user_id AND track.track_id = explanation_of
    LEFT JOIN artist_plays artist ON artist.user_id = list.user_id AND artist.artist_id = explanation_of
"""


@dataclass(frozen=True)
class Written:
    """The files of one listener. playable: the tracks in them that have audio."""

    user_id: str
    file: str
    page: str
    tracks: int
    playable: int


def write(
    batches: Iterable[pa.RecordBatch], folder: Path, title: str, week: date, pages: Pages, index: TextIO
) -> Iterator[Written]:
    """Write the files of each listener into `folder`/playlists and `folder`/listeners, which exist, and a line about
    them into `index` (JSON Lines: user_id, file, page, tracks, playable).

    batches: the columns of LISTS, ordered by user_id and rank; one batch is held at a time.
    """
    playlists = folder / "playlists"
    real, day = str(playlists.resolve()), f"{week}T00:00:00+00:00"
    rows = chain.from_iterable(batch.to_pylist() for batch in batches)
    for user_id, places in groupby(rows, key=itemgetter("user_id")):
        places = list(places)
        entries = [entry(place) for place in places]
        name, page = file_name(user_id), file_name(user_id, ".html")
        about = f"For {user_id}: {len(entries)} tracks not heard before, each with its reason"
        for suffix, text in (
            (".m3u8", m3u.playlist(title, entries, real)),
            (".xspf", xspf.xspf(title, about, day, entries, real)),
            (".jspf", xspf.jspf(title, about, day, entries, real)),
        ):
            (playlists / file_name(user_id, suffix)).write_text(text, encoding="utf-8")
        (folder / "listeners" / page).write_text(pages.listener(user_id, places), encoding="utf-8")
        written = Written(user_id, name, page, len(entries), sum(one.path is not None for one in entries))
        index.write(json.dumps(vars(written), ensure_ascii=False) + "\n")
        yield written
