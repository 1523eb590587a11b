"""The reasons that hold for a track, and the sentences that say them."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from jobs.ranking.candidates import Evidence
from jobs.ranking.catalogue import Catalogue
from jobs.ranking.features import KINDS

KIND = {name: i for i, name in enumerate(KINDS)}
NEIGHBOURHOODS = {
    "because_you_listened": "collaborative",
    "sounds_like": "sound",
    "playlist_neighbour": "playlist",
}
"""The kinds that name a played track, and the links that they say."""

ELSEWHERE = 0.5
"""How much popularity among others counts, beside popularity among people like the listener."""

IMPERSONAL = ("popular", "first_listener")


@dataclass(frozen=True)
class Reasons:
    """Which reasons hold for which candidate, each array of shape (n_listeners, n_candidates, n_kinds).

    holds : bool
    strength : float32 in [0, 1], how strong the link is that the reason names
    via : int32, what it names: a track or (described_as, new_release) an artist that the listener plays; -1: nothing
    """

    holds: np.ndarray
    strength: np.ndarray
    via: np.ndarray

    @property
    def personal(self) -> np.ndarray:
        """Whether a candidate has a reason that is the listener's own; bool (n_listeners, n_candidates)."""
        return self.holds[:, :, [KIND[k] for k in KINDS if k not in IMPERSONAL]].any(axis=2)


def find(candidates: np.ndarray, credits: np.ndarray, evidence: Evidence, catalogue: Catalogue) -> Reasons:
    """The reasons that hold for each candidate. A reason holds when the data has the link that it names:

    - because_you_listened, sounds_like, playlist_neighbour: the candidate is in the neighbourhood of a played track
    - described_as: the artist shares terms with another artist that the listener plays
    - new_release: it is new, and by a played artist, near one in words, or sounds like a track of one
    - popular: somebody has streamed it, whose taste is like the listener's where there are such people
    - first_listener: nobody has, and no other reason holds

    Parameters
    ----------
    candidates : int (n_listeners, n_candidates), tracks; -1: none
    credits : int (n_listeners, n_candidates, n_credits), artists of each; -1: no more
    """
    rows = np.arange(len(candidates))[:, None]
    there = candidates >= 0
    shape = (*candidates.shape, len(KINDS))
    holds, strength, via = np.zeros(shape, bool), np.zeros(shape, np.float32), np.full(shape, -1, np.int32)

    def put(kind: str, how_strong: np.ndarray, what: np.ndarray) -> None:
        at = KIND[kind]
        holds[:, :, at] = there & (how_strong > 0)
        strength[:, :, at] = np.where(holds[:, :, at], how_strong, 0)
        via[:, :, at] = np.where(holds[:, :, at], what, -1)

    for kind, links in NEIGHBOURHOODS.items():
        near = evidence.near[links]
        put(kind, near.strength[rows, candidates], near.via[rows, candidates])

    artist = catalogue.artist[candidates]
    near_words, named = evidence.words.strength[rows, artist], evidence.words.via[rows, artist]
    put("described_as", near_words, named)

    weights = np.where(credits >= 0, evidence.plays_artist[rows[:, :, None], credits], 0)
    own = weights.argmax(axis=2)
    by_played = np.take_along_axis(weights, own[:, :, None], axis=2)[:, :, 0] > 0
    played_artist = np.take_along_axis(credits, own[:, :, None], axis=2)[:, :, 0]
    sound = evidence.near["sound"]
    near_sound, heard_artist = sound.strength[rows, candidates], catalogue.artist[sound.via[rows, candidates]]
    put(
        "new_release",
        np.where(by_played, 1, np.maximum(near_words, near_sound)) * catalogue.new[candidates],
        np.where(by_played, played_artist, np.where(near_words >= near_sound, named, heard_artist)),
    )

    in_crowd = catalogue.popularity_in_crowd[candidates, evidence.crowd[:, None]]
    usual = catalogue.popularity[candidates]
    put("popular", np.where(in_crowd > 0, in_crowd, ELSEWHERE * usual), np.full(candidates.shape, -1))
    put("first_listener", ~holds.any(axis=2) & (catalogue.listeners[candidates] == 0), np.full(candidates.shape, -1))
    strength[:, :, KIND["first_listener"]] = 0
    return Reasons(holds, strength, via)


def suitable_new(eligible: np.ndarray, evidence: Evidence, catalogue: Catalogue) -> np.ndarray:
    """Which new releases suit a listener: those that may be offered for a reason of the listener's own.

    eligible : bool (n_listeners, n_tracks)
    Returns bool (n_listeners, n_new), columns in the order of the catalogue.
    """
    new = np.flatnonzero(catalogue.new)
    tracks = np.tile(new, (len(eligible), 1))
    return find(tracks, catalogue.credited(tracks), evidence, catalogue).personal & eligible[:, new]


def sentences(
    rows: np.ndarray, tracks: np.ndarray, kinds: np.ndarray, via: np.ndarray, evidence: Evidence, catalogue: Catalogue
) -> tuple[pa.StringArray, pa.StringArray]:
    """What the listener reads, and the id that it names (null: none), for chosen actions.

    rows, tracks, kinds, via : int (n_actions,): the listener in the block, the track, the reason and what it names
    """
    explanation, named = np.full(len(rows), "", object), np.full(len(rows), None, object)
    for kind, at in KIND.items():
        of = np.flatnonzero(kinds == at)
        if len(of):
            explanation[of] = _say(kind, rows[of], tracks[of], via[of], evidence, catalogue).to_numpy(False)
            if kind in NEIGHBOURHOODS:
                named[of] = catalogue.track_ids[via[of]]
            elif kind not in IMPERSONAL:
                named[of] = catalogue.artist_ids[via[of]]
    return pa.array(explanation, pa.string()), pa.array(named, pa.string())


def _say(
    kind: str, rows: np.ndarray, tracks: np.ndarray, via: np.ndarray, evidence: Evidence, catalogue: Catalogue
) -> pa.StringArray:
    def text(values: np.ndarray) -> pa.StringArray:
        return pa.array(values, pa.string())

    def joined(*parts) -> pa.StringArray:
        return pc.binary_join_element_wise(*parts, "")

    if kind == "because_you_listened":
        return joined("Because you listened to ", text(catalogue.labels[via]))
    if kind == "sounds_like":
        return joined("Sounds like ", text(catalogue.labels[via]))
    if kind == "playlist_neighbour":
        return joined("People put it next to ", text(catalogue.labels[via]))
    if kind == "described_as":
        terms = catalogue.shared_terms[evidence.words.position[rows, catalogue.artist[tracks]]]
        return joined("Critics call it ", text(terms), ", like ", text(catalogue.artist_names[via]))
    if kind == "new_release":
        by = pa.array(np.asarray(catalogue.credits[tracks, via]).ravel() > 0)
        name = text(catalogue.artist_names[via])
        return pc.if_else(by, joined("New by ", name), joined("New, and near ", name, ", whom you play"))
    if kind == "popular":
        alike = _alike(rows, tracks, evidence, catalogue)
        people = np.where(alike > 0, alike, catalogue.listeners[tracks])
        who = pc.if_else(pa.array(alike > 0), " with a taste like yours", "")
        one = pa.array(people == 1)
        noun, verb = pc.if_else(one, " listener", " listeners"), pc.if_else(one, " plays it", " play it")
        return joined(text([f"{n:,}" for n in people]), noun, who, verb)
    return text(["Nobody has played it yet: be the first"] * len(tracks))


def _alike(rows: np.ndarray, tracks: np.ndarray, evidence: Evidence, catalogue: Catalogue) -> np.ndarray:
    """How many people whose taste is like the listener's have streamed a track, int (n_actions,)."""
    crowd = evidence.crowd[rows]
    if not catalogue.crowds.shape[1]:
        return np.zeros(len(rows), int)
    return np.where(crowd >= 0, catalogue.crowds[tracks, crowd], 0)
