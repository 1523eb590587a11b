"""Serve the web site of the sample world on loopback, alone or while a command runs."""

import errno
import hashlib
import logging
import mimetypes
import os
import signal
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from email.utils import formatdate, parsedate_to_datetime
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote, urlsplit

from jobs.cli import UserError

HOST = "127.0.0.1"
TYPES = {".html": "text/html; charset=utf-8", ".xml": "application/rss+xml; charset=utf-8",
         ".txt": "text/plain; charset=utf-8"}  # fmt: skip

log = logging.getLogger("discover")


def find_file(folder: Path, target: str) -> Path | None:
    """The file that a request target names, or None: it does not exist, or lies outside of `folder`."""
    path = unquote(urlsplit(target).path)
    if "\0" in path or "\\" in path:
        return None
    root = folder.resolve()
    try:
        file = (root / path.lstrip("/")).resolve()
        if file.is_dir() and path.endswith("/"):
            file = file / "index.html"
        return file if file.is_relative_to(root) and file.is_file() else None
    except (OSError, ValueError):  # a name too long, a loop of links
        return None


class Handler(BaseHTTPRequestHandler):
    """Answers GET and HEAD with files; a page that has not changed since is not sent again."""

    protocol_version = "HTTP/1.1"
    server_version = "SampleSite"
    folder: Path

    def do_GET(self) -> None:
        """Send a file."""
        self._answer(with_body=True)

    def do_HEAD(self) -> None:
        """Send the headers of a file."""
        self._answer(with_body=False)

    def log_message(self, format: str, *args: object) -> None:
        """Requests are not logged: the reader's own log tells them."""

    def _answer(self, with_body: bool) -> None:
        file = find_file(self.folder, self.path)
        if file is None:
            self._send(HTTPStatus.NOT_FOUND, b"<!DOCTYPE html><title>Not found</title><h1>404</h1>", {}, with_body)
            return
        content, modified = file.read_bytes(), file.stat().st_mtime
        tag = f'"{hashlib.sha256(content).hexdigest()[:16]}"'
        headers = {"ETag": tag, "Last-Modified": formatdate(modified, usegmt=True)}
        if self._is_known(tag, modified):
            self._send(HTTPStatus.NOT_MODIFIED, b"", headers, with_body=False)
            return
        kind = TYPES.get(file.suffix) or mimetypes.guess_type(file.name)[0] or "application/octet-stream"
        self._send(HTTPStatus.OK, content, {"Content-Type": kind, **headers}, with_body)

    def _is_known(self, tag: str, modified: float) -> bool:
        if (tags := self.headers.get("If-None-Match")) is not None:
            return tag in [t.strip().removeprefix("W/") for t in tags.split(",")]
        try:
            return int(modified) <= parsedate_to_datetime(self.headers.get("If-Modified-Since", "")).timestamp()
        except (TypeError, ValueError):
            return False

    def _send(self, status: HTTPStatus, content: bytes, headers: dict[str, str], with_body: bool) -> None:
        self.send_response(status)
        for name, value in {"Content-Type": TYPES[".html"], **headers}.items():
            self.send_header(name, value)
        if status != HTTPStatus.NOT_MODIFIED:
            self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if with_body:
            # A crawler that has read enough of a page hangs up.
            with suppress(ConnectionError):
                self.wfile.write(content)


@contextmanager
def serving(folder: Path, port: int) -> Iterator[int]:
    """Serve `folder` while the context lasts; yields the port (0 asks for a free one).

    Raises UserError when the port is taken.
    """
    handler = type("SiteHandler", (Handler,), {"folder": folder})
    try:
        server = ThreadingHTTPServer((HOST, port), handler)
    except OSError as error:
        if error.errno != errno.EADDRINUSE:
            raise
        raise UserError(
            f"port {port} on {HOST} is taken by another program: end that one, or make a sample world for another "
            "port (remove the old one, then `python -m jobs.sample make --port PORT`)"
        ) from None
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def serve(folder: Path, port: int, command: list[str]) -> int:
    """Serve until interrupted, or while `command` runs; returns its exit status, as a shell would (128 + signal)."""
    with serving(folder, port) as bound:
        log.info("the sample site is on http://%s:%d/", HOST, bound)
        if command:
            return _run(command)
        stopped = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stopped.set())
        stopped.wait()
        return 0


def _run(command: list[str]) -> int:
    environment = {**os.environ, "DISCOVER_SCRAPE_ALLOW_PRIVATE_ADDRESSES": "true"}
    # Signals that come before there is a child wait until there is one.
    passed = {signal.SIGTERM, signal.SIGHUP, signal.SIGINT}
    signal.pthread_sigmask(signal.SIG_BLOCK, passed)
    try:
        child = subprocess.Popen(command, env=environment, preexec_fn=_unblock)
    except OSError as error:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, passed)
        raise UserError(f"cannot run {command[0]}: {error.strerror}") from None
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda got, _: child.send_signal(got))
    # Ctrl-C reaches the child by itself: it belongs to the same terminal.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, passed)
    status = child.wait()
    return 128 - status if status < 0 else status


def _unblock() -> None:
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM, signal.SIGHUP, signal.SIGINT})
