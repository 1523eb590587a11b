"""File names for listeners: safe on every file system, whatever a user id holds."""

import hashlib
import re

PLAIN = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
DEVICES = re.compile(r"(con|prn|aux|nul|com[0-9]|lpt[0-9])")  # not files on Windows
READABLE = 32  # characters of a user id kept in a name that is not the id itself


def file_name(user_id: str, suffix: str = ".m3u8") -> str:
    """The name of a listener's file, different for different ids even where case does not count.

    An id of lower-case letters, digits, "_" and "-" is the name; any other one is what can be read of it, "~" and 80
    bits of its SHA-256.

    >>> file_name("u001")
    'u001.m3u8'
    >>> file_name("../Zoë", ".html")
    'zo~8840d1f49662e9e8074f.html'
    """
    if PLAIN.fullmatch(user_id) and not DEVICES.fullmatch(user_id):
        return f"{user_id}{suffix}"
    readable = re.sub(r"[^a-z0-9_]+", "-", user_id.lower()).strip("-")[:READABLE].strip("-")
    digest = hashlib.sha256(user_id.encode("utf-8", "surrogatepass")).hexdigest()[:20]
    return f"{readable}~{digest}{suffix}"
