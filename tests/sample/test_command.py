"""The commands, as a person gives them."""

import logging
import subprocess
import sys
from datetime import date

import pytest

from jobs.cli import UserError
from jobs.sample.__main__ import arg_parser, main, seconds_range
from jobs.sample.options import Options
from jobs.settings import ROOT

LEAST = ["--listeners", "5", "--artists", "4", "--tracks", "10", "--new-releases", "1", "--weeks", "2"]


def give(*arguments):
    main(**vars(arg_parser().parse_args(arguments)))


def test_a_world_is_made_once_kept_and_imported_each_time(lake, caplog):
    caplog.set_level(logging.INFO, "discover")
    give("make", "--week", "2026-11-16", *LEAST, "--audio-seconds", "1-1.5")
    listens = len(lake.arrow("listens"))
    assert listens
    assert Options.read(lake.config.home / "sample").audio_seconds == (1.0, 1.5)
    assert "is kept" not in caplog.text
    give("make", "--week", "2026-11-23", *LEAST, "--audio-seconds", "9", "--seed", "3")
    assert "is kept; its history ends on 2026-11-16" in caplog.text
    assert "made with audio_seconds (1.0, 1.5), seed 0" in caplog.text
    assert len(lake.arrow("listens")) == listens


def test_the_seed_of_the_settings_is_the_default(lake, monkeypatch):
    from jobs.settings import settings

    monkeypatch.setenv("DISCOVER_SEED", "7")
    settings.cache_clear()
    give("make", "--week", "2026-11-16", *LEAST, "--audio-seconds", "1")
    assert Options.read(lake.config.home / "sample").seed == 7


def test_what_cannot_be_made_is_said_in_one_line():
    command = [sys.executable, "-m", "jobs.sample", "make", "--tracks", "3"]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert ended.returncode == 2
    assert ended.stderr.strip().endswith("--tracks 3: must be at least two old ones for each artist")
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize("step", ["listen", "serve", "judge"])
def test_without_a_world_each_step_says_how_to_make_one(lake, step):
    with pytest.raises(UserError, match=r"there is no sample world in .*: make one with `python -m jobs.sample make`"):
        give(step)


@pytest.mark.parametrize("arguments", [["--week", "2026-11-17"], ["--audio-seconds", "long"], ["--port", "x"]])
def test_arguments_that_mean_nothing_are_refused(arguments, capsys):
    with pytest.raises(SystemExit) as ended:
        give("make", *arguments)
    assert ended.value.code == 2
    assert arguments[0] in capsys.readouterr().err


def test_lengths_are_one_number_or_two():
    assert seconds_range("6") == (6.0, 6.0)
    assert seconds_range("15-20") == (15.0, 20.0)
    assert arg_parser().parse_args(["make", "--week", "2026-11-16"]).week == date(2026, 11, 16)
