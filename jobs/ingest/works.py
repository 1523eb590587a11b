"""Which recordings are one song: the work behind a track, from its main artist and its title.

"Heard" is a matter of works: who knows a song does not discover it in a remaster, a live recording or the version
of the single. So the title is folded, and what only tells versions apart is taken off.
"""

import re

from jobs.ingest.names import digest, fold, split_featured

# What a bracket or a part behind a dash must say, as a whole, to be about the version and not part of the title.
VERSION = re.compile(
    r"""
    (?:\d{4}\s+)?(?:-\s+)?(?:digital(?:ly)?\s+)?re-?master(?:ed)?\b.*     # Remastered 2011, 2009 Digital Remaster
  | (?:re)?master(?:is|iz)(?:ad[oa]|é|ed)\b.*                              # Remasterizado, Remasterisé
  | .*\b(?:re-?master(?:ed)?|version|versión|versão|edit|mix|re-?mix|dub|demo|take|acoustic|instrumental|unplugged
         |outtake|rehearsal|re-?recorded|re-?recording)s?(?:\s+\#?\d{1,4})?  # Single Version, Radio Edit, Demo 2
  | take\s+\d{1,3}\b.*                                                     # Take 1, Rehearsal
  | (?:recorded\s+)?live(?:\s+(?:at|from|in|on|@|version|session|sessions|acoustic|bonus|take|edit|re-?master|
         re-?mastered|recording|\d)\b.*)?                                  # Live, Live at Wembley / 1986
  | (?:en\s+vivo|en\s+directo|ao\s+vivo|dal\s+vivo)(?:\s+(?:en|em|a|desde|no|na)\b.*)?
  | (?:acoustic|unplugged|mtv)\s+(?:live|session|unplugged)s?
  | acústic[oa]|akustik|a\s+cappella|extended|sped\s+up|slowed(?:\s+down)?(?:\s*(?:\+|&|and)\s*reverb)?|nightcore
  | (?:\d{4}\s+)?(?:mono|stereo)(?:\s+\d{4})?
  | (?:(?:hidden|bonus)\s+)?(?:bonus|track|bonus\s+track)
  | explicit|clean|deluxe|single|(?:\d+th\s+)?anniversary(?:\s+edition)?|(?:deluxe|special|expanded)\s+edition
  | from\s+["“'‘].*                                                        # From "Shrek"
    """,
    re.VERBOSE | re.IGNORECASE,
)
BRACKETS = re.compile(r"\(([^()]*)\)|\[([^\[\]]*)\]")
YEAR = re.compile(r"(?:19|20)\d\d")
DASH = re.compile(r"\s+[-–—]\s+")


def work_title(title: str) -> str:
    """The title of the song: folded, without featured artists and without what tells versions apart.

    A title that would be empty without it keeps it.

    >>> work_title("Here Comes the Sun - Remastered 2009"), work_title("Déjà Vu (feat. Jay-Z) [Live]")
    ('here comes the sun', 'deja vu')
    >>> work_title("Live and Let Die"), work_title("(I Can't Get No) Satisfaction - Mono Version")
    ('live and let die', 'i cant get no satisfaction')
    """
    whole = " ".join(title.split())
    kept = split_featured(whole)[0] or whole
    kept = BRACKETS.sub(lambda m: "" if is_version(m[1] or m[2] or "") else m[0], kept).strip() or kept
    first, *rest = DASH.split(kept)
    while rest and is_version(rest[-1]):
        rest.pop()
        if rest and YEAR.fullmatch(rest[-1].strip()):  # Time - 2011 - Remaster
            rest.pop()
    return fold(" - ".join([first, *rest]))


def work_id(artist_id: str, title: str) -> str:
    """The identifier of the song that this artist's track of this title is a recording of."""
    return digest(artist_id, work_title(title))


def is_version(words: str) -> bool:
    """Whether the words, from a bracket or from behind a dash, tell a version and are no part of the title."""
    return VERSION.fullmatch(words.strip()) is not None
