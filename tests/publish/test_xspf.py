"""XSPF and JSPF: what they say, and that nothing from data can break them."""

import json
from urllib.parse import unquote, urljoin
from xml.etree import ElementTree

from hypothesis import example, given
from hypothesis import strategies as st

from jobs.publish.entries import Entry, mbid
from jobs.publish.xspf import jspf, xspf

FOLDER = "/out/playlists"
DAY = "2026-11-23T00:00:00+00:00"
MBID = "b1a9c0e9-d987-4042-ae91-78d6a3267d69"
NS = {"x": "http://xspf.org/ns/0/"}
HOSTILE = st.text() | st.sampled_from(["]]><x>", "\x00\x0b\ufffe", "<script>", "a\nb", "&amp;", '"'])
FULL = Entry(1, "Björk", "Jóga", "Why not", 305_400, "/music/50% #1?.flac", "Homogenic", MBID, MBID)
BARE = Entry(2, "Björk", "Unravel", "Why not")


def test_an_xspf_file_reads_as_the_specification_says():
    root = ElementTree.fromstring(xspf("Weekly", "For ann", DAY, [FULL, BARE], FOLDER))
    assert root.tag == "{http://xspf.org/ns/0/}playlist"
    assert root.get("version") == "1"
    first, second = root.findall("x:trackList/x:track", NS)
    told = [(child.tag.partition("}")[2], child.text) for child in first][:-1]
    assert told == [
        ("location", "../../music/50%25%20%231%3F.flac"),
        ("identifier", f"https://musicbrainz.org/recording/{MBID}"),
        ("title", "Jóga"),
        ("creator", "Björk"),
        ("annotation", "Why not"),
        ("album", "Homogenic"),
        ("trackNum", "1"),
        ("duration", "305400"),
    ]
    assert first[-1][0].text == f"https://musicbrainz.org/artist/{MBID}"
    # Nothing is said that is not known.
    assert [child.tag.partition("}")[2] for child in second] == ["title", "creator", "annotation", "trackNum"]


def test_a_jspf_file_says_the_same():
    playlist = json.loads(jspf("Weekly", "For ann", DAY, [FULL, BARE], FOLDER))["playlist"]
    assert (playlist["title"], playlist["date"]) == ("Weekly", DAY)
    first, second = playlist["track"]
    assert first["identifier"] == [f"https://musicbrainz.org/recording/{MBID}"]
    assert first["location"] == ["../../music/50%25%20%231%3F.flac"]
    assert first["duration"] == 305_400
    ((extension,),) = first["extension"].values()
    assert extension == {"artist_identifiers": [f"https://musicbrainz.org/artist/{MBID}"]}
    assert set(second) == {"title", "creator", "annotation", "trackNum"}


@given(path=st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1))
@example(path="http://elsewhere/x")
@example(path="javascript:alert(1)")
def test_a_location_leads_to_the_file_and_to_nothing_else(path):
    path = "/" + path.replace("/", "_")
    if path in ("/.", "/.."):
        return
    (track,) = json.loads(jspf("x", "x", DAY, [Entry(1, "a", "t", "w", path=path)], FOLDER))["playlist"]["track"]
    assert unquote(urljoin(f"file://{FOLDER}/x.jspf", track["location"][0])) == f"file://{path}"


@given(title=HOSTILE, artist=HOSTILE, album=HOSTILE, reason=HOSTILE)
def test_whatever_titles_hold_the_xml_is_well_formed_and_has_two_tracks(title, artist, album, reason):
    entries = [Entry(1, artist, title, reason, album=album)] * 2
    root = ElementTree.fromstring(xspf(title, reason, DAY, entries, FOLDER).encode())
    assert len(root.findall("x:trackList/x:track", NS)) == 2
    assert len(json.loads(jspf(title, reason, DAY, entries, FOLDER))["playlist"]["track"]) == 2


def test_what_is_no_mbid_is_left_out():
    assert mbid("../../etc") is None
    assert mbid("") is None
    assert mbid(None) is None
