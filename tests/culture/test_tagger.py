"""Parts of speech: what the tagger's documentation says of its accuracy is true."""

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from nltk.chunk import RegexpParser

from jobs.culture import tagger
from jobs.culture.tagger import noun_phrases, tag_all

SENTENCES = Path(__file__).parent / "tagged_sentences.txt"
CLASSES = {"JJ": "J", "NN": "N", "NNS": "N", "NNP": "P", "VB": "V", "VBN": "V", "VBG": "V"}


@pytest.fixture(scope="module")
def judged():
    """(tagged by hand, tagged here) of each word."""
    pairs = []
    for line in SENTENCES.read_text("utf-8").splitlines():
        if not line.startswith("#"):
            words, by_hand = zip(*(token.rsplit("/", 1) for token in line.split()), strict=True)
            found = tag_all([words[0].lower(), *words[1:]])
            pairs += [(hand, CLASSES.get(tag, "O")) for hand, (_, tag) in zip(by_hand, found, strict=True)]
    return pairs


def test_accuracy_is_what_the_documentation_says(judged):
    words, sentences, accuracy, precision, recall = map(
        float,
        re.search(
            r"of (\d+) words in (\d+) sentences.*?([\d.]+) % get.*?precision ([.\d]+) and recall ([.\d]+?)\.$",
            " ".join(tagger.__doc__.split()),
        ).groups(),
    )
    assert len(judged) == words
    assert sum(not line.startswith("#") for line in SENTENCES.read_text("utf-8").splitlines()) == sentences
    right = [hand for hand, found in judged if hand == found]
    assert 100 * len(right) / len(judged) == pytest.approx(accuracy, abs=0.1)
    assert right.count("J") / sum(found == "J" for _, found in judged) == pytest.approx(precision, abs=0.01)
    assert right.count("J") / sum(hand == "J" for hand, _ in judged) == pytest.approx(recall, abs=0.01)


@pytest.mark.parametrize(
    ("sentence", "word", "tag"),
    [
        ("a hushed voice", "hushed", "JJ"),
        ("her hushed voice", "hushed", "JJ"),
        ("they hushed voices", "hushed", "VBN"),
        ("by strumming guitars", "strumming", "VBG"),
        ("the strumming guitars", "strumming", "JJ"),
        ("the voice hushed", "hushed", "VBN"),
    ],
)
def test_a_participle_in_front_of_a_noun_is_an_adjective_where_no_verb_can_stand(sentence, word, tag):
    assert dict(tag_all(sentence.split()))[word] == tag


@given(st.lists(st.sampled_from(["JJ", "VBN", "VBG", "NN", "NNS", "DT", "VB", "."]), max_size=12))
def test_noun_phrases_are_those_of_the_grammar(tags):
    tagged = [("word", tag) for tag in tags]
    chunks = RegexpParser("NP: {<JJ|VBN|VBG|NN|NNS>*<NN|NNS>}").parse(tagged) if tagged else ()
    expected, position = [], 0
    for chunk in chunks:
        length = 1 if isinstance(chunk, tuple) else len(chunk)
        if not isinstance(chunk, tuple):
            expected.append((position, position + length))
        position += length
    assert list(noun_phrases(tagged)) == expected
