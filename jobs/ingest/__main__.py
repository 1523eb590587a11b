"""Bring data in: `python -m jobs.ingest KIND FILE...`; see the help."""

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
PLAYLIST_FORMATS = """\
playlists as players keep them:
  .m3u .m3u8       entries are files, or known by "#EXTINF:seconds,Artist - Title"
  .xspf .jspf      entries are known by MusicBrainz recording, ISRC, file, or by artist and title
An entry that is not in the library is set aside, and its place stays free. The playlist is known by its identifier,
else by where its file lies; --user says who made it.

"""
SERVICES = {
    "listenbrainz": (
        "the archive that ListenBrainz exports",
        "The zip archive from listenbrainz.org/settings/export, the folder it unpacks to, or one of its files. Loved "
        "tracks become a playlist, hated ones are never offered.\nIt tells: time, artist, title, album, MusicBrainz "
        "recording, ISRC of some. It does not tell how long a track was played: it lists completed listens.",
        "python -m jobs.ingest listenbrainz listenbrainz_ann_1764000000.zip",
    ),
    "lastfm": (
        "scrobbles from Last.fm, as CSV or JSON",
        "The CSV or JSON file of a tool that downloads scrobbles (lastfm.ghan.nl/export, lastfmstats.com, "
        "benjaminbenben.com/lastfm-to-csv), or answers of the API.\nIt tells: time, artist, title, mostly album, "
        "MusicBrainz recording of some. It does not tell how long a track was played, nor ISRCs.",
        "python -m jobs.ingest lastfm scrobbles-ann.csv --user ann",
    ),
    "spotify": (
        "Spotify's extended streaming history",
        "The zip archive that Spotify sends on request, the folder it unpacks to, or one of its JSON files. Extended "
        "history, or the last year's from the account data. Podcasts and books are left out; addresses, countries and "
        "devices are not read.\nIt tells: time, artist, title, album, milliseconds played, skips, why a listen ended. "
        "It does not tell MusicBrainz recordings nor ISRCs: listens are matched by name.",
        "python -m jobs.ingest spotify my_spotify_data.zip --user ann",
    ),
}
MATCHING = """
Listens are matched with the library: by MusicBrainz recording or ISRC, else by artist and title, whatever accents,
"feat.", remaster and live suffixes do to them, with a confidence. What the library does not have is kept in the table
history, listed by `python -m jobs.ingest unmatched`, and matched again whenever the library grows.
"""


def arg_parser() -> argparse.ArgumentParser:
    """The command line."""
    parser = argparse.ArgumentParser(
        prog="python -m jobs.ingest",
        description="Bring data into the lake. The same data a second time changes nothing.",
        epilog="example: python -m jobs.ingest library ~/Music && "
        "python -m jobs.ingest listenbrainz listenbrainz_ann_1764000000.zip",
    )
    kinds = parser.add_subparsers(dest="kind", required=True, metavar="KIND")
    _add_tables(kinds)
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
    _add_services(kinds)
    _add_subsonic(kinds)
    _add_housekeeping(kinds)
    return parser


def _add_tables(kinds: argparse._SubParsersAction) -> None:
    import schemas

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
            epilog=FORMATS
            + ("\n" + PLAYLIST_FORMATS if name == "playlists" else "")
            + f"\nexample: python -m jobs.ingest {name} {name}.csv",
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        kind.add_argument("files", nargs="+", type=Path, metavar="FILE")
        kind.add_argument("--strict", action="store_true", help="stop at the first broken row, and write nothing")
        if name == "playlists":
            kind.add_argument("--user", metavar="ID", help="who made the playlists of .m3u, .xspf and .jspf files")


def _add_services(kinds: argparse._SubParsersAction) -> None:
    for name, (text, description, example) in SERVICES.items():
        kind = kinds.add_parser(
            name,
            help=text,
            description=description + "\n" + MATCHING,
            epilog=f"example: {example}",
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        kind.add_argument("files", nargs="+", type=Path, metavar="PATH")
        kind.add_argument("--user", metavar="ID", help="the listener (default: the user that the export names, if any)")
        kind.add_argument("--strict", action="store_true", help="stop at the first broken listen, and write nothing")


def _add_subsonic(kinds: argparse._SubParsersAction) -> None:
    kind = kinds.add_parser(
        "subsonic",
        help="library, stars, play counts and playlists of a Subsonic server (Navidrome, Gonic, Airsonic, ...)",
        description="Bring in what a music server knows, over the Subsonic API: artists and tracks, how often the user "
        "has played them, starred tracks and playlists. It tells no single listens. The password is asked for, or "
        "read from DISCOVER_SUBSONIC_PASSWORD; only a salted hash of it travels.",
        epilog="example: python -m jobs.ingest subsonic http://localhost:4533 --user ann --music /srv/music",
    )
    kind.add_argument("url", metavar="URL", help="address of the server, as the browser has it")
    kind.add_argument("--user", required=True, metavar="NAME", help="user of the server, and listener")
    kind.add_argument("--music", type=Path, metavar="FOLDER", help="where the server's music lies on this machine")


def _add_housekeeping(kinds: argparse._SubParsersAction) -> None:
    listing = kinds.add_parser(
        "unmatched",
        help="list what is played but not in the library, most played first",
        description="Match the listens that are waiting with the library again, and list those that remain, most "
        "played first.",
        epilog="example: python -m jobs.ingest unmatched --output unmatched.csv",
    )
    listing.add_argument("--limit", type=int, default=50, metavar="N", help="tracks to print (default: %(default)s)")
    listing.add_argument("--output", type=Path, metavar="FILE.csv", help="write all of them there")
    check = kinds.add_parser(
        "check",
        help="what the lake holds, and what is missing for which stage",
        description="Show what the lake holds, how far back it goes, how many listeners have enough, and what is "
        "missing for which stage. Changes nothing.",
        epilog="example: python -m jobs.ingest check",
    )
    check.add_argument("--json", action="store_true", help="print it as JSON")
    forget = kinds.add_parser(
        "forget",
        help="remove a listener from everywhere, for good",
        description="Remove a listener from every table, its old snapshots, and the files of DISCOVER_HOME and the "
        "serving database; search everything for the name; and leave the listener out of every later import. Old "
        "snapshots of the tables that held the listener are gone afterwards. Run it while nothing else runs. The "
        "files that were imported, wherever they lie outside of DISCOVER_HOME, are not touched.",
        epilog="examples: python -m jobs.ingest forget --user ann; python -m jobs.ingest forget --user ann --lift",
    )
    forget.add_argument("--user", required=True, metavar="ID", help="the listener")
    forget.add_argument("--lift", action="store_true", help="the listener is back: later imports bring them in again")


def main(kind: str, **arguments) -> None:
    """Do what `kind` names."""
    from jobs.lake import Lake

    lake = Lake()
    {
        "library": _library,
        "subsonic": _subsonic,
        "unmatched": _unmatched,
        "check": _check,
        "forget": _forget,
        **dict.fromkeys(SERVICES, _service),
    }.get(kind, _table)(lake, kind=kind, **arguments)


def _table(lake, kind: str, files: list[Path], strict: bool, user: str | None = None) -> None:
    from jobs.ingest.kinds import KINDS, players_playlists
    from jobs.ingest.load import load_files

    chosen = [(KINDS[kind], files)]
    if kind == "playlists":
        chosen = players_playlists(lake, files, user)
    for one, its_files in chosen:
        loaded = load_files(lake, kind, one, its_files, strict=strict, batch_rows=lake.config.ingest.batch_rows)
        _tell(kind, loaded)
    if kind in ("artists", "tracks"):
        _rematch(lake)


def _tell(kind: str, loaded) -> None:
    more = f", {loaded.forgotten:,} of listeners who were forgotten" if loaded.forgotten else ""
    log.info(
        "%s: %s added, %s changed, %s known already%s",
        kind,
        *(f"{n:,}" for n in (loaded.added, loaded.changed, loaded.repeated)),
        more,
    )


def _library(lake, kind: str, folder: Path, strict: bool) -> None:
    from jobs.ingest.library import load_library

    load_library(lake, folder, strict=strict)
    _rematch(lake)


def _service(lake, kind: str, files: list[Path], strict: bool, user: str | None) -> None:
    from jobs.ingest import history
    from jobs.ingest.feedback import load_feedback
    from jobs.ingest.kinds import history_kind
    from jobs.ingest.load import load_files

    rows = lake.config.ingest.batch_rows
    _tell(kind, load_files(lake, kind, history_kind(kind, user), files, strict=strict, batch_rows=rows))
    if kind == "listenbrainz":
        for path in files:
            load_feedback(lake, path, user)
    history.tell(lake)


def _rematch(lake) -> None:
    from jobs.ingest.history import rematch

    rematch(lake, lake.config.ingest.batch_rows)


def _subsonic(lake, kind: str, url: str, user: str, music: Path | None) -> None:
    from jobs.ingest.subsonic import load_server

    load_server(lake, url, user, music)
    _rematch(lake)


def _unmatched(lake, kind: str, limit: int, output: Path | None) -> None:
    from jobs.ingest import history

    _rematch(lake)
    history.show_unmatched(lake, limit, output)


def _check(lake, kind: str, json: bool) -> None:
    from jobs.ingest.overview import show

    show(lake, as_json=json)


def _forget(lake, kind: str, user: str, lift: bool) -> None:
    from jobs.ingest import forget

    if lift:
        forget.lift(lake, user)
    else:
        forget.forget(lake, user)


if __name__ == "__main__":
    cli.run(arg_parser(), main)
