"""Names as people and players write them: what spellings of one artist, and of one title, have in common.

`names.fold` keeps different names apart; the keys here go further, for matching a name that somebody typed, a player
guessed or a video site made up with the names of a library. A key is not a name: it is compared, never shown.
"""

import re
from dataclasses import dataclass
from functools import lru_cache

from text_unidecode import unidecode

from jobs.ingest.names import fold, split_featured
from jobs.ingest.works import BRACKETS, is_version, work_title

CARDINALS = "zero|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve"
ORDINALS = "zeroth|first|second|third|fourth|fifth|sixth|seventh|eighth|ninth|tenth|eleventh|twelfth"
NUMERALS = "ii|iii|iv|v|vi|vii|viii|ix|x|xi|xii|xiii|xiv|xv"
NUMBERS = {word: str(n) for words in (CARDINALS, ORDINALS) for n, word in enumerate(words.split("|"))}
ROMAN = {word: str(number) for number, word in enumerate(NUMERALS.split("|"), start=2)}
SYMBOLS = str.maketrans({"$": "s", "€": "e", "@": "a", "+": " and ", "¥": "y"})
INNER_EXCLAMATION = re.compile(r"(?<=[^\W\d_])!(?=[^\W\d_])")  # P!nk
ORDINAL = re.compile(r"(\d+)(?:st|nd|rd|th)")
UPLOAD = re.compile(  # what video sites put into brackets behind a title
    r"\s*[(\[](?:the\s+)?(?:official\b[^()\[\]]*|(?:music|lyrics?|audio)\s*(?:video)?|with\s+lyrics|visuali[sz]er|hd|hq|4k|1080p)[)\]]",
    re.IGNORECASE,
)
CHANNEL = re.compile(r"(?:\s*vevo|\s+-\s+topic)$", re.IGNORECASE)
TRACK_NUMBER = re.compile(r"(?:0\d{1,2}\s*[-._)]?|\d{1,3}\s*[-._)])\s+(?=\S)")
LAST_ARTICLE = re.compile(r"(.+?),\s+(the|a|an)", re.IGNORECASE)
CREDIT = re.compile(
    r"\s*[,;/+&]\s*|\s+(?:and|with|x|vs\.?|versus|feat\.?|ft\.?|featuring|meets|presents)\s+", re.IGNORECASE
)
HONORIFIC = re.compile(r"(?:mr|mrs|ms|miss|sir)\.?\s+(?=\S+\s+\S)", re.IGNORECASE)
MOJIBAKE = re.compile(r"[ÂÃÐÑ][\u0080-\u00bf\u0152-\u2122]")  # UTF-8 that somebody read as Windows-1252
# Words in a bracket that is no mere subtitle: the title with them is another piece than the one without.
ANOTHER_PIECE = re.compile(
    r"\b(?:reprise|prelude|interlude|intro|outro|overture|coda|epilogue|prologue|medley|skit|suite|act|scene|continued"
    r"|parts?|pts?|vol|volume|movement|chapter)\b"
)
IMITATION = re.compile(
    r"\b(?:karaoke|tribute|covers?|renditions?|lullab(?:y|ies)|in the style of|originally performed|made (?:famous|"
    r"popular)|as performed by|backing track)\b"
)
GENERIC = re.compile(
    r"(?:(?:intro|outro|introduction|interlude|untitled|skit|prelude|hidden track|bonus track|silence|opening|ending|"
    r"unknown|track|audio ?track|title)\s*\d*|\d+)"
)


@dataclass(frozen=True)
class Title:
    """The keys of a title, from the strictest to the loosest, and what they leave out.

    same : the title as it is; version : the song behind it; spelling : that, however it is spelled; subtitle : that,
    without what stands in brackets (the same as `spelling` where there is none); bracket : what stood there
    numbers : the numbers in it, in order: songs that differ in them are two
    """

    same: str
    version: str
    spelling: str
    subtitle: str
    bracket: str
    numbers: tuple[str, ...]

    @property
    def is_generic(self) -> bool:
        """Whether many albums have a piece of this title: only the album can tell which one it is."""
        return GENERIC.fullmatch(self.version) is not None


@lru_cache(1 << 16)
def title_of(text: str) -> Title:
    """The keys of a title.

    >>> title_of("(Sittin' On) The Dock of the Bay - Mono").subtitle, title_of("Dock of the Bay").subtitle
    ('dockofthebay', 'dockofthebay')
    """
    text = UPLOAD.sub("", _mended(text)).strip() or text
    article = LAST_ARTICLE.fullmatch(text)
    if article:
        text = f"{article[2]} {article[1]}"
    version = work_title(text)
    bracket = " ".join(
        words for a, b in BRACKETS.findall(split_featured(text)[0]) if (words := a or b) and not is_version(words)
    )
    bare = work_title(BRACKETS.sub(" ", text)) if bracket else version
    spelled = _words(version)
    return Title(
        fold(split_featured(text)[0] or text),
        version,
        "".join(spelled),
        "".join(_words(bare)),
        fold(bracket) if bracket else "",
        tuple(word for word in spelled if word.isdigit()),
    )


def without_track_number(text: str) -> str | None:
    """The title behind a track number, as file names have it ("01 - Title"); None: there is no such number."""
    rest = TRACK_NUMBER.sub("", text.strip(), count=1)
    return rest if rest != text.strip() else None


@lru_cache(1 << 16)
def artist_key(text: str) -> str:
    """An artist's name, however it is spelled.

    >>> artist_key("Cure, The") == artist_key("The Cure"), artist_key("P!nk") == artist_key("PinkVEVO")
    (True, True)
    """
    text = HONORIFIC.sub("", CHANNEL.sub("", _mended(text)) or text)
    article = LAST_ARTICLE.fullmatch(text)
    return "".join(_words(fold(article[1] if article else text), numbers=False)) or fold(text)


def credited(text: str) -> list[str]:
    """The artists of a credit, one by one; the credit itself is not among them.

    >>> credited("Nick Cave & The Bad Seeds with Kylie Minogue")
    ['Nick Cave', 'The Bad Seeds', 'Kylie Minogue', 'Nick Cave & The Bad Seeds']
    """
    main, featured = split_featured(text)
    parts = [part for part in CREDIT.split(main) if part and part.strip()]
    # "A & B & C" may be two names, one of which has the "&": the beginnings count as well.
    beginnings = [main[: m.start()] for m in list(CREDIT.finditer(main))[1:]]
    return [name for name in dict.fromkeys([*parts, *beginnings, *featured]) if name != text]


def initials(text: str) -> tuple[str, ...]:
    """The words of a person's name, folded: a surname at the end, first names or initials before it."""
    return tuple(fold(_mended(text)).split())


def is_imitation(artist: str, title: str) -> bool:
    """Whether the names say that others play what somebody else is known for."""
    return IMITATION.search(fold(f"{artist} {title}")) is not None


def is_another_piece(bracket: str, other: str) -> bool:
    """Whether two titles that agree but for what is in brackets are of two pieces."""
    return bracket != other and any(ANOTHER_PIECE.search(words) for words in (bracket, other))


def _words(folded: str, *, numbers: bool = True) -> list[str]:
    """The words of a folded text in Latin letters, numbers as digits, without a leading article."""
    words = unidecode(folded).lower().replace("'", "").split()
    if len(words) > 1 and words[0] in ("the", "a", "an"):
        words = words[1:]
    found: list[str] = []
    for word in words:
        if word == "n":
            word = "and"
        if numbers:
            word = {"pt": "part", "pts": "part", "parts": "part"}.get(word, word)
            if word in ROMAN and (len(word) > 1 or found[-1:] == ["part"]):
                word = ROMAN[word]
            elif word == "i" and found[-1:] == ["part"]:
                word = "1"
            word = ORDINAL.sub(r"\1", NUMBERS.get(word, word))
            if word.isdigit():
                word = str(int(word))
                if found[-1:] in (["no"], ["nr"], ["number"]):
                    found.pop()
        found.append(word)
    return found


def _mended(text: str) -> str:
    """The text in letters that keep their look ("$" as s), with UTF-8 that was read as something else put right."""
    if MOJIBAKE.search(text):
        for encoding in ("cp1252", "latin-1"):
            try:
                text = text.encode(encoding).decode()
                break
            except (UnicodeEncodeError, UnicodeDecodeError):
                continue
    return INNER_EXCLAMATION.sub("i", text).translate(SYMBOLS)
