import pytest

from jobs.culture.mentions import find
from jobs.culture.names import NameIndex, names
from jobs.culture.reader import Reader
from jobs.culture.tagger import noun_phrases, tag
from jobs.culture.terms import HALF_LEAD, usage


@pytest.fixture(scope="module")
def reader(library):
    return Reader.of(names(*library), frozenset(), 0.5)


def terms_of(reader, entity_id, text, title=None):
    """{(kind, form): amount} of one entity."""
    return {(u["kind"], u["form"]): u["amount"] for u in uses_of(reader, entity_id, text, title)}


def uses_of(reader, entity_id, text, title=None):
    """The terms of one entity."""
    return [u for told in reader.read(title, text)["told"] if told["entity_id"] == entity_id for u in told["uses"]]


def test_words_bigrams_noun_phrases_adjectives_and_artists_are_terms(reader):
    terms = terms_of(reader, "bjork", "Björk sings icy electronic ballads, unlike Radiohead.")
    assert {("word", "ballads"), ("bigram", "electronic ballads"), ("noun_phrase", "icy electronic ballads")} <= set(
        terms
    )
    assert {("adjective", "icy"), ("adjective", "electronic"), ("artist", "radiohead")} <= set(terms)


def test_names_and_stop_words_are_no_terms(reader):
    terms = terms_of(reader, "beatles", "The Beatles were with Björk, and every Beatle was loud.")
    assert not {form for kind, form in terms if kind != "artist"} & {"beatles", "the", "björk", "with", "were"}
    assert ("adjective", "loud") in terms
    assert ("artist", "beatles") not in terms


def test_the_subject_gets_the_whole_article_and_others_what_is_near_them(reader):
    text = "\n".join(
        ["Radiohead are gloomy.", *["They toured Europe."] * 5, "The finale was glorious.", "Björk was there."]
    )
    subject, other = (terms_of(reader, e, text, "Radiohead at their best") for e in ("radiohead", "bjork"))
    assert subject["adjective", "gloomy"] == 1
    assert subject["adjective", "glorious"] == pytest.approx(HALF_LEAD / (HALF_LEAD + 6), abs=1e-6), (
        "the lead says more"
    )
    assert other["adjective", "glorious"] == 0.5
    assert ("adjective", "gloomy") not in other


def test_what_is_near_counts_more_than_what_is_far(reader):
    text = "Rain fell. Snow melted. Björk danced. Sun shone. Wind howled. Fog rose."
    terms = terms_of(reader, "bjork", text, "Weather at the festival, Radiohead")
    near, next_to, farther = (terms[("word", w)] for w in ("danced", "melted", "howled"))
    assert near > next_to > farther > 0
    assert ("word", "fog") not in terms


def test_a_list_of_names_says_little_about_each():
    artists = [(str(n), f"Zyx{chr(97 + n)}on") for n in range(20)]
    reader = Reader.of(names(artists, []), frozenset(), 0.5)
    line = "Thunderous sets by " + ", ".join(name for _, name in artists) + "."
    assert terms_of(reader, "3", line)["adjective", "thunderous"] == pytest.approx(3 / 20)


def test_a_word_in_several_sentences_counts_for_each(reader):
    assert terms_of(reader, "bjork", "Björk is icy. So icy. Icy!", "Björk")["adjective", "icy"] == pytest.approx(
        sum(HALF_LEAD / (HALF_LEAD + n) for n in range(3)), abs=1e-6
    )


def test_singular_and_plural_are_one_term(reader):
    uses = uses_of(reader, "bjork", "A guitar. Two guitars.", "Björk")
    (guitar,) = (u for u in uses if u["stem"] == "guitar" and u["kind"] == "word")
    assert guitar["amount"] == pytest.approx(1 + HALF_LEAD / (HALF_LEAD + 1), abs=1e-6)


def test_a_year_is_a_term_as_its_decade(reader):
    terms = terms_of(reader, "bjork", "A sound of 1984, of the 80s and of the 1980s, not of 2084 pages.", "Björk")
    assert terms["word", "1980s"] == 1
    assert not {form for _, form in terms} & {"1984", "80s"}


def test_an_article_without_mentions_says_nothing(reader):
    assert reader.read("Nobody", "Nothing here.") == {"mentions": [], "told": []}
    assert usage(None, "", [], {}, {}) == ({}, {})


def test_entities_of_a_kind_share_the_terms_of_an_article(reader):
    text = "Björk and Radiohead are gloomy. Radiohead wrote the gloomy “Paranoid Android”."
    shares = {
        entity_id: {u["form"]: u["share"] for u in uses_of(reader, entity_id, text) if u["kind"] == "adjective"}
        for entity_id in ("bjork", "radiohead", "paranoid-android")
    }
    assert shares["bjork"]["gloomy"] == shares["radiohead"]["gloomy"] == 0.5
    assert shares["paranoid-android"]["gloomy"] == 1, "the only track"


def test_the_form_of_a_term_is_the_most_frequent_one_and_of_equals_the_first(reader):
    text = "Guitars here. Guitars there. A guitar. Voices. One voice."
    forms = {u["stem"]: u["form"] for u in uses_of(reader, "bjork", text, "Björk") if u["kind"] == "word"}
    assert (forms["guitar"], forms["voic"]) == ("guitars", "voice")


def test_a_track_is_described_and_its_artist_is_no_term_for_it(reader):
    terms = terms_of(reader, "paranoid-android", "Radiohead wrote the sprawling “Paranoid Android”.")
    assert ("word", "sprawling") in terms
    assert not {t for t in terms if t[0] == "artist"}


def test_mentions_found_twice_are_the_same(library):
    index = NameIndex(names(*library))
    text = "Air, Björk and Radiohead. The duo Air played “Sexy Boy”."
    assert find("x", text, index, 0.5) == find("x", text, index, 0.5)


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("dreamy", "JJ"),
        ("melancholic", "JJ"),
        ("gloomy", "JJ"),
        ("blues-tinged", "JJ"),
        ("guitars", "NNS"),
        ("1990s", "NNS"),
        ("moment", "NN"),
        ("retirement", "NN"),
        ("melody", "NN"),
        ("slowly", "RB"),
        ("the", "DT"),
        ("Bristol", "NNP"),
        ("shimmering", "VBG"),
        ("distorted", "VBN"),
        ("–", "."),
    ],
)
def test_parts_of_speech(word, expected):
    assert tag(word) == expected


def test_noun_phrases_are_adjectives_and_nouns_in_front_of_a_noun():
    words = ["the", "warm", "analogue", "synths", "with", "a", "distorted", "bass", "line"]
    phrases = {" ".join(words[a:b]) for a, b in noun_phrases([(w, tag(w)) for w in words])}
    assert phrases == {"warm analogue synths", "distorted bass line"}
