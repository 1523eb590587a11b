"""Places tracks that nobody has heard, by sound, words and artist: `python -m jobs.cold_start --week YYYY-MM-DD`."""

import argparse
import logging
from datetime import date
from typing import TYPE_CHECKING

from jobs import cli
from jobs.settings import settings

if TYPE_CHECKING:
    from jobs.lake import Lake

log = logging.getLogger("discover")


def arg_parser() -> argparse.ArgumentParser:
    """The command line."""
    parser = argparse.ArgumentParser(
        prog="python -m jobs.cold_start",
        description="Estimate the factors of every track as if nobody had heard it, from its sound, from what is "
        "written about its artist, and from the artist's other tracks -> track_factors, origin content. What is "
        "missing (audio, articles) is left out. How much each counts is chosen on artists held out, and judged on "
        "others.",
        epilog="example: python -m jobs.cold_start --week 2026-11-23, after `jobs.culture` and `jobs.audio embed`",
    )
    cli.add_week(parser)
    parser.set_defaults(step="place")
    return parser


def main(week: date, step: str = "place") -> None:
    """Publish `track_factors` of origin content for the week."""
    from jobs.lake import Lake

    place(Lake(), week)


def place(lake: "Lake", week: date) -> None:
    """Estimate, publish, and record how well tracks of artists that took no part are placed."""
    import numpy as np

    from jobs.audio.parts import MIN_ARTISTS
    from jobs.cold_start import estimate
    from jobs.cold_start.placing import read, rows

    where, config = {"week": week, "origin": "content"}, settings().audio
    tracks, length = read(lake, week, config.min_listeners)
    heard = tracks.heard.any(axis=1)
    artists = len(np.unique(tracks.artist_ids[heard]))
    if heard.sum() < config.min_tracks or artists < MIN_ARTISTS:
        log.warning(
            "nothing is placed for %s: %d tracks of %d artists have collaborative factors and at least %d listeners; "
            "%d tracks of %d artists are needed",
            *(week, heard.sum(), artists, config.min_listeners, config.min_tracks, MIN_ARTISTS),
        )
        lake.publish("track_factors", [], where)
        lake.record(week, "cold_start", [("tracks", "", 0)])
        return
    for known, what in ((tracks.sound, "factors from sound"), (tracks.written, "words about artists")):
        if not known.any():
            log.info("no %s for week %s: placing tracks without", what, week)
    placed = estimate.place(tracks, config.held_out_share)
    published = rows(tracks, placed.factors, length)
    lake.publish("track_factors", published, where)
    told = sorted(placed.cosines.items())
    log.info(
        "%d tracks placed; words count %.3f beside sound, both together as %g tracks of the artist; cosine with the "
        "factors of %d tracks by artists that took no part: %s",
        *(len(published), placed.mix.words_weight, placed.mix.worth, placed.tracks["test"]),
        ", ".join(f"{name.replace('_', ' ')} {value:.3f}" for name, value in told),
    )
    lake.record(
        week,
        "cold_start",
        [
            ("tracks", "", len(published)),
            *(("tracks", f"split={part}", count) for part, count in placed.tracks.items()),
            ("words_weight", "", placed.mix.words_weight),
            *([] if np.isinf(placed.mix.worth) else [("worth", "", placed.mix.worth)]),
            *(("test_cosine", f"model={name}", value) for name, value in told),
        ],
    )


if __name__ == "__main__":
    cli.run(arg_parser(), main)
