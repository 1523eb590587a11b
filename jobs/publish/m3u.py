"""Playlists in the extended M3U format, UTF-8 (.m3u8).

One line is one thing in this format (https://en.wikipedia.org/wiki/M3U), so nothing that comes from data may break a
line: line breaks and control characters in titles become spaces.
"""

import os
from collections.abc import Iterable

from jobs.publish.entries import BREAKS, Entry, one_line


def playlist(title: str, entries: Iterable[Entry], folder: str) -> str:
    """The content of a playlist file that lies in `folder` (absolute, without symbolic links).

    Paths are relative to the folder. A track without audio stays as a comment, so that the list remains whole and
    players do not stumble. The reason for each track is a comment before it.
    """
    lines = ["#EXTM3U", f"#PLAYLIST:{one_line(title)}"]
    for entry in entries:
        name = f"{one_line(entry.artist)} - {one_line(entry.title)}"
        lines += ["", f"# {entry.rank}. {one_line(entry.reason)}"]
        if entry.path is None:
            lines.append(f"# {name} (no audio file)")
        elif BREAKS.search(entry.path):
            lines.append(f"# {name} (the name of its file has characters that a playlist cannot hold)")
        else:
            seconds = -1 if entry.duration_ms is None else round(entry.duration_ms / 1000)
            lines += [f"#EXTINF:{seconds},{name}", _relative(entry.path, folder)]
    return "\n".join(lines) + "\n"


def _relative(path: str, folder: str) -> str:
    """`path` from `folder`, so that it cannot be taken for a comment."""
    relative = os.path.relpath(path, folder)
    return relative if relative.startswith("..") else os.path.join(".", relative)
