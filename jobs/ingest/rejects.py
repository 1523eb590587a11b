"""What could not be used: the first few in the log, all of them in a file."""

import json
import logging
from contextlib import ExitStack
from pathlib import Path

from jobs.cli import UserError
from jobs.ingest.forgotten import Forgotten
from jobs.ingest.names import digest

SHOWN = 5  # per file, in the log

log = logging.getLogger("discover")


class Rejects:
    """Sets aside what of one source (a file, a folder) could not be used, as JSON Lines of file, line, reason, row.

    The file appears when `close` is called, and takes the place of the one of an earlier import of this source; it
    goes away when nothing was set aside this time. Without `close` nothing is left.
    """

    def __init__(
        self, folder: Path, kind: str, source: Path, *, strict: bool = False, forgotten: Forgotten | None = None
    ):
        """`folder`: where the file goes. `strict`: the first reject raises UserError. `forgotten`: whose names do not
        go into the file."""
        self.source, self.strict, self.count, self.forgotten = source, strict, 0, forgotten or Forgotten()
        name = self.forgotten.masked(source.name)
        self.path = folder / f"{kind}.{name}.{digest(str(source.absolute()))[:8]}.jsonl"
        self._part = self.path.with_suffix(".part")
        self._resources = ExitStack()
        self._file = None

    def add(self, line: int | None, reason: str, row: object, file: Path | None = None) -> None:
        """Set aside one row. `line`: from 1; None: the whole file. `file`: by default the source itself."""
        file = file or self.source
        place = f"{_printable(str(file))}:{line}" if line is not None else _printable(str(file))
        if self.strict:
            raise UserError(f"{place}: {reason}; nothing was imported (--strict)")
        self.count += 1
        if self.count <= SHOWN:
            log.warning("%s: %s", place, reason)
        if self._file is None:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._file = self._resources.enter_context(self._part.open("w", encoding="utf-8"))
        entry = {"file": _printable(str(file)), "line": line, "reason": reason, "row": row}
        entry = self.forgotten.masked_row(entry)
        self._file.write(json.dumps(entry, ensure_ascii=False, default=str) + "\n")

    def close(self) -> None:
        """Put the file in its place, and say how many there are."""
        self._resources.close()
        if self._file is None:
            self.path.unlink(missing_ok=True)
            return
        self._part.replace(self.path)
        log.warning("%s: %s set aside, all of them in %s", self.source, f"{self.count:,}", self.path)

    def discard(self) -> None:
        """Leave nothing, after an error. Does no harm after `close`."""
        self._resources.close()
        self._part.unlink(missing_ok=True)


def _printable(text: str) -> str:
    return text.encode("utf-8", "backslashreplace").decode()
