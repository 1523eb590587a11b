import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs.culture.commonness import Seen
from jobs.culture.mentions import IN_TITLE, find
from jobs.culture.names import NameIndex, names, uses
from jobs.culture.text import fingerprint, fold, sentences
from tests.culture.conftest import ARTISTS, TRACKS

SURE = 0.65


@pytest.fixture(scope="module")
def index(library):
    return NameIndex(names(*library))


def named(index, text, title=None, **options):
    """The entities that an article names, as far as that is sure."""
    return {m.entity_id for m in find(title, text, index, SURE, **options) if m.confidence >= SURE}


def test_a_distinct_name_is_found_however_it_is_spelled(index):
    for spelling in ("Björk", "Bjork", "BJÖRK", "björk", "Björk's", "(Björk)", "Bjo\u0308rk"):
        assert named(index, f"Last night {spelling} came to town.") == {"bjork"}


def test_the_article_and_the_ampersand_may_be_left_out_or_written_out(index):
    assert named(index, "He sang like the Beatles, she like Beatles fans do.") == {"beatles"}
    assert named(index, "We heard Simon and Garfunkel, or Simon &\nGarfunkel.") == {"simon"}


def test_part_of_a_word_is_not_a_name(index):
    assert not named(index, "Radioheadless people and Bjorkman sang.")


@pytest.mark.parametrize(
    "text",
    [
        "The air was thick with smoke at the concert.",  # no capital
        "Yes, the album is out and the band is on tour.",  # a capital, but at the start of a sentence
        "They took the Garbage out on a Monday.",  # a capital, but nothing about music
        "Air France flew the band to their concert.",  # part of a longer name
        "The singer was born on Prince Edward Island, the Air of which is mild.",  # an epithet
        "ALBUM OF THE YEAR, YES OR NO",  # everything is in capitals
        "The Record Band Took The Garbage Out",  # a headline
    ],
)
def test_a_word_that_is_also_a_name_is_not_taken_for_one(index, text):
    assert not named(index, text) & {"air", "yes", "garbage"}


@pytest.mark.parametrize(
    ("text", "artist"),
    [
        ("The French duo Air have made a new album.", "air"),
        ("In the seventies Yes toured with an orchestra.", "yes"),
        ("We saw Garbage, whose singer was on fire.", "garbage"),
        ("Nobody told us that Air would play “Sexy Boy” so slowly.", "air"),  # its own title
    ],
)
def test_a_name_that_is_a_word_is_found_with_a_capital_and_company(index, text, artist):
    assert artist in named(index, text)


def test_a_sure_mention_supports_the_others_in_the_article(index):
    alone = "Air will stay with us."
    assert "air" not in named(index, alone)
    assert (
        sum(
            m.entity_id == "air" and m.confidence >= SURE
            for m in find(
                None,
                f"{alone} Air played “Sexy Boy”, \
and the duo Air sang.",
                index,
                SURE,
            )
        )
        >= 2
    )


def test_a_track_needs_its_artist_in_the_article(index):
    assert "paranoid-android" not in named(index, "My dog is called Paranoid Android.")
    assert "paranoid-android" in named(index, "My dog is called Paranoid Android after Radiohead.")
    assert "creep" in named(index, "Radiohead closed with “Creep”.")
    assert "creep" not in named(index, "Radiohead let the songs creep up on us.")


def test_the_longest_name_wins():
    artists = [("sound", "The Future Sound of London"), ("london", "London"), ("future", "Future")]
    index = NameIndex(names(artists, []))
    assert named(index, "The label signed The Future Sound of London for an album.") == {"sound"}


def test_artists_of_one_name_are_told_apart_by_their_titles():
    artists = [("us", "Nirvana"), ("uk", "Nirvana")]
    tracks = [("rainbow", "Rainbow Chaser", ("uk",), None), ("teen", "Smells Like Teen Spirit", ("us",), None)]
    index = NameIndex(names(artists, tracks))
    assert named(index, "Nirvana played.") == set()
    assert named(index, "Nirvana played “Smells Like Teen Spirit”.") == {"us", "teen"}


def test_boilerplate_names_nobody(index):
    text = "Björk sings.\nMore about Radiohead here."
    assert named(index, text, boilerplate={fingerprint("More  about RADIOHEAD here.")}) == {"bjork"}


def test_names_seen_in_lower_case_are_told():
    artists = [("m", "Metronomy"), ("b", "Battles")]
    found = uses(fold("In fierce battles metronomy is no help; Metronomy won."), NameIndex(names(artists, [])))
    assert sorted(found) == [("battles", True, True), ("metronomy", False, True)]
    lowered = NameIndex(names([("m", "Metronomy")], [], {"metronomy": Seen(40, 50)}))
    assert not named(lowered, "They were taught metronomy at school.")
    assert named(NameIndex(names(artists, [])), "They heard Metronomy at school.") == {"m"}


@pytest.mark.parametrize("name", ["", " ", "!!!", "†††", ".*", "(", "a", "The", "The The", "\ud800", "İ", "🎵"])
def test_hostile_names_do_no_harm(name):
    index = NameIndex(names([("x", name), ("r", "Radiohead")], [("t", name, ("x",), name)]))
    assert "r" in named(index, "It was great!!! Radiohead (the band) \ud800 played. The end... İ 🎵")


words = st.sampled_from(
    [*ARTISTS.values(), *(t[1] for t in TRACKS.values()), "the", "band", "ß", "é", "e\u0301", "“", "”"]
)
texts = st.lists(st.one_of(words, st.text(max_size=5)), max_size=25).map(" ".join)


@given(title=texts, text=texts)
def test_offsets_point_at_the_surface_and_confidence_is_a_chance(index, title, text):
    for mention in find(title, text, index, SURE):
        if mention.start == IN_TITLE:
            assert mention.surface in title
        else:
            assert text[mention.start : mention.end] == mention.surface
        assert fold(mention.surface).lower
        assert 0 < mention.confidence <= 1


@given(text=st.text(max_size=200))
def test_folding_keeps_offsets(text):
    folded = fold(text)
    assert len(folded.plain) == len(folded.lower) == len(folded.positions) - 1
    assert list(folded.positions) == sorted(folded.positions)
    assert folded.positions[-1] == len(text)


@given(text=st.text(alphabet="ab. \nÉ!?\u2028", max_size=80))
def test_sentences_are_in_order_and_lose_nothing_but_white_space(text):
    spans = sentences(text)
    edges = [0, *(edge for span in spans for edge in span), len(text)]
    assert edges == sorted(edges)
    assert not any(text[end:start].strip() for end, start in zip(edges[::2], edges[1::2], strict=True))
