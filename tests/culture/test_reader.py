"""What a reading depends on: known articles are read again when, and only when, one of these changes."""

import pytest

from jobs.culture.commonness import Seen
from jobs.culture.names import names
from jobs.culture.reader import Reader
from jobs.culture.text import fingerprint, fold, sentences

TEXT = "Radiohead made a gloomy album. Follow our newsletter."


def told(reader, title="Radiohead return", text=TEXT, filed_under=()):
    """The article as the scan gives it."""
    return {
        "title": title,
        "text": text,
        "filed_under": list(filed_under),
        "marks": [fingerprint(text[s.start : s.end]) for s in sentences(text)],
        "forms": sorted(reader.index.forms(fold(text)) | reader.index.forms(fold(title))),
    }


def reader(artists=(("r", "Radiohead"), ("b", "Björk")), tracks=(), seen=None, boilerplate=(), confidence=0.5):
    return Reader.of(names(artists, tracks, seen), frozenset(boilerplate), confidence)


def mark(reader, **article):
    return reader.fingerprint(told(reader, **article))


def test_the_same_article_and_library_give_the_same_fingerprint():
    assert mark(reader()) == mark(reader())


@pytest.mark.parametrize(
    "changed",
    [
        reader([("r", "Radiohead"), ("b", "Björk"), ("a", "Gloomy")]),  # a new name that is in the article
        reader([("b", "Björk")]),  # one that is gone
        reader([("r2", "Radiohead"), ("b", "Björk")]),  # one that means another artist
        reader([("r", "Radiohead"), ("r2", "Radiohead"), ("b", "Björk")]),
        reader(tracks=[("t", "Album", ("r",), None)]),
        reader(boilerplate=[fingerprint("Follow our newsletter.")]),
        reader(confidence=0.6),
        reader(seen={"radiohead": Seen(30, 40)}),  # people write it as a word
    ],
)
def test_what_a_reading_depends_on_changes_it(changed):
    assert mark(changed) != mark(reader())


@pytest.mark.parametrize("article", [{"title": "Something else"}, {"text": TEXT + " Yes."}, {"filed_under": ["rock"]}])
def test_another_article_has_another_fingerprint(article):
    assert mark(reader(), **article) != mark(reader())


@pytest.mark.parametrize(
    "unchanged",
    [
        reader([("r", "Radiohead"), ("b", "Björk"), ("m", "Madonna")]),
        reader(tracks=[("t", "Jóga", ("b",), "Homogenic")]),
        reader(boilerplate=[fingerprint("Read more.")]),
        reader(seen={"madonna": Seen(3, 40)}),
    ],
)
def test_what_is_not_in_an_article_does_not_change_it(unchanged):
    assert mark(unchanged) == mark(reader())


def test_one_more_article_with_a_name_does_not_change_how_the_others_are_read():
    assert mark(reader(seen={"radiohead": Seen(1, 400)})) == mark(reader(seen={"radiohead": Seen(1, 401)}))
