"""What the headers of a request and its answer say."""

import re
from email.message import Message

import urllib3.exceptions
from urllib3.util import Retry

MAX_RETRY_AFTER = 30 * 24 * 3600  # seconds; whoever asks for longer is asked again then
MAX_VALIDATOR = 500  # characters of an ETag or a date; longer ones are not kept

# Rules of X-Robots-Tag that have a colon; what else stands before one is the name of a robot.
RULES_WITH_VALUES = frozenset({"max-snippet", "max-image-preview", "max-video-preview", "unavailable_after"})


def product_token(user_agent: str) -> str:
    """The name by which robots.txt and X-Robots-Tag call us (RFC 9309, section 2.2.1)."""
    return re.match(r"[A-Za-z_-]*", user_agent)[0] or user_agent


def robots_rules(header: str, agent: str) -> str:
    """The rules of X-Robots-Tag headers, joined with commas, that are for everybody or for `agent`.

    >>> robots_rules("otherbot: noindex, nofollow, ourbot: none", "OurBot")
    'none'
    """
    kept, ours = [], True
    for part in header.lower().split(","):
        name, colon, rule = part.partition(":")
        if colon and name.strip() not in RULES_WITH_VALUES:
            ours, part = name.strip() in (agent.lower(), "*"), rule
        if ours and part.strip():
            kept.append(part.strip())
    return ",".join(kept)


def content_type(header: str) -> tuple[str, str | None]:
    """The media type in lower case, empty for none, and the charset parameter."""
    message = Message()
    message["Content-Type"] = header or "unknown/unknown"
    kind, charset = message.get_content_type(), message.get_param("charset")
    return kind if header else "", charset if isinstance(charset, str) else None


def retry_after(header: str | None) -> float | None:
    """The seconds that a Retry-After header asks for: a number, or a date (RFC 9110, section 10.2.3)."""
    if header is None:
        return None
    try:
        return float(Retry(0, retry_after_max=MAX_RETRY_AFTER).parse_retry_after(header.strip()))
    except (urllib3.exceptions.InvalidHeader, ValueError, OverflowError):
        return None


def validator(header: str | None) -> str | None:
    """An ETag or a date that can be sent back as it is."""
    return header if header and len(header) <= MAX_VALIDATOR and header.isascii() and header.isprintable() else None
