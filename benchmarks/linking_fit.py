"""Learns the weights of `jobs.culture.disambiguation` from sentences that are marked by hand."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from jobs.culture import disambiguation
from jobs.culture.disambiguation import ARTIST_WEIGHTS, TITLE_WEIGHTS, Hypothesis
from jobs.culture.mentions import read
from jobs.culture.names import NameIndex
from tests.culture.ambiguity import Example, is_meant

SPREAD = 1.0  # standard deviation of a weight around what is expected beforehand
STEPS = 30  # of Newton's method, at most
ROUNDS = 3  # fits, each with what the one before says of the article's other places

# What is expected of each weight before any sentence is seen; the sentences are few, and some evidence (tags, partners)
# does not occur in them.
ARTIST_PRIORS = {
    "bias": 0.0,
    "common words": -0.5,
    "a place or a person": -1.0,
    "where a place would stand": -1.0,
    "other places in the sentence": -1.5,
    "several words": 0.5,
    "capital in running text": 1.0,
    "its article's capital in running text": 1.0,
    "without its capitals": -1.5,
    "its own spelling": 2.0,
    "capitals throughout": -1.0,
    "a determiner or a pronoun before": -1.5,
    "an article before a plural": -0.7,
    "a capital before": -2.0,
    "a capital after": -2.0,
    "part of a phrase with of": -2.0,
    "the possessive of a place before": 1.0,
    "a role before": 2.0,
    "a role or a work after": 1.5,
    "a verb after": 0.3,
    "what musicians do after": 1.0,
    "a singular name with a plural verb": 1.0,
    "a preposition before": 0.7,
    "a part before": 1.0,
    "said": -1.0,
    "another word after": -0.7,
    "in quotes": -0.5,
    "music words in the sentence": 0.3,
    "full names in the sentence": 0.5,
    "the article's title": 1.5,
    "titles of its own": 2.0,
    "titles of its own that may be words": 0.7,
    "another form of its name": 1.5,
    "those it works with": 1.0,
    "a tag of the article": 2.0,
    "otherwise used": -0.7,
    "other artists in the sentence": 0.7,
    "elsewhere in the article": 2.0,
}
TITLE_PRIORS = {
    "bias": -2.0,
    "common words": -0.5,
    "several words": 0.5,
    "capital in running text": 1.0,
    "without its capitals": -2.0,
    "its own spelling": 2.0,
    "in quotes": 3.0,
    "its artist": 1.0,
    "its artist in the sentence": 0.7,
    "its artist right before or after": 1.5,
    "a determiner or a pronoun before": -1.5,
    "a capital before": -2.0,
    "a capital after": -2.0,
    "its kind before or after": 2.0,
    "the other kind before or after": -2.0,
    "performed": 1.0,
    "another verb before": -1.0,
    "a preposition before": 0.7,
    "a verb after": 0.7,
    "another word after": -0.7,
    "music words in the sentence": 0.2,
}


def fit(examples: Sequence[Example], index: NameIndex, spread: float = SPREAD) -> None:
    """Set `ARTIST_WEIGHTS` and `TITLE_WEIGHTS` to what these examples teach."""
    ARTIST_WEIGHTS.update(ARTIST_PRIORS)
    TITLE_WEIGHTS.update(TITLE_PRIORS)
    for _ in range(ROUNDS):
        ARTIST_WEIGHTS.update(_learned(examples, index, lambda r: r.artists, ARTIST_PRIORS, spread))
    TITLE_WEIGHTS.update(_learned(examples, index, lambda r: r.titles, TITLE_PRIORS, spread))


def _learned(
    examples: Sequence[Example], index: NameIndex, part: Callable, priors: Mapping[str, float], spread: float
) -> dict[str, float]:
    features, meant = [], []
    for example in examples:
        for h in part(read(example.title, example.text, index, 0.5)):
            features.append(h.features)
            meant.append(_is_meant(example, h))
    weights = logistic_regression(np.array(features), np.array(meant, float), np.array(list(priors.values())), spread)
    return {name: round(float(weight), 2) for name, weight in zip(priors, weights, strict=True)}


def logistic_regression(features: np.ndarray, labels: np.ndarray, prior: np.ndarray, spread: float) -> np.ndarray:
    """The weights of most posterior density, by Newton's method.

    features: (n, k); labels: (n,), 0 or 1; prior: (k,), means of independent normal distributions of the weights, with
    standard deviation spread.
    """
    weights = prior.copy()
    precision = 1 / spread**2
    for _ in range(STEPS):
        chances = 1 / (1 + np.exp(-np.clip(features @ weights, -30, 30)))
        gradient = features.T @ (labels - chances) - precision * (weights - prior)
        curvature = (features * (chances * (1 - chances))[:, None]).T @ features + precision * np.eye(len(prior))
        step = np.linalg.solve(curvature, gradient)
        weights += step
        if np.abs(step).max() < 1e-9:
            break
    return weights


def _is_meant(example: Example, h: Hypothesis) -> bool:
    place, length = h.place, len(h.place.surface)
    return any(
        is_meant(example, place.passage.in_title, place.start, place.start + length, n.entity_id) for n in h.names
    )


def printed() -> str:
    """The weights as they stand in `jobs.culture.disambiguation`."""
    tables = (("ARTIST_WEIGHTS", disambiguation.ARTIST_WEIGHTS), ("TITLE_WEIGHTS", disambiguation.TITLE_WEIGHTS))
    return "\n".join(f"{name}:\n" + "\n".join(f'    "{k}": {v},' for k, v in table.items()) for name, table in tables)
