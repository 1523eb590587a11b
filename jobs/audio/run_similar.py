"""The step `similar`: which tracks sound most like one?"""

from datetime import date

import numpy as np

from jobs.audio.neighbours import find, nearest
from jobs.cli import UserError
from jobs.lake import Lake


def main(lake: Lake, week: date, track: str, count: int) -> None:
    """Print the tracks nearest to `track` by the week's factors from sound: cosine, artist and title."""
    known = lake.sql(
        "SELECT track_id, a.name || ' - ' || t.title AS name, f.factors FROM track_factors f JOIN tracks t "
        "USING (track_id) JOIN artists a USING (artist_id) WHERE f.week = $week AND f.origin = 'audio' "
        "ORDER BY track_id",
        {"week": week},
    )
    if not len(known):
        raise UserError(f"there are no factors from sound for {week}: python -m jobs.audio embed --week {week}")
    names = known.select(["track_id", "name"]).to_pandas()
    track_id = find(names, track)
    factors = np.array(known["factors"].to_pylist(), np.float32)
    found = nearest(known["track_id"].to_numpy(), factors, track_id, count).merge(names, on="track_id")
    print(f"sounds like {names.set_index('track_id')['name'][track_id]}:")
    for row in found.itertuples():
        print(f"{row.cosine:6.3f}  {row.name}")
