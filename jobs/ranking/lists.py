"""From a block of listeners to their lists: evidence, candidates, reasons, scores, the draw. All in arrays."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date

import numpy as np
import pyarrow as pa

from jobs.ranking import candidates, choice, features, reasons, rules
from jobs.ranking.candidates import Evidence
from jobs.ranking.catalogue import Catalogue
from jobs.ranking.listeners import Block
from jobs.ranking.reasons import Reasons
from jobs.ranking.reward import RewardModel

BLOCK_CELLS = 2_000_000
"""Most cells (listeners × tracks, or × artists) of one array of a block: bounds a worker's memory."""

BLOCK_LISTENERS = 256
"""Most listeners of a block."""

SCHEMA = pa.schema(
    [
        ("week", pa.date32()),
        ("user_id", pa.string()),
        ("rank", pa.int32()),
        ("track_id", pa.string()),
        ("explanation_kind", pa.string()),
        ("explanation", pa.string()),
        ("explanation_of", pa.string()),
        ("score", pa.float64()),
        ("propensity", pa.float64()),
        ("explored", pa.bool_()),
        ("policy_version", pa.string()),
        ("features", pa.map_(pa.string(), pa.float64())),
    ]
)
"""The columns that `rank` gives, which are those of `discover_weekly`."""


@dataclass(frozen=True)
class Ranker:
    """Everything that a list is made from beside the listener.

    n_candidates : tracks considered for each listener; seed : of the week's draw
    """

    catalogue: Catalogue
    model: RewardModel
    policy_version: str
    rules: choice.Rules
    n_candidates: int
    week: date
    seed: int

    def batches(self, profiles: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """The lists of all listeners in some batches of `listeners.profiles`, in columns of `SCHEMA`."""
        width = max(len(self.catalogue), len(self.catalogue.artist_ids), 1)
        size = int(np.clip(BLOCK_CELLS // width, 1, BLOCK_LISTENERS))
        for batch in profiles:
            for start in range(0, batch.num_rows, size):
                yield self.rank(Block.from_arrow(batch.slice(start, size), self.catalogue, self.week))

    def rank(self, block: Block) -> pa.RecordBatch:
        """The lists of a block of listeners, in columns of `SCHEMA`.

        Almost always the selected candidates fill a list by the rules. Where they cannot, as when one artist has made
        most of them, the draw goes on from the same place with the whole catalogue.
        """
        evidence = candidates.gather(block, self.catalogue)
        allowed = rules.eligible(block, self.catalogue)
        traits = _traits(block, evidence, self.catalogue)
        uniforms = choice.uniforms_of(block.user_ids, self.rules.length, self.seed)

        chosen = candidates.select(evidence, allowed, self.catalogue, self.n_candidates)
        complete = (chosen >= 0).sum(axis=1) == allowed.sum(axis=1)
        offers = Offers.make(chosen, complete, evidence, traits, self.catalogue, self.model)
        suitable = reasons.suitable_new(allowed, evidence, self.catalogue)
        actions = replace(offers.actions, complete_fresh=offers.actions.fresh.sum(axis=1) == suitable.sum(axis=1))
        lists = choice.draw(actions, uniforms, self.rules)

        unfinished = np.flatnonzero((lists.lengths < self.rules.length) & ~complete)
        finished = np.setdiff1d(np.arange(len(block)), unfinished)
        parts = [self._rows(block, finished, offers, lists, finished, evidence)]
        for row in unfinished:
            all_offers = self._whole_catalogue(row, allowed, evidence, traits)
            begun = _restated(lists, row, chosen, all_offers.candidates)
            whole = choice.draw(all_offers.actions, uniforms[[row]], self.rules, begun)
            parts.append(self._rows(block, np.array([row]), all_offers, whole, np.array([0]), evidence))
        return pa.Table.from_batches(parts, SCHEMA).combine_chunks().to_batches()[0] if len(parts) > 1 else parts[0]

    def _whole_catalogue(self, row: int, allowed: np.ndarray, evidence: Evidence, traits: dict) -> "Offers":
        who = np.array([row])
        of_one = {name: values[who] for name, values in traits.items()}
        tracks = np.flatnonzero(allowed[row])[None, :]
        return Offers.make(tracks, np.array([True]), evidence.of(who), of_one, self.catalogue, self.model)

    def _rows(
        self, block: Block, who: np.ndarray, offers: "Offers", lists: choice.Lists, at: np.ndarray, evidence: Evidence
    ) -> pa.RecordBatch:
        """The rows of the table: `at` are the listeners' rows in `offers` and `lists`, `who` those in the block."""
        which, places = np.nonzero(lists.candidate[at] >= 0)
        rows, listener = at[which], who[which]
        candidate, kind = lists.candidate[rows, places], lists.kind[rows, places]
        tracks = offers.candidates[rows, candidate]
        action = offers.number[rows, candidate, kind]
        explanation, named = reasons.sentences(
            listener, tracks, kind, offers.reasons.via[rows, candidate, kind], evidence, self.catalogue
        )
        n = len(rows)
        return pa.RecordBatch.from_arrays(
            [
                pa.array([self.week] * n, pa.date32()),
                pa.array(block.user_ids[listener], pa.string()),
                pa.array(places + 1, pa.int32()),
                pa.array(self.catalogue.track_ids[tracks], pa.string()),
                pa.array(np.array(features.KINDS, object)[kind], pa.string()),
                explanation,
                named,
                pa.array(offers.actions.scores[rows, candidate, kind]),
                pa.array(lists.propensity[rows, places]),
                pa.array(lists.explored[rows, places]),
                pa.array([self.policy_version] * n, pa.string()),
                features.to_log(offers.features[action]),
            ],
            schema=SCHEMA,
        )


@dataclass(frozen=True)
class Offers:
    """The actions that some listeners may be offered, with all that is known about each.

    candidates : int (n_listeners, n_candidates), tracks; -1: none
    number : int (n_listeners, n_candidates, n_kinds), the row in `features` of each action
    features : float64 (n_actions, n_features)
    """

    candidates: np.ndarray
    reasons: Reasons
    number: np.ndarray
    features: np.ndarray
    actions: choice.Actions

    @classmethod
    def make(
        cls,
        tracks: np.ndarray,
        complete: np.ndarray,
        evidence: Evidence,
        traits: dict[str, np.ndarray],
        catalogue: Catalogue,
        model: RewardModel,
    ) -> "Offers":
        """Find the reasons of the candidates `tracks` and score each action; see `choice.Actions` for `complete`."""
        credits = catalogue.credited(tracks)
        found = reasons.find(tracks, credits, evidence, catalogue)
        rows, columns, kinds = np.nonzero(found.holds)
        described = _describe(tracks, rows, columns, kinds, found, credits, evidence, traits, catalogue)
        number = np.full(found.holds.shape, -1)
        number[rows, columns, kinds] = np.arange(len(rows))
        scores = np.full(found.holds.shape, -np.inf)
        scores[rows, columns, kinds] = model.predict(described)
        actions = choice.Actions(
            scores=scores,
            works=np.where(tracks >= 0, catalogue.work[tracks], -1),
            credits=credits,
            fresh=(tracks >= 0) & catalogue.new[tracks] & found.personal,
            complete=complete,
            complete_fresh=complete,
        )
        return cls(tracks, found, number, described, actions)


def _describe(
    tracks: np.ndarray,
    rows: np.ndarray,
    columns: np.ndarray,
    kinds: np.ndarray,
    found: Reasons,
    credits: np.ndarray,
    evidence: Evidence,
    traits: dict[str, np.ndarray],
    catalogue: Catalogue,
) -> np.ndarray:
    """The features of the actions at (rows, columns, kinds); see `features.FEATURES`."""
    track = tracks[rows, columns]
    # Not taken from `evidence.match`, which BLAS rounds in another way in blocks of another height.
    match = (catalogue.factors[tracks] * evidence.factors[:, None, :]).sum(axis=2).astype(np.float64)
    match[tracks < 0] = 0
    best = match.max(axis=1, initial=0)
    known = (evidence.plays_artist[np.arange(len(tracks))[:, None, None], credits] > 0) & (credits >= 0)
    age = np.nan_to_num(catalogue.age[track] / 10, nan=1.0)
    near = evidence.near
    return features.matrix(
        {
            "match_collaborative": match[rows, columns] / np.where(best > 0, best, 1)[rows],
            "match_played": near["collaborative"].strength[rows, track],
            "match_audio": near["sound"].strength[rows, track],
            "match_culture": evidence.words.strength[rows, catalogue.artist[track]],
            "match_playlist": near["playlist"].strength[rows, track],
            "popularity": catalogue.popularity[track],
            "age": age,
            "new": catalogue.new[track],
            "artist_known": known.any(axis=2)[rows, columns],
            "strength": found.strength[rows, columns, kinds],
            **{name: kinds == at for at, name in enumerate(features.KINDS)},
            **{name: values[rows] for name, values in traits.items()},
        }
    )


def _traits(block: Block, evidence: Evidence, catalogue: Catalogue) -> dict[str, np.ndarray]:
    """What is true of each listener: activity, mainstream and breadth, float64 (n_listeners,) in [0, 1]."""
    rows, tracks, _ = block.played
    n_tracks = np.bincount(rows, minlength=len(block))
    n_artists = (evidence.plays_artist > 0).sum(axis=1)
    popularity = np.bincount(rows, weights=catalogue.popularity[tracks], minlength=len(block))
    return {
        "activity": np.minimum(np.log1p(n_tracks) / np.log1p(1000), 1),
        "mainstream": popularity / np.maximum(n_tracks, 1),
        "breadth": n_artists / np.maximum(n_tracks, 1),
    }


def _restated(lists: choice.Lists, row: int, before: np.ndarray, now: np.ndarray) -> choice.Lists:
    """The list of one listener with its candidates by their position in `now` instead of `before`."""
    old = lists.candidate[row]
    at = np.where(old >= 0, np.searchsorted(now[0], before[row, old]), -1)
    return choice.Lists(at[None], lists.kind[[row]], lists.propensity[[row]], lists.explored[[row]])
