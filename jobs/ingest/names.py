"""Names as people write them: folding what does not matter, and splitting off who else takes part."""

import hashlib
import re
import unicodedata

# Letters that have no decomposition in Unicode, and what people without that key on the keyboard write.
UNDECOMPOSED = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i"})

# The marks of Latin, Greek and Cyrillic. Those of other scripts (a Japanese voicing mark, an Indic vowel) change
# the word, and stay.
ACCENTS = re.compile("[\u0300-\u036f]")
APOSTROPHES = re.compile("['’‘`´ʼ]")

FEATURED = re.compile(
    r"""\s*(?: [(\[]\s*(?:feat\.?|ft\.?|featuring)\s+(?P<bracketed>[^()\[\]]+)[)\]]
          | \s(?:feat\.?|ft\.?|featuring)\s+(?P<bare>[^()\[\]]+?)(?=\s*[(\[]|\s+[-–—]\s|$) )""",
    re.VERBOSE | re.IGNORECASE,
)
BETWEEN_NAMES = re.compile(r"\s*[,;/]\s*|\s+&\s+")


def fold(text: str) -> str:
    """The text without case, accents and punctuation, "&" spelled out: equal for spellings of one name.

    A text of nothing but punctuation is a name as well ("!!!", "÷") and stays as it is, in lower case.

    >>> fold("Beyoncé"), fold("AC/DC"), fold("Simon & Garfunkel"), fold("Don’t  Stop!"), fold("!!!")
    ('beyonce', 'ac dc', 'simon and garfunkel', 'dont stop', '!!!')
    """
    lowered = unicodedata.normalize("NFKD", text).casefold().translate(UNDECOMPOSED)
    plain = unicodedata.normalize("NFC", ACCENTS.sub("", lowered))
    spelled = APOSTROPHES.sub("", plain.replace("&", " and "))
    words = "".join(c if unicodedata.category(c)[0] in "LMN" else " " for c in spelled)  # letters, marks, numbers
    return next((" ".join(t.split()) for t in (words, plain) if t.strip()), " ".join(text.casefold().split()))


def split_featured(text: str) -> tuple[str, list[str]]:
    """A name or title without its "feat. ..." part, and the artists named there.

    >>> split_featured("Crazy in Love (feat. Jay-Z) [Live]")
    ('Crazy in Love [Live]', ['Jay-Z'])
    >>> split_featured("Robin Schulz ft. Dansu & J.U.D.G.E.")
    ('Robin Schulz', ['Dansu', 'J.U.D.G.E.'])
    """
    named: list[str] = []
    for match in FEATURED.finditer(text):
        names = BETWEEN_NAMES.split((match["bracketed"] or match["bare"]).strip())
        named += [name for name in names if name and name not in named]
    return FEATURED.sub("", text).strip(), named


def digest(*parts: str) -> str:
    """An identifier made of texts: the first 16 hex digits of a SHA-256, the same on every machine."""
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()[:16]
