"""Which name is meant: by the figures on marked sentences, and by each kind of evidence."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs.culture.article_kind import about_music, list_weight
from jobs.culture.commonness import STEP, Seen, commonness, log_odds, word_chance
from jobs.culture.disambiguation import ARTIST_WEIGHTS, TITLE_WEIGHTS
from jobs.culture.mentions import IN_TITLE, find, read
from jobs.culture.names import NameIndex, album_id, names
from jobs.settings import CultureSettings
from tests.culture import ambiguity

SURE = CultureSettings().min_confidence


@pytest.fixture(scope="module")
def ambiguous():
    return ambiguity.index()


def linked(index, text, title=None, **options):
    """{(kind, entity_id)} of the links that count."""
    found = find(title, text, index, SURE, **options)
    return {(m.entity_kind, m.entity_id) for m in found if m.confidence >= SURE}


def confidence(index, text, entity_id, **options):
    """The best confidence that a text names an entity."""
    return max((m.confidence for m in find(None, text, index, SURE, **options) if m.entity_id == entity_id), default=0)


def test_on_sentences_that_took_no_part_in_learning_links_are_right_and_mostly_found(ambiguous):
    # Measured: .89 and .83; every name with its capitals taken for one: .37 and .98.
    examples = ambiguity.examples("report")
    figures = ambiguity.score([(e, find(e.title, e.text, ambiguous, SURE)) for e in examples], SURE)
    assert len(examples) >= 100
    assert figures.precision >= 0.88
    assert figures.recall >= 0.82


def test_the_halves_have_no_sentence_in_common_and_everything_marked_is_in_the_library():
    tuning, report = ({e.text for e in ambiguity.examples(half)} for half in ambiguity.HALVES)
    assert not tuning & report
    known = {name.entity_id for name in ambiguity.all_names()}
    assert {m.entity_id for half in ambiguity.HALVES for e in ambiguity.examples(half) for m in e.meant} <= known


def test_features_have_a_weight_each(ambiguous):
    reading = read("Air", "The duo Air played “Sexy Boy” and “All I Need”, says Air.", ambiguous, SURE)
    assert {len(h.features) for h in reading.artists} == {len(ARTIST_WEIGHTS)}
    assert {len(h.features) for h in reading.titles} == {len(TITLE_WEIGHTS)}


@pytest.mark.parametrize(
    ("with_evidence", "without"),
    [
        ("Everyone left before the trio Low came on.", "Everyone left before the lazy Low came on."),  # a role
        ("He joined Tool in May.", "He joined a Tool in May."),  # no determiner
        ("We heard Air on Sunday.", "We heard Air Force on Sunday."),  # a longer name
        ("Nobody mentions Genesis.", "Nobody mentions the Book of Genesis."),  # a phrase with of
        ("They met the singer of Phoenix.", "They met the mayor of Phoenix."),  # a part
        ("In May Can have a single out.", "In May Can openers have a day."),  # a verb in the plural
        ("Radiohead, Future and Björk sang.", "Radio, Future and lights."),  # other artists
        ("By chance Garbage did “Stupid Girl”.", "By chance Garbage did “Stupid Boy”."),  # a title of its own
        ("I saw HEALTH in Kent.", "I saw Health in Kent."),  # its own spelling
    ],
)
def test_each_kind_of_evidence_speaks_for_a_name(ambiguous, with_evidence, without):
    ids = ("low", "tool", "air", "genesis", "phoenix", "can", "future", "garbage", "health")
    (entity_id,) = {i for i in ids if confidence(ambiguous, with_evidence, i)} - {"radiohead"}
    assert confidence(ambiguous, with_evidence, entity_id) > confidence(ambiguous, without, entity_id)


def test_other_places_are_counted_whatever_their_form_and_without_the_name(ambiguous):
    alone = "Boston's first album was made in a cellar."
    assert confidence(ambiguous, alone, "boston") > confidence(ambiguous, f"{alone[:-1]} near Chicago's.", "boston") > 0


def test_a_tag_of_the_article_and_partners_speak_for_a_name():
    index = NameIndex(names([("air", "Air"), ("beth", "Beth Hirsch")], [("t", "All I Need", ("air", "beth"), None)]))
    text = "Nobody wanted Air."
    assert confidence(index, text, "air", tags=["Air", "France"]) > confidence(index, text, "air")
    alone, beside = "Air wrote “All I Need”.", "Air wrote “All I Need” with Beth Hirsch."
    assert confidence(index, beside, "air") > confidence(index, alone, "air")


def test_the_same_words_without_capitals_elsewhere_speak_against_a_name(ambiguous):
    text = "We went to see Traffic."
    assert confidence(ambiguous, f"{text} The traffic was slow.", "traffic") < confidence(ambiguous, text, "traffic")


def test_albums_are_linked_when_their_artist_is_there(ambiguous):
    low = album_id("david-bowie", "Low")
    assert ("album", low) in linked(ambiguous, "David Bowie made the album “Low” in France.")
    assert ("album", low) not in linked(ambiguous, "They made the album “Low” in France.")
    assert ("artist", "low") not in linked(ambiguous, "David Bowie made the album “Low” in France.")


def test_a_title_that_is_another_artists_name_is_one_of_the_two(ambiguous):
    found = read(None, "Prince wrote “Kiss” at night, and Prince sang it.", ambiguous, SURE)
    at = [h for h in (*found.artists, *found.titles) if h.place.surface == "Kiss"]
    assert {h.kind for h in at} == {"artist", "track"}
    assert sum(h.chance for h in at) < 1
    assert max(at, key=lambda h: h.chance).names[0].entity_id == "kiss-prince"


def test_artists_of_one_name_share_what_is_sure(ambiguous):
    found = {m.entity_id: m.confidence for m in find(None, "We saw the band Nirvana.", ambiguous, SURE)}
    assert found["nirvana-us"] == found["nirvana-uk"] < 0.5
    told = {m.entity_id: m.confidence for m in find(None, "The band Nirvana played “Lithium”.", ambiguous, SURE)}
    assert told["nirvana-us"] > 0.9 > 0.1 > told.get("nirvana-uk", 0.0)


@pytest.mark.parametrize(
    "written", ["Radiohead's", "Radiohead’s", "Radiohead", "Radioheads", "‘Radiohead’", "RADIOHEAD"]
)
def test_possessives_plurals_and_quotes_leave_the_name(ambiguous, written):
    (mention,) = find(None, f"Last night {written} came to mind.", ambiguous, SURE)
    assert mention.entity_id == "radiohead"
    assert mention.surface.lower() == "radiohead"


def test_a_mention_tells_its_sentence_its_article_and_whether_it_is_what_that_is_about(ambiguous):
    text = "The album is out. Björk sings on it.\nThe band of Massive Attack played the record."
    mentions = {m.entity_id: m for m in find("Björk: a new record", text, ambiguous, SURE) if m.start != IN_TITLE}
    assert (mentions["bjork"].sentence, mentions["bjork"].is_subject) == (1, True)
    assert (mentions["massive-attack"].sentence, mentions["massive-attack"].is_subject) == (2, False)
    assert mentions["bjork"].weight > 0.9


def test_an_article_about_something_else_weighs_little(ambiguous):
    text = "Radiohead is the name of the ferry. " + "The tide was late. The harbour closed at noon. " * 6
    (mention,) = find("Ferries delayed", text, ambiguous, SURE)
    assert mention.weight < CultureSettings().min_article_weight


def test_a_list_of_names_weighs_little():
    artists = [(str(n), f"Zyx{chr(97 + n)}on") for n in range(20)]
    index = NameIndex(names(artists, []))
    listed = find(None, "On the bill of the festival: " + ", ".join(name for _, name in artists) + ".", index, SURE)
    assert len(listed) == 20
    assert {m.weight for m in listed} == {listed[0].weight}
    assert listed[0].weight < CultureSettings().min_article_weight


@given(st.lists(st.booleans(), max_size=50), st.integers(0, 300), st.integers(0, 10_000))
def test_weights_of_articles_are_chances(musical, artists, words):
    assert 0 <= about_music(musical) <= 1
    assert about_music([*musical, True]) >= about_music([*musical, False])
    assert 0 < list_weight(range(artists), words) <= 1
    assert list_weight(range(artists + 1), words) <= list_weight(range(artists), words)


@given(st.integers(0, 1000), st.integers(0, 1000))
def test_articles_move_the_commonness_towards_the_share_that_writes_a_name_as_a_word(lowered, others):
    before = word_chance("air")
    moved = commonness(["air"], "air", {"air": Seen(lowered, lowered + others)})
    share = lowered / (lowered + others) if lowered + others else before
    between = sorted((log_odds(share), log_odds(before)))
    assert between[0] - STEP / 2 <= log_odds(moved) + 1e-9
    assert log_odds(moved) - 1e-9 <= between[1] + STEP / 2
