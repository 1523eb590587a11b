"""Tracks that sound alike: neighbours in the space of the factors that are predicted from sound."""

import difflib

import numpy as np
import pandas as pd

from jobs.cli import UserError


def find(tracks: pd.DataFrame, wanted: str) -> str:
    """The track_id that `wanted` means: an identifier, or "Artist - Title" in any case.

    tracks : track_id, name ("Artist - Title")

    Raises UserError with the closest names when there is none.
    """
    names = tracks["name"].str.casefold()
    found = tracks[(tracks["track_id"] == wanted) | (names == wanted.casefold())]
    if len(found):
        return found["track_id"].min()
    close = difflib.get_close_matches(wanted.casefold(), names.tolist(), n=3, cutoff=0.4)
    near = tracks["name"][names.isin(close)].head(3)
    hint = f"; did you mean {' or '.join(map(repr, near))}?" if len(near) else ""
    raise UserError(f"no track with a known sound is called {wanted!r}{hint}")


def nearest(track_ids: np.ndarray, factors: np.ndarray, track_id: str, count: int) -> pd.DataFrame:
    """The tracks whose factors point most nearly in the same direction.

    track_ids : np.ndarray [shape=(n,)]
    factors : np.ndarray [shape=(n, d)]
    track_id : one of them; it is not its own neighbour

    Returns track_id, cosine: `count` rows, the nearest first; equal ones in the order of their identifiers.
    """
    lengths = np.linalg.norm(factors, axis=1)
    own = np.flatnonzero(track_ids == track_id)[0]
    cosines = factors @ factors[own] / np.maximum(lengths * lengths[own], np.finfo(np.float32).tiny)
    others = np.flatnonzero(track_ids != track_id)
    order = others[np.lexsort((track_ids[others], -cosines[others]))][:count]
    return pd.DataFrame({"track_id": track_ids[order], "cosine": cosines[order]})
