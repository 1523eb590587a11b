"""Fetching one page, safely and politely: within limits of time and size, from public addresses, over checked
redirects, and not at all when it has not changed."""

import http.client
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import requests
import urllib3.exceptions

from jobs.scrape import urls
from jobs.scrape.connection import Blocked, Guard, GuardedAdapter, Limit
from jobs.scrape.headers import content_type, product_token, retry_after, robots_rules, validator
from jobs.scrape.politeness import Turns
from jobs.settings import ScrapeSettings

MAX_REDIRECTS = 5
REDIRECTS = frozenset({301, 302, 303, 307, 308})
NOT_MODIFIED = 304
BUSY = frozenset({429, 503})  # the server asks to come back later
ENCODINGS = frozenset({"", "identity", "gzip", "x-gzip", "deflate"})  # their output can be limited
CHUNK = 65536  # bytes


@dataclass(frozen=True)
class Page:
    """An answer with a page, status 200, or with the news that it has not changed, status 304 and an empty body.

    `url` is where it came from, after redirects; `received` counts the bytes of bodies on the wire.
    """

    url: str
    body: bytes
    content_type: str  # lower case, without parameters; empty: none given
    charset: str | None  # as the header says
    robots: str  # what the X-Robots-Tag headers say to us: rules with commas between, lower case
    etag: str | None
    last_modified: str | None
    received: int = 0
    seconds: float = 0.0
    status: int = 200


@dataclass(frozen=True)
class Validators:
    """What tells the version of a page that is known (RFC 9110, section 8.8), as the server said it."""

    etag: str | None = None
    last_modified: str | None = None

    def headers(self) -> dict[str, str]:
        """The headers of a request for a newer version."""
        named = {"If-None-Match": self.etag, "If-Modified-Since": self.last_modified}
        return {name: value for name, value in named.items() if value}


NOTHING_KNOWN = Validators()


class NotFetched(Exception):
    """Why there is no page.

    reason : from a small vocabulary, to be counted; detail : for people
    status : HTTP status, None without an answer
    refused : it was our decision not to ask
    host_failed : it tells about the host, not about the page
    retry_after : the seconds that the host asks us to wait
    url, received, seconds : the address at which it happened, bytes on the wire, time since the first request
    """

    def __init__(
        self,
        reason: str,
        detail: str = "",
        *,
        status: int | None = None,
        refused: bool = False,
        host_failed: bool = False,
        retry_after: float | None = None,
    ):
        super().__init__(f"{reason} {detail}".strip())
        self.reason, self.detail, self.status = reason, detail, status
        self.refused, self.host_failed, self.retry_after = refused, host_failed, retry_after
        self.url, self.received, self.seconds = "", 0, 0.0


class Client:
    """Fetches pages. Shared by any number of threads; connections are kept for the next page of a host.

    user_agent : sent with every request
    timeout_seconds : most time for one page with all its redirects, without the waits for a turn
    max_bytes : most bytes of a page after decompression
    """

    def __init__(
        self, turns: Turns, *, user_agent: str, timeout_seconds: float, max_bytes: int, allow_private: bool = False
    ):
        self._turns, self._timeout, self._max_bytes = turns, timeout_seconds, max_bytes
        self._agent = product_token(user_agent)
        self._guard = Guard(allow_private)
        self._adapter = GuardedAdapter(self._guard)
        self._headers = {
            "User-Agent": user_agent,
            "Accept": "text/html, application/xhtml+xml, application/rss+xml, application/atom+xml, "
            "application/feed+json, application/xml;q=0.9, text/xml;q=0.9, */*;q=0.1",
            "Accept-Encoding": "gzip, deflate",
            "Connection": "keep-alive",
        }

    @classmethod
    def of(cls, config: ScrapeSettings, turns: Turns) -> "Client":
        """The client that the settings describe."""
        return cls(
            turns,
            user_agent=config.user_agent,
            timeout_seconds=config.timeout_seconds,
            max_bytes=config.max_bytes,
            allow_private=config.allow_private_addresses,
        )

    def close(self) -> None:
        """Close all connections."""
        self._adapter.close()
        self._guard.close()

    def fetch(
        self,
        url: str,
        may: Callable[[str], None],
        *,
        keep_start: int | None = None,
        known: Validators = NOTHING_KNOWN,
    ) -> Page:
        """Fetch a normalised address.

        may : called with the address before each hop; raises NotFetched when it may not be asked for
        keep_start : of a longer page take this many bytes, and do not fail
        known : the version that need not be sent again

        Raises NotFetched.
        """
        asked, spent, received = url, 0.0, 0
        for _ in range(MAX_REDIRECTS + 1):
            exchange = None
            try:
                may(url)
                if spent >= self._timeout:
                    raise NotFetched("timeout", host_failed=True)
                with self._turns.turn(urls.host(url)):
                    exchange = _Exchange(self._adapter, self._agent, keep_start or self._max_bytes, keep_start is None)
                    with self._guard.limit(self._timeout - spent) as limit:
                        answer = exchange.get(url, limit, self._headers | known.headers())
            except NotFetched as failure:
                if exchange is not None:
                    spent, received = spent + exchange.seconds, received + exchange.received
                failure.url, failure.received, failure.seconds = url, received, spent
                raise
            spent, received = spent + exchange.seconds, received + exchange.received
            if isinstance(answer, Page):
                return replace(answer, received=received, seconds=spent)
            url = answer
        failure = NotFetched("too many redirects", f"the last one to {url}")
        failure.url, failure.received, failure.seconds = asked, received, spent
        raise failure


class _Exchange:
    """One request and its answer, with what it cost.

    most : bytes of the body that are taken; whole : a longer one is a failure
    """

    def __init__(self, adapter: GuardedAdapter, agent: str, most: int, whole: bool):
        self._adapter, self._agent, self._most, self._whole = adapter, agent, most, whole
        self.received, self.seconds = 0, 0.0

    def get(self, url: str, limit: Limit, headers: Mapping[str, str]) -> Page | str:
        """The page, or the address that it redirects to. Raises NotFetched."""
        started = time.monotonic()
        seconds = max(limit.ends - started, 0.001)
        try:
            # Without a session: it would keep cookies, take credentials and proxies from the environment, and follow
            # redirects, whose bodies it reads to the end, whatever their size.
            request = requests.Request("GET", url, headers).prepare()
            response = self._adapter.send(request, stream=True, timeout=seconds)
            try:
                answer = self._answer(url, response)
                complete = self._rest(response)
            except BaseException:
                complete = False
                raise
            finally:
                self.received = response.raw.tell()
                if not complete or limit.expired:
                    response.raw.close()  # and its connection; that of a complete answer is kept
            if limit.expired:  # a body that ends where the connection ends looks complete when it is cut off
                raise NotFetched("timeout", host_failed=True)
            return answer
        except NotFetched as failure:
            if limit.expired and failure.reason != "timeout":
                raise NotFetched("timeout", host_failed=True) from None
            raise
        except Blocked as blocked:
            raise NotFetched("private address", str(blocked), refused=True) from None
        except (requests.RequestException, urllib3.exceptions.HTTPError, http.client.HTTPException, OSError,
                ValueError) as error:  # fmt: skip
            raise _failure(error, limit.expired) from error
        finally:
            self.seconds = time.monotonic() - started

    def _answer(self, url: str, response: requests.Response) -> Page | str:
        status, headers = response.status_code, response.headers
        if status in REDIRECTS and "Location" in headers:
            # Header bytes arrive as Latin-1; addresses in them are UTF-8 when they are not ASCII.
            location = headers["Location"].encode("latin-1", "replace").decode("utf-8", "replace")
            target = urls.normalise(location, url)
            if target is None:
                raise NotFetched("bad redirect", location[:200], status=status)
            return target
        asked_for_news = any(name in response.request.headers for name in ("If-None-Match", "If-Modified-Since"))
        if status != 200 and not (status == NOT_MODIFIED and asked_for_news):
            self._rest(response)
            raise NotFetched(
                f"status {status}",
                status=status,
                host_failed=status >= 500 or status in BUSY,
                retry_after=retry_after(headers.get("Retry-After")) if status in BUSY else None,
            )
        kind, charset = content_type(headers.get("Content-Type", ""))
        return Page(
            url=url,
            body=b"" if status == NOT_MODIFIED else self._body(response),
            content_type=kind,
            charset=charset,
            robots=robots_rules(headers.get("X-Robots-Tag", ""), self._agent),
            etag=validator(headers.get("ETag")),
            last_modified=validator(headers.get("Last-Modified")),
            status=status,
        )

    def _body(self, response: requests.Response) -> bytes:
        encodings = {e.strip().lower() for e in response.headers.get("Content-Encoding", "").split(",")}
        if not encodings <= ENCODINGS:
            raise NotFetched("content encoding", ", ".join(sorted(encodings))[:100], status=200)
        length = response.headers.get("Content-Length", "")
        if self._whole and length.isdecimal() and int(length) > self._most:
            raise NotFetched("too large", f"{length} bytes", status=200)
        body = bytearray()
        for chunk in response.raw.stream(CHUNK, decode_content=True):
            body += chunk
            if len(body) > self._most:
                if self._whole:
                    raise NotFetched("too large", f"more than {self._most} bytes", status=200)
                break
        return bytes(body[: self._most])

    def _rest(self, response: requests.Response) -> bool:
        """Read what is left of an answer if that is little, so that its connection serves for another one; returns
        whether that is so."""
        try:
            response.raw.read(CHUNK, decode_content=False)
        except (urllib3.exceptions.HTTPError, OSError):
            return False
        return response.raw.closed or response.raw.connection is None


def _failure(error: Exception, expired: bool) -> NotFetched:
    if expired or isinstance(error, requests.Timeout):
        return NotFetched("timeout", host_failed=True)
    causes = _causes(error)
    for kind, reason in (
        (urllib3.exceptions.NameResolutionError, "unknown host"),
        (requests.exceptions.SSLError, "no secure connection"),
        (urllib3.exceptions.DecodeError, "broken content encoding"),
        (urllib3.exceptions.NewConnectionError, "no connection"),
        ((requests.exceptions.InvalidURL, urllib3.exceptions.LocationParseError), "bad address"),
    ):
        if any(isinstance(cause, kind) for cause in causes):
            of_page = reason in ("broken content encoding", "bad address")
            return NotFetched(reason, _short(error), host_failed=not of_page)
    return NotFetched("broken answer", _short(error), host_failed=True)


def _causes(error: BaseException | None) -> list[BaseException]:
    """The error and all that led to it."""
    causes: list[BaseException] = []
    waiting: list[object] = [error]
    while waiting:
        cause = waiting.pop()
        if isinstance(cause, BaseException) and cause not in causes:
            causes.append(cause)
            waiting += [cause.__cause__, cause.__context__, getattr(cause, "reason", None), *cause.args]
    return causes


def _short(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"[:200]
