"""Bring data in: `python -m jobs.ingest KIND FILE...` and `python -m jobs.ingest library FOLDER`."""

import argparse
import logging
from pathlib import Path

from jobs import cli
from jobs.ingest import FILLED_IN

log = logging.getLogger("discover")

KIND_HELP = {
    "artists": "artists of the catalogue",
    "tracks": "tracks of the catalogue",
    "listens": "single listens: who, what, when",
    "play-counts": "totals, from sources that know no single listens",
    "playlists": "playlists that people made; each takes the place of its earlier state",
    "exclusions": "bans of tracks and artists, and leaving altogether",
    "sources": "web sites and feeds to read",
}
FORMATS = """\
formats, by the end of the name:
  .csv .tsv        a header line with the names of the columns, in any order; TSV has no quoting
  .jsonl .ndjson   one JSON object a line
  .parquet
  .csv.gz etc.     the text formats, gzipped
Columns with other names are ignored. Lists in text have ";" between the values. Times are ISO 8601 (without a
zone: UTC) or unix seconds or milliseconds. A relative path is relative to the folder of the file that names it.
A broken row is told by file, line and reason, set aside in
DISCOVER_HOME/rejects, counted in the table metrics, and the rest goes on.
"""


def arg_parser() -> argparse.ArgumentParser:
    """The command line."""
    import schemas

    parser = argparse.ArgumentParser(
        prog="python -m jobs.ingest",
        description="Bring data into the lake. The same data a second time changes nothing.",
        epilog="example: python -m jobs.ingest tracks tracks.csv && python -m jobs.ingest listens 2026-*.csv.gz",
    )
    kinds = parser.add_subparsers(dest="kind", required=True, metavar="KIND")
    for name, text in KIND_HELP.items():
        contract = schemas.table(name.replace("-", "_"))
        filled_in = FILLED_IN.get(contract.name, ())
        notes = {
            c.name: " (filled in where missing)" if c.name in filled_in else " (required)" for c in contract.columns
        }
        lines = [f"  {c.name:20} {c.doc}{notes[c.name] if c.required else ''}" for c in contract.columns]
        kind = kinds.add_parser(
            name,
            help=text,
            description=f"{contract.doc}\n\ncolumns:\n" + "\n".join(lines),
            epilog=FORMATS + f"\nexample: python -m jobs.ingest {name} {name}.csv",
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        kind.add_argument("files", nargs="+", type=Path, metavar="FILE")
        kind.add_argument("--strict", action="store_true", help="stop at the first broken row, and write nothing")
    library = kinds.add_parser(
        "library",
        help="a folder of music: artists and tracks from the tags",
        description="Walk a folder of music (FLAC, Ogg, Opus, MP3, M4A, WAV, AIFF) and bring in its artists and "
        "tracks, by their tags; without tags, by names such as Artist/Album/01 Title.flac. A file that has moved "
        "since keeps its track.",
        epilog="example: python -m jobs.ingest library ~/Music",
    )
    library.add_argument("folder", type=Path, metavar="FOLDER")
    library.add_argument("--strict", action="store_true", help="stop at the first unreadable file, and write nothing")
    return parser


def main(kind: str, strict: bool, files: list[Path] | None = None, folder: Path | None = None) -> None:
    """Import files of one kind, or a folder of music."""
    from jobs.ingest.kinds import KINDS
    from jobs.ingest.load import load_files
    from jobs.lake import Lake
    from jobs.settings import settings

    lake = Lake()
    if kind == "library":
        from jobs.ingest.library import load_library

        load_library(lake, folder, strict=strict)
        return
    batch_rows = settings().ingest.batch_rows
    loaded = load_files(lake, kind, KINDS[kind], files, strict=strict, batch_rows=batch_rows)
    log.info(
        "%s: %s added, %s changed, %s known already",
        kind,
        *(f"{n:,}" for n in (loaded.added, loaded.changed, loaded.repeated)),
    )


if __name__ == "__main__":
    cli.run(arg_parser(), main)
