"""Addresses of pages: one spelling for each, its identifier, and whether it lies within a site."""

import hashlib
from functools import lru_cache
from urllib.parse import parse_qsl, urlencode, urljoin

from urllib3.exceptions import LocationParseError
from urllib3.util import parse_url

MAX_LENGTH = 2048  # characters; longer ones are traps or tokens, not articles
WRITTEN_LENGTH = 2 * MAX_LENGTH  # as it stands in a page, with tracking parameters
REMEMBERED = 16384  # addresses: most links of a page are those of the page before
MAX_SEGMENTS = 24  # of a path; deeper ones are links that lead into themselves
FIRST_FREE_PORT = 1024  # below are other services of the net, which take a request for something else
DEFAULT_PORTS = {"http": 80, "https": 443}
LINE_BREAKS = str.maketrans("", "", "\n\r\t")  # in an address they are a matter of layout

# Parameters that say through which advert or mail a reader came; the page is the same without them.
TRACKING_PREFIXES = ("utm_", "mc_", "pk_")
TRACKING = frozenset({"fbclid", "gclid", "dclid", "msclkid", "igshid", "yclid", "twclid", "_ga", "_gl"})


def normalise(url: str, base: str = "") -> str | None:
    """The one spelling of a web address, resolved against `base`, which is normalised itself; None when it is not one.

    Scheme and host are in lower case, international names as ASCII, the default port, the fragment and tracking
    parameters are gone, "." and ".." are resolved (RFC 3986, section 6).

    >>> normalise("../b?utm_source=rss&page=2#top", "HTTP://Example.org:80/a/c")
    'http://example.org/b?page=2'
    """
    url = url.translate(LINE_BREAKS).strip()
    if base and url[:1] == "/" and url[:2] != "//" and ";" not in url:  # what most links are; urljoin is slower
        joined = authority(base) + url
    else:
        try:
            joined = urljoin(base, url)
        except ValueError:
            return None
    return _normalised(joined) if len(joined) <= WRITTEN_LENGTH else None


@lru_cache(REMEMBERED)
def _normalised(url: str) -> str | None:
    try:
        parsed = parse_url(url)
    except (LocationParseError, ValueError):
        return None
    if parsed.scheme not in DEFAULT_PORTS or not parsed.host or parsed.auth:
        return None
    if parsed.port is not None and parsed.port < FIRST_FREE_PORT and parsed.port not in DEFAULT_PORTS.values():
        return None
    if (parsed.path or "").count("/") > MAX_SEGMENTS:
        return None
    port = "" if parsed.port in (None, DEFAULT_PORTS[parsed.scheme]) else f":{parsed.port}"
    query = f"?{_without_tracking(parsed.query)}" if parsed.query else ""
    whole = f"{parsed.scheme}://{parsed.host.rstrip('.')}{port}{parsed.path or '/'}{query.rstrip('?')}"
    return whole if len(whole) <= MAX_LENGTH and whole.isascii() else None


def _without_tracking(query: str) -> str:
    pairs = parse_qsl(query, keep_blank_values=True)
    kept = [(k, v) for k, v in pairs if k not in TRACKING and not k.startswith(TRACKING_PREFIXES)]
    return query if len(kept) == len(pairs) else urlencode(kept)


def page_id(url: str) -> int:
    """The first 64 bits of the SHA-256 of an address."""
    return int.from_bytes(hashlib.sha256(url.encode()).digest()[:8], "big")


def host(url: str) -> str:
    """The host of a normalised address: whom a delay is kept for."""
    name = _parts(url)[1]
    return name[1:].partition("]")[0] if name.startswith("[") else name.partition(":")[0]


def authority(url: str) -> str:
    """Scheme, host and port of a normalised address: what a robots.txt speaks for."""
    scheme, name, _ = _parts(url)
    return f"{scheme}://{name}"


def within(url: str, root: str, path: str = "") -> bool:
    """Whether a page lies on the host of `root`, with or without "www.", and below `path`, or by default in the folder
    of `root` or below. Both addresses are normalised.

    >>> within("https://example.org/music/1", "https://example.org/music/index.html")
    True
    >>> within("https://example.org/sport", "https://example.org/music")
    False
    >>> within("https://www.example.org/news/1", "http://example.org/", "/news/")
    True
    """
    site, page, below = _territory(root, path)
    _, name, where = _parts(url)
    return name.removeprefix("www.") == site and (where == page or where.startswith(below))


@lru_cache(1024)
def _territory(root: str, path: str) -> tuple[str, str, str]:
    """The host without "www.", the path of the start page, and what all other paths begin with."""
    _, name, top = _parts(root)
    folder, _, last = top.rpartition("/")
    if last and "." not in last:
        folder = top
    return name.removeprefix("www."), path or top, path or f"{folder}/"


def _parts(url: str) -> tuple[str, str, str]:
    """Scheme, host with port, and path of a normalised address, which needs no parser."""
    scheme, _, rest = url.partition("://")
    name, slash, path = rest.partition("/")
    return scheme, name, slash + path.partition("?")[0]
