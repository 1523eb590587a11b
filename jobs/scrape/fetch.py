"""Fetching one page, safely and politely: within limits of time and size, from public addresses, over checked
redirects."""

import http.client
import time
from collections.abc import Callable
from dataclasses import dataclass
from email.message import Message
from email.utils import parsedate_to_datetime
from http.cookiejar import DefaultCookiePolicy

import requests
import urllib3.exceptions

from jobs.scrape import urls
from jobs.scrape.connection import Blocked, Guard, GuardedAdapter
from jobs.scrape.politeness import Turns
from jobs.settings import ScrapeSettings

MAX_REDIRECTS = 5
REDIRECTS = frozenset({301, 302, 303, 307, 308})
BUSY = frozenset({429, 503})  # the server asks to come back later
ENCODINGS = frozenset({"", "identity", "gzip", "x-gzip", "deflate"})  # their output can be limited
CHUNK = 65536  # bytes


@dataclass(frozen=True)
class Page:
    """An answer with status 200. `url` is where it came from, after redirects; `received` counts bytes on the wire."""

    url: str
    body: bytes
    content_type: str  # lower case, without parameters; empty: none given
    charset: str | None  # as the header says
    robots: str  # the X-Robots-Tag header, lower case
    received: int
    seconds: float
    status: int = 200


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
    """Fetches pages, one at a time; each thread has its own, all share `turns`.

    user_agent : sent with every request
    timeout_seconds : most time for one page with all its redirects, without the waits for a turn
    max_bytes : most bytes of a page after decompression
    """

    def __init__(
        self, turns: Turns, *, user_agent: str, timeout_seconds: float, max_bytes: int, allow_private: bool = False
    ):
        self._turns, self._timeout, self._max_bytes = turns, timeout_seconds, max_bytes
        self._guard = Guard(allow_private)
        self._session = _Session(user_agent, GuardedAdapter(self._guard))

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
        self._session.close()

    def fetch(self, url: str, may: Callable[[str], None], *, keep_start: int | None = None) -> Page:
        """Fetch a normalised address.

        may : called with the address before each hop; raises NotFetched when it may not be asked for
        keep_start : of a longer page take this many bytes, and do not fail

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
                    exchange = _Exchange(self._session, self._guard, self._timeout - spent)
                    answer = exchange.get(url, self._max_bytes, keep_start)
            except NotFetched as failure:
                if exchange is not None:
                    spent, received = spent + exchange.seconds, received + exchange.received
                failure.url, failure.received, failure.seconds = url, received, spent
                raise
            spent, received = spent + exchange.seconds, received + exchange.received
            if isinstance(answer, Page):
                return Page(**{**vars(answer), "received": received, "seconds": spent})
            url = answer
        failure = NotFetched("too many redirects", f"the last one to {url}")
        failure.url, failure.received, failure.seconds = asked, received, spent
        raise failure


class _Exchange:
    """One request and its answer, with what it cost."""

    def __init__(self, session: requests.Session, guard: Guard, seconds: float):
        self._session, self._guard, self._limit = session, guard, seconds
        self.received, self.seconds = 0, 0.0

    def get(self, url: str, max_bytes: int, keep_start: int | None) -> Page | str:
        """The page, or the address that it redirects to. Raises NotFetched."""
        started = time.monotonic()
        try:
            with self._guard.limit(self._limit):
                response = self._session.get(url, stream=True, allow_redirects=False, timeout=self._limit)
                try:
                    answer = self._answer(url, response, max_bytes, keep_start)
                finally:
                    self.received = response.raw.tell()
                    response.close()
                    self._session.close()  # no connection outlives the limit that it was opened under
            if self._guard.expired:  # a body that ends where the connection ends looks complete when it is cut off
                raise NotFetched("timeout", host_failed=True)
            return answer
        except NotFetched:
            raise
        except Blocked as blocked:
            raise NotFetched("private address", str(blocked), refused=True) from None
        except (requests.RequestException, urllib3.exceptions.HTTPError, http.client.HTTPException, OSError,
                ValueError) as error:  # fmt: skip
            raise self._failure(error) from error
        finally:
            self.seconds = time.monotonic() - started

    def _answer(self, url: str, response: requests.Response, max_bytes: int, keep_start: int | None) -> Page | str:
        status, headers = response.status_code, response.headers
        if status in REDIRECTS and "Location" in headers:
            # Header bytes arrive as Latin-1; addresses in them are UTF-8 when they are not ASCII.
            location = headers["Location"].encode("latin-1", "replace").decode("utf-8", "replace")
            target = urls.normalise(location, url)
            if target is None:
                raise NotFetched("bad redirect", location[:200], status=status)
            return target
        if status != 200:
            raise NotFetched(
                f"status {status}",
                status=status,
                host_failed=status >= 500 or status in BUSY,
                retry_after=_retry_after(headers.get("Retry-After")) if status in BUSY else None,
            )
        encodings = {e.strip().lower() for e in headers.get("Content-Encoding", "").split(",")}
        if not encodings <= ENCODINGS:
            raise NotFetched("content encoding", ", ".join(sorted(encodings))[:100], status=status)
        most = keep_start or max_bytes
        length = headers.get("Content-Length", "")
        if keep_start is None and length.isdecimal() and int(length) > most:
            raise NotFetched("too large", f"{length} bytes", status=status)
        body = bytearray()
        for chunk in response.raw.stream(CHUNK, decode_content=True):
            body += chunk
            if len(body) > most:
                if keep_start is None:
                    raise NotFetched("too large", f"more than {most} bytes", status=status)
                break
        content_type, charset = _content_type(headers.get("Content-Type", ""))
        robots = headers.get("X-Robots-Tag", "").lower()
        return Page(url, bytes(body[:most]), content_type, charset, robots, 0, 0.0)

    def _failure(self, error: Exception) -> NotFetched:
        if self._guard.expired or isinstance(error, requests.Timeout):
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


class _Session(requests.Session):
    """A session without memory: no cookies, no credentials or proxies from the environment. Redirects are the
    caller's business: requests would read their bodies to the end, whatever their size."""

    def __init__(self, user_agent: str, adapter: GuardedAdapter):
        super().__init__()
        self.trust_env = False
        self.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        self.headers = requests.structures.CaseInsensitiveDict(
            {
                "User-Agent": user_agent,
                "Accept": "text/html, application/xhtml+xml, application/rss+xml, application/atom+xml, "
                "application/xml;q=0.9, text/xml;q=0.9",
                "Accept-Encoding": "gzip, deflate",
                "Connection": "close",
            }
        )
        self.mount("http://", adapter)
        self.mount("https://", adapter)

    def get_redirect_target(self, resp: requests.Response) -> None:
        """None: requests follows nothing."""


def _content_type(header: str) -> tuple[str, str | None]:
    message = Message()
    message["Content-Type"] = header or "unknown/unknown"
    kind, charset = message.get_content_type(), message.get_param("charset")
    return kind if header else "", charset if isinstance(charset, str) else None


def _retry_after(header: str | None) -> float | None:
    """The seconds that a Retry-After header asks for: a number, or a date (RFC 9110, section 10.2.3)."""
    if header is None:
        return None
    if header.strip().isdecimal():
        return float(header)
    try:
        return max(0.0, parsedate_to_datetime(header).timestamp() - time.time())
    except ValueError:
        return None


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
