"""Which artists a model of tracks learns from, which stop it or choose its settings, and which judge it."""

import hashlib

import numpy as np

TRAIN, STOP, TEST = 0, 1, 2  # what a track is for
MIN_ARTISTS = 3  # one for each


def split(artist_ids: np.ndarray, share: float) -> np.ndarray:
    """Which tracks are for what: TRAIN, STOP (training stops, and settings are chosen, by these) or TEST (reported on).

    artist_ids : np.ndarray [shape=(tracks,)], of at least three artists
    share : of the artists that are held out, half of them for each of STOP and TEST, at least one

    Tracks of one artist share voices, instruments and studios: a network tested on other tracks of an artist it knows
    is flattered (Oramas et al. 2017). An artist's part depends on its id alone, so next week's network is not tested
    on artists that this week's has learned from. Returns int [shape=(tracks,)].
    """
    artists, of_track = np.unique(artist_ids, return_inverse=True)
    hashes = [hashlib.blake2b(str(artist).encode(), digest_size=8).digest() for artist in artists]
    places = np.array([int.from_bytes(digest) / 2**64 for digest in hashes])
    parts = np.select([places < share / 2, places < share], [TEST, STOP], TRAIN)
    by_place = artists[np.argsort(places)]
    if len(np.unique(parts)) < 3:  # so few artists that one of the parts is empty
        parts = np.select([artists == by_place[0], artists == by_place[1]], [TEST, STOP], TRAIN)
    return parts[of_track]
