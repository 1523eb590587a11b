"""A Subsonic server over real HTTP: token authentication, errors and answers as the API documents them."""

import hashlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlparse


class World:
    """What the server knows. failures : answers with 503 before it works; requests : methods asked for, in order."""

    def __init__(self, albums: dict[str, list[dict]], user: str = "ann", password: str = "sesame é"):
        self.albums, self.user, self.password = albums, user, password
        self.starred: list[dict] = []
        self.playlists: dict[str, dict] = {}
        self.failures, self.page, self.requests = 0, 500, []
        self.broken: dict[str, bytes] = {}  # answers by method, in place of the right ones
        self.seen: list[str] = []  # addresses as they came

    def songs(self) -> dict[str, dict]:
        """All songs by identifier."""
        return {song["id"]: song for songs in self.albums.values() for song in songs if "id" in song}

    def answer(self, method: str, query: dict[str, list[str]]) -> dict:
        """The content of the answer. Raises Refused."""
        one = {key: values[0] for key, values in query.items()}
        for name in ("u", "v", "c", "t", "s"):
            if name not in one:
                raise Refused(10, f"Required parameter {name} is missing")
        if "p" in one:
            raise AssertionError("the password travelled")
        token = hashlib.md5((self.password + one["s"]).encode()).hexdigest()
        if one["u"] != self.user or one["t"] != token:
            raise Refused(40, "Wrong username or password")
        if method == "ping":
            return {}
        if method == "getAlbumList2":
            names = sorted(self.albums)[int(one["offset"]) : int(one["offset"]) + min(self.page, int(one["size"]))]
            return {"albumList2": {"album": [{"id": name, "name": name} for name in names]}}
        if method == "getAlbum":
            return {"album": {"id": one["id"], "song": self.albums[one["id"]]}}
        if method == "getStarred2":
            return {"starred2": {"artist": [], "album": [], "song": self.starred}}
        if method == "getPlaylists":
            listed = [{k: v for k, v in p.items() if k != "entry"} for p in self.playlists.values()]
            return {"playlists": {"playlist": listed} if listed else {}}
        if method == "getPlaylist":
            if one["id"] not in self.playlists:
                raise Refused(70, "Playlist not found")
            return {"playlist": self.playlists[one["id"]]}
        if method == "createPlaylist":
            return {"playlist": self._put_playlist(one, query.get("songId", []))}
        if method == "updatePlaylist":
            self.playlists[one["playlistId"]].update(comment=one["comment"], public=one["public"] == "true")
            return {}
        if method == "deletePlaylist":
            del self.playlists[one["id"]]
            return {}
        raise Refused(0, f"unknown method {method}")

    def _put_playlist(self, one: dict[str, str], song_ids: list[str]) -> dict:
        """Make a playlist, or replace the songs of one."""
        entries = [self.songs()[song] for song in song_ids]
        if "playlistId" in one:
            self.playlists[one["playlistId"]]["entry"] = entries
            return self.playlists[one["playlistId"]]
        made = {"id": f"made{len(self.playlists)}", "name": one["name"], "owner": self.user, "entry": entries}
        return self.playlists.setdefault(made["id"], made)


class Refused(Exception):
    """An error of the API: code and message."""


@contextmanager
def serving(world: World) -> Iterator[str]:
    """The address of a running server."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            address = urlparse(self.path)
            method = address.path.removeprefix("/music/rest/").removesuffix(".view")
            world.requests.append(method)
            world.seen.append(self.path)
            if world.failures > 0:
                world.failures -= 1
                self._send(503, b"busy")
            elif method in world.broken:
                self._send(200, world.broken[method])
            elif not address.path.startswith("/music/rest/"):
                self._send(404, b"<html>no such page</html>")
            else:
                try:
                    content = {"status": "ok", **world.answer(method, parse_qs(address.query))}
                except Refused as error:
                    code, message = error.args
                    content = {"status": "failed", "error": {"code": code, "message": message}}
                answer = {"subsonic-response": {"version": "1.16.1", "type": "fake", "openSubsonic": True, **content}}
                self._send(200, json.dumps(answer).encode())

        def _send(self, status: int, body: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/music"
    finally:
        server.shutdown()
        server.server_close()
