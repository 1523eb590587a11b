"""The web that `benchmarks.crawl` reads: small sites on loopback addresses of their own, in one process, with a log of
who asked for what, and when."""

import argparse
import asyncio
import json
import signal
from pathlib import Path

LATENCY = 0.05  # seconds from a request to its answer
LINKS = 20  # of a page, to other pages of its host, but the first one
FORBIDDEN = "/private/"
ROBOTS = b"User-agent: *\nDisallow: /private/\n"
WORDS = (
    "The record begins with a long drone and two voices that circle around each other until the drums come in. "
    "Nothing here is in a hurry, and yet no bar is wasted on showing off. "
)


def address(number: int) -> str:
    """Of a host, from 0.

    >>> address(0), address(300)
    ('127.0.1.1', '127.0.2.51')
    """
    return f"127.0.{1 + number // 250}.{1 + number % 250}"


def page(host: int, number: int, pages: int) -> bytes:
    """A page of 6 kB with an article of its own and links to others, the first page to all of them."""
    count = pages - 1 if number == 0 else LINKS
    others = [1 + (number * 7 + step) % (pages - 1) for step in range(count)]
    links = "".join(f"<li><a href='/{other}'>The review of record number {other}</a></li>" for other in others)
    text = "".join(f"<p>Record {number} of label {host}, part {part}. {WORDS * 2}</p>" for part in range(8))
    return (
        f"<!DOCTYPE html><html lang=en><head><title>Record {number} of label {host}</title></head><body><nav>"
        f"<a href='{FORBIDDEN}{number}'>Drafts</a></nav><article><h1>Record {number} of label {host}</h1>{text}"
        f"</article><ul>{links}</ul></body></html>"
    ).encode()


class Site(asyncio.Protocol):
    """One connection to a host."""

    def __init__(self, host: int, pages: int, log: list):
        self.host, self.pages, self.log = host, pages, log
        self.buffer = b""

    def connection_made(self, transport: asyncio.Transport) -> None:
        """Somebody has connected."""
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        """Answer each request that is complete, after the latency."""
        self.buffer += data
        while b"\r\n\r\n" in self.buffer:
            request, _, self.buffer = self.buffer.partition(b"\r\n\r\n")
            loop, is_known = asyncio.get_running_loop(), b"if-none-match" in request.lower()
            loop.call_later(LATENCY, self.answer, request.split(b" ", 2)[1].decode(), is_known, loop.time())

    def answer(self, path: str, is_known: bool, began: float) -> None:
        """Send what there is at a path; pages never change."""
        number = path[1:] or "0"
        if path == "/robots.txt":
            status, kind, body = b"200 OK", b"text/plain", ROBOTS
        elif number.isdecimal() and int(number) < self.pages:
            status, kind = b"304 Not Modified" if is_known else b"200 OK", b"text/html; charset=utf-8"
            body = b"" if is_known else page(self.host, int(number), self.pages)
        else:
            status, kind, body = b"404 Not Found", b"text/plain", b""
        head = b'HTTP/1.1 %b\r\nContent-Type: %b\r\nContent-Length: %d\r\nETag: "1"\r\n\r\n'
        answer = head % (status, kind, len(body)) + body
        ended = asyncio.get_running_loop().time()  # before the client can know, or a slow server would see short rests
        self.transport.write(answer)
        self.log.append((self.host, path, began, ended, len(answer)))


async def serve(hosts: int, pages: int, port: int, file: Path) -> None:
    """Until SIGTERM; then the log goes into a file: [host, path, began, ended (monotonic seconds), bytes
    with their head]."""
    loop, log, stopped = asyncio.get_running_loop(), [], asyncio.Event()
    loop.add_signal_handler(signal.SIGTERM, stopped.set)
    for host in range(hosts):
        await loop.create_server(lambda host=host: Site(host, pages, log), address(host), port)
    print("ready", flush=True)
    await stopped.wait()
    file.write_text(json.dumps(log))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("hosts", "pages", "port"):
        parser.add_argument(name, type=int)
    parser.add_argument("file", type=Path)
    asyncio.run(serve(**vars(parser.parse_args())))
