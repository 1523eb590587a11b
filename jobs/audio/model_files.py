"""Networks as files: written atomically under a name that contains their content's hash, checked when loaded."""

import hashlib
import json
import os
import re
import tempfile
import zipfile
from datetime import date
from pathlib import Path

from jobs.audio.backend import keras
from jobs.audio.network import PoolOverTime  # noqa: F401 - registers the layer that the file names
from jobs.cli import UserError


def save(model: "keras.Model", folder: Path, week: date) -> tuple[str, str, str]:
    """Write `folder`/audio/<version>.keras; return (version, path relative to `folder`, SHA-256 of the file).

    The version is the week and the beginning of the hash. Equal networks give equal files.
    """
    target = folder / "audio"
    target.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target) as scratch:
        saved, plain = Path(scratch) / "saved.keras", Path(scratch) / "plain.keras"
        model.save(saved)
        _canonical(saved, plain)
        sha256 = hashlib.sha256(plain.read_bytes()).hexdigest()
        version = f"{week.isoformat()}-{sha256[:12]}"
        with plain.open("rb") as file:
            os.fsync(file.fileno())
        plain.rename(target / f"{version}.keras")
    return version, f"audio/{version}.keras", sha256


def load(folder: Path, path: str, sha256: str) -> "keras.Model":
    """The network that `save` wrote. Raises UserError that names the file when it is missing or has other content;
    loads no code from it."""
    file, again = folder / path, "train it again with `python -m jobs.audio train`"
    try:
        found = hashlib.sha256(file.read_bytes()).hexdigest()
    except OSError as error:
        raise UserError(f"model {file}: {error.strerror}; {again}") from None
    if found != sha256:
        raise UserError(f"model {file} is damaged: its SHA-256 is {found}, not {sha256}; {again}")
    return keras.saving.load_model(file, compile=False, safe_mode=True)


def code_version() -> str:
    """The beginning of a hash over the source of this package."""
    digest = hashlib.sha256()
    for file in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(file.name.encode() + file.read_bytes())
    return digest.hexdigest()[:12]


_IDENTIFIER = re.compile(r'(?<="shared_object_id": )\d+')


class _Numbered(dict):
    """Replaces each distinct match by its number."""

    def __call__(self, match: re.Match) -> str:
        return str(self.setdefault(match[0], len(self)))


def _canonical(source: Path, target: Path) -> None:
    """Copy a .keras archive without the time of writing, and with the memory addresses that Keras takes as identifiers
    of objects replaced by their order."""
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w") as new:
        for name in sorted(old.namelist()):
            content = old.read(name)
            if name == "metadata.json":
                content = json.dumps({k: v for k, v in json.loads(content).items() if k != "date_saved"}).encode()
            if name == "config.json":
                content = _IDENTIFIER.sub(_Numbered(), content.decode()).encode()
            new.writestr(zipfile.ZipInfo(name), content)
