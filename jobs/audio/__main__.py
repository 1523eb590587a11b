"""Spectrograms, the network, and factors from sound: `python -m jobs.audio STEP --week YYYY-MM-DD`."""

import argparse
import importlib
from datetime import date

from jobs import cli


def arg_parser() -> argparse.ArgumentParser:
    """The command line."""
    parser = argparse.ArgumentParser(
        prog="python -m jobs.audio",
        description="Learn from sound where a track stands among tracks and listeners, so that tracks nobody has heard "
        "can be recommended. The steps are run in the order in which they are listed.",
        epilog="example: python -m jobs.audio spectrograms && python -m jobs.audio train && python -m jobs.audio embed "
        "&& python -m jobs.audio similar 'The Artist - The Title'",
    )
    steps = parser.add_subparsers(dest="step", required=True, metavar="STEP")
    for name, text in (
        ("spectrograms", "log-mel spectrograms of new and changed audio files -> spectrograms"),
        ("recordings", "find the tracks that are one recording by their sound -> fingerprints, recordings"),
        ("train", "train the network on the week's collaborative track factors -> models"),
        ("embed", "predict the factors of every track with a spectrogram -> track_factors, origin audio"),
        ("pictures", "draw what the week's network hears: spectrograms, filters, map, losses -> output/WEEK/audio"),
    ):
        cli.add_week(steps.add_parser(name, help=text, description=text))
    text = "list the tracks that sound most like one, by the week's network"
    similar = steps.add_parser("similar", help=text, description=text)
    similar.add_argument("track", metavar="'ARTIST - TITLE'", help="the track by name, in any case, or its identifier")
    similar.add_argument("--count", type=int, default=10, help="tracks to list (default: %(default)s)")
    cli.add_week(similar)
    text = "let a week use an earlier network: python -m jobs.query 'SELECT week, version, metrics FROM models'"
    rollback = steps.add_parser("rollback", help="let a week use an earlier network", description=text)
    rollback.add_argument("version", help="name of the version")
    cli.add_week(rollback)
    return parser


def main(step: str, week: date, **arguments: object) -> None:
    """Run one step, which is the module jobs.audio.run_<step>: only what it needs is imported."""
    from jobs.lake import Lake

    importlib.import_module(f"jobs.audio.run_{step}").main(Lake(), week, **arguments)


if __name__ == "__main__":
    cli.run(arg_parser(), main)
