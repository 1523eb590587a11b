"""What a reading depends on: known articles are read again when, and only when, one of these changes."""

import pytest

from jobs.culture.commonness import Seen
from jobs.culture.names import names
from jobs.culture.reader import Reader
from jobs.culture.text import fingerprint, fold, sentences

TEXT = "Radiohead made a gloomy album. Follow our newsletter."


def told(reader, title="Radiohead return", text=TEXT, filed_under=()):
    """The article as the scan gives it."""
    of_title, of_text = reader.index.forms(fold(title)), reader.index.forms(fold(text))
    forms = {form: of_title.get(form, True) and of_text.get(form, True) for form in {*of_title, *of_text}}
    return {
        "title": title,
        "text": text,
        "filed_under": list(filed_under),
        "marks": [fingerprint(text[s.start : s.end]) for s in sentences(text)],
        "forms": sorted(form for form, lowered in forms.items() if not lowered),
        "lowered": sorted(form for form, lowered in forms.items() if lowered),
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
        reader(tracks=[("t", "Gloomy Album", ("r",), None)]),
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
        reader(tracks=[("t", "Album", ("r",), None)]),  # a common word, which the article has in lower case
        reader(boilerplate=[fingerprint("Read more.")]),
        reader(seen={"madonna": Seen(3, 40)}),
    ],
)
def test_what_is_not_in_an_article_does_not_change_it(unchanged):
    assert mark(unchanged) == mark(reader())


def test_one_more_article_with_a_name_does_not_change_how_the_others_are_read():
    assert mark(reader(seen={"radiohead": Seen(1, 400)})) == mark(reader(seen={"radiohead": Seen(1, 401)}))


def test_common_words_in_lower_case_do_not_matter_whomever_they_may_name():
    text = "For a long time Radiohead kept still."
    without, timely = reader(), reader([("r", "Radiohead"), ("b", "Björk"), ("t", "Time")])
    assert mark(timely, text=text) == mark(without, text=text)
    assert mark(reader([("t", "Time")], seen={"time": Seen(90, 100)})) == mark(reader([("t", "Time")]))
    assert mark(timely, text=text.replace("time", "Time")) != mark(without, text=text.replace("time", "Time"))


def test_a_common_word_in_lower_case_matters_when_the_articles_use_it_as_a_name_alone():
    """Then it is no common word any more, and a name without its capitals may be meant."""
    seldom, often = (reader([("t", "Time")], seen=seen) for seen in ({}, {"time": Seen(0, 4_000)}))
    assert mark(seldom, text="a long time") != mark(often, text="a long time")
