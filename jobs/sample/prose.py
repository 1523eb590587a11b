"""Articles about the artists of the sample world, in words that people use: each style has its own, each artist leans
on some of them and has a few of their own."""

from dataclasses import dataclass
from datetime import date

import numpy as np

from jobs.sample import names, sentences, words
from jobs.sample.catalogue import Catalogue
from jobs.sample.options import Options
from jobs.sample.styles import STYLES
from jobs.sample.vocabulary import COMMON_ADJECTIVES, COMMON_NOUNS, LEXICONS, QUIRK_LIST, Lexicon

COMMON_SHARE = 0.25  # of the words say nothing about a style
STRAY_SHARE = 0.06  # of them are those of some other style


@dataclass(frozen=True)
class Article:
    """What a journalist hands in. paragraphs : texts, may hold "Q: " questions; day : of publication; language : ISO
    639-1; artists : numbers of those that it is about, none where it is about something else."""

    headline: str
    paragraphs: list[str]
    author: str
    day: date
    artists: tuple[int, ...]
    language: str = "en"


@dataclass(frozen=True)
class Image:
    """How one artist is spoken of: words they are associated with, where they are from, who speaks for them."""

    adjectives: list[str]
    nouns: list[str]
    phrases: list[str]
    quirks: list[str]
    place: str
    person: str
    label: str


class Desk:
    """Writes articles about the artists of one catalogue."""

    def __init__(self, catalogue: Catalogue, options: Options):
        self.catalogue, self.options = catalogue, options
        self.random = options.random("prose")
        self.images = [self._image(number) for number in range(len(catalogue.artists))]
        self.tracks_of = [np.flatnonzero(catalogue.artist == n) for n in range(len(catalogue.artists))]

    def review(self, artist: int, day: date, track: int | None = None) -> Article:
        """A review of the record that `track` is on."""
        fill = self._filler(artist, day, track)
        return Article(
            fill(sentences.REVIEW_HEADLINES),
            [
                " ".join([fill(sentences.REVIEW_OPENINGS), *fill.some(sentences.DESCRIPTIONS, 1, 2)]),
                " ".join(fill.some(sentences.DESCRIPTIONS, 2, 3)),
                " ".join([fill(sentences.COMPARISONS), *fill.some(sentences.DESCRIPTIONS, 1, 2)]),
                " ".join([fill(sentences.QUIRK_SENTENCES), *fill.some(sentences.DESCRIPTIONS, 1, 3)]),
                " ".join([fill(sentences.OBJECTIONS), *fill.some(sentences.DESCRIPTIONS, 1, 1)]),
                " ".join([fill(sentences.COMPARISONS), fill(sentences.CLOSINGS)]),
            ],
            names.person(self.random),
            day,
            (artist,),
        )

    def news(self, artist: int, day: date) -> Article:
        """A piece of news."""
        fill = self._filler(artist, day)
        return Article(
            fill(sentences.NEWS_HEADLINES),
            [
                " ".join([fill(sentences.NEWS_OPENINGS), *fill.some(sentences.NEWS_BODY, 1, 1)]),
                " ".join([*fill.some(sentences.NEWS_BODY, 1, 2), fill(sentences.DESCRIPTIONS)]),
                " ".join([*fill.some(sentences.NEWS_BODY, 1, 2), fill(sentences.QUIRK_SENTENCES)]),
                " ".join(fill.some(sentences.NEWS_BODY, 1, 2)),
            ],
            names.person(self.random),
            day,
            (artist,),
        )

    def interview(self, artist: int, day: date) -> Article:
        """Questions and answers."""
        fill = self._filler(artist, day)
        paragraphs = [" ".join([fill(sentences.INTERVIEW_OPENINGS), *fill.some(sentences.DESCRIPTIONS, 2, 2)])]
        for number in self.random.permutation(len(sentences.EXCHANGES))[:5]:
            question, answer = sentences.EXCHANGES[number]
            paragraphs += [f"Q: {fill([question])}", fill([answer])]
        author = names.person(self.random)
        return Article(fill(sentences.INTERVIEW_HEADLINES), paragraphs, author, day, (artist,))

    def roundup(self, tracks: list[int], day: date, headline: str) -> Article:
        """A paragraph on each of several tracks."""
        paragraphs = []
        for track in tracks:
            fill = self._filler(int(self.catalogue.artist[track]), day, track)
            paragraphs.append(" ".join([fill(sentences.ROUNDUP_PARAGRAPHS), fill(sentences.DESCRIPTIONS)]))
        about = tuple(dict.fromkeys(int(self.catalogue.artist[track]) for track in tracks))
        return Article(headline, paragraphs, names.person(self.random), day, about)

    def press_release(self, artist: int, day: date, track: int) -> Article:
        """What the label sends to everybody."""
        fill = self._filler(artist, day, track)
        text = [fill([sentence]) for sentence in sentences.PRESS_RELEASE]
        return Article(fill(["{artist}: “{album}” out now"]), text, "Press office", day, (artist,))

    def foreign(self, artist: int, day: date, language: str) -> Article:
        """A review in German or French."""
        fill = self._filler(artist, day)
        texts = {"de": sentences.GERMAN, "fr": sentences.FRENCH}[language]
        body = [fill([text]) for text in texts]
        headline = fill(["{artist}: {album}"])
        paragraphs = [" ".join(body[:3]), " ".join(body[3:])]
        return Article(headline, paragraphs, names.person(self.random), day, (artist,), language)

    def something_else(self, subject: str, day: date) -> Article:
        """A page about no music: a subject of `sentences.OTHER_SUBJECTS`."""
        return Article(subject, sentences.OTHER_SUBJECTS[subject], names.person(self.random), day, ())

    def _filler(self, artist: int, day: date, track: int | None = None) -> "Filler":
        return Filler(self, artist, day, track)

    def _image(self, number: int) -> Image:
        artist, random = self.catalogue.artists[number], self.random
        own, second = LEXICONS[STYLES[artist.style].name], LEXICONS[STYLES[artist.second].name]
        n_second = round(10 * artist.lean)

        def some(kind: str, n: int) -> list[str]:
            mine = random.choice(getattr(own, kind), n - min(n_second, n // 2), replace=False)
            theirs = random.choice(getattr(second, kind), min(n_second, n // 2), replace=False)
            return [str(word) for word in (*mine, *theirs)]

        return Image(
            adjectives=some("adjectives", 10),
            nouns=some("nouns", 8),
            phrases=some("phrases", 6),
            quirks=[str(q) for q in random.choice(QUIRK_LIST, 2, replace=False)],
            place=str(random.choice(words.PLACES)),
            person=names.person(random),
            label=str(random.choice(sentences.LABELS)),
        )


class Filler:
    """Fills in sentences about one artist; calling it takes one of the sentences given, never twice the same."""

    def __init__(self, desk: Desk, artist: int, day: date, track: int | None):
        self.desk, self.number, self.random = desk, artist, desk.random
        self.artist, self.image = desk.catalogue.artists[artist], desk.images[artist]
        out = [n for n in desk.tracks_of[artist] if (desk.catalogue.tracks[n].released_at or date.min) <= day]
        if track is None:
            track = int(self.random.choice(out or desk.tracks_of[artist]))
        album = desk.catalogue.tracks[track].album
        self.tracks = [n for n in out if desk.catalogue.tracks[n].album == album] or [track]
        self.album, self.used = album, set()

    def __call__(self, templates: list[str]) -> str:
        """One of the sentences, filled in."""
        left = [t for t in templates if t not in self.used] or templates
        template = left[int(self.random.integers(len(left)))]
        self.used.add(template)
        text = template.format_map(self._values())
        return text[0].upper() + text[1:]

    def some(self, templates: list[str], least: int, most: int) -> list[str]:
        """Between `least` and `most` sentences."""
        return [self(templates) for _ in range(int(self.random.integers(least, most + 1)))]

    def _values(self) -> dict[str, str]:
        adjectives = self._words(self.image.adjectives, "adjectives", COMMON_ADJECTIVES)
        nouns = self._words(self.image.nouns, "nouns", COMMON_NOUNS)
        phrases = self._words(self.image.phrases, "phrases", [])
        peers = self._peers()
        track = self.desk.catalogue.tracks[int(self.random.choice(self.tracks))]
        own = self._lexicon()
        return {
            "artist": self.artist.name,
            "album": self.album,
            "title": track.title.split(" (feat.")[0].split(" - ")[0],
            "adjective": adjectives[0],
            "adjective2": adjectives[1],
            "noun": nouns[0],
            "noun2": nouns[1],
            "phrase": phrases[0],
            "phrase2": phrases[1],
            "scene": str(self.random.choice(own.scenes)),
            "call": str(self.random.choice(own.calls)),
            "quirk": str(self.random.choice(self.image.quirks)),
            "peer": peers[0],
            "peer2": peers[1],
            "place": self.image.place,
            "person": self.image.person,
            "label": self.image.label,
            "common": str(self.random.choice(COMMON_ADJECTIVES)),
            "moment": str(self.random.choice(sentences.MOMENTS)),
            "weekday": str(self.random.choice(sentences.WEEKDAYS)),
        }

    def _lexicon(self) -> Lexicon:
        """That of the artist's style, or now and then of the second one."""
        style = self.artist.second if self.random.random() < self.artist.lean else self.artist.style
        return LEXICONS[STYLES[style].name]

    def _words(self, own: list[str], kind: str, common: list[str]) -> list[str]:
        """Two different words: mostly the artist's own, some that anybody uses, a few out of place."""
        chance, pool = self.random.random(), list(own)
        if chance < STRAY_SHARE:
            stray = LEXICONS[STYLES[int(self.random.integers(len(STYLES)))].name]
            pool = list(getattr(stray, kind))
        elif chance < STRAY_SHARE + COMMON_SHARE:
            pool += common
        return [str(word) for word in self.random.choice(pool, 2, replace=False)]

    def _peers(self) -> list[str]:
        """Two other artists, mostly of like styles: whom a critic compares this one with."""
        shares = self.desk.catalogue.artist_style
        near = (shares @ shares[self.number]) ** 2 + 0.02
        near = near * np.sqrt([a.popularity for a in self.desk.catalogue.artists])
        near[[self.number]] = 0
        near[[n for n, a in enumerate(self.desk.catalogue.artists) if a.is_new]] = 0
        picked = self.random.choice(len(near), 2, replace=False, p=near / near.sum())
        return [self.desk.catalogue.artists[int(n)].name for n in picked]
