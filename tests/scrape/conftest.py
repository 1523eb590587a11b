"""A web server, a client without delay, and pages."""

import pytest

from jobs.scrape.fetch import Client
from jobs.scrape.politeness import Turns
from tests.scrape.server import Server


@pytest.fixture
def web():
    server = Server()
    yield server
    server.stop()


@pytest.fixture
def other_web():
    """A second host."""
    server = Server("127.0.0.2")
    yield server
    server.stop()


@pytest.fixture
def make_client():
    def make(**options) -> Client:
        defaults = {"user_agent": "TestBot/1.0", "timeout_seconds": 5.0, "max_bytes": 100_000, "allow_private": True}
        return Client(Turns(0.0), **{**defaults, **options})

    return make


def article(subject: str, links: str = "", head: str = "") -> str:
    """A page with an article of its own about the subject, in a page's usual surroundings."""
    sentences = (
        f"The new record by {subject} begins with a long drone and two voices that circle around each other. ",
        f"After four minutes {subject} lets the drums in, dry and close, and the room seems to get smaller. ",
        "Nothing here is in a hurry, and yet no bar is wasted on showing off. ",
        f"When the last song ends, one wants to hear {subject} on a stage, and soon. ",
    )
    text = "".join(f"<p>{sentence * 2}</p>" for sentence in sentences)
    return (
        f"<!DOCTYPE html><html lang='en'><head><title>{subject} | The Paper</title>{head}</head><body>"
        f"<nav><a href='/imprint'>Imprint</a></nav><article><h1>{subject}: the review</h1>{text}</article>"
        f"<footer>{links}All rights reserved by The Paper.</footer></body></html>"
    )
