import itertools
import os
import threading
import time

import pytest

from jobs.scrape.isolation import MEMORY, Died, Processes


@pytest.fixture(scope="module")
def isolated():
    with Processes(2, 0.2, []) as processes:
        yield processes


def test_calls_from_many_threads_each_get_their_own_result(isolated):
    results = {}
    threads = [threading.Thread(target=lambda n=n: results.update({n: isolated(pow, n, 2)})) for n in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == {n: n * n for n in range(20)}


def test_a_crash_costs_one_call(isolated):
    with pytest.raises(Died, match="exit status 3"):
        isolated(os._exit, 3)
    with pytest.raises(Died, match="exit status -6"):
        isolated(os.abort)
    assert isolated(pow, 2, 3) == 8


@pytest.mark.parametrize(
    ("function", "argument"), [(sum, itertools.count()), (time.sleep, 600)], ids=["at work", "asleep"]
)
def test_a_call_that_hangs_is_ended(isolated, function, argument):
    with pytest.raises(Died, match=r"more than 0.2 s"):
        isolated(function, argument)
    assert isolated(pow, 2, 3) == 8


def test_errors_come_back(isolated):
    with pytest.raises(ValueError, match="invalid literal"):
        isolated(int, "x")
    with pytest.raises(RuntimeError, match="FileNotFoundError"):
        isolated(os.stat, "/no/such/file")
    with pytest.raises(MemoryError):
        isolated(bytes, MEMORY)


def test_the_processes_end_with_the_block():
    with Processes(1, 5.0, []) as processes:
        pid = processes(os.getpid)
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
