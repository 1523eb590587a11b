"""What a user of ListenBrainz loves and hates: loved tracks as a playlist, hated ones as bans."""

import logging
from pathlib import Path

import pyarrow as pa

from jobs.ingest import listenbrainz, playlists
from jobs.ingest.forgotten import Forgotten
from jobs.lake import Lake

NAME = "Loved on ListenBrainz"

log = logging.getLogger("discover")


def load_feedback(lake: Lake, path: Path, user: str | None) -> None:
    """Bring in the judgements of an export, where their recording is a track of the library."""
    judged = list(listenbrainz.feedback(path))
    whose = user or listenbrainz.user_of(path) if judged else ""
    if not judged or whose in Forgotten.of(lake):
        return
    tracks = _tracks_by_recording(lake)
    known = [(tracks[mbid], score, when) for mbid, score, when in judged if mbid in tracks]
    loved = list(dict.fromkeys(track for track, score, _ in known if score == 1))
    days = [when.date() for _, score, when in known if score == 1 and when is not None]
    entries = [
        {
            "playlist_id": f"listenbrainz:{whose}:loved",
            "position": position,
            "track_id": track,
            "name": NAME,
            "user_id": whose,
            "updated_at": max(days, default=None),
        }
        for position, track in enumerate(loved, start=1)
    ]
    playlists.put(lake, entries)
    bans = [
        {"user_id": whose, "kind": "track", "excluded_id": track, "since": when and when.date()}
        for track, score, when in known
        if score == -1
    ]
    if bans:
        lake.merge("exclusions", pa.Table.from_pylist(bans))
    log.info(
        "feedback: %s judged, %s of them in the library: %s loved, as a playlist; %s hated, never to be offered",
        *(f"{n:,}" for n in (len(judged), len(known), len(loved), len(bans))),
    )


def _tracks_by_recording(lake: Lake) -> dict[str, str]:
    """track_id by recording MBID: of the library, and as listens with the same recording were matched."""
    rows = lake.sql(
        "SELECT mbid, min(track_id) AS track_id FROM history WHERE mbid <> '' AND track_id <> '' GROUP BY 1 "
        "UNION ALL SELECT mbid, min(track_id) FROM tracks WHERE mbid IS NOT NULL GROUP BY 1"
    )
    return dict(zip(rows["mbid"].to_pylist(), rows["track_id"].to_pylist(), strict=True))
