"""What is known of a listener's artists and reasons: known answers."""

import numpy as np
import pytest

from jobs.ranking import candidates
from jobs.ranking.features import KINDS
from jobs.ranking.listeners import Block
from jobs.ranking.offers import Context
from tests.ranking import worlds
from tests.ranking.worlds import WEEK, track


@pytest.fixture(scope="module")
def world():
    """Two artists with three tracks each, and two listeners of the first one, of whom one has answered lists."""
    answers = [
        {"kind": "because_you_listened", "surplus": 1.0, "judged": 12, "played": 9},
        {"kind": "popular", "surplus": -2.0, "judged": 12, "played": 2},
    ]
    heard = [{"track_id": f"a{i}", "plays": plays, "last_day": None} for i, plays in enumerate([3, 1, 0])]
    return worlds.of(
        [track(f"{artist}{i}", artist) for artist in "ab" for i in range(3)],
        [
            {"user_id": "answers", "heard": heard, "answers": answers},
            {"user_id": "silent", "heard": heard[2:]},
        ],
    )


@pytest.fixture(scope="module")
def context(world):
    block = Block.from_arrow(world.profiles, world.ranker.catalogue, WEEK)
    return Context.of_block(block, candidates.gather(block, world.ranker.catalogue), world.ranker.catalogue)


def test_what_is_heard_of_an_artist_counts_and_what_is_kept_of_it_is_beside_what_the_listener_keeps(context):
    # The first keeps 2 of 3 tracks, the second none of 1: (kept + 1) / (heard + 2) is 3/5 and 1/3.
    assert context.traits["keeping"] == pytest.approx([3 / 5, 1 / 3])
    assert context.artist_heard[:, 0] == pytest.approx(np.log([4, 2]) / np.log(21))
    assert context.artist_kept[:, 0] == pytest.approx([(2 - 3 * 3 / 5) / (3 + 1), (0 - 1 / 3) / (1 + 1)])
    assert not context.artist_heard[:, 1].any()
    assert not context.artist_kept[:, 1].any()


def test_a_reason_for_which_more_is_played_is_tried_more_than_usual(context):
    # 11 of 24 offers were played: usual is 12/26. With 8 offers that went as usual beside the 12 of each kind:
    assert context.traits["tries_because_you_listened"] == pytest.approx([(9 - 12 * 12 / 26) / 20, 0])
    assert context.traits["tries_popular"] == pytest.approx([(2 - 12 * 12 / 26) / 20, 0])
    others = [kind for kind in KINDS if kind not in ("because_you_listened", "popular")]
    assert not any(context.traits[f"tries_{kind}"].any() for kind in others)
