"""A web server on loopback that does as a test says, and remembers who asked for what, and when."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

Answer = Callable[["Handler"], None]


@dataclass
class Request:
    path: str
    headers: dict[str, str]
    began: float  # monotonic clock
    ended: float = field(default=0.0)


class Handler(BaseHTTPRequestHandler):
    """Looks the path up in the server's pages: bytes of HTML, or a function that answers."""

    protocol_version = "HTTP/1.1"

    def do_GET(self):
        request = Request(self.path, dict(self.headers), time.monotonic())
        self.server.requests.append(request)
        page = self.server.pages.get(self.path, respond(status=404))
        try:
            (html(page) if isinstance(page, str) else page)(self)
            self.wfile.flush()
        except OSError:  # the client has hung up
            self.close_connection = True
        finally:
            request.ended = time.monotonic()

    def log_message(self, *arguments):
        pass


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, address: str = "127.0.0.1", port: int = 0):
        super().__init__((address, port), Handler)
        self.pages: dict[str, str | Answer] = {}
        self.requests: list[Request] = []
        self.stopping = threading.Event()
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()

    def url(self, path: str) -> str:
        return f"http://{self.server_address[0]}:{self.server_port}{path}"

    @property
    def paths(self) -> list[str]:
        return [request.path for request in self.requests]

    def stop(self):
        self.stopping.set()
        self.shutdown()
        self.server_close()


def respond(
    body: bytes = b"", *, status: int = 200, kind: str = "text/html", length: int | None = None, **headers: str
):
    """An answer; `headers` are written with underscores."""

    def answer(handler: Handler):
        handler.send_response(status)
        handler.send_header("Content-Type", kind)
        handler.send_header("Content-Length", str(len(body) if length is None else length))
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.end_headers()
        handler.wfile.write(body)

    return answer


def html(text: str):
    return respond(text.encode(), kind="text/html; charset=utf-8")


def redirect(to: str, status: int = 302):
    return respond(status=status, Location=to)


def feed(*addresses: str, head: str = ""):
    items = "".join(f"<item><link>{address}</link><title>Entry</title></item>" for address in addresses)
    return respond(f"<rss version='2.0'><channel>{head}{items}</channel></rss>".encode(), kind="application/rss+xml")


def versioned(text: str, version: str):
    """A page that is not sent to whoever has this version."""

    def answer(handler: Handler):
        known = handler.headers["If-None-Match"] == f'"{version}"'
        body = b"" if known else text.encode()
        respond(body, status=304 if known else 200, kind="text/html; charset=utf-8", ETag=f'"{version}"')(handler)

    return answer


def endless(start: bytes, again: bytes, pause: float = 0.0):
    """The beginning of an answer, and then the same bytes until the client hangs up."""

    def answer(handler: Handler):
        handler.close_connection = True
        handler.wfile.write(start)
        while not handler.server.stopping.wait(pause):
            handler.wfile.write(again)

    return answer
