"""What the lake holds, and what is missing for which stage: `python -m jobs.ingest check`."""

import json
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

import duckdb

from jobs.lake import Lake
from jobs.settings import Settings

ENOUGH_TRACKS = 20  # different tracks of a listener; with fewer, what is learned of the taste is mostly chance
ENOUGH_LISTENERS = 50  # with fewer, hardly anybody has a listener of like taste to learn from
INPUTS = ("artists", "tracks", "listens", "history", "play_counts", "playlists", "exclusions", "sources", "articles")

COUNTS = """
SELECT
    (SELECT min(listened_at) FROM listens) AS first_listen,
    (SELECT max(listened_at) FROM listens) AS last_listen,
    (SELECT count(*) FROM listens WHERE ms_played IS NOT NULL) AS listens_with_length,
    (SELECT count(*) FROM history WHERE track_id IS NULL) AS unmatched,
    (SELECT count(*) FROM history WHERE matched_by IN ('mbid', 'isrc')) AS matched_by_identifier,
    (SELECT count(DISTINCT work_id) FROM tracks) AS songs,
    (SELECT count(*) FROM tracks WHERE path IS NOT NULL) AS with_path,
    (SELECT count(*) FROM tracks WHERE released_at IS NOT NULL) AS with_release,
    (SELECT count(*) FROM tracks WHERE mbid IS NOT NULL) AS with_mbid,
    (SELECT count(*) FROM spectrograms WHERE error IS NULL) AS spectrograms,
    (SELECT max(published_at) FROM articles) AS last_article,
    (SELECT count(*) FROM outcomes WHERE reward IS NOT NULL) AS judged,
    (SELECT max(week) FROM discover_weekly) AS last_lists,
    (SELECT count(DISTINCT user_id) FROM exclusions WHERE kind = 'opt_out') AS opted_out
"""
# What each listener has heard, in songs, and how many songs are left.
LISTENERS = """
WITH heard AS (
    SELECT DISTINCT user_id, work_id FROM (
        SELECT user_id, track_id FROM listens UNION SELECT user_id, track_id FROM play_counts WHERE plays > 0
    ) JOIN tracks USING (track_id)
), per AS (SELECT user_id, count(*) AS songs FROM heard GROUP BY 1)
SELECT count(*) AS listeners, count(*) FILTER (songs >= $1) AS enough, min(songs) AS least,
    median(songs) AS median, max(songs) AS most FROM per
"""
# Tracks with sound to learn from: those that enough listeners and playlists have; in a household ($2), albums (folders)
# and artists count, too.
TRAINABLE = """
SELECT count(*) FROM (
    SELECT track_id FROM (
        SELECT track_id, user_id AS row_id FROM listens UNION SELECT track_id, user_id FROM play_counts
        UNION SELECT track_id, 'playlist/' || playlist_id FROM playlists
        UNION SELECT track_id, 'artist/' || artist_id FROM tracks WHERE $2
        UNION SELECT track_id, 'album/' || regexp_extract(path, '^(.*)/', 1) FROM tracks WHERE $2 AND path IS NOT NULL
    ) JOIN tracks USING (track_id) WHERE path IS NOT NULL GROUP BY 1 HAVING count(DISTINCT row_id) >= $1
)
"""


@dataclass(frozen=True)
class Finding:
    """How a stage stands. state : "ready", "thin" (it works, but not well) or "missing" (it is passed over)."""

    stage: str
    state: str
    why: str


def survey(lake: Lake) -> dict[str, Any]:
    """Everything that is shown, as JSON has it: tables, listeners, facts, findings."""
    with lake.connect() as connection:
        tables = {name: _one(connection, f"SELECT count(*) FROM {name}") for name in INPUTS}
        facts = _row(connection, COUNTS)
        listeners = _row(connection, LISTENERS, [ENOUGH_TRACKS])
        alone = listeners["listeners"] < lake.config.collaborative.household
        facts["trainable"] = _one(connection, TRAINABLE, [lake.config.audio.min_listeners, alone])
        paths = connection.sql("SELECT path FROM tracks WHERE path IS NOT NULL").fetchall()
        facts["with_audio"] = sum(os.path.isfile(path) for (path,) in paths)
    findings = list(judge(tables, facts, listeners, lake.config))
    return {"tables": tables, "listeners": listeners, "facts": facts, "stages": [asdict(f) for f in findings]}


def judge(
    tables: dict[str, int], facts: dict[str, Any], listeners: dict[str, Any], config: Settings
) -> Iterator[Finding]:
    """What each stage lacks, with the command that brings it."""
    bring = "python -m jobs.ingest"
    if not tables["tracks"]:
        yield Finding("all", "missing", f"there are no tracks: {bring} library FOLDER, or tracks FILE")
    people, enough = listeners["listeners"], listeners["enough"]
    if not people and not tables["playlists"]:
        yield Finding("collaborative", "missing", f"no listens: {bring} listenbrainz, listens, ...")
    elif people < ENOUGH_LISTENERS:
        alone = people < config.collaborative.household
        yield Finding(
            "collaborative",
            "thin",
            f"{people} listeners, {enough} of them with {ENOUGH_TRACKS} songs or more: few to compare with each other"
            + ("; albums, artists and playlists of the library stand in" if alone else ""),
        )
    else:
        few = people - enough
        yield Finding("collaborative", "ready", f"{people:,} listeners; {few:,} have less than {ENOUGH_TRACKS} songs")
    if not facts["with_audio"]:
        yield Finding("audio", "missing", f"no track has a file here: {bring} library FOLDER, or a path in tracks")
    elif facts["trainable"] < config.audio.min_tracks:
        yield Finding(
            "audio",
            "missing",
            f"{facts['with_audio']:,} tracks have a file, but only {facts['trainable']:,} of them have "
            f"{config.audio.min_listeners} listeners or playlists to learn from; {config.audio.min_tracks} are needed",
        )
    else:
        gone = facts["with_path"] - facts["with_audio"]
        why = f"{facts['with_audio']:,} tracks have a file, {facts['trainable']:,} to learn from"
        yield Finding("audio", "thin" if gone else "ready", why + (f"; {gone:,} files are not there" if gone else ""))
    if not tables["sources"]:
        yield Finding("scrape", "missing", f"no sites to read: {bring} sources FILE, or jobs.scrape sources add URL")
    else:
        yield Finding("scrape", "ready", f"{tables['sources']:,} sources")
    if not tables["articles"]:
        yield Finding("culture", "missing", "no articles yet: python -m jobs.scrape reads the sources")
    else:
        yield Finding("culture", "ready", f"{tables['articles']:,} articles, the last of {_day(facts['last_article'])}")
    yield from _judge_ranking(facts, listeners, config.ranking.playlist_length)


def _judge_ranking(facts: dict[str, Any], listeners: dict[str, Any], length: int) -> Iterator[Finding]:
    unheard = facts["songs"] - (listeners["most"] or 0)
    if facts["songs"] < length:
        yield Finding("ranking", "missing", f"{facts['songs']:,} songs make no list of {length}")
    elif unheard < length:
        why = f"who has heard most has {unheard:,} songs left: the list will be short"
        yield Finding("ranking", "thin", why)
    else:
        learned = f"{facts['judged']:,} judgements to learn from" if facts["judged"] else "no feedback yet"
        yield Finding("ranking", "ready", f"at least {unheard:,} unheard songs for everybody; {learned}")
    if not facts["with_release"]:
        yield Finding("new releases", "missing", "no track says when it was released")


def show(lake: Lake, *, as_json: bool) -> None:
    """Print it, for people or as JSON."""
    found = survey(lake)
    if as_json:
        print(json.dumps(found, indent=2, default=str))
        return
    from rich.console import Console
    from rich.table import Table

    console, facts, people = Console(highlight=False), found["facts"], found["listeners"]
    table = Table("table", "rows", "what is known", title=f"The lake in {lake.config.home}")
    for name, rows in found["tables"].items():
        table.add_row(name, f"{rows:,}", _about(name, rows, facts))
    console.print(table)
    console.print(
        f"Listeners: {people['listeners']:,}, {people['enough']:,} of them with {ENOUGH_TRACKS} songs or more "
        f"(least {people['least'] or 0:,}, median {people['median'] or 0:,.0f}, most {people['most'] or 0:,})."
        + (f" {facts['opted_out']:,} opted out." if facts["opted_out"] else "")
        + (f" The last lists are of {facts['last_lists']}." if facts["last_lists"] else "")
    )
    stages = Table("stage", "state", "why", title="What each stage has")
    colours = {"ready": "green", "thin": "yellow", "missing": "red"}
    for finding in found["stages"]:
        colour = colours[finding["state"]]
        stages.add_row(finding["stage"], f"[{colour}]{finding['state']}[/{colour}]", finding["why"])
    console.print(stages)


def _about(name: str, rows: int, facts: dict[str, Any]) -> str:
    if not rows:
        return ""
    share = lambda part: f"{part / rows:.0%}"  # noqa: E731
    if name == "tracks":
        return (
            f"{facts['songs']:,} songs; {share(facts['with_audio'])} with a file here, {share(facts['with_release'])} "
            f"with a release date, {share(facts['with_mbid'])} with a MusicBrainz recording"
        )
    if name == "listens":
        first, last = _day(facts["first_listen"]), _day(facts["last_listen"])
        return f"{first} to {last}; {share(facts['listens_with_length'])} say how long was played"
    if name == "history":
        return (
            f"{share(rows - facts['unmatched'])} are of tracks in the library "
            f"({share(facts['matched_by_identifier'])} by identifier); the others: python -m jobs.ingest unmatched"
        )
    return f"the last of {_day(facts['last_article'])}" if name == "articles" else ""


def _day(moment: object) -> str:
    return f"{moment:%Y-%m-%d}" if moment is not None else "an unknown day"


def _row(connection: duckdb.DuckDBPyConnection, query: str, params: list | None = None) -> dict[str, Any]:
    cursor = connection.execute(query, params or [])
    names = [column[0] for column in cursor.description]
    (values,) = cursor.fetchall()
    return dict(zip(names, values, strict=True))


def _one(connection: duckdb.DuckDBPyConnection, query: str, params: list | None = None) -> Any:
    ((value,),) = connection.execute(query, params or []).fetchall()
    return value
