"""From the lake to what is known of each track, and back: the rows of `track_factors` of origin content."""

from datetime import date

import numpy as np
import pyarrow as pa

from jobs import weeks
from jobs.cold_start.estimate import Tracks
from jobs.lake import Lake
from jobs.vectors import matrix, unit


def read(lake: Lake, week: date, min_listeners: int) -> tuple[Tracks, float]:
    """What the week knows of the tracks that are out by then, in the order of their ids; on the driver, like the
    catalogue in ranking, about 1 KiB a track.

    min_listeners : tracks with fewer count as not heard

    Returns the tracks, and the median length of the collaborative factors of those that are heard (0: none is).
    """
    rows = lake.sql(
        "SELECT track_id, artist_id, c.factors AS heard, a.factors AS sound, e.vector AS written FROM tracks "
        "LEFT JOIN (SELECT * FROM track_factors WHERE week = $week AND origin = 'collaborative' "
        "AND listeners >= $listeners) c USING (track_id) "
        "LEFT JOIN (SELECT * FROM track_factors WHERE week = $week AND origin = 'audio') a USING (track_id) "
        "LEFT JOIN (SELECT * FROM cultural_embeddings WHERE week = $week AND entity_kind = 'artist') e "
        "ON entity_id = artist_id WHERE released_at IS NULL OR released_at < $day ORDER BY track_id",
        {"week": week, "listeners": min_listeners, "day": weeks.start(week).date()},
    )
    heard, sound, written = (_rows(rows[name]) for name in ("heard", "sound", "written"))
    lengths = np.linalg.norm(heard[heard.any(axis=1)], axis=1)
    if not sound.shape[1]:
        sound = np.zeros_like(heard)
    names = (rows[name].to_numpy(zero_copy_only=False).astype(str) for name in ("track_id", "artist_id"))
    tracks = Tracks(*names, unit(heard), unit(sound), written)
    return tracks, float(np.median(lengths)) if len(lengths) else 0.0


def rows(tracks: Tracks, factors: np.ndarray, length: float) -> pa.Table:
    """Rows of `track_factors`, without week and origin, of the tracks that have an estimate.

    factors : float32 (n, d), of length 1, or 0; length : that they get
    """
    known = np.flatnonzero(factors.any(axis=1))
    scaled = (factors[known] * length).astype(np.float32)
    return pa.table(
        {
            "track_id": pa.array(tracks.track_ids[known], pa.string()),
            "factors": pa.array(list(scaled), pa.list_(pa.float32())),
            "listeners": pa.repeat(pa.scalar(0, pa.int32()), len(known)),
        }
    )


def _rows(lists: pa.ChunkedArray) -> np.ndarray:
    """Lists as rows, float32 (n, length); 0 where there is none, length 0 where there are none at all."""
    there = lists.is_valid().to_numpy(zero_copy_only=False).astype(bool)
    values = matrix(lists.drop_null())
    placed = np.zeros((len(lists), values.shape[1]), np.float32)
    placed[there] = values
    return placed
