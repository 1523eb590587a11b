"""What the policy knows about an action (a listener, a track and a reason): every feature, declared once."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

KINDS = (
    "because_you_listened",
    "sounds_like",
    "described_as",
    "playlist_neighbour",
    "new_release",
    "popular",
    "first_listener",
)
"""The kinds of reason, in the order of the last axis of every (listeners, candidates, kinds) array."""

MODELS = ("collaborative", "played", "audio", "culture", "playlist", "popular")
"""What can bring a track: each `match_*` below, and popularity."""

VERSION = 4
"""Of the declarations below, logged with each row: rows of another version are not learned from."""

INTERCEPT = "intercept"

POSITION = "position"
"""The one feature that depends on the place: it is in no product, so the order of actions is that of their log-odds at
the first place."""


@dataclass(frozen=True)
class Feature:
    """A number that describes an action: its range (values outside are clipped) and its meaning.

    `prior` is the weight that it is stated to have, in log-odds over its range, before listening history and feedback
    say more.
    """

    name: str
    low: float
    high: float
    prior: float
    meaning: str


FEATURES = (
    # The models that know the listener: the personal match decides most of the order, and all of them count, because
    # each sees something that the others cannot.
    Feature("match_collaborative", -1, 1, 1.6, "listener · track, as a share of the listener's best track"),
    Feature("match_played", 0, 1, 0.5, "cosine with the nearest played track, collaborative factors; 0: none near"),
    Feature("match_audio", 0, 1, 0.6, "cosine with the nearest played track by sound; 0: none near"),
    Feature("match_culture", 0, 1, 0.5, "similarity in words to the nearest played artist; 0: none near"),
    Feature("match_playlist", 0, 1, 0.7, "how often playlists hold it next to a played track (cosine); 0: never"),
    Feature("match_cluster", 0, 1, 0.3, "share of the listener's plays in the track's cluster of taste; 0: none"),
    # What the listener has kept and skipped, beside what they keep of all they hear.
    Feature("artist_kept", -1, 1, 1.5, "more of the artist's tracks that the listener has heard were streamed"),
    Feature("cluster_kept", -1, 1, 1.0, "more of the tracks of its cluster that the listener has heard were streamed"),
    Feature("track_kept", -1, 1, 1.0, "more of those who have heard it have streamed it"),
    # Which model brought it: the one by which it stands highest among the listener's candidates.
    *(Feature(f"by_{model}", 0, 1, 0.0, "1: it stands highest among the candidates by this model") for model in MODELS),
    # What is true of the track for everybody. Popular tracks are streamed a little more; the rest is left to feedback.
    Feature("popularity", 0, 1, 0.3, "log of listeners, 1 is the most popular track"),
    Feature("popularity_in_crowd", 0, 1, 0.5, "the same among listeners who play most what the listener plays most"),
    Feature("age", 0, 1, -0.1, "years since release / 10, 1 when older or not known"),
    Feature("new", 0, 1, 0.1, "1: a new release"),
    Feature("artist_known", 0, 1, 0.4, "1: the listener plays one of its artists; a familiar name is tried sooner"),
    Feature("artist_played", 0, 1, 0.5, "weight of the artist's track that the listener plays most, 1: of all tracks"),
    Feature("artist_heard", 0, 1, 0.3, "log of the tracks of the artist that the listener has heard, 1 is 20 or more"),
    # The reason. Personal ones are trusted more than a crowd; a strong link makes any of them more convincing.
    Feature("strength", 0, 1, 0.3, "how strong the link that the reason names is, 1 strongest"),
    Feature("because_you_listened", 0, 1, 0.2, "1: the reason is of this kind"),
    Feature("sounds_like", 0, 1, 0.1, "1: the reason is of this kind"),
    Feature("described_as", 0, 1, 0.1, "1: the reason is of this kind"),
    Feature("playlist_neighbour", 0, 1, 0.1, "1: the reason is of this kind"),
    Feature("new_release", 0, 1, 0.2, "1: the reason is of this kind"),
    Feature("popular", 0, 1, -0.4, "1: the reason is of this kind"),
    Feature("first_listener", 0, 1, -0.8, "1: the reason is of this kind; nothing speaks for the track yet"),
    Feature("reason_kept", -1, 1, 1.5, "more of the listener's earlier offers with this kind of reason were streamed"),
    # The listener. Alone these say how readily somebody streams what is offered; they shape the order by products.
    Feature("activity", 0, 1, 0.0, "log of distinct tracks played, 1 is 1,000 or more"),
    Feature("mainstream", 0, 1, 0.0, "mean popularity of what the listener plays"),
    Feature("breadth", 0, 1, 0.0, "distinct artists per distinct track played"),
    Feature("novelty", 0, 1, 0.0, "share of the listener's plays that are of the last year's releases"),
    Feature("variety", 0, 1, 0.0, "entropy of the listener's plays over clusters of taste, 1 is even"),
    Feature("keeping", 0, 1, 0.5, "share of the tracks that the listener has heard that were streamed"),
    Feature("answering", -1, 1, 0.5, "more of the listener's earlier offers were streamed than was expected"),
    # Which reasons make the listener play a track at all, kept or not: what a reason does is told soonest by that.
    *(Feature(f"tries_{kind}", -1, 1, 0.0, "more of the offers with this reason were played at all") for kind in KINDS),
    # The place. Further down people are choosier, or tired.
    Feature(POSITION, 0, 1, -0.2, "log of the rank, 1 is the thirtieth"),
)

TRAITS = ("activity", "mainstream", "breadth", "novelty", "variety")
"""The features of the listener that may decide which reason persuades."""

INTERACTIONS = {
    # Somebody who plays hits is more likely to care for a hit, and to believe that others' plays speak for it.
    ("mainstream", "popularity"): 0.5,
    ("mainstream", "popular"): 0.4,
    # Somebody who plays many artists is more open to artists nobody has told them about.
    ("breadth", "new_release"): 0.2,
    ("novelty", "new"): 0.3,
    # A reason that a tenth more of the offers are played for adds about .4; one may also tell of another.
    **{(f"tries_{tried}", kind): 4.0 * (tried == kind) for tried in KINDS for kind in KINDS},
    # Which reason works for whom is what feedback has to tell.
    **{
        (trait, kind): 0.0
        for trait in TRAITS
        for kind in KINDS
        if (trait, kind) not in {("mainstream", "popular"), ("breadth", "new_release")}
    },
}
"""Products of two features that take part in the model, with their prior weight."""

PRIOR_INTERCEPT = -1.5
"""Stated log-odds of a stream when nothing speaks for an action: about one in five offers of an unknown track."""

NAMES = tuple(f.name for f in FEATURES)
COLUMN = {name: i for i, name in enumerate(NAMES)}
RANGE = {f.name: (f.low, f.high) for f in FEATURES}
OF_REASON = ("strength", *KINDS, "reason_kept")
OF_TRACK, OF_LISTENER = NAMES[: COLUMN[OF_REASON[0]]], NAMES[COLUMN[OF_REASON[-1]] + 1 : COLUMN[POSITION]]
"""What the features tell of, beside the position: of the track for the listener first, of the reason, of the listener.
In this order they follow each other."""

DESIGN_NAMES = (INTERCEPT, *NAMES, *(f"{left}*{right}" for left, right in INTERACTIONS))
"""The names of the columns of `design`, to which the weights of a model belong."""

LEFT = np.array([COLUMN[left] for left, _ in INTERACTIONS])
RIGHT = np.array([COLUMN[right] for _, right in INTERACTIONS])
_LOW = np.array([f.low for f in FEATURES])
_HIGH = np.array([f.high for f in FEATURES])


def prior() -> np.ndarray:
    """The stated prior: the weight of each column of `design` before there is feedback, shape (n_design,), float64."""
    return np.array([PRIOR_INTERCEPT, *(f.prior for f in FEATURES), *INTERACTIONS.values()], dtype=np.float64)


def matrix(columns: Mapping[str, np.ndarray]) -> np.ndarray:
    """The features of actions as a matrix.

    Parameters
    ----------
    columns : an array of shape (n_actions,) for each name in `NAMES`. Values outside the range are clipped.

    Returns
    -------
    float64, shape (n_actions, n_features), columns in the order of `NAMES`. Raises KeyError for a missing feature.
    """
    stacked = np.column_stack([np.asarray(columns[name], dtype=np.float64) for name in NAMES])
    return np.clip(stacked, _LOW, _HIGH)


def position(rank: np.ndarray) -> np.ndarray:
    """The feature of that name for ranks from 1, float64."""
    return np.log(rank) / np.log(30)


def design(features: np.ndarray) -> np.ndarray:
    """The columns that `DESIGN_NAMES` names: intercept, features, products; (n_actions, n_design), float64."""
    ones = np.ones((len(features), 1))
    return np.hstack([ones, features, features[:, LEFT] * features[:, RIGHT]])


def to_log(features: np.ndarray) -> pa.MapArray:
    """The features as they are logged in `discover_weekly`: one map an action, from name to value, without zeros."""
    rows, columns = np.nonzero(features)
    offsets = np.searchsorted(rows, np.arange(len(features) + 1)).astype(np.int32)
    names = pa.DictionaryArray.from_arrays(pa.array(columns, pa.int32()), pa.array(NAMES)).cast(pa.string())
    return pa.MapArray.from_arrays(pa.array(offsets), names, pa.array(features[rows, columns].astype(np.float64)))


def from_log(logged: pa.MapArray) -> np.ndarray:
    """The inverse of `to_log`. A feature that is not there is 0; one that is no longer known is left out."""
    columns = pc.index_in(logged.keys, pa.array(NAMES)).fill_null(-1).to_numpy(zero_copy_only=False)
    rows = np.repeat(np.arange(len(logged)), np.diff(logged.offsets.to_numpy()))
    values = logged.items.to_numpy(zero_copy_only=False)
    features = np.zeros((len(logged), len(NAMES)))
    known = columns >= 0
    features[rows[known], columns[known]] = values[known]
    return np.clip(features, _LOW, _HIGH)
