"""A library and articles of any size, made up: for measuring how fast names are found, not how well."""

import numpy as np

from jobs.culture.lexicon import MUSIC_WORDS, STOP_WORDS
from jobs.culture.vocabulary import EVERYDAY

SYLLABLES = [c + v for c in "bcdfghjklmnprstvz" for v in ("a", "e", "i", "o", "u", "an", "or", "el")]
ARTISTS, ALBUMS = 0.25, 0.1  # shares of the names; the others are tracks
WORDS_A_NAME = 40  # of an article, for each time that it names somebody
SENTENCE_WORDS = (8, 24)
PARAGRAPH_SENTENCES = 5


class World:
    """A library of `n` names and articles about its artists."""

    def __init__(self, n: int, seed: int = 7):
        self.random = np.random.default_rng(seed)
        self.everyday = sorted(EVERYDAY - STOP_WORDS)
        self.words = [*sorted(STOP_WORDS), *sorted(MUSIC_WORDS), *self.everyday]
        # Zipf's law over a list in which the most frequent words come first, as far as that is known.
        self.frequencies = np.cumsum(1 / np.arange(3, len(self.words) + 3))
        self.frequencies /= self.frequencies[-1]
        n_artists, n_albums = int(n * ARTISTS), int(n * ALBUMS)
        n_tracks = n - n_artists - n_albums
        self.artists = [(f"artist-{i}", self._artist()) for i in range(n_artists)]
        owners = self.random.integers(n_artists, size=n_tracks)
        albums = [self._title() for _ in range(n_albums)]
        self.tracks = [
            (f"track-{i}", self._title(), (f"artist-{owner}",), albums[i] if i < n_albums else None)
            for i, owner in enumerate(owners)
        ]

    def articles(self, n: int, words: int) -> list[tuple[str, str, str]]:
        """(article_id, title, text) of articles of so many words."""
        return [(str(i), *self._article(words)) for i in range(n)]

    def _article(self, words: int) -> tuple[str, str]:
        people = [self._of(self.artists)[1] for _ in range(3)]
        sentences, left = [], words
        while left > 0:
            length = int(self.random.integers(*SENTENCE_WORDS))
            drawn = np.searchsorted(self.frequencies, self.random.random(length))
            sentences.append([self.words[i] for i in drawn])
            left -= length
        for _ in range(max(1, words // WORDS_A_NAME)):
            sentence = self._of(sentences)
            sentence.insert(int(self.random.integers(1, len(sentence))), self._named(people))
        written = [" ".join(s)[:1].upper() + " ".join(s)[1:] + "." for s in sentences]
        paragraphs = [
            " ".join(written[i : i + PARAGRAPH_SENTENCES]) for i in range(0, len(written), PARAGRAPH_SENTENCES)
        ]
        return f"{people[0]} are back", "\n".join(paragraphs)

    def _named(self, people: list[str]) -> str:
        kind = self.random.random()
        if kind < 0.7:
            return people[int(self.random.integers(len(people)))]
        return f"“{self._of(self.tracks)[1]}”" if kind < 0.9 else self._of(self.artists)[1]

    def _artist(self) -> str:
        kind = self.random.random()
        if kind < 0.5:
            return f"{self._coined()} {self._coined()}"
        if kind < 0.7:
            return f"{self._word()} {self._word()}"
        if kind < 0.85:
            return self._coined()
        return f"The {self._word()}s" if kind < 0.93 else self._word()

    def _title(self) -> str:
        kind = self.random.random()
        if kind < 0.15:
            return self._coined()
        return " ".join(self._word() for _ in range(1 if kind < 0.3 else 2 if kind < 0.7 else 3))

    def _word(self) -> str:
        return self._of(self.everyday).capitalize()

    def _coined(self) -> str:
        return "".join(self._of(SYLLABLES) for _ in range(int(self.random.integers(2, 5)))).capitalize()

    def _of(self, things: list):
        return things[int(self.random.integers(len(things)))]
