"""What a job took is recorded, of the jobs of the weekly run and of no other command."""

import argparse
import importlib
import subprocess
import sys
from datetime import date

import pytest

from jobs import resources

WEEK = date(2026, 11, 23)


def parser(package, step=None):
    made = argparse.ArgumentParser(prog=f"python -m jobs.{package}")
    made.set_defaults(step=step)
    return made


@pytest.mark.parametrize("stage", sorted(resources.RECORDED))
def test_each_job_of_the_weekly_run_is_told_by_its_command_line(stage):
    package, _, step = stage.partition(".")
    made = importlib.import_module(f"jobs.{package}.__main__").arg_parser()
    arguments = vars(made.parse_args([*filter(None, [step]), "--week", f"{WEEK}"]))
    assert resources.stage_of(made, arguments) == stage


@pytest.mark.parametrize("command", [("publish", "show"), ("culture", "show"), ("audio", "similar"), ("query", None)])
def test_what_only_shows_something_is_none(command):
    package, step = command
    assert resources.stage_of(parser(package), {"step": step, "week": WEEK}) is None


def test_time_and_memory_go_into_metrics(lake):
    with resources.recorded(parser("ranking"), {"step": "rank", "week": WEEK}):
        held = bytearray(50 << 20)
        assert held is not None
    rows = lake.arrow("metrics", {"week": WEEK, "stage": "process ranking.rank"}).to_pylist()
    measured = {row["metric"]: row["value"] for row in rows}
    assert set(measured) == {"seconds", "peak_memory_mib"}
    assert measured["seconds"] > 0
    assert measured["peak_memory_mib"] > 50


def test_a_job_that_fails_records_nothing(lake):
    with pytest.raises(OSError, match="full"), resources.recorded(parser("publish"), {"step": None, "week": WEEK}):
        raise OSError("the disk is full")
    assert lake.is_empty("metrics")


def test_the_memory_of_child_processes_counts():
    code = "import sys\nheld = b'x' * (200 << 20)\nprint('ready', flush=True)\nsys.stdin.read()"
    with resources.Watch() as alone:
        pass
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        child.stdout.readline()
        with resources.Watch() as together:
            pass
        child.stdin.close()
    assert together.peak_bytes > alone.peak_bytes + (190 << 20)
