"""Where a track stands that nobody has heard: from its sound, from what is written about its artist, and from the
artist's other tracks.

Sound and words are joined as directions (late fusion; Oramas, Nieto, Sordo, Serra, "A Deep Multimodal Approach for
Cold-start Music Recommendation", 2017, finds that together they place better than either):

    joined = (1 - words_weight) · sound + words_weight · words

An artist's tracks lie close together, so the mean of those that people listen to is another estimate, which gets better
with their number n. Both together are the mean of a normal distribution whose prior is what is joined (an
empirical-Bayes estimate):

    factors = (worth · joined + sum of the factors of the artist's tracks) / (worth + n)

`words_weight`, and `worth` in tracks, are chosen on artists of whom neither the network nor the regression on words has
learned: each of their tracks is taken for new.
"""

from dataclasses import dataclass

import numpy as np

from jobs.audio.parts import STOP, TEST, TRAIN, split
from jobs.audio.ridge import ridge_predictions
from jobs.vectors import unit

WEIGHTS = tuple(np.arange(0, 1.01, 0.125).tolist())  # 0: sound alone, 1: words alone, where both speak
WORTHS = (0.0, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0, np.inf)  # inf: the artist does not count; 0: nothing else does


@dataclass(frozen=True)
class Tracks:
    """What is known of n tracks; a row of zeros where nothing is.

    track_ids, artist_ids : str (n,)
    heard : float32 (n, d), collaborative factors of length 1, of tracks with enough listeners
    sound : float32 (n, d), factors predicted from sound, of length 1
    written : float32 (n, e), what is written about the artist (`cultural_embeddings`)
    """

    track_ids: np.ndarray
    artist_ids: np.ndarray
    heard: np.ndarray
    sound: np.ndarray
    written: np.ndarray


@dataclass(frozen=True)
class Mix:
    """How much each estimate counts: `words_weight` in [0, 1] beside sound, `worth` of both in tracks of the artist."""

    words_weight: float
    worth: float


@dataclass(frozen=True)
class Placed:
    """factors : float32 (n, d), of length 1, or 0 where nothing is known; mix : the one that was chosen;
    tracks : how many of artists that were learned from, chosen by, and judged on;
    cosines : with the collaborative factors of the last of these, mean over tracks, by what predicts."""

    factors: np.ndarray
    mix: Mix
    tracks: dict[str, int]
    cosines: dict[str, float]


def place(tracks: Tracks, held_out_share: float) -> Placed:
    """Estimate the factors of every track, as if nobody had heard it.

    held_out_share : of the artists, as the network has it (`parts.split`). Needs tracks that are heard, of at least
        `parts.MIN_ARTISTS` artists.

    `cosines` has sound, words, sound_and_words, artist (the mean of the artist's other tracks), content (all of it) and
    mean_vector (the mean of what was learned from, for every track); what says nothing about a track counts as 0 there.
    """
    heard = tracks.heard.any(axis=1)
    parts = np.full(len(heard), -1)
    parts[heard] = split(tracks.artist_ids[heard], held_out_share)
    training, choosing, judging = (np.flatnonzero(parts == part) for part in (TRAIN, STOP, TEST))
    words = from_words(tracks.artist_ids[training], tracks.written[training], tracks.heard[training], tracks.written)
    sums, counts = others_of_artist(tracks.artist_ids, tracks.heard, heard)
    mix = choose(*(of[choosing] for of in (tracks.sound, words, sums, counts, tracks.heard)))
    joined = join(tracks.sound, words, mix.words_weight)
    factors = blend(joined, sums, counts, mix.worth)
    judged = {
        "sound": tracks.sound,
        "words": words,
        "sound_and_words": joined,
        "artist": unit(sums),
        "content": factors,
        "mean_vector": np.broadcast_to(unit(tracks.heard[training].mean(axis=0)[None]), factors.shape),
    }
    cosines = {name: mean_cosine(of[judging], tracks.heard[judging]) for name, of in judged.items()}
    counted = {"train": len(training), "stop": len(choosing), "test": len(judging)}
    return Placed(factors, mix, counted, cosines)


def from_words(artists: np.ndarray, written: np.ndarray, targets: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """Directions that ridge regression predicts from what is written; 0 where nothing is.

    artists : (tracks,); written : float (tracks, e); targets : float (tracks, d), of length 1. An artist is one
        example: the mean of the tracks.
    wanted : float (m, e), what is written of those to be placed

    Returns float32 (m, d), of length 1; all 0 where fewer than three artists are written about.
    """
    written_about = written.any(axis=1)
    names, of_track = np.unique(artists[written_about], return_inverse=True)
    predicted = np.zeros((len(wanted), targets.shape[1]), np.float32)
    if len(names) < 3:
        return predicted
    sizes = np.bincount(of_track)[:, None]
    features, means = np.zeros((len(names), written.shape[1])), np.zeros((len(names), targets.shape[1]))
    np.add.at(features, of_track, written[written_about])
    np.add.at(means, of_track, targets[written_about])
    told = wanted.any(axis=1)
    predicted[told] = unit(ridge_predictions(features / sizes, means / sizes, wanted[told]))
    return predicted


def join(sound: np.ndarray, words: np.ndarray, words_weight: float) -> np.ndarray:
    """Directions from sound together with those from words, each (n, d) of length 1, or 0 where it says nothing: then
    the other one is taken as it is. Returns float32 (n, d), of length 1 or 0."""
    both = (sound.any(axis=1) & words.any(axis=1))[:, None]
    return unit(np.where(both, (1 - words_weight) * sound + words_weight * words, sound + words).astype(np.float32))


def blend(joined: np.ndarray, sums: np.ndarray, counts: np.ndarray, worth: float) -> np.ndarray:
    """Estimates together with the artist's other tracks.

    joined : (n, d), of length 1, or 0 where there is no estimate: the artist's tracks alone count
    sums : (n, d), of the factors (of length 1) of other tracks of the artist
    counts : (n,), of how many; where it is 0 the estimate is left as it is
    worth : tracks that an estimate is worth, 0 to inf

    Returns float32 (n, d), of length 1, or 0 where nothing is known.
    """
    known = (counts > 0)[:, None]
    if np.isinf(worth):
        known &= ~joined.any(axis=1)[:, None]
        worth = 0.0
    return unit(np.where(known, worth * joined + sums, joined).astype(np.float32))


def others_of_artist(artists: np.ndarray, targets: np.ndarray, heard: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """For each track the sum of the factors of the artist's other tracks, (n, d), and how many these are, (n,).

    artists : (n,); targets : (n, d), 0 where there are none; heard : bool (n,), which tracks have factors
    """
    names, of_track = np.unique(artists, return_inverse=True)
    sums = np.zeros((len(names), targets.shape[1]), targets.dtype)
    np.add.at(sums, of_track, targets)
    counts = np.bincount(of_track, weights=heard, minlength=len(names)).astype(int)
    return sums[of_track] - targets, counts[of_track] - heard


def choose(sound: np.ndarray, words: np.ndarray, sums: np.ndarray, counts: np.ndarray, targets: np.ndarray) -> Mix:
    """The weights, of WEIGHTS and WORTHS, that bring estimates nearest (mean cosine) to the targets.

    The arguments are as `join` and `blend` take them, of tracks that took no part in learning; targets : (n, d), of
    length 1. Of equals the one that trusts sound most. Where no track has both sound and words, words count 0 beside
    sound; where none has an estimate and another track of its artist, the artist does not count beside estimates.
    """
    weight = _best(WEIGHTS, lambda weight: mean_cosine(join(sound, words, weight), targets))
    joined = join(sound, words, weight)
    worth = _best(WORTHS[::-1], lambda worth: mean_cosine(blend(joined, sums, counts, worth), targets))
    return Mix(weight, worth)


def _best(values: tuple[float, ...], reached) -> float:
    """The value that reaches most, the first of equals."""
    return values[int(np.argmax([round(reached(value), 9) for value in values]))]


def mean_cosine(predicted: np.ndarray, targets: np.ndarray) -> float:
    """Mean over tracks of the cosine of prediction and target, both (n, d) of length 1 or 0."""
    return float(np.sum(predicted * targets) / max(len(targets), 1))
