"""The step `similar`: which tracks sound most like one?"""

from datetime import date

from jobs.audio.neighbours import find, nearest
from jobs.cli import UserError
from jobs.lake import Lake
from jobs.vectors import matrix


def main(lake: Lake, week: date, track: str, count: int) -> None:
    """Print the tracks nearest to `track` by what the week's network makes of their sound: cosine, artist and title."""
    known = lake.sql(
        "SELECT track_id, a.name || ' - ' || t.title AS name, v.vector FROM sound_vectors v "
        "JOIN models m USING (version) JOIN tracks t USING (track_id) JOIN artists a USING (artist_id) "
        "WHERE m.week = $week AND m.kind = 'audio' ORDER BY track_id",
        {"week": week},
    )
    if not len(known):
        raise UserError(f"no track has been heard by a network of {week}: python -m jobs.audio embed --week {week}")
    names = known.select(["track_id", "name"]).to_pandas()
    track_id = find(names, track)
    found = nearest(known["track_id"].to_numpy(), matrix(known["vector"]), track_id, count).merge(names, on="track_id")
    print(f"sounds like {names.set_index('track_id')['name'][track_id]}:")
    for row in found.itertuples():
        print(f"{row.cosine:6.3f}  {row.name}")
