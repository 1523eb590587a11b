"""A listener's list as a playlist on a music server, over the Subsonic API; there is never a second copy."""

import logging
from collections.abc import Sequence
from datetime import date

from duckdb import DuckDBPyConnection

from jobs.cli import UserError
from jobs.publish.entries import one_line
from jobs.subsonic import Subsonic, SubsonicError

MARK = "Written by the weekly pipeline"  # begins the comment of playlists that are ours to replace
# The songs of the server for each place of a list; of several for one track the first, so that each run takes the same.
SONGS = """
    SELECT rank, min(song_id) FROM discover_weekly LEFT JOIN server_songs
    ON server_songs.track_id = discover_weekly.track_id AND server = $server
    WHERE week = $week AND user_id = $user GROUP BY rank ORDER BY rank
"""

log = logging.getLogger("discover")


def push(connection: DuckDBPyConnection, server: Subsonic, title: str, week: date) -> int:
    """Put the list of the server's user into the playlist `title`, which is made or replaced; return its songs.

    What the server does not have is left out. Raises UserError when there is no list, when the server has none of its
    songs, or when the user has a playlist of that name that was not made here; SubsonicError when the server refuses.
    """
    rows = connection.execute(SONGS, {"server": server.url, "week": week, "user": server.user}).fetchall()
    songs = [song for _, song in rows if song is not None]
    if not rows:
        raise UserError(f"listener {server.user!r} has no list for week {week}")
    if not songs:
        raise UserError(f"{server.url} has no song of this list; `python -m jobs.ingest subsonic` tells which it has")
    title = one_line(title)
    present = _ours(server, title, songs)
    if present is None:
        server.ask("createPlaylist", name=title, songId=songs)
        present = _ours(server, title, songs)
        if present is None:
            raise SubsonicError(f"{server.url}: the playlist {title!r} was created and is not there")
    else:
        server.ask("createPlaylist", playlistId=present, songId=songs)
    server.ask("updatePlaylist", playlistId=present, comment=f"{MARK}, {week}", public="false")
    _remove_copies(server, title, present, songs)
    held = _songs(server, present)
    if held != songs:
        raise SubsonicError(f"{server.url}: of {len(songs)} songs put into {title!r} it holds {len(held)}, or others")
    log.info("%s: %s of %s tracks in the playlist %r of %s", server.url, len(songs), len(rows), title, server.user)
    return len(songs)


def _ours(server: Subsonic, title: str, songs: Sequence[str]) -> str | None:
    """The playlist to replace, or None. One without a comment is ours if it holds just these songs: a run was killed
    before it had written the comment."""
    named = _named(server, title)
    marked = [entry for entry in named if str(entry.get("comment") or "").startswith(MARK)]
    if marked:
        return str(marked[0]["id"])
    unmarked = [entry for entry in named if not entry.get("comment") and _songs(server, str(entry["id"])) == songs]
    if unmarked:
        return str(unmarked[0]["id"])
    if named:
        raise UserError(f"{server.user!r} has another playlist {title!r}; rename it, or set DISCOVER_PUBLISH_TITLE")
    return None


def _remove_copies(server: Subsonic, title: str, kept: str, songs: Sequence[str]) -> None:
    """Remove what a repeated request may have made: playlists of this name with just these songs."""
    for entry in _named(server, title):
        if str(entry["id"]) != kept and _songs(server, str(entry["id"])) == songs:
            server.ask("deletePlaylist", id=entry["id"])


def _named(server: Subsonic, title: str) -> list[dict]:
    """The user's own playlists of a name, in the order of their identifiers."""
    own = [
        entry
        for entry in server.playlists()
        if entry.get("name") == title and entry.get("owner", server.user) == server.user and "id" in entry
    ]
    return sorted(own, key=lambda entry: str(entry["id"]))


def _songs(server: Subsonic, playlist: str) -> list[str]:
    return [str(song.get("id")) for song in server.playlist(playlist)]
