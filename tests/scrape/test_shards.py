"""Hosts are parted among processes, which keep apart and hand over to each other."""

import os
import subprocess
import sys

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs.lake import ALL
from jobs.scrape.shards import WHOLE, Shard, alone
from jobs.settings import ROOT, settings
from tests.scrape.conftest import article
from tests.scrape.server import Server, feed, redirect


@given(st.text(max_size=20), st.integers(1, 50))
def test_each_host_belongs_to_one_shard(host, count):
    assert sum(Shard(number, count).has(host) for number in range(1, count + 1)) == 1


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [("1/2", "2/2", False), ("1/1", "2/2", True), ("1/2", "2/3", True), ("1/2", "3/3", False), ("1/3", "1/3", True)],
)
def test_shards_overlap_when_a_host_may_belong_to_both(one, other, expected):
    assert Shard.parse(one).overlaps(Shard.parse(other)) is expected


@pytest.mark.parametrize("text", ["0/2", "3/2", "1", "a/b", "1/0", "-1/2", "1/2/3"])
def test_what_is_no_shard_is_refused(text):
    with pytest.raises(ValueError, match="no shard"):
        Shard.parse(text)


@pytest.mark.parametrize(("shard", "waits"), [("1/1", True), ("2/3", True), ("2/2", False)])
def test_runs_over_the_same_hosts_take_turns(home, shard, waits):
    code = (
        "import sys; from pathlib import Path; from jobs.scrape.shards import Shard, alone\n"
        "with alone(Path(sys.argv[1]), Shard.parse(sys.argv[2])): print('in', flush=True)"
    )
    command = [sys.executable, "-c", code, str(home), shard]
    with alone(home, Shard(1, 2)):
        other = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
        if waits:
            with pytest.raises(subprocess.TimeoutExpired):
                other.wait(1)
        else:
            assert other.stdout.read() == "in\n"
    assert other.wait(20) == 0
    other.stdout.close()


@pytest.fixture
def webs():
    """A host of each of two shards."""
    chosen = {}
    for number in range(1, 50):
        host = f"127.0.3.{number}"
        chosen.setdefault(Shard(1, 2).has(host), host)
    servers = [Server(chosen[True]), Server(chosen[False])]
    yield servers
    for server in servers:
        server.stop()


def test_what_one_shard_finds_on_a_host_of_another_is_handed_over(lake, webs, read):
    mine, other = webs
    mine.pages = {
        "/feed": feed("/1", "/moved", other.url("/2")),
        "/1": article("Low"),
        "/moved": redirect(other.url("/3")),
    }
    other.pages = {"/2": article("Can"), "/3": article("Air")}
    log = read(("feed", mine.url("/feed")), shard=Shard(1, 2))
    assert log["/2"] == ("found", None)
    assert log["/moved"] == ("moved", f"redirect to {other.url('/3')}")
    assert other.requests == []
    assert read(every_source=False, shard=Shard(2, 2)) == {"/2": ("article", None), "/3": ("article", None)}
    assert read(shard=Shard(1, 2))["/feed"] == ("index", "3 entries")
    assert other.paths == ["/robots.txt", "/2", "/3"]
    assert len(lake.arrow("articles")) == 3


def test_a_source_that_moved_to_a_host_of_another_shard_is_handed_over(lake, webs, read):
    mine, other = webs
    mine.pages = {"/feed": redirect(other.url("/new-feed"))}
    other.pages = {"/new-feed": feed("/1"), "/1": article("Low")}
    moved = {"/feed": ("moved", f"redirect to {other.url('/new-feed')}")}
    assert read(("feed", mine.url("/feed")), shard=Shard(1, 2)) == {**moved, "/new-feed": ("found", None)}
    assert read(every_source=False, shard=Shard(2, 2)) == {"/new-feed": ("index", "1 entries"), "/1": ("article", None)}
    assert read(shard=Shard(1, 2)) == moved, "it is asked again whether it is still there"
    assert other.paths == ["/robots.txt", "/new-feed", "/1"]


@pytest.mark.slow
def test_two_shards_at_once_commit_to_the_same_tables(lake, webs, read, monkeypatch):
    for web in webs:
        web.pages = {"/feed": feed(*(f"/{n}" for n in range(12)))}
        web.pages |= {f"/{n}": article(f"Band {n} of {web.server_port}") for n in range(12)}
    lake.publish("sources", pd.DataFrame([{"kind": "feed", "url": web.url("/feed")} for web in webs]), ALL)
    monkeypatch.setenv("DISCOVER_SCRAPE_BATCH_PAGES", "2")  # so that commits meet
    settings.cache_clear()
    runs = [
        subprocess.Popen([sys.executable, "-m", "jobs.scrape", "--shard", f"{n}/2"], cwd=ROOT, env=os.environ,
                         stderr=subprocess.DEVNULL)
        for n in (1, 2)
    ]  # fmt: skip
    assert [run.wait(120) for run in runs] == [0, 0]
    assert len(lake.arrow("articles")) == 24
    for web in webs:
        assert sorted(web.paths) == sorted(["/robots.txt", "/feed", *(f"/{n}" for n in range(12))])
    stages = {row["stage"] for row in lake.arrow("metrics").to_pylist()}
    assert stages == {f"{what}scrape {n}of2" for what in ("", "process ") for n in (1, 2)}
    assert WHOLE.name == "1of1"
