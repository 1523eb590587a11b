"""File names for listeners are safe, whatever a user id holds."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs.publish.names import file_name

IDS = st.text() | st.sampled_from(["../x", "..", ".", "", "a/b", "a\\b", "a\nb", "x" * 300, "con", "Ä" * 200, "-rf"])


@given(IDS)
def test_a_name_is_one_plain_component(user_id):
    assert re.fullmatch(r"[a-z0-9_~-]{1,64}\.m3u8", file_name(user_id))
    assert not file_name(user_id).startswith("-")


@given(IDS, IDS)
def test_different_ids_have_different_names_even_where_case_does_not_count(one, other):
    assert (file_name(one).casefold() == file_name(other).casefold()) == (one == other)


@pytest.mark.parametrize(("one", "other"), [("u1", "U1"), ("é", "e\u0301"), ("a b", "a-b"), ("", " "), ("con", "CON")])
def test_ids_that_look_alike_have_different_names(one, other):
    assert file_name(one) != file_name(other)


def test_nobody_can_take_the_name_that_is_made_for_another():
    made = file_name("Someone").removesuffix(".m3u8")
    assert file_name(made) != file_name("Someone")


def test_a_plain_id_is_the_name():
    assert file_name("user_000-1") == "user_000-1.m3u8"
