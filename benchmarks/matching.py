"""Matching by names: precision and recall on 200 marked pairs, by half; and what each comparison is worth.

The pairs (tests/ingest/messy_names.tsv) are marked by hand: whether what a listen is called is the song that a library
has. All the library's tracks are there at once, so that a listen can be matched with any of them. Every second pair
was for tuning; the others are reported.
"""

import csv
import json
from collections import Counter
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks.contest import arg_parser
from jobs.ingest.matching import Library, Track
from jobs.ingest.names import fold, split_featured
from jobs.settings import settings

PAIRS = Path(__file__).resolve().parent.parent / "tests" / "ingest" / "messy_names.tsv"


def read_pairs() -> list[dict[str, str]]:
    """The marked pairs: same (1, 0), listened_artist, listened_title, listened_album, artist, title, album."""
    with PAIRS.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))


def library(pairs: list[dict[str, str]]) -> Library:
    """A library of all the pairs' tracks: track_id is artist and title, so that a track in two pairs is one."""
    artists = {p["artist"]: p["artist"] for p in pairs}
    tracks = {song(p): Track(song(p), (p["artist"],), p["title"], p["album"] or None, None, None) for p in pairs}
    return Library(artists, tracks.values())


def song(pair: dict[str, str]) -> str:
    """The track_id of a pair."""
    return f"{pair['artist']}/{pair['title']}/{pair['album']}"


def judge(pairs: list[dict[str, str]], found_in: Library, least: float) -> tuple[Counter, list[str]]:
    """Counts of right, wrong and missed matches (by comparison as well), and the pairs that went wrong, in words.

    A match with another track than the pair's is wrong, whatever the pair is marked.
    """
    counts, failed = Counter(), []
    for p in pairs:
        match = found_in.match(p["listened_artist"], p["listened_title"], p["listened_album"] or None)
        if match is not None and match.confidence < least:
            match = None
        right = match is not None and match.track_id == song(p) and p["same"] == "1"
        what = f"{p['listened_artist']}: {p['listened_title']}"
        if match is not None:
            counts["right" if right else "wrong"] += 1
            counts[match.matched_by, "right" if right else "wrong"] += 1
        if p["same"] == "1" and not right:
            counts["missed"] += 1
        if (p["same"] == "1" and not right) or (match is not None and not right):
            failed.append(f"{what} -> {match and (match.track_id, match.matched_by, match.confidence)}")
    return counts, failed


def main() -> None:
    """Print the table."""
    parser = arg_parser("matching", __doc__)
    parser.add_argument("--half", choices=("tuning", "report"), help="one half alone, with the pairs that went wrong")
    arguments = parser.parse_args()
    pairs, console, measured = read_pairs(), Console(), []
    found_in, least = library(pairs), settings().ingest.min_confidence
    table = Table("pairs", "method", "n", "precision", "recall")
    for half, chosen in (("tuning", pairs[::2]), ("report", pairs[1::2])):
        if arguments.half not in (None, half):
            continue
        counts, failed = judge(chosen, found_in, least)
        exact = plain(chosen, pairs)
        for method, c in (("matching", counts), ("equal folded names", exact)):
            row = {
                "half": half,
                "method": method,
                "pairs": len(chosen),
                "precision": c["right"] / max(1, c["right"] + c["wrong"]),
                "recall": c["right"] / max(1, c["right"] + c["missed"]),
            }
            measured.append(row)
            table.add_row(half, method, str(len(chosen)), f"{row['precision']:.3f}", f"{row['recall']:.3f}")
        if arguments.half:
            console.print(*failed, sep="\n", markup=False)
    console.print(table)
    if arguments.json:
        arguments.json.write_text(json.dumps(measured, indent=2) + "\n")


def plain(chosen: list[dict[str, str]], pairs: list[dict[str, str]]) -> Counter:
    """The trivial baseline: artist and title equal but for case, accents, punctuation and featured artists."""
    key = lambda artist, title: (fold(split_featured(artist)[0]), fold(split_featured(title)[0]))  # noqa: E731
    known = {key(p["artist"], p["title"]): song(p) for p in pairs}
    counts = Counter()
    for p in chosen:
        match = known.get(key(p["listened_artist"], p["listened_title"]))
        right = match == song(p) and p["same"] == "1"
        counts["right" if right else "wrong"] += match is not None
        counts["missed"] += p["same"] == "1" and not right
    return counts


if __name__ == "__main__":
    main()
