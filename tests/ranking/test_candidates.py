"""The tracks that are considered: sources take turns, each with the best that no other has named."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jobs.ranking import candidates, rules
from jobs.ranking.listeners import Block
from tests.ranking import worlds
from tests.ranking.worlds import WEEK


def in_turns(row, evidence, eligible, known, n):
    """The candidates of one listener by the rule's words, source by source and place by place."""

    def best(values, allowed):
        tracks = [t for t in range(len(known)) if allowed[t] and values[t] > 0]
        return sorted(tracks, key=lambda t: (-np.float32(values[t]), t))

    match, artist = evidence.match[row], known.artist
    words = evidence.words.strength[row, artist]
    of_best = np.clip(match / np.maximum(match.max(initial=0), 1e-9), 0, 1)
    new = 2 * (evidence.plays_artist[row, artist] > 0) + words + evidence.near["sound"].strength[row] + of_best + 1e-3
    sources = [
        sorted((t for t in range(len(known)) if eligible[t] and np.isfinite(match[t])), key=lambda t: (-match[t], t)),
        *(best(evidence.near[name].strength[row], eligible) for name in ("collaborative", "sound", "playlist")),
        best(words * (1 + 1e-3 * known.popularity), eligible & known.popular_of_artist),
        best(new, eligible & known.new),
        [t for t in known.by_popularity if eligible[t]],
    ]
    found: list[int] = []
    for place in range(len(known)):
        for source in sources:
            if place < len(source) and source[place] not in found:
                found.append(source[place])
    return sorted(found[:n])


@given(seed=st.integers(0, 10**6), n=st.integers(1, 70), knowledge=st.booleans())
@settings(max_examples=25)
def test_sources_take_turns(seed, n, knowledge):
    world = worlds.make(seed, knowledge=knowledge)
    known = world.ranker.catalogue
    block = Block.from_arrow(world.profiles, known, WEEK)
    evidence, eligible = candidates.gather(block, known), rules.eligible(block, known)
    chosen = candidates.select(evidence, eligible, known, n)
    assert chosen.shape == (len(block), n)
    for row in range(len(block)):
        expected = in_turns(row, evidence, eligible[row], known, n)
        assert chosen[row].tolist() == expected + [-1] * (n - len(expected))


def test_a_listener_to_whom_nothing_may_be_offered_has_no_candidates():
    world = worlds.make(1)
    known = world.ranker.catalogue
    block = Block.from_arrow(world.profiles, known, WEEK)
    nothing = np.zeros((len(block), len(known)), bool)
    assert (candidates.select(candidates.gather(block, known), nothing, known, 5) == -1).all()


@pytest.mark.parametrize("row", [0, 1])
def test_the_candidates_of_a_listener_do_not_depend_on_who_else_is_in_the_block(row):
    world = worlds.make(7)
    known = world.ranker.catalogue
    both, one = (Block.from_arrow(p, known, WEEK) for p in (world.profiles, world.profiles.slice(row, 1)))
    chosen = [candidates.select(candidates.gather(b, known), rules.eligible(b, known), known, 20) for b in (both, one)]
    assert (chosen[0][row] == chosen[1][0]).all()
