"""Factors as files: all of a block or none, and one copy a node."""

from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import replace

import numpy as np
import pytest

from jobs.collaborative.exchange import ROWS, TRACKS, Exchange, Sums


@pytest.fixture
def exchange(tmp_path):
    return Exchange((tmp_path / "shared").as_uri(), key="k", run="r", n_factors=3)


def block(first, n):
    return np.arange(first, first + 3 * n, dtype=np.float32).reshape(n, 3)


def test_blocks_come_back_end_to_end_and_empty_ones_take_no_room(exchange, tmp_path):
    exchange.write(ROWS, 2, 0, block(0, 2))
    exchange.write(ROWS, 2, 2, block(6, 1))
    whole = exchange.gathered(ROWS, 2, (2, 0, 1), tmp_path)
    assert whole.tolist() == block(0, 3).tolist()
    with pytest.raises(ValueError, match="read-only"):
        whole[0, 0] = 1


def test_a_node_keeps_only_the_newest_factors_of_a_side_and_who_maps_the_old_ones_keeps_them(exchange, tmp_path):
    scratch = tmp_path / "node"
    scratch.mkdir()
    for epoch in (1, 2):
        exchange.write(ROWS, epoch, 0, block(epoch, 1))
        exchange.write(TRACKS, epoch, 0, block(10 * epoch, 1))
    old = exchange.gathered(ROWS, 1, (1,), scratch)
    exchange.gathered(TRACKS, 1, (1,), scratch)
    new = exchange.gathered(ROWS, 2, (1,), scratch)
    assert (old[0, 0], new[0, 0]) == (1, 2)
    kept = {path.name for path in scratch.iterdir() if path.suffix != ".lock"}
    assert kept == {"als-rows-r.-1-2", "als-tracks-r.-1-1"}


def test_an_epoch_is_recorded_exactly_and_the_one_before_is_dropped(exchange, tmp_path):
    assert exchange.recorded() is None
    gram = np.random.default_rng(0).normal(size=(3, 3))
    for epoch in (1, 2):
        exchange.write(TRACKS, epoch, 0, block(0, 1))
        exchange.record(epoch, [3.5, 1 / 3][:epoch], 0.1, gram / epoch)
    epoch, losses, penalty, recorded = exchange.recorded()
    assert (epoch, losses, penalty) == (2, [3.5, 1 / 3], 0.1)
    assert (recorded == gram / 2).all()
    assert sorted(path.name for path in (tmp_path / "shared").iterdir()) == ["finished.npz", "tracks-2-0"]
    assert Exchange(exchange.address, "another key", "r", 3).recorded() is None


def test_sums_are_awaited_from_every_block_of_this_attempt(exchange):
    def sums(n):
        return Sums(float(n), 10.0 * n, np.full((3, 3), float(n)))

    replace(exchange, attempt=1).leave_sums(ROWS, 1, 1, sums(100))  # what a killed attempt left
    exchange.leave_sums(ROWS, 1, 0, sums(1))
    with ThreadPoolExecutor(1) as pool:
        found = pool.submit(exchange.sums, ROWS, 1, 2)
        assert not wait([found], 0.05).done
        exchange.leave_sums(ROWS, 1, 1, sums(2))
        loss, penalty, gram = found.result(timeout=10)
    assert (loss, penalty, gram.tolist()) == (3, 30, np.full((3, 3), 3).tolist())


def test_a_run_that_another_has_taken_over_from_records_nothing(exchange):
    gram = np.zeros((3, 3))
    exchange.claim()
    exchange.record(1, [1.0], 0.0, gram)
    replace(exchange, attempt=1).claim()
    with pytest.raises(RuntimeError, match="taken over"):
        exchange.record(2, [1.0, 0.5], 0.0, gram)
    assert exchange.recorded()[0] == 1


def test_a_block_that_was_not_finished_is_not_there(exchange, tmp_path):
    exchange.write(ROWS, 1, 0, block(0, 1))
    (tmp_path / "shared" / "part-of-a-killed-task").write_bytes(b"\0" * 5)
    with pytest.raises(FileNotFoundError):
        exchange.read(ROWS, 1, 1)
    assert exchange.read(ROWS, 1, 0).tolist() == block(0, 1).tolist()
    exchange.clear()
    exchange.clear()
    assert exchange.recorded() is None
