"""How long a host rests."""

import threading
import time

from jobs.scrape.politeness import Turns

HOST = "example.org"


def rest(turns: Turns, seconds: float = 0.0) -> float:
    """The rest after a request that takes so long."""
    with turns.turn(HOST):
        time.sleep(seconds)
    return turns.free_at(HOST) - time.monotonic()


def test_the_longest_demand_counts_and_replaces_the_default():
    turns = Turns(9.0)
    assert 8.9 < rest(turns) <= 9.0
    turns = Turns(9.0)
    turns.demand(HOST, 2.0)
    turns.demand(HOST, 1.0)
    assert 1.9 < rest(turns) <= 2.0


def test_a_slow_host_rests_as_long_as_it_takes_to_answer():
    turns = Turns(0.0, pace=2.0)
    assert 0.09 < rest(turns, 0.05) < 0.2
    assert rest(Turns(1.0, pace=2.0), 0.05) > 0.9, "the delay, when that is longer"


def test_each_failure_in_a_row_doubles_the_rest_by_chance_up_to_a_limit():
    first = {rest_after(1) for _ in range(20)}
    assert all(0.9 < seconds < 3.1 for seconds in first)
    assert len(first) > 10, "not everybody comes back at the same time"
    assert 3.9 < rest_after(3) < 12.1
    assert rest_after(8) <= 20.0


def rest_after(failures: int) -> float:
    turns = Turns(0.0, backoff=2.0, max_delay=20.0, max_failures=100)
    for _ in range(failures):
        turns.failed(HOST, "status 500")
    return round(turns.free_at(HOST) - time.monotonic(), 3)


def test_a_success_ends_the_row():
    turns = Turns(0.0, backoff=2.0, max_failures=3)
    for _ in range(5):
        turns.failed(HOST, "status 500")
        turns.failed(HOST, "status 500")
        turns.succeeded(HOST)
    assert turns.given_up(HOST) == ""
    assert [turns.failed(HOST, "status 500") for _ in range(4)] == [False, False, True, False]
    assert "3 failures in a row" in turns.given_up(HOST)


def test_retry_after_is_kept_or_the_host_given_up():
    turns = Turns(0.0, max_delay=60.0)
    turns.failed(HOST, "status 429", 30.0)
    assert 29 < turns.free_at(HOST) - time.monotonic() <= 30
    assert turns.failed(HOST, "status 429", 61.0)
    assert turns.given_up(HOST) == "it asks to come back in 61 s"


def test_nobody_speaks_to_a_host_at_the_same_time():
    turns, inside, most = Turns(0.0), [], []

    def speak():
        for _ in range(20):
            with turns.turn(HOST):
                inside.append(1)
                most.append(len(inside))
                inside.pop()

    threads = [threading.Thread(target=speak) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert max(most) == 1
