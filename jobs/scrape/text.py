"""From bytes to clean text: which characters a page means, and which of them are text."""

import codecs
import hashlib
import re
import unicodedata

from bs4.dammit import EncodingDetector
from charset_normalizer import from_bytes

# What is written under these names is a superset of them (WHATWG Encoding Standard, section 4.2).
SUPERSETS = {
    "ascii": "cp1252",
    "iso8859-1": "cp1252",
    "iso8859-9": "cp1254",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "shift_jis": "cp932",
    "euc_kr": "cp949",
    "big5": "big5hkscs",
}
# Python's names for what is no charset of the web.
NOT_OF_THE_WEB = frozenset({"utf-7", "idna", "punycode", "unicode_escape", "raw_unicode_escape", "undefined"})
# Charsets that write other letters with ASCII bytes: bytes that are valid UTF-8 prove nothing against them.
ASCII_BYTES = ("iso2022", "hz", "utf-16", "utf-32")

BYTE_ORDER_MARKS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
# Bytes that are in no text, but in pictures and archives (WHATWG MIME Sniffing Standard, section 7).
BINARY = frozenset([*range(0x09), 0x0B, *range(0x0E, 0x1B), *range(0x1C, 0x20)])
SNIFFED_BYTES = 1445
DETECTED_BYTES = 65536  # the start of a page, from which an undeclared charset is guessed

# Controls, surrogates, and what is there to be invisible: soft hyphens, marks of order, zero-width spaces,
# changes of direction.
_NOT_TEXT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\xad\u200b\u2060\ufeff\u202a-\u202e\u2066-\u2069"
                       "\ud800-\udfff\ufffe\uffff]")  # fmt: skip
_XML_DECLARATION = re.compile(r"^\s*<\?xml[^>]*\?>", re.IGNORECASE)


def decode(body: bytes, charset: str | None) -> str:
    """The text of a page or feed; never fails.

    Believed in this order: a byte order mark; UTF-8, when all bytes are valid in it; the charset of the HTTP header;
    the one that the page declares; a guess. A page that is valid UTF-8 and says otherwise is misconfigured.
    """
    for mark, name in BYTE_ORDER_MARKS:
        if body.startswith(mark):
            return _usable(body[len(mark) :].decode(name, "replace"))
    inside = EncodingDetector.find_declared_encoding(body, is_html=True, search_entire_document=False)
    declared = [codec for codec in map(_codec, (charset, inside)) if codec]
    ascii_bytes = [codec for codec in declared if codec.startswith(ASCII_BYTES)]
    for name in (*ascii_bytes, "utf-8", *declared):
        try:
            return _usable(body.decode(name))
        except UnicodeDecodeError:
            continue
    if declared:
        return _usable(body.decode(declared[0], "replace"))
    guess = from_bytes(body[:DETECTED_BYTES]).best()
    return _usable(body.decode(guess.encoding if guess else "cp1252", "replace"))


def is_binary(body: bytes, charset: str | None) -> bool:
    """Whether something is no text at all, whatever its content type says."""
    wide = (_codec(charset) or "").startswith(("utf-16", "utf-32")) or body.startswith(
        (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
    )
    return not wide and not BINARY.isdisjoint(body[:SNIFFED_BYTES])


def _codec(name: str | None) -> str | None:
    """Python's name of a charset; None when there is none, or none for the web."""
    try:
        codec = codecs.lookup((name or "").strip(" '\"").lower())
    except (LookupError, ValueError):  # ValueError: a null byte in the name
        return None
    if codec.name in NOT_OF_THE_WEB or not codec._is_text_encoding:
        return None
    return SUPERSETS.get(codec.name, codec.name)


def _usable(text: str) -> str:
    """Without null characters, which parsers stop at, and without a declaration that is no longer true."""
    return _XML_DECLARATION.sub("", text.replace("\0", ""), count=1)


def clean(text: str) -> str:
    """Running text in Unicode's NFC, without control and invisible characters; one line a paragraph, single spaces.

    >>> clean("Cafe\\u0301\\u00a0 del\\x00 Mar \\r\\n\\n one\\ttwo ")
    'Café del Mar\\none two'
    """
    text = unicodedata.normalize("NFC", _NOT_TEXT.sub("", text))
    lines = (" ".join(line.split()) for line in text.splitlines())
    return "\n".join(line for line in lines if line)


def clean_line(text: object, most: int = 500) -> str | None:
    """One line of at most so many characters; None when nothing is left, or it is not text."""
    line = " ".join(clean(text).split()) if isinstance(text, str) else ""
    return line[:most].rstrip() or None


def text_sha256(text: str) -> str:
    """The hex digest of the text with white space folded: equal for exact copies."""
    return hashlib.sha256(" ".join(text.split()).encode()).hexdigest()
