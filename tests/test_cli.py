"""What all command lines share."""

import argparse
import errno
import logging

import pytest

from jobs import cli


def test_a_full_disk_is_said_in_one_line_and_another_fault_of_the_system_is_not_hidden(home, monkeypatch, caplog):
    monkeypatch.setattr("sys.argv", ["job"])
    monkeypatch.setattr(logging.getLogger("discover"), "propagate", True)

    def fail(number):
        raise OSError(number, "it says")

    with pytest.raises(SystemExit, match="1"):
        cli.run(argparse.ArgumentParser(), lambda: fail(errno.ENOSPC))
    assert f"no space left on the disk of {home}" in caplog.text
    with pytest.raises(OSError, match="it says"):
        cli.run(argparse.ArgumentParser(), lambda: fail(errno.EIO))
