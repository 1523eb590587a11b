"""Pages of listeners and their index: valid, self-contained, and true."""

from datetime import date
from pathlib import Path
from types import MappingProxyType

import pytest
from hypothesis import given
from hypothesis import strategies as st

import schemas
from jobs.publish.pages import REASONS, Index, Pages, copy_assets
from tests.publish import html

WEEK = date(2026, 11, 23)
HOSTILE = st.text() | st.sampled_from(["<script>alert(1)</script>", '"><img src=x onerror=a>', "{{ 7*7 }}", "\x00", ""])
BEFORE = MappingProxyType({
    "week": date(2026, 11, 16), "places": 30, "played": 8, "streamed": 6, "answered": True,
    "kinds": [("popular", 28), ("new_release", 2)], "artists": ["a"],
})  # fmt: skip


def place(**changes):
    values = {
        "user_id": "ann", "rank": 1, "track_id": "t", "explanation_kind": "popular", "explored": False,
        "reason": "38 listeners play it", "policy_version": "v1", "title": "Jóga", "artist": "Björk",
        "artist_id": "a", "album": "Homogenic", "released_at": date(1997, 9, 15), "duration_ms": 305_400,
        "path": None, "recording": None, "artist_mbid": None, "before": None, "new_release": False,
        "new_artist": False, "artist_again": False, "new_reason": False,
    }  # fmt: skip
    return values | changes


@pytest.fixture
def folder(tmp_path):
    """A published week without listeners."""
    for name in ("listeners", "playlists"):
        (tmp_path / "week" / name).mkdir(parents=True)
    copy_assets(tmp_path / "week")
    for suffix in ("m3u8", "xspf", "jspf"):
        (tmp_path / "week" / "playlists" / f"ann.{suffix}").touch()
    return tmp_path / "week"


def rendered(folder, *places):
    return Pages("Discover Weekly", WEEK, folder).listener("ann", list(places))


def test_a_page_says_what_is_played_why_and_what_is_new(folder, tmp_path):
    audio = tmp_path / "50% #1.flac"
    audio.touch()
    page = rendered(
        folder,
        place(path=str(audio), new_artist=True),
        place(rank=2, title="Unravel", path=str(tmp_path / "gone.flac"), new_release=True, explored=True),
        place(rank=3, title="Immature", path=str(tmp_path / "playlist.txt"), album=None, duration_ms=None),
    )
    file = folder / "listeners" / "ann.html"
    file.write_text(page)
    (folder / "index.html").touch()
    html.check(file)
    assert html.texts(page, "h2")[:3] == ["Jóga", "Unravel", "Immature"]
    assert html.texts(page, "p", class_="artist")[0] == "Björk · Homogenic · 5:05"
    players = [address for name, _, address in html.references(page) if name == "audio"]
    assert players == ["../../50%25%20%231.flac"], "a player only where there is a file that a browser plays"
    assert "1 artist new to you" in html.texts(page, "li")
    assert "New release, 15 September 1997" in html.texts(page, "li")
    assert "Your first list" in html.texts(page, "h2")


def test_a_page_says_why_it_differs_from_the_list_before(folder):
    page = rendered(
        folder, place(before=BEFORE, artist_again=True), place(rank=2, before=BEFORE, new_reason=True, artist_id="b")
    )
    told = html.texts(page, "li")
    assert "Why it differs from the list of 16 November 2026" in html.texts(page, "h2")
    assert any(line.startswith("You played 8 of the 30 tracks of that list, 6 of them") for line in told)
    assert any(
        line.startswith("1 track is here because of something that you played for the first time") for line in told
    )
    assert any(line.startswith("1 of its artists is here again with another song") for line in told)
    assert html.texts(page, "th", scope="row") == ["Played by many", "New by artists near you"]
    assert html.texts(page, "td") == ["2", "28", "0", "2"]


@pytest.mark.parametrize(
    ("changes", "words"),
    [({"answered": False}, "is not known yet"), ({"played": 0, "streamed": 0}, "You played none of that list")],
)
def test_what_is_not_known_of_the_list_before_is_not_made_up(folder, changes, words):
    page = rendered(folder, place(before=dict(BEFORE) | changes))
    assert any(words in line for line in html.texts(page, "li"))


@given(text=HOSTILE)
def test_whatever_data_hold_the_page_is_valid_and_runs_nothing_of_theirs(tmp_path_factory, text):
    folder = tmp_path_factory.getbasetemp()
    hostile = place(title=text, artist=text, album=text or None, reason=text)
    page = Pages(text, WEEK, folder).listener(text, [hostile])
    scripts = list(html.parse(page).iter(f"{html.NAMESPACE}script"))
    assert [script.get("src") for script in scripts] == ["../player.js"]
    assert not [address for _, attribute, address in html.references(page) if attribute == "onerror" or address == "x"]
    assert len(html.texts(page, "h2")) == 2


def made_index(folder, count):
    index = Index("Discover Weekly", WEEK, folder, count)
    for number in range(count):
        index.add(f"user {number:06d}", f"user{number:06d}.html", 30)
    index.close(has_report=False)
    return sorted((folder / "index").glob("*.html"), key=lambda path: int(path.stem))


def test_an_index_leads_to_every_listener_in_their_order(folder):
    (folder.parent / "index.html").touch()
    for number in range(250):
        (folder / "listeners" / f"user{number:06d}.html").touch()
    parts = made_index(folder, 250)
    assert len(parts) == 3
    listed = []
    for file in [folder / "index.html", *parts]:
        html.check(file)
        found = html.references(file.read_text())
        listed += [Path(address).name for _, _, address in found if address.startswith("../listeners/")]
    assert listed == [f"user{number:06d}.html" for number in range(250)]
    assert html.texts((folder / "index.html").read_text(), "li")[0] == "user 000000 – user 000099"


def test_an_index_of_a_hundred_thousand_listeners_stays_small(folder):
    parts = made_index(folder, 100_000)
    assert 300 < len(parts) < 330
    assert max(file.stat().st_size for file in [folder / "index.html", *parts]) < 60_000  # bytes


def test_an_index_without_listeners_says_so(folder):
    (folder.parent / "index.html").touch()
    made_index(folder, 0)
    html.check(folder / "index.html")
    assert "No lists in this week." in html.texts((folder / "index.html").read_text(), "p")


def test_every_kind_of_reason_has_words():
    assert set(REASONS) == set(schemas.table("discover_weekly").column("explanation_kind").allowed)
