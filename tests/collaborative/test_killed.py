"""A training that is killed between two epochs goes on there, and ends as if nothing had happened."""

import os
import re
import signal
import subprocess
import time

import pytest

from jobs.collaborative.exchange import FINISHED
from tests.collaborative.worlds import TRAIN, WEEK, environment, learned, listened

EPOCHS = 400  # so many that the kill comes before the last
EPOCHS_BEFORE = 3


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_training_that_is_killed_goes_on_after_the_last_epoch_that_finished(lake, home):
    listened(lake)
    options = environment(DISCOVER_COLLABORATIVE_EPOCHS=str(EPOCHS), DISCOVER_COLLABORATIVE_TOLERANCE="0")

    def train():
        done = subprocess.run(TRAIN, env=options, capture_output=True, text=True, timeout=400)
        assert done.returncode == 0, done.stderr
        return done.stderr, learned(lake)

    undisturbed, (ids, factors) = train()
    assert "going on" not in undisturbed

    process = subprocess.Popen(
        TRAIN, env=options, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    )
    finished = home / "tmp" / "als" / f"train-{WEEK}" / FINISHED
    states = set()
    while len(states) < EPOCHS_BEFORE:  # each epoch puts another file there
        assert process.poll() is None, "over before it could be killed"
        if finished.exists():
            states.add(finished.stat().st_ino)
        time.sleep(0.001)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait(20)

    resumed, (same_ids, same_factors) = train()
    epoch = int(re.search(r"going on after epoch (\d+)", resumed)[1])
    assert 1 <= epoch < EPOCHS
    assert same_ids == ids
    assert (same_factors == factors).all()
