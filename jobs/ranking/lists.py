"""From a block of listeners to their lists: evidence, candidates, reasons, scores, the draw. All in arrays."""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import pyarrow as pa

from jobs.ranking import candidates, choice, features, reasons, rules
from jobs.ranking.candidates import Evidence
from jobs.ranking.catalogue import Catalogue
from jobs.ranking.listeners import Block
from jobs.ranking.offers import ByFeature, Context, Offers, Scorer
from jobs.ranking.reward import RewardModel

BLOCK_CELLS = 2_000_000
"""Most cells (listeners × tracks, or × artists) of one array of a block: bounds a worker's memory."""

BLOCK_LISTENERS = 128
"""Most listeners of a block: larger ones are no faster, and take more memory."""

BASELINE = "baseline"
"""The policy of listeners who are held out from learning: the best by collaborative filtering, without exploration,
under the same rules."""

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
        ("features_version", pa.int32()),
        ("features", pa.map_(pa.string(), pa.float64())),
    ]
)
"""The columns that `rank` gives, which are those of `discover_weekly`."""


@dataclass(frozen=True)
class Policy:
    """What decides a list: the reward model and how it explores. `version` names it. Where there is a `scorer`, it
    puts the actions in order in the model's place."""

    version: str
    model: RewardModel
    exploration: choice.Exploration
    scorer: Scorer | None = None


@dataclass(frozen=True)
class Prepared:
    """All that is known of a block before anything is chosen.

    allowed : bool (n_listeners, n_tracks), see `rules`
    chosen : int (n_listeners, n_candidates), tracks; -1: none
    complete, complete_fresh : bool (n_listeners,), as in `choice.Actions`
    held_out : bool (n_listeners,), who gets the baseline
    explores : bool (n_listeners,), whose list may explore where it is not the baseline's
    """

    evidence: Evidence
    allowed: np.ndarray
    context: Context
    chosen: np.ndarray
    offers: Offers
    complete: np.ndarray
    complete_fresh: np.ndarray
    held_out: np.ndarray
    explores: np.ndarray


@dataclass(frozen=True)
class Ranker:
    """Everything that a list is made from beside the listener.

    n_candidates : tracks considered for each listener
    held_out_share : of listeners who get the baseline, in [0, 1]
    seed : of the week's draw
    """

    catalogue: Catalogue
    policy: Policy
    rules: choice.Rules
    n_candidates: int
    held_out_share: float
    week: date
    seed: int

    def blocks(self, profiles: Iterable[pa.RecordBatch]) -> Iterator[Block]:
        """The listeners in some batches of `listeners.profiles`, in blocks that fit into memory."""
        width = max(len(self.catalogue), len(self.catalogue.artist_ids), 1)
        size = int(np.clip(BLOCK_CELLS // width, 1, BLOCK_LISTENERS))
        for batch in profiles:
            for start in range(0, batch.num_rows, size):
                yield Block.from_arrow(batch.slice(start, size), self.catalogue, self.week)

    def batches(self, profiles: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """The lists of all listeners in some batches of `listeners.profiles`, in columns of `SCHEMA`."""
        for block in self.blocks(profiles):
            yield self.rank(block)

    def prepare(self, block: Block) -> Prepared:
        """Find candidates, reasons and features for a block of listeners."""
        evidence = candidates.gather(block, self.catalogue)
        allowed = rules.eligible(block, self.catalogue)
        context = Context.of_block(block, evidence, self.catalogue)
        chosen = candidates.select(evidence, allowed, self.catalogue, self.n_candidates)
        offers = Offers.make(chosen, evidence, context, self.catalogue)
        suitable = reasons.suitable_new(allowed, evidence, self.catalogue)
        return Prepared(
            evidence=evidence,
            allowed=allowed,
            context=context,
            chosen=chosen,
            offers=offers,
            complete=(chosen >= 0).sum(axis=1) == allowed.sum(axis=1),
            complete_fresh=offers.fresh.sum(axis=1) == suitable.sum(axis=1),
            held_out=held_out(block.user_ids, self.held_out_share),
            explores=block.explores,
        )

    def rank(self, block: Block) -> pa.RecordBatch:
        """The lists of a block of listeners, in columns of `SCHEMA`.

        Almost always the selected candidates fill a list by the rules. Where they cannot, as when one artist has made
        most of them, the draw goes on from the same place with the whole catalogue.
        """
        known = self.prepare(block)
        uniforms = choice.uniforms_of(block.user_ids, self.rules.length, self.seed)
        actions = self.actions(known.offers, known.complete, known.complete_fresh, known.held_out, known.explores)
        lists = choice.draw(actions, uniforms, self.rules, self.policy.exploration)

        unfinished = np.flatnonzero((lists.lengths < self.rules.length) & ~known.complete)
        finished = np.setdiff1d(np.arange(len(block)), unfinished)
        parts = [self._rows(block, finished, known.offers, lists, finished, known)]
        for row in unfinished:
            who = np.array([row])
            tracks = np.flatnonzero(known.allowed[row])[None, :]
            offers = Offers.make(tracks, known.evidence.of(who), known.context.of(who), self.catalogue)
            everything = np.array([True])
            actions = self.actions(offers, everything, everything, known.held_out[who], known.explores[who])
            begun = _restated(lists, row, known.chosen, tracks)
            whole = choice.draw(actions, uniforms[who], self.rules, self.policy.exploration, begun)
            parts.append(self._rows(block, who, offers, whole, np.array([0]), known))
        return pa.Table.from_batches(parts, SCHEMA).combine_chunks().to_batches()[0] if len(parts) > 1 else parts[0]

    def actions(
        self,
        offers: Offers,
        complete: np.ndarray,
        complete_fresh: np.ndarray,
        held_out: np.ndarray,
        explores: np.ndarray,
        scorer: Scorer | None = None,
    ) -> choice.Actions:
        """What may be chosen, scored by the policy's model, or by another scorer; by the baseline for who is held
        out. The arguments are as in `Prepared`."""
        log_odds = (scorer or self.policy.scorer or self.policy.model).log_odds(offers.features)
        if held_out.any():
            of_baseline = np.zeros(len(offers.features), bool)
            of_baseline[offers.number[held_out][offers.number[held_out] >= 0]] = True
            by_match = ByFeature("match_collaborative").log_odds(offers.features)
            log_odds = np.where(of_baseline, by_match, log_odds)
        return offers.actions(
            log_odds, self.rules.cluster_spread, self.rules.length, complete, complete_fresh, explores & ~held_out
        )

    def _rows(
        self, block: Block, who: np.ndarray, offers: Offers, lists: choice.Lists, at: np.ndarray, known: Prepared
    ) -> pa.RecordBatch:
        """The rows of the table: `at` are the listeners' rows in `offers` and `lists`, `who` those in the block."""
        which, places = np.nonzero(lists.candidate[at] >= 0)
        rows, listener = at[which], who[which]
        candidate, kind = lists.candidate[rows, places], lists.kind[rows, places]
        tracks = offers.candidates[rows, candidate]
        described = offers.features[offers.number[rows, candidate, kind]]
        described[:, features.COLUMN[features.POSITION]] = features.position(places + 1)
        explanation, named = reasons.sentences(
            listener, tracks, kind, offers.reasons.via[rows, candidate, kind], known.evidence, self.catalogue
        )
        n = len(rows)
        version = np.where(known.held_out[listener], BASELINE, self.policy.version)
        return pa.RecordBatch.from_arrays(
            [
                pa.array([self.week] * n, pa.date32()),
                pa.array(block.user_ids[listener], pa.string()),
                pa.array(places + 1, pa.int32()),
                pa.array(self.catalogue.track_ids[tracks], pa.string()),
                pa.array(np.array(features.KINDS, object)[kind], pa.string()),
                explanation,
                named,
                pa.array(self.policy.model.predict(described)),
                pa.array(lists.propensity[rows, places]),
                pa.array(lists.explored[rows, places]),
                pa.array(version, pa.string()),
                pa.array(np.full(n, features.VERSION), pa.int32()),
                features.to_log(described),
            ],
            schema=SCHEMA,
        )


def held_out(user_ids: Sequence[str], share: float) -> np.ndarray:
    """Who is held out from learning and gets the baseline, bool (n,): the same listeners every week."""
    hashes = (hashlib.blake2b(f"held out/{user}".encode(), digest_size=8).digest() for user in user_ids)
    return np.frombuffer(b"".join(hashes), ">u8") < share * 2.0**64


def _restated(lists: choice.Lists, row: int, before: np.ndarray, now: np.ndarray) -> choice.Lists:
    """The list of one listener with its candidates by their position in `now` instead of `before`."""
    old = lists.candidate[row]
    at = np.where(old >= 0, np.searchsorted(now[0], before[row, old]), -1)
    return choice.Lists(at[None], lists.kind[[row]], lists.propensity[[row]], lists.explored[[row]])
