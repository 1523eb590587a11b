"""Every stage killed in the middle, then run again: the result is that of a run that nobody disturbed."""

import os
import signal
import subprocess
import time

import pytest

from jobs.settings import ROOT
from tests.end_to_end import chain
from tests.end_to_end.chain import WEEK

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]
OUTPUTS = ("articles", "mentions", "cultural_vectors", "cultural_embeddings", "similar_artists", "spectrograms",
           "user_factors", "track_factors", "models", "policies", "discover_weekly")  # fmt: skip
SHARES = (0.5, 0.85)  # of the undisturbed time, when the kill comes


def arguments(step):
    return (*step, "--week", f"{WEEK}")


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    """A home with the ingested tiny world, whose web site is served as long as the tests here run."""
    home = tmp_path_factory.mktemp("sample")
    chain.run(home, "sample", "make", "--week", f"{WEEK}", "--port", "8772", *chain.TINY)
    server = subprocess.Popen(chain.command("sample", "serve"), cwd=ROOT, env=chain.environment(home))
    yield home
    server.terminate()
    server.wait(10)


def ingest(home, sample):
    """The same files into another home."""
    for kind in ("artists", "tracks", "listens", "playlists", "exclusions", "sources"):
        (file,) = (sample / "sample").glob(f"{kind}.*")
        chain.run(home, "ingest", kind, str(file))


def test_stages_that_are_killed_and_run_again_give_the_undisturbed_result(served, tmp_path):
    seconds = {}
    for step in chain.STEPS:
        started = time.monotonic()
        chain.run(served, *arguments(step))
        seconds[step] = time.monotonic() - started

    disturbed = tmp_path / "disturbed"
    ingest(disturbed, served)
    killed = 0
    for step in chain.STEPS:
        for share in SHARES:
            process = subprocess.Popen(
                chain.command(*arguments(step)), cwd=ROOT, env=chain.environment(disturbed), start_new_session=True,
                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            )  # fmt: skip
            try:
                process.wait(seconds[step] * share)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                killed += process.wait() == -signal.SIGKILL
        chain.run(disturbed, *arguments(step))
    assert killed >= len(chain.STEPS), "on a machine that got faster meanwhile, a few may have ended before"
    for table in OUTPUTS:
        assert chain.rows(disturbed, table).equals(chain.rows(served, table)), table
