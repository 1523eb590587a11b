"""A household: three listeners, a folder of music, no community. What is each part worth?

    apt-get download wesnoth-1.16-music singularity-music planetblupi-music-ogg supertux-data hyperrogue-music
    for d in *.deb; do dpkg -x $d music; done
    python -m benchmarks.household --music music

The music is real and free: soundtracks of games. The history is made up: each listener likes the music of some games
(`TASTES`), has heard about half of it many times, in some playlist, and now and then something else, and hands it in as
an export of ListenBrainz and as M3U files. A place of a list is good if it holds music of a game that the listener
likes; by chance is what a list of unheard songs drawn blindly would hold. Each variant is learned and ranked anew.
"""

import json
import os
import subprocess
import sys
import tempfile
import zipfile
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np

from benchmarks.contest import arg_parser, save, show
from jobs.lake import Lake
from jobs.settings import Settings

WEEK = date(2026, 11, 23)
TASTES = {"ann": ("wesnoth",), "bob": ("supertux", "hyperrogue"), "cas": ("singularity", "planetblupi")}
# Variants in an order in which nothing is left over: what sound has predicted stays in the lake.
VARIANTS = {
    "listens alone": ({"SHELF_WEIGHT": "0", "PLAYLIST_WEIGHT": "0"}, False),
    "without sound": ({}, False),
    "all": ({}, True),
    "without albums and artists": ({"SHELF_WEIGHT": "0"}, True),
    "without playlists": ({"PLAYLIST_WEIGHT": "0"}, True),
}


def run(home: Path, *arguments: str, **environment: str) -> None:
    """A command of the project, in that home. What it logs is shown where it fails."""
    set_to = {f"DISCOVER_COLLABORATIVE_{name}": value for name, value in environment.items()}
    done = subprocess.run(
        [sys.executable, "-m", *arguments],
        env={**os.environ, "DISCOVER_HOME": str(home), **set_to},
        capture_output=True,
        text=True,
    )
    if done.returncode:
        raise RuntimeError(f"{' '.join(arguments)}: exit status {done.returncode}\n{done.stderr[-3000:]}")


def likes(user: str, path: str) -> bool:
    """Whether a track is of a game that the listener likes."""
    return any(game in path.lower() for game in TASTES[user])


def make_history(lake: Lake, folder: Path, seed: int) -> None:
    """Exports and playlists of the listeners, from the names in the library alone."""
    rng = np.random.default_rng(seed)
    tracks = lake.sql(
        "SELECT name AS artist, title, album, path FROM tracks JOIN artists USING (artist_id) ORDER BY track_id"
    ).to_pylist()
    end = datetime(WEEK.year, WEEK.month, WEEK.day, tzinfo=UTC)
    for user in TASTES:
        liked = [t for t in tracks if likes(user, t["path"])]
        others = [t for t in tracks if not likes(user, t["path"])]
        known = [liked[i] for i in rng.permutation(len(liked))[: len(liked) // 2]]
        strange = [others[i] for i in rng.permutation(len(others))[:5]]
        played = [t for t in known for _ in range(rng.integers(2, 12))] + strange
        lines = [
            json.dumps(
                {
                    "listened_at": int((end - timedelta(minutes=float(rng.uniform(60, 200_000)))).timestamp()),
                    "track_metadata": {
                        "artist_name": t["artist"],
                        "track_name": t["title"],
                        "release_name": t["album"],
                    },
                }
            )
            for t in played
        ]
        with zipfile.ZipFile(folder / f"listenbrainz_{user}.zip", "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("user.json", json.dumps({"user_id": 1, "username": user}))
            archive.writestr("listens/2026/11.jsonl", "\n".join(lines))
        some = [liked[i] for i in rng.permutation(len(liked))[:8]]
        (folder / f"{user}.m3u8").write_text(
            "\n".join(["#EXTM3U", *(t["path"] for t in some)]) + "\n", encoding="utf-8"
        )


def judge(lake: Lake) -> dict[str, float]:
    """How many places hold liked music, over all listeners, and by chance."""
    lists = lake.sql(
        "SELECT user_id, rank, path, work_id, explanation_kind FROM discover_weekly JOIN tracks USING (track_id) "
        "WHERE week = $1",
        [WEEK],
    ).to_pylist()
    heard = {
        (r["user_id"], r["work_id"])
        for r in lake.sql("SELECT DISTINCT user_id, work_id FROM listens JOIN tracks USING (track_id)").to_pylist()
    }
    works = {r["work_id"]: r["path"] for r in lake.sql("SELECT work_id, path FROM tracks").to_pylist()}
    shares = []
    for user in TASTES:
        unheard = [path for work, path in works.items() if (user, work) not in heard]
        shares.append(sum(likes(user, path) for path in unheard) / len(unheard))
    good = [(r["rank"], likes(r["user_id"], r["path"])) for r in lists]
    return {
        "tracks in a list": len(lists) / len(TASTES),
        "liked, of 30": float(np.mean([g for _, g in good])),
        "liked, of the first 10": float(np.mean([g for rank, g in good if rank <= 10])),
        "by chance": float(np.mean(shares)),
    }


def main() -> None:
    """Print the table."""
    parser = arg_parser("household", __doc__)
    parser.add_argument("--music", type=Path, required=True, metavar="FOLDER", help="where the games' music lies")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    variants = dict(list(VARIANTS.items())[:3]) if arguments.small else VARIANTS
    rows = []
    with tempfile.TemporaryDirectory() as place:
        home = Path(place) / "home"
        lake = Lake(Settings(home=home))
        run(home, "jobs.ingest", "library", str(arguments.music))
        make_history(lake, Path(place), arguments.seed)
        run(home, "jobs.ingest", "listenbrainz", *(f"{place}/listenbrainz_{user}.zip" for user in TASTES))
        for user in TASTES:
            run(home, "jobs.ingest", "playlists", f"{place}/{user}.m3u8", "--user", user)
        week = ("--week", WEEK.isoformat())
        run(home, "jobs.audio", "spectrograms", *week)
        for name, (changed, with_sound) in variants.items():
            run(home, "jobs.collaborative", "train", *week, **changed)
            if with_sound:
                run(home, "jobs.audio", "train", *week)
                run(home, "jobs.audio", "embed", *week)
            run(home, "jobs.cold_start", *week)
            run(home, "jobs.ranking", "learn", *week, **changed)
            run(home, "jobs.ranking", "rank", *week, **changed)
            rows.append({"variant": name, **judge(lake)})
            print(rows[-1], file=sys.stderr)
    show("Three listeners, no community", rows)
    save(arguments.json, variants=rows)


if __name__ == "__main__":
    main()
