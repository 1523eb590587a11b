"""Which tracks a listener may be offered at all. What holds within a list is in `choice`."""

import numpy as np

from jobs.ranking.catalogue import Catalogue
from jobs.ranking.links import follow
from jobs.ranking.listeners import Block


def eligible(block: Block, catalogue: Catalogue) -> np.ndarray:
    """The tracks that may be offered: out before the week; no version of a work that the listener has heard, was
    offered in an earlier list, has on a playlist of their own, or has banned; by no banned artist, collaborators
    included.

    Returns bool (n_listeners, n_tracks).
    """
    allowed = np.tile(catalogue.available, (len(block), 1))
    for rows, tracks in (block.heard, block.served, block.banned_tracks):
        listener, position, _ = follow(rows, catalogue.work[tracks], catalogue.tracks_of_work)
        allowed[listener, catalogue.tracks_of_work.indices[position]] = False
    rows, artists = block.banned_artists
    listener, position, _ = follow(rows, artists, catalogue.tracks_of_artist)
    allowed[listener, catalogue.tracks_of_artist.indices[position]] = False
    return allowed
