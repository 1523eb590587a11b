"""Connections that lead to public addresses only, and that end when their time is over."""

import ipaddress
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import NameResolutionError, NewConnectionError

NAT64 = ipaddress.ip_network("64:ff9b::/96")  # IPv4 addresses behind a translator (RFC 6052)


class Blocked(Exception):
    """A name leads to addresses that may not be read from; the message is one of them."""


def is_public(address: str) -> bool:
    """Whether an IP address is one of the open internet, also when it wraps an IPv4 address (mapped, 6to4, Teredo,
    NAT64).

    >>> is_public("93.184.215.14"), is_public("::ffff:127.0.0.1"), is_public("169.254.169.254")
    (True, False, False)
    """
    ip = ipaddress.ip_address(address.partition("%")[0])
    if ip.version == 6:
        inner = ip.ipv4_mapped or ip.sixtofour or (ip.teredo or (None, None))[1]
        if ip in NAT64:
            inner = ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
        if inner is not None:
            return is_public(str(inner))
        if ip.is_site_local:
            return False
    return ip.is_global and not ip.is_multicast


class Guard:
    """Opens the connections of one client, checks where each leads, and cuts them off at a deadline.

    The address is checked that is then connected to, after the name was resolved: neither a name that resolves
    differently the second time nor an odd spelling of an address gets past it.
    """

    def __init__(self, allow_private: bool):
        self.allow_private = allow_private
        self.expired = False
        self._ends = 0.0  # monotonic clock
        self._handles: list[socket.socket] = []

    @contextmanager
    def limit(self, seconds: float) -> Iterator[None]:
        """Whatever is sent or received within, on connections opened within, ends after `seconds`, however slowly it
        drips; `expired` says so."""
        self.expired, self._ends = False, time.monotonic() + seconds
        timer = threading.Timer(seconds, self._cut)
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()
            timer.join()
            for handle in self._handles:
                handle.close()
            self._handles.clear()

    def connect(self, connection: HTTPConnection) -> socket.socket:
        """A TCP connection for `connection`. Raises Blocked, or what urllib3 raises."""
        host, port = connection._dns_host.strip("[]"), connection.port
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (socket.gaierror, UnicodeError) as error:
            raise NameResolutionError(host, connection, error) from error
        allowed = [f for f in found if self.allow_private or is_public(f[4][0])]
        if not allowed:
            raise Blocked(found[0][4][0])
        for family, kind, protocol, _, address in allowed:
            opened = socket.socket(family, kind, protocol)
            try:
                opened.settimeout(max(self._ends - time.monotonic(), 0.001))
                opened.connect(address)
            except OSError as error:
                opened.close()
                last = error
                continue
            self._handles.append(opened.dup())  # TLS takes `opened` itself away, before its handshake
            if self.expired:
                self._cut()
            return opened
        raise NewConnectionError(connection, str(last)) from last

    def _cut(self) -> None:
        self.expired = True
        for handle in list(self._handles):
            try:
                handle.shutdown(socket.SHUT_RDWR)
            except OSError:  # it has ended by itself
                continue


class GuardedAdapter(HTTPAdapter):
    """The transport of a requests session whose connections a `Guard` opens. Nothing is tried twice."""

    def __init__(self, guard: Guard):
        self.guard = guard
        super().__init__(max_retries=0)

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
    def __init__(self, *arguments, guard: Guard, **options):
        super().__init__(*arguments, **options)
        self._guard = guard

    def _new_conn(self) -> socket.socket:
        return self._guard.connect(self)


class _Connection(_Guarded, HTTPConnection):
    """HTTP."""


class _TLSConnection(_Guarded, HTTPSConnection):
    """HTTP over TLS."""
