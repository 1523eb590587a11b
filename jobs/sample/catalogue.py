"""The artists and tracks of the sample world, with what is planted about them."""

import re
from collections import Counter, defaultdict
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import cached_property

import numpy as np

from jobs.sample import names
from jobs.sample.instruments import SAMPLE_RATE
from jobs.sample.options import Options
from jobs.sample.styles import INDEX, STYLES

NEW_DAYS = 14  # new releases come out in the last two weeks
RECENT_SHARE = 0.15  # of the albums come out while the history runs
FEATURED_SHARE = 0.05  # of the tracks have a guest
VERSION_SHARE = 0.04  # of the tracks are another version of a song


@dataclass(frozen=True)
class Artist:
    """style, second : numbers of styles; lean : weight of the second one; popularity : relative, above 0;
    is_new : has new releases only."""

    artist_id: str
    name: str
    style: int
    second: int
    lean: float
    popularity: float
    is_new: bool


@dataclass(frozen=True)
class Track:
    """artist, featured : numbers of artists; song : number of the song, shared by its versions; quality : about
    standard normal, how well it is liked beyond taste; popularity : relative, above 0."""

    track_id: str
    artist: int
    title: str
    featured: tuple[int, ...]
    album: str
    number: int
    released_at: date | None
    duration_ms: int
    song: int
    quality: float
    popularity: float
    is_new: bool


@dataclass(frozen=True)
class Catalogue:
    """All artists and tracks. The arrays are by number of track."""

    artists: list[Artist]
    tracks: list[Track]
    week: date

    @cached_property
    def artist_style(self) -> np.ndarray:
        """Share of each style in each artist, float (n_artists, n_styles)."""
        shares = np.zeros((len(self.artists), len(STYLES)))
        for number, artist in enumerate(self.artists):
            shares[number, artist.style] += 1 - artist.lean
            shares[number, artist.second] += artist.lean
        return shares

    @cached_property
    def artist(self) -> np.ndarray:
        """The main artist, int (n_tracks,)."""
        return np.array([track.artist for track in self.tracks])

    @cached_property
    def style(self) -> np.ndarray:
        """Share of each style in each track, float (n_tracks, n_styles)."""
        return self.artist_style[self.artist]

    @cached_property
    def main_style(self) -> np.ndarray:
        """The style of the artist, int (n_tracks,)."""
        return np.array([self.artists[track.artist].style for track in self.tracks])

    @cached_property
    def song(self) -> np.ndarray:
        """The song, int (n_tracks,)."""
        return np.array([track.song for track in self.tracks])

    @cached_property
    def quality(self) -> np.ndarray:
        """How well a track is liked beyond taste, float (n_tracks,)."""
        return np.array([track.quality for track in self.tracks])

    @cached_property
    def popularity(self) -> np.ndarray:
        """How well it is known, float (n_tracks,)."""
        return np.array([track.popularity for track in self.tracks])

    @cached_property
    def is_new(self) -> np.ndarray:
        """Whether it is one of the new releases that nobody has heard, bool (n_tracks,)."""
        return np.array([track.is_new for track in self.tracks])

    @cached_property
    def duration_ms(self) -> np.ndarray:
        """Milliseconds, int (n_tracks,)."""
        return np.array([track.duration_ms for track in self.tracks])

    @cached_property
    def released_day(self) -> np.ndarray:
        """Day of release, counted from the week (negative: before), int (n_tracks,); long ago where not known."""
        return np.array([(t.released_at - self.week).days if t.released_at else -100_000 for t in self.tracks])

    @cached_property
    def number_of(self) -> dict[str, int]:
        """The number of a track by its identifier."""
        return {track.track_id: number for number, track in enumerate(self.tracks)}


def catalogue(options: Options) -> Catalogue:
    """Make all artists and tracks. Identifiers tell nothing: styles are dealt at random."""
    artists = _artists(options)
    random = options.random("tracks")
    albums = _albums(options, artists, random)
    rows: list[Track] = []
    for artist, (size, new) in albums:
        rows += _album(options, artist, size, new, random)
    rows = _unique_titles(rows, random)
    rows = _versions(rows, artists, random)
    order = random.permutation(len(rows))
    width = len(str(len(rows)))
    tracks = [replace(rows[i], track_id=f"t{n:0{width}d}") for n, i in enumerate(order, 1)]
    return Catalogue(artists, _songs(_guests(tracks, artists, random)), options.week)


def _artists(options: Options) -> list[Artist]:
    random = options.random("artists")
    n, width = options.artists, len(str(options.artists))
    styles = random.permutation(np.arange(n) % len(STYLES))
    popularity = random.permutation(1 / np.arange(1, n + 1) ** 0.7)
    n_new = 0 if not options.new_releases else max(1, min(n, options.new_releases) // 8)
    new = set(random.permutation(n)[:n_new].tolist())
    found = []
    for number, name in enumerate(names.artist_names(n, random)):
        neighbours = STYLES[styles[number]].neighbours
        found.append(
            Artist(
                artist_id=f"a{number + 1:0{width}d}",
                name=name,
                style=int(styles[number]),
                second=INDEX[str(random.choice(neighbours))],
                lean=float(0.45 * random.beta(1.2, 2.0)),
                popularity=float(popularity[number]),
                is_new=number in new,
            )
        )
    return found


def _albums(options: Options, artists: list[Artist], random: np.random.Generator) -> list[tuple[int, tuple[int, bool]]]:
    """Deal the tracks: (artist, (tracks on the album, whether it is a new release)).

    Everybody who is not new has at least two old tracks, the popular ones more.
    """
    old = [n for n, artist in enumerate(artists) if not artist.is_new]
    weights = np.sqrt([artists[n].popularity for n in old])
    n_old = options.tracks - options.new_releases
    sizes = 2 + random.multinomial(n_old - 2 * len(old), weights / weights.sum())
    albums = []
    for artist, left in zip(old, sizes.tolist(), strict=True):
        while left:
            size = min(left, int(random.integers(1, 7)))
            albums.append((artist, (size, False)))
            left -= size
    left, number = options.new_releases, 0
    by_new = [n for n, artist in enumerate(artists) if artist.is_new]
    while left:
        artist = by_new[number] if number < len(by_new) else int(random.choice(old, p=weights / weights.sum()))
        size = min(left, int(random.integers(1, 3)))
        albums.append((artist, (size, True)))
        left, number = left - size, number + 1
    return albums


def _album(options: Options, artist: int, size: int, new: bool, random: np.random.Generator) -> list[Track]:
    days = random.integers(NEW_DAYS) + 1 if new else _age(options, random)
    released_at = None if not new and random.random() < 0.03 else options.week - timedelta(days=int(days))
    tracks = []
    titles = names.titles(size, random)
    album = titles[0] if size <= 2 else names.album_title(random)
    for number, title in enumerate(titles, 1):
        samples = int(random.uniform(*options.audio_seconds) * SAMPLE_RATE)
        tracks.append(
            Track(
                track_id="",
                artist=artist,
                title=title,
                featured=(),
                album=album,
                number=number,
                released_at=released_at,
                duration_ms=samples * 1000 // SAMPLE_RATE,
                song=-1,
                quality=float(random.normal()),
                popularity=0.0,
                is_new=new,
            )
        )
    return tracks


def _age(options: Options, random: np.random.Generator) -> int:
    """Age of an album that is not new, days."""
    if random.random() < RECENT_SHARE:
        return int(random.integers(NEW_DAYS + 7, max(NEW_DAYS + 8, 7 * options.weeks)))
    return int(7 * options.weeks + random.integers(30, 15 * 365))


def _unique_titles(rows: list[Track], random: np.random.Generator) -> list[Track]:
    """No artist has two songs whose titles fold to the same."""
    seen: set[tuple[int, str]] = set()
    unique = []
    for row in rows:
        while (row.artist, _folded(row.title)) in seen:
            row = replace(row, title=names.titles(1, random)[0])
        seen.add((row.artist, _folded(row.title)))
        unique.append(row)
    return unique


def _versions(rows: list[Track], artists: list[Artist], random: np.random.Generator) -> list[Track]:
    """Turn some old tracks into a remaster or another version of a song of the same artist, and give every track
    its popularity."""
    rows = [replace(row, song=number) for number, row in enumerate(rows)]
    old = [n for n, row in enumerate(rows) if not row.is_new]
    wanted = round(VERSION_SHARE * len(rows))
    by_artist = defaultdict(list)
    for number in old:
        by_artist[rows[number].artist].append(number)
    originals: set[int] = set()
    changed: set[int] = set()
    for number in random.permutation(old).tolist():
        siblings = [n for n in by_artist[rows[number].artist] if n != number and n not in changed]
        if len(changed) == wanted or not siblings or number in originals:
            continue
        original = siblings[int(random.integers(len(siblings)))]
        year = (rows[number].released_at or date(2015, 1, 1)).year
        title = names.version_of(rows[original].title, year, random)
        rows[number] = replace(rows[number], title=title, song=original)
        originals.add(original)
        changed.add(number)
    return [
        replace(
            row, popularity=float(artists[row.artist].popularity * np.exp(0.5 * row.quality + random.normal(0, 0.6)))
        )
        for row in rows
    ]


def _guests(tracks: list[Track], artists: list[Artist], random: np.random.Generator) -> list[Track]:
    """Give some tracks a guest, of a like style more often than not; half of the titles name them."""
    with_guests = []
    versions = Counter(track.song for track in tracks)
    for track in tracks:
        own = artists[track.artist]
        near = [n for n, a in enumerate(artists) if n != track.artist and {a.style} & {own.style, own.second}]
        if near and versions[track.song] == 1 and random.random() < FEATURED_SHARE:
            guest = near[int(random.integers(len(near)))]
            title = f"{track.title} (feat. {artists[guest].name})" if random.random() < 0.5 else track.title
            track = replace(track, featured=(guest,), title=title)
        with_guests.append(track)
    return with_guests


def _songs(tracks: list[Track]) -> list[Track]:
    """Number the songs from 0 in the order of the tracks."""
    numbers: dict[int, int] = {}
    return [replace(track, song=numbers.setdefault(track.song, len(numbers))) for track in tracks]


def _folded(title: str) -> str:
    return re.sub(r"\W+", "", title.casefold())
