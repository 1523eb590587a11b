"""Stories that are told twice."""

import random
from datetime import UTC, datetime, timedelta

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import schemas
from jobs.lake import APPEND
from jobs.lake.types import arrow_schema
from jobs.scrape.copies import SAME_NAMES, SIMILAR, article_id, names_in_common, new_articles, similarity, sketch
from jobs.scrape.text import text_sha256

NOW = datetime(2026, 11, 20, tzinfo=UTC)
RANDOM = random.Random(3)
WORDS = ["".join(RANDOM.choices("abcdefghijklmnop", k=RANDOM.randint(2, 9))) for _ in range(3000)]


def prose(seed: int, words: int = 300) -> str:
    """Words in which every tenth is a name."""
    picked = random.Random(seed).choices(WORDS, k=words)
    return " ".join(word.title() if at % 10 == 5 else word for at, word in enumerate(picked))


def row(path: str, text: str, minutes: int = 0, body: str = "", title: str = "T") -> dict:
    sketched = sketch(text)
    return {
        "url": f"http://example.org/{path}",
        "source_url": "http://example.org/",
        "body_sha256": body or text_sha256(text),
        "title": title,
        "fetched_at": NOW + timedelta(minutes=minutes),
        "language": "en",
        "text": text,
        "text_sha256": text_sha256(text),
        "minhash": sketched.minhash,
        "minhash_bands": sketched.bands,
        "names": sketched.names,
    }


def store(lake, *rows: dict) -> list[dict]:
    """Append what is new to the articles; returns it."""
    new = new_articles(lake, rows)
    if new:
        lake.publish("articles", pa.Table.from_pylist(new, arrow_schema(schemas.table("articles"))), APPEND)
    return new


def identifier(row: dict) -> str:
    return article_id(row["url"], row["body_sha256"])


def test_the_sketch_estimates_the_jaccard_similarity_of_shingles():
    words = prose(1, 1000).split()
    for kept in (900, 700, 500):  # of 998 shingles, kept - 2 are in both, and no other is
        changed = " ".join(words[:kept])
        estimated = similarity(sketch(" ".join(words)).minhash, sketch(changed).minhash)
        assert estimated == pytest.approx((kept - 2) / 998, abs=3 * 0.045)


@given(st.text(max_size=2000), st.text(max_size=2000))
@settings(max_examples=50)
def test_every_text_has_a_sketch_and_is_like_itself(one, other):
    first, second = sketch(one), sketch(other)
    assert similarity(first.minhash, first.minhash) in (0.0, 1.0)
    assert 0 <= similarity(first.minhash, second.minhash) == similarity(second.minhash, first.minhash) <= 1
    assert 0 <= names_in_common(first.names, second.names) == names_in_common(second.names, first.names) <= 1


def test_capitals_and_punctuation_make_no_other_words():
    assert sketch(prose(1).upper().replace(" ", ", ")).minhash == sketch(prose(1)).minhash


def test_names_in_common_count_against_the_text_with_fewer():
    padding = " ".join(WORDS[:40])
    few, many = sketch(f"{padding} Ada and Bob and Cy and Dee"), sketch(f"{padding} {prose(2, 1500)} Ada, Bob, Cy")
    assert names_in_common(few.names, sketch(f"{padding} Ada, Bob or Cy").names) == 1.0
    assert names_in_common(few.names, sketch(f"{padding} Ada, Eve or Flo").names) == pytest.approx(1 / 3)
    assert names_in_common(many.names, many.names) == 1.0
    assert names_in_common(b"", few.names) == 1.0


def test_copies_exact_and_near_tell_the_story_of_the_first_and_other_texts_their_own(lake):
    press = prose(1)
    edited = "From our correspondent. " + press.replace(press.split()[7], "something", 1)
    told = store(
        lake,
        row("a", press),
        row("b", press.replace(" ", "\n"), 1),
        row("c", edited, 2),
        row("d", " ".join(press.split()[:220]), 3),
        row("e", prose(2), 4),
    )
    first, other = told[0]["article_id"], told[4]["article_id"]
    assert [new["story_id"] for new in told] == [first, first, first, first, other]


def test_texts_from_one_mould_about_others_are_no_copies(lake):
    mould = prose(1).lower() + " {0} is back. With {1}, {0} made {2}, and {1} sings on {2}."
    told = store(lake, row("a", mould.format("Low", "Ada", "Hey")), row("b", mould.format("Nick", "Eve", "Red"), 1))
    assert similarity(told[0]["minhash"], told[1]["minhash"]) > SIMILAR
    assert names_in_common(told[0]["names"], told[1]["names"]) < SAME_NAMES
    assert [new["story_id"] for new in told] == [new["article_id"] for new in told]


def test_a_batch_is_compared_with_the_lake_and_the_first_that_was_fetched_is_the_original(lake):
    first = row("z", prose(1))
    store(lake, first)
    early, late = row("b", prose(2), 5), row("a", prose(2), 6)
    told = store(lake, row("y", prose(1) + " and more", 7), late, early)
    assert [new["url"][-1] for new in told] == ["b", "a", "y"]
    assert [new["story_id"] for new in told] == [identifier(early), identifier(early), identifier(first)]


def test_a_copy_of_a_copy_that_has_gone_too_far_is_a_story_of_its_own(lake):
    words = prose(1, 600).split()
    near = row("b", " ".join(words[150:]), 1)
    far = row("c", " ".join(words[340:]), 2)
    assert similarity(near["minhash"], far["minhash"]) > SIMILAR
    told = store(lake, row("a", " ".join(words)), near, far)
    assert [new["story_id"] for new in told] == [told[0]["article_id"], told[0]["article_id"], told[2]["article_id"]]


def test_a_page_that_did_not_change_is_no_new_article_and_one_that_did_is(lake):
    before = row("a", prose(1))
    assert len(store(lake, before, row("a", prose(1), 1, body="other adverts"))) == 1
    assert store(lake, row("a", prose(1), 2, body="yet others"), {**before, "fetched_at": NOW}) == []
    (newer,) = store(lake, row("a", prose(1) + " An update.", 3))
    assert newer["story_id"] == identifier(before) != newer["article_id"]
    (retitled,) = store(lake, row("a", prose(1) + " An update.", 4, body="new headline", title="New"))
    assert retitled["title"] == "New"
    (reverted,) = store(lake, row("a", prose(1), 5, body="as it was"))
    assert reverted["text"] == before["text"]


def test_short_texts_are_compared_by_their_hash_alone(lake):
    told = store(lake, row("a", "Low are back."), row("b", "Low  are back.", 1), row("c", "Low are back!", 2))
    first, _, other = (new["article_id"] for new in told)
    assert [new["story_id"] for new in told] == [first, first, other]
    assert told[0]["minhash"] == b""


def test_no_row_is_new_in_an_empty_batch(lake):
    assert new_articles(lake, []) == []
