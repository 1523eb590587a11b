"""The order of visits, and who waits for whom."""

import threading
import time

import pytest

from jobs.scrape.frontier import Frontier, Visit
from jobs.scrape.politeness import Turns


@pytest.fixture
def turns():
    return Turns(0.0)


@pytest.fixture
def frontier(turns, tmp_path):
    frontier = Frontier(turns, tmp_path / "frontier.db")
    yield frontier
    frontier.remove()
    assert not list(tmp_path.iterdir())


def visit(url: str, depth: int = 1) -> Visit:
    return Visit(f"http://{url}", "http://source.test/", depth)


def test_starts_come_first_then_new_pages_then_old_ones_and_each_once(frontier):
    from datetime import UTC, datetime

    old = Visit("http://a.test/old", "http://source.test/", 1, fetched_at=datetime(2026, 1, 1, tzinfo=UTC))
    frontier.load([(old, True), (visit("a.test/known"), False)])
    assert len(frontier.add([visit("a.test/1"), visit("a.test/2"), visit("a.test/1"), visit("a.test/old")])) == 2
    frontier.add([visit("a.test/start", 0)])
    assert frontier.is_known("http://a.test/known")
    taken = []
    while (one := frontier.take()) is not None:
        taken.append(one.url.rpartition("/")[2])
        frontier.fetched(one)
        frontier.done(one)
    assert taken == ["start", "1", "2", "old"]


def test_of_what_is_listed_the_new_and_the_changed_wait_and_what_is_known_is_named_once(frontier):
    from datetime import UTC, datetime

    def known(name: str) -> Visit:
        return Visit(f"http://a.test/{name}", "http://source.test/", 1, fetched_at=datetime(2026, 1, 2, tzinfo=UTC))

    frontier.load((known(name), False) for name in ("same", "older", "changed"))
    before, after = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 3, tzinfo=UTC)
    names = [("new", None), ("same", None), ("older", before), ("changed", after), ("new", after)]
    listed = [(visit(f"a.test/{name}"), changed_at) for name, changed_at in names] + [(visit("other.test/new"), None)]
    new, unchanged = frontier.meet(listed, lambda host: host == "a.test")
    assert [one.url for one in new] == ["http://a.test/new", "http://other.test/new"]
    assert [one.url for one in unchanged] == ["http://a.test/same", "http://a.test/older"]
    assert frontier.meet(listed, lambda host: True) == ([], [])
    taken = []
    while (one := frontier.take()) is not None:
        taken.append(one.url.rpartition("/")[2])
        frontier.fetched(one)
        frontier.done(one)
    assert taken == ["new", "changed"], "other.test is not ours"


def test_one_page_of_a_host_is_out_at_a_time(frontier):
    frontier.add([visit("a.test/1"), visit("a.test/2"), visit("b.test/1")])
    first, second = frontier.take(), frontier.take()
    assert {first.url, second.url} == {"http://a.test/1", "http://b.test/1"}
    got = []
    waiting = threading.Thread(target=lambda: got.append(frontier.take()))
    waiting.start()
    frontier.fetched(second)
    frontier.done(second)
    assert not got
    frontier.fetched(first)
    waiting.join(5)
    assert got[0].url == "http://a.test/2"


def test_a_page_that_is_tried_again_comes_last_and_knows_it(frontier):
    frontier.add([visit("a.test/1"), visit("a.test/2")])
    first = frontier.take()
    frontier.fetched(first)
    frontier.done(first, again=True)
    second = frontier.take()
    frontier.fetched(second)
    frontier.done(second)
    third = frontier.take()
    assert (second.url, third.url, third.attempts) == ("http://a.test/2", "http://a.test/1", 1)


def test_everybody_is_told_when_there_is_nothing_left(frontier):
    frontier.add([visit("a.test/1")])
    last, ended = frontier.take(), []
    threads = [threading.Thread(target=lambda: ended.append(frontier.take())) for _ in range(4)]
    for thread in threads:
        thread.start()
    frontier.fetched(last)
    assert not ended, "it may still lead to others"
    frontier.done(last)
    for thread in threads:
        thread.join(5)
    assert ended == [None] * 4


def test_a_host_that_is_made_to_rest_is_left_while_others_are_not(frontier, turns):
    frontier.add([visit("a.test/1"), visit("b.test/1")])
    turns.postpone("a.test", 0.3)
    began = time.monotonic()
    first = frontier.take()
    frontier.fetched(first)
    frontier.done(first)
    assert first.url == "http://b.test/1"
    assert frontier.take().url == "http://a.test/1"
    assert time.monotonic() - began > 0.29


def test_memory_does_not_grow_with_the_pages_that_wait(tmp_path):
    import tracemalloc

    tracemalloc.start()
    frontier = Frontier(Turns(0.0), tmp_path / "frontier.db")
    frontier.add(visit(f"a.test/{n}") for n in range(100))
    before = tracemalloc.get_traced_memory()[0]
    for start in range(0, 20_000, 100):
        frontier.add(visit(f"a.test/page/{start + n}") for n in range(100))
    grown = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()
    frontier.remove()
    assert grown < 200_000
