"""A small library and its articles."""

import hashlib
from datetime import UTC, date, datetime, timedelta

import pandas as pd
import pytest

from jobs.lake import ALL, APPEND, Lake

WEEK = date(2026, 11, 23)

ARTISTS = {
    "air": "Air",
    "yes": "Yes",
    "garbage": "Garbage",
    "radiohead": "Radiohead",
    "bjork": "Björk",
    "beatles": "The Beatles",
    "simon": "Simon & Garfunkel",
}
TRACKS = {  # track_id: (artist_id, title, album)
    "sexy-boy": ("air", "Sexy Boy", "Moon Safari"),
    "creep": ("radiohead", "Creep", "Pablo Honey"),
    "paranoid-android": ("radiohead", "Paranoid Android - 2017 Remaster", "OK Computer"),
    "joga": ("bjork", "Jóga", "Homogenic"),
}


def article_id(number: int) -> str:
    """The article_id of `article(number)`."""
    return hashlib.sha256(f"https://example.org/{number}".encode()).hexdigest()[:16]


def article(number: int, text: str, title: str | None = None, **columns) -> dict:
    """A row of the articles; by default in English and a week old."""
    return {
        "article_id": article_id(number),
        "url": f"https://example.org/{number}",
        "source_url": "https://example.org/",
        "title": title,
        "published_at": datetime(2026, 11, 16, tzinfo=UTC),
        "fetched_at": datetime(2026, 11, 17, tzinfo=UTC) + timedelta(seconds=number),
        "language": "en",
        "text": text,
        "text_sha256": hashlib.sha256(" ".join(text.split()).encode()).hexdigest(),
        "body_sha256": hashlib.sha256(text.encode()).hexdigest(),
        "story_id": article_id(number),
    } | columns


def fill(lake: Lake, articles: list[dict]) -> None:
    """Put the library and the articles into the lake."""
    lake.publish("artists", pd.DataFrame({"artist_id": list(ARTISTS), "name": list(ARTISTS.values())}), ALL)
    tracks = [
        {"track_id": t, "artist_id": artist, "title": title, "work_id": t, "album": album}
        for t, (artist, title, album) in TRACKS.items()
    ]
    lake.publish("tracks", pd.DataFrame(tracks), ALL)
    if articles:
        lake.publish("articles", pd.DataFrame(articles), APPEND)


@pytest.fixture(scope="session")
def library():
    """The names of the library as `jobs.culture.names.names` takes them."""
    tracks = [(t, title, (artist,), album) for t, (artist, title, album) in TRACKS.items()]
    return list(ARTISTS.items()), tracks
