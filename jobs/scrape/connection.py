"""Connections that lead to public addresses only, are kept for the next page of the host, and end when the time of a
request is over."""

import queue
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import ConnectTimeoutError, NameResolutionError, NewConnectionError

from jobs.scrape.public import is_public

LOOK_SECONDS = 0.05  # between two looks at the clock; a request may last so much longer than its limit
KEPT_CONNECTIONS = 512  # to hosts; the one used longest ago is closed for a new one


class Blocked(Exception):
    """A name leads to addresses that may not be read from; the message is one of them."""


class Limit:
    """The time of one request. Whatever it is sent and received over is cut when it is over."""

    def __init__(self, seconds: float):
        self.ends = time.monotonic() + seconds
        self.expired = False
        self._lines: list[_Line] = []
        self._lock = threading.Lock()

    def hold(self, line: "_Line") -> None:
        """Use a connection for the request."""
        with self._lock:
            line.holders += 1
            self._lines.append(line)
            if self.expired:
                line.cut()

    def expire(self) -> None:
        """The time is over."""
        with self._lock:
            self.expired = True
            for line in self._lines:
                line.cut()

    def end(self) -> None:
        """The request has ended; connections may be used for another one."""
        with self._lock:
            for line in self._lines:
                line.release()
            self._lines.clear()


class _Line:
    """A second handle of a connected socket, to shut it down while others read from it: TLS takes the first one away.
    It is closed when the connection is, but not under a request: the body may still come after that."""

    def __init__(self, opened: socket.socket):
        self._handle = opened.dup()
        self.holders, self._abandoned = 0, False

    def cut(self) -> None:
        try:
            self._handle.shutdown(socket.SHUT_RDWR)
        except OSError:  # it has ended by itself
            return

    def release(self) -> None:
        self.holders -= 1
        self._close_if_unused()

    def abandon(self) -> None:
        self._abandoned = True
        self._close_if_unused()

    def _close_if_unused(self) -> None:
        if self._abandoned and not self.holders:
            self._handle.close()


class Guard:
    """Opens connections, checks where each leads, and cuts them off when the time of a request is over. Shared by any
    number of threads.

    The address is checked that is then connected to, after the name was resolved: neither a name that resolves
    differently the second time nor an odd spelling of an address gets past it.
    """

    def __init__(self, allow_private: bool):
        self.allow_private = allow_private
        self._current = threading.local()
        self._limits: set[Limit] = set()
        self._changed = threading.Condition()
        self._watcher: threading.Thread | None = None

    @contextmanager
    def limit(self, seconds: float) -> Iterator[Limit]:
        """Whatever this thread sends or receives within ends after `seconds`, however slowly it drips; the limit's
        `expired` says so."""
        limit = self._current.limit = Limit(seconds)
        with self._changed:
            self._limits.add(limit)
            if self._watcher is None:
                self._watcher = threading.Thread(target=self._watch, name="time limits", daemon=True)
                self._watcher.start()
            elif len(self._limits) == 1:
                self._changed.notify()
        try:
            yield limit
        finally:
            self._current.limit = None
            with self._changed:
                self._limits.discard(limit)
            limit.end()

    def hold(self, line: _Line) -> None:
        """The request of this thread uses this connection."""
        self._current.limit.hold(line)

    def connect(self, connection: HTTPConnection) -> tuple[socket.socket, _Line]:
        """A TCP connection for `connection`. Raises Blocked, or what urllib3 raises."""
        found = self._resolve(connection)
        allowed = [f for f in found if self.allow_private or is_public(f[4][0])]
        if not allowed:
            raise Blocked(found[0][4][0])
        for family, kind, protocol, _, address in allowed:
            opened = socket.socket(family, kind, protocol)
            try:
                opened.settimeout(max(self._current.limit.ends - time.monotonic(), 0.001))
                opened.connect(address)
                opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            except OSError as error:
                opened.close()
                last = error
                continue
            line = _Line(opened)
            self.hold(line)
            return opened, line
        raise NewConnectionError(connection, str(last)) from last

    def _resolve(self, connection: HTTPConnection) -> list[tuple]:
        """What `socket.getaddrinfo` finds, in the time that is left: it has no limit of its own, and name servers may
        be as slow as web servers."""
        host, port = connection._dns_host.strip("[]"), connection.port
        answer: queue.SimpleQueue[list[tuple] | Exception] = queue.SimpleQueue()

        def ask() -> None:
            try:
                answer.put(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
            except Exception as error:
                answer.put(error)

        threading.Thread(target=ask, name=f"name of {host}", daemon=True).start()
        try:
            found = answer.get(timeout=max(self._current.limit.ends - time.monotonic(), 0.001))
        except queue.Empty:
            raise ConnectTimeoutError(connection, f"no answer from the name servers about {host}") from None
        if isinstance(found, Exception):
            raise NameResolutionError(host, connection, found) from found
        return found

    def close(self) -> None:
        """End the thread that looks at the clock."""
        with self._changed:
            watcher, self._watcher = self._watcher, None
            self._changed.notify()
        if watcher is not None:
            watcher.join()

    def _watch(self) -> None:
        me = threading.current_thread()
        while True:
            with self._changed:
                while not self._limits and self._watcher is me:
                    self._changed.wait()
                if self._watcher is not me:
                    return
                now = time.monotonic()
                over = [limit for limit in self._limits if limit.ends <= now and not limit.expired]
            for limit in over:
                limit.expire()
            time.sleep(LOOK_SECONDS)


class GuardedAdapter(HTTPAdapter):
    """The transport of a requests session whose connections a `Guard` opens, one to a host. Nothing is tried twice."""

    def __init__(self, guard: Guard):
        self.guard = guard
        super().__init__(pool_connections=KEPT_CONNECTIONS, pool_maxsize=1, max_retries=0)

    def init_poolmanager(self, *arguments, **options) -> None:
        """Set the kinds of connections that are made."""
        super().init_poolmanager(*arguments, **options)
        self.poolmanager.pool_classes_by_scheme = {
            "http": partial(_pool, HTTPConnectionPool, partial(_Connection, guard=self.guard)),
            "https": partial(_pool, HTTPSConnectionPool, partial(_TLSConnection, guard=self.guard)),
        }


def _pool(kind: type[HTTPConnectionPool], connection: partial, *arguments, **options) -> HTTPConnectionPool:
    pool = kind(*arguments, **options)
    pool.ConnectionCls = connection
    return pool


class _Guarded:
    """Requests over a connection, the first and all later ones, are within the limit of their thread."""

    def __init__(self, *arguments, guard: Guard, **options):
        super().__init__(*arguments, **options)
        self._guard, self._line = guard, None

    def _new_conn(self) -> socket.socket:
        opened, self._line = self._guard.connect(self)
        return opened

    def putrequest(self, *arguments, **options) -> None:
        if self._line is not None:
            self._guard.hold(self._line)
        super().putrequest(*arguments, **options)

    def close(self) -> None:
        line, self._line = self._line, None
        super().close()
        if line is not None:
            line.abandon()


class _Connection(_Guarded, HTTPConnection):
    """HTTP."""


class _TLSConnection(_Guarded, HTTPSConnection):
    """HTTP over TLS."""
