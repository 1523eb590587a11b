import codecs
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs.scrape.text import clean, clean_line, decode, text_sha256

WORDS = "Björk – “Vespertine” in Reykjavík"


@pytest.mark.parametrize(
    ("body", "charset"),
    [
        (WORDS.encode(), None),
        (WORDS.encode(), "iso-8859-1"),  # misconfigured: it is valid UTF-8
        (WORDS.encode("cp1252"), "iso-8859-1"),  # what is called Latin-1 has the quotation marks of Windows
        (WORDS.encode("cp1252"), "utf-8"),  # the header is wrong, the page is right
        (codecs.BOM_UTF16_LE + WORDS.encode("utf-16-le"), "utf-8"),
        (WORDS.encode("utf-16-be"), "utf-16-be"),
        (codecs.BOM_UTF8 + WORDS.encode(), "latin-1"),
        (WORDS.encode(), "no-such-charset"),
        (WORDS.encode(), "unicode_escape"),
        (WORDS.encode(), "rot13"),
    ],
)
def test_a_page_is_read_in_the_charset_that_it_is_in(body, charset):
    if charset == "utf-8" and not body.startswith(codecs.BOM_UTF16_LE):
        body = b'<meta charset="windows-1252">' + body
    assert WORDS in decode(body, charset)


def test_charsets_with_ascii_bytes_are_believed():
    japanese = "音楽の批評"
    assert decode(japanese.encode("iso2022_jp"), "ISO-2022-JP") == japanese
    assert decode(b"<meta charset=shift_jis>" + japanese.encode("cp932"), None).endswith(japanese)


def test_an_undeclared_charset_is_guessed():
    russian = "Новая пластинка группы начинается с долгого гула и двух голосов, которые кружат друг вокруг друга. " * 5
    assert decode(russian.encode("cp1251"), None) == russian


@given(st.binary(max_size=200), st.one_of(st.none(), st.text(max_size=12), st.sampled_from(["utf-16", "hz", "big5"])))
def test_no_bytes_and_no_charset_break_it(body, charset):
    assert "\0" not in decode(body, charset)


@given(st.text(st.characters(), max_size=100))
def test_clean_text_can_be_stored_and_stays_as_it_is(raw):
    cleaned = clean(raw)
    assert clean(cleaned) == cleaned
    cleaned.encode()
    assert not any(unicodedata.category(c) in ("Cc", "Cs") and c != "\n" for c in cleaned)


def test_lines_are_short_and_of_text():
    assert clean_line(" a\n b ") == "a b"
    assert clean_line("x" * 600) == "x" * 500
    assert [clean_line(value) for value in ("", " \n", None, 7, ["a"])] == [None] * 5


def test_copies_are_equal_whatever_their_white_space():
    assert text_sha256("a  b\nc") == text_sha256("a b c") != text_sha256("a bc")
