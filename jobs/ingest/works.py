"""Which recordings are one song: the work behind a track, from its main artist and its title.

"Heard" is a matter of works: who knows a song does not discover it in a remaster, a live recording or the version
of the single. So the title is folded, and what only tells versions apart is taken off.
"""

import re

from jobs.ingest.names import digest, fold, split_featured

# What a bracket or a part behind a dash must say, as a whole, to be about the version and not part of the title.
VERSION = re.compile(
    r"""
    (?:\d{4}\s+)?(?:digital(?:ly)?\s+)?re-?master(?:ed)?\b.*              # Remastered 2011, 2009 Digital Remaster
  | .*\b(?:re-?master(?:ed)?|version|edit|mix|re-?mix|dub|demo|take|acoustic|instrumental|unplugged|outtake
         |rehearsal|re-?recorded|re-?recording)s?(?:\s+\#?\d{1,4})?        # Single Version, Radio Edit, Demo 2, Take 3
  | (?:recorded\s+)?live(?:\s+(?:at|from|in|on|@|version|session|sessions|acoustic|bonus|take|edit|re-?master|
         re-?mastered|recording|\d)\b.*)?                                  # Live, Live at Wembley / 1986
  | (?:acoustic|unplugged)\s+(?:live|session)s?
  | (?:\d{4}\s+)?(?:mono|stereo)(?:\s+\d{4})?
  | (?:(?:hidden|bonus)\s+)?(?:bonus|track|bonus\s+track)
  | explicit|clean|deluxe|single|(?:\d+th\s+)?anniversary(?:\s+edition)?|(?:deluxe|special|expanded)\s+edition
  | from\s+["“'‘].*                                                        # From "Shrek"
    """,
    re.VERBOSE | re.IGNORECASE,
)
BRACKETS = re.compile(r"\(([^()]*)\)|\[([^\[\]]*)\]")
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
    kept = BRACKETS.sub(lambda m: "" if _is_version(m[1] or m[2] or "") else m[0], kept).strip() or kept
    first, *rest = DASH.split(kept)
    while rest and _is_version(rest[-1]):
        rest.pop()
    return fold(" - ".join([first, *rest]))


def work_id(artist_id: str, title: str) -> str:
    """The identifier of the song that this artist's track of this title is a recording of."""
    return digest(artist_id, work_title(title))


def _is_version(words: str) -> bool:
    return VERSION.fullmatch(words.strip()) is not None
