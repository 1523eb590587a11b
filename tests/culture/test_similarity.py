import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs.culture import similarity
from jobs.culture.similarity import Neighbours, similar_artists
from jobs.culture.space import space


def rows(*terms):
    return pd.DataFrame(terms, columns=["entity_id", "kind", "term", "weight"])


def neighbours(vectors, k=10):
    prepared = Neighbours.of(space(vectors))
    blocks = range(0, len(prepared.space.artists), similarity.BLOCK)
    return pa.concat_tables([prepared.block(first, k) for first in blocks]).to_pylist()


def test_the_same_words_make_artists_similar_and_others_do_not():
    vectors = rows(
        ("a", "adjective", "icy", 0.4),
        ("b", "adjective", "icy", 0.2),
        ("b", "adjective", "warm", 0.1),
        ("c", "adjective", "warm", 0.3),
        ("d", "bigram", "icy", 0.3),  # another kind of term is another term
    )
    found = neighbours(vectors)
    pairs = [(r["artist_id"], r["rank"], r["similar_artist_id"], r["shared_terms"]) for r in found]
    assert pairs[:2] == [("a", 1, "b", ["icy"]), ("b", 1, "a", ["icy"])]
    assert {"d"}.isdisjoint({r["artist_id"] for r in found} | {r["similar_artist_id"] for r in found})
    made = space(vectors)
    share = similarity.dense_share(made)
    sparse, dense = (made.sparse[0] @ made.sparse[1].T).toarray().item(), float(made.dense[0] @ made.dense[1])
    assert sparse == pytest.approx(0.2 / np.hypot(0.2, 0.1), abs=1e-6), "cosine of the weights"
    assert 0 < share < 1
    assert found[0]["similarity"] == pytest.approx((1 - share) * sparse + share * dense, abs=1e-5)


def test_whoever_is_named_in_texts_about_an_artist_is_similar_to_them():
    found = neighbours(rows(("a", "artist", "b", 0.5), ("b", "word", "icy", 0.5), ("c", "word", "warm", 0.5)))
    assert [(r["artist_id"], r["similar_artist_id"], r["shared_terms"]) for r in found] == [
        ("a", "b", []),
        ("b", "a", []),
    ]


def test_shared_terms_are_told_once_in_their_longest_form():
    terms = [
        ("word", "dream"),
        ("word", "pop"),
        ("bigram", "dream pop"),
        ("noun_phrase", "dream pop"),
        ("adjective", "icy"),
    ]
    found = neighbours(rows(*[(a, kind, term, 0.3) for a in "ab" for kind, term in terms]))
    assert sorted(found[0]["shared_terms"]) == ["dream pop", "icy"]


def test_shared_terms_describe_other_words_only_make_similar():
    terms = [("word", "turn"), ("bigram", "turn back"), ("word", "techno"), ("adjective", "icy")]
    (first, _) = neighbours(rows(*[(a, kind, term, 0.3) for a in "ab" for kind, term in terms]))
    assert sorted(first["shared_terms"]) == ["icy", "techno"]


def test_nobody_has_neighbours_where_nothing_is_shared():
    assert neighbours(rows(("a", "word", "icy", 0.5))) == []


def test_spark_finds_the_same_neighbours(spark):
    rng = np.random.default_rng(0)
    said = {(f"a{rng.integers(9)}", "word", f"t{rng.integers(6)}") for _ in range(40)}
    vectors = rows(*[(*one, rng.uniform(0.1, 1)) for one in sorted(said)])
    found = similar_artists(spark, space(vectors), 3).toArrow()
    assert found.sort_by([("artist_id", "ascending"), ("rank", "ascending")]).to_pylist() == neighbours(vectors, 3)


weights = st.lists(
    st.tuples(st.sampled_from("abcdef"), st.sampled_from("uvwxyz"), st.floats(0.001, 1)),
    min_size=1,
    max_size=30,
    unique_by=lambda t: t[:2],
)


@given(terms=weights, k=st.integers(1, 4))
def test_neighbours_are_the_nearest_and_blocks_do_not_matter(terms, k):
    vectors = rows(*[(a, "word", t, w) for a, t, w in terms])
    found = neighbours(vectors, k)
    everything = neighbours(vectors, 100)
    assert found == [r for r in everything if r["rank"] <= k]
    assert all(0 < r["similarity"] <= 1 and r["artist_id"] != r["similar_artist_id"] for r in found)
    symmetric = {(r["artist_id"], r["similar_artist_id"]): r["similarity"] for r in everything}
    assert all(symmetric[b, a] == pytest.approx(s, abs=1e-5) for (a, b), s in symmetric.items())

    whole, similarity.BLOCK = similarity.BLOCK, 2
    try:
        assert neighbours(vectors, k) == found
    finally:
        similarity.BLOCK = whole
