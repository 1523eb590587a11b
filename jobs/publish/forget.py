"""Removing a listener from what was published."""

import json
import logging
import re
import shutil
from datetime import date
from pathlib import Path

from jobs.publish.names import file_name
from jobs.publish.pages import Index
from jobs.publish.swap import replace_text
from jobs.settings import settings

log = logging.getLogger("discover")
VERSION = re.compile(r"\.?(\d{4}-\d{2}-\d{2})(?:\.[0-9a-f]{32})?")


def forget(user_id: str) -> int:
    """Remove a listener's files of all weeks, the listener from each week's index, and from Postgres where it is
    published to; return how many files went."""
    url = settings().publish.postgres_url.get_secret_value()
    if url:
        from jobs.publish import postgres

        log.info("Postgres: %s rows removed", f"{postgres.forget(url, user_id):,}")
    removed = 0
    output = settings().home / "output"
    for folder in sorted(output.iterdir()) if output.is_dir() else ():
        week = VERSION.fullmatch(folder.name)
        if week is not None and folder.is_dir() and not folder.is_symlink():
            removed += _forget_in_week(folder, date.fromisoformat(week[1]), user_id)
    return removed


def _forget_in_week(folder: Path, week: date, user_id: str) -> int:
    stem = file_name(user_id, "")
    files = [path for kind in ("playlists", "listeners") for path in folder.glob(f"{kind}/*") if path.stem == stem]
    for path in files:
        path.unlink()
    lines = folder / "index.jsonl"
    listed = [json.loads(line) for line in lines.open(encoding="utf-8")] if lines.exists() else []
    kept = [entry for entry in listed if entry["user_id"] != user_id]
    if len(kept) < len(listed):
        replace_text(lines, "".join(json.dumps(entry, ensure_ascii=False) + "\n" for entry in kept))
        _write_index(folder, week, kept)
    return len(files)


def _write_index(folder: Path, week: date, listed: list[dict]) -> None:
    """The pages of the index, anew: fewer listeners may be fewer pages."""
    shutil.rmtree(folder / "index", ignore_errors=True)
    index = Index(settings().publish.title, week, folder, len(listed))
    for entry in listed:
        index.add(entry["user_id"], entry["page"], entry["tracks"])
    index.close()
