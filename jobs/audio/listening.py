"""What single filters of the network listen for, and where tracks lie when the catalogue is a map."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from jobs.audio.backend import keras
from jobs.audio.constants import FRAMES_PER_SECOND, WINDOW_FRAMES
from jobs.audio.windows import consecutive

LAYER = "convolution_4"
PERPLEXITY = 30.0  # tracks that count as the neighbourhood of one


@dataclass(frozen=True)
class Excited:
    """What a filter responds to most: filter; tracks, by number, the most exciting first; where in each, seconds;
    the windows there, uint8 (WINDOW_FRAMES, MEL_BANDS); how many times the mean response the first one is."""

    filter: int
    tracks: list[int]
    seconds: list[float]
    windows: list[np.ndarray]
    contrast: float


def most_exciting(model: "keras.Model", tracks: list[np.ndarray], filters: int, count: int) -> list[Excited]:
    """The filters of the last convolution with the clearest favourites, and the tracks that excite each most.

    A filter's response to a track is the largest mean over a window (Dieleman 2014 takes the mean over a track's
    windows): something that sounds for ten seconds, not a single click.

    tracks : spectrograms [shape=(frames, MEL_BANDS), dtype=uint8]
    filters, count : how many filters, and tracks for each, at most
    """
    layer = keras.Model(model.inputs, keras.ops.mean(model.get_layer(LAYER).output, axis=1))
    responses, places = [], []
    for windows in map(consecutive, tracks):
        by_window = np.asarray(layer(windows, training=False))
        best = by_window.argmax(axis=0)
        responses.append(by_window[best, range(len(best))])
        places.append(best)
    response, place = np.array(responses), np.array(places)
    top = min(count, len(tracks))
    order = np.argsort(-response, axis=0, kind="stable")[:top]  # (top, filters)
    mean = response.mean(axis=0)
    alive = np.flatnonzero(mean > 0)
    contrast = np.take_along_axis(response, order, axis=0).mean(axis=0)[alive] / mean[alive]
    found = []
    for number in alive[np.argsort(-contrast, kind="stable")][:filters]:
        chosen = order[:, number].tolist()
        starts = [_start(tracks[track], int(place[track, number])) for track in chosen]
        found.append(
            Excited(
                filter=int(number),
                tracks=chosen,
                seconds=[start / FRAMES_PER_SECOND for start in starts],
                windows=[consecutive(tracks[t])[int(place[t, number])] for t in chosen],
                contrast=float(response[chosen[0], number] / mean[number]),
            )
        )
    return found


def _start(levels: np.ndarray, window: int) -> int:
    """The first frame of a window of `windows.consecutive`."""
    return min(window * WINDOW_FRAMES, max(len(levels) - WINDOW_FRAMES, 0))


def on_a_map(vectors: np.ndarray, seed: int) -> np.ndarray:
    """Places in two dimensions such that neighbours stay neighbours (t-SNE; van der Maaten, Hinton 2008).

    vectors : np.ndarray [shape=(n, d)], directions, n > 2

    Returns np.ndarray [shape=(n, 2)].
    """
    from sklearn.manifold import TSNE

    perplexity = min(PERPLEXITY, (len(vectors) - 1) / 3)
    return TSNE(perplexity=perplexity, metric="cosine", init="random", random_state=seed).fit_transform(vectors)


def sampled(n: int, most: int, seed: int) -> Iterator[int]:
    """At most `most` of the numbers below n, in order."""
    chosen = np.random.default_rng(seed).permutation(n)[:most]
    return iter(np.sort(chosen).tolist())
