"""A client of the Subsonic API (https://www.subsonic.org/pages/api.jsp, https://opensubsonic.netlify.app).

Navidrome, Gonic, Airsonic and others speak it.

Every request carries the user's name, a fresh salt and the MD5 of password and salt, as the API's token authentication
has it from version 1.13 on. The password itself is never sent, and no address with a token in it gets into an error.
"""

import getpass
import hashlib
import logging
import secrets
import sys
import time
from collections.abc import Iterator
from urllib.parse import urlparse, urlunparse

import msgspec
import requests

from jobs.cli import UserError
from jobs.settings import settings

API_VERSION = "1.16.1"
CLIENT = "discover-weekly"
PASSWORD = "DISCOVER_SUBSONIC_PASSWORD"  # noqa: S105  the name of the variable, not what is in it
TIMEOUT = (10.0, 60.0)  # to connect, to wait for bytes; seconds
RETRIES = 3  # of a request that the server did not answer, or answered with 5xx
PAUSE = 0.5  # before the first of them, doubled after each; seconds
LARGEST = 256 << 20  # bytes of one answer
ALBUMS = 500  # of one page; the most that the API allows
WRONG_CREDENTIALS, NOT_FOUND = (40, 41, 44), 70  # error codes of the API

log = logging.getLogger("discover")


class SubsonicError(UserError):
    """The server refused a request; `code` is the API's, 0 where it gave none."""

    def __init__(self, message: str, code: int = 0):
        super().__init__(message)
        self.code = code


class Subsonic:
    """One user of one server. Use as a context, so that connections are closed."""

    def __init__(self, url: str, user: str, password: str):
        """`url`: as the browser has it, with or without "/rest". Raises UserError where it is none."""
        parts = urlparse(url)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.username or parts.query:
            raise UserError(f"{url} is no address of a server, such as http://localhost:4533 (without a password)")
        self.url = urlunparse((parts.scheme, parts.netloc, parts.path.rstrip("/").removesuffix("/rest"), "", "", ""))
        self.user, self._password = user, password
        self._session = requests.Session()
        self._session.trust_env = False  # no password of a .netrc, no proxy

    def __enter__(self) -> "Subsonic":
        return self

    def __exit__(self, *_: object) -> None:
        self._session.close()

    def __repr__(self) -> str:
        return f"Subsonic({self.url!r}, {self.user!r})"

    def ask(self, method: str, **parameters: object) -> dict:
        """The answer to one request, the content of its "subsonic-response". A list sends a parameter several times.

        Raises SubsonicError where the server cannot be reached, refuses, or answers something else.
        """
        where = f"{self.url}/rest/{method}"
        for number in range(RETRIES + 1):
            try:
                return self._answer(where, parameters)
            except (requests.RequestException, _Unavailable) as error:
                reason = str(error) if isinstance(error, _Unavailable) else type(error).__name__
                if number == RETRIES:  # the error's own words may hold the address with the token
                    raise SubsonicError(f"{where}: no answer ({reason})") from None
                time.sleep(PAUSE * 2**number)
        raise AssertionError

    def albums(self) -> Iterator[dict]:
        """All albums of the library, without their songs."""
        offset = 0
        while True:
            page = self.ask("getAlbumList2", type="alphabeticalByName", size=ALBUMS, offset=offset)
            found = objects(page.get("albumList2"), "album")
            yield from found
            if len(found) < ALBUMS:
                return
            offset += ALBUMS

    def songs_of(self, album_id: str) -> list[dict]:
        """The songs of an album."""
        return objects(self.ask("getAlbum", id=album_id).get("album"), "song")

    def starred(self) -> list[dict]:
        """The songs that the user has starred."""
        return objects(self.ask("getStarred2").get("starred2"), "song")

    def playlists(self) -> list[dict]:
        """The playlists that the user may see, without their songs."""
        return objects(self.ask("getPlaylists").get("playlists"), "playlist")

    def playlist(self, playlist_id: str) -> list[dict]:
        """The songs of a playlist."""
        return objects(self.ask("getPlaylist", id=playlist_id).get("playlist"), "entry")

    def _answer(self, where: str, parameters: dict[str, object]) -> dict:
        salt = secrets.token_hex(8)
        token = hashlib.md5((self._password + salt).encode()).hexdigest()  # noqa: S324  the API's choice
        common = {"u": self.user, "t": token, "s": salt, "v": API_VERSION, "c": CLIENT, "f": "json"}
        with self._session.get(
            where, params={**parameters, **common}, timeout=TIMEOUT, stream=True, allow_redirects=False
        ) as answer:
            if answer.status_code >= 500 or answer.status_code == 429:
                raise _Unavailable(f"HTTP status {answer.status_code}")
            if answer.is_redirect:
                there = urlparse(answer.headers.get("Location", ""))
                raise SubsonicError(f"{where}: the server is elsewhere: {there.scheme}://{there.netloc}{there.path}")
            if answer.status_code != 200:
                raise SubsonicError(f"{where}: HTTP status {answer.status_code}")
            body = b"".join(_limited(where, answer.iter_content(1 << 20)))
        try:
            found = msgspec.json.decode(body)["subsonic-response"]
            status = found["status"]
        except (ValueError, KeyError, TypeError):
            raise SubsonicError(f"{where}: the answer is none of the Subsonic API; is it the right address?") from None
        if status != "ok":
            error = found.get("error") if isinstance(found.get("error"), dict) else {}
            code = error.get("code") if isinstance(error.get("code"), int) else 0
            hint = f"; is the password in {PASSWORD} that of {self.user!r}?" if code in WRONG_CREDENTIALS else ""
            raise SubsonicError(f"{where}: {error.get('message', 'refused')} (code {code}){hint}", code)
        return found


class _Unavailable(Exception):
    """The server may answer later."""


def objects(value: object, name: str) -> list[dict]:
    """The objects of a list within an answer; a server may leave an empty one out, or make a single one no list."""
    found = value.get(name) if isinstance(value, dict) else None
    listed = found if isinstance(found, list) else [found]
    return [entry for entry in listed if isinstance(entry, dict)]


def ask_password(url: str, user: str) -> str:
    """The password from the settings, else from the terminal. Raises UserError where there is neither."""
    password = settings().subsonic.password.get_secret_value()
    if password:
        return password
    if not sys.stdin.isatty():
        raise UserError(f"the password of {user!r} is not known: put it into the variable {PASSWORD}")
    return getpass.getpass(f"Password of {user} on {url}: ")


def _limited(where: str, chunks: Iterator[bytes]) -> Iterator[bytes]:
    size = 0
    for chunk in chunks:
        size += len(chunk)
        if size > LARGEST:
            raise SubsonicError(f"{where}: the answer is larger than {LARGEST >> 20} MiB")
        yield chunk
