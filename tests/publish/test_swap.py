"""Folders that are replaced as a whole, and how many stay."""

import os
import signal
import subprocess
import sys
from datetime import date

import pytest

from jobs.cli import UserError
from jobs.publish.swap import keep_newest, replace_text, replacing
from jobs.settings import ROOT


def write(folder, content):
    with replacing(folder) as new:
        (new / "file").write_text(content)


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_the_folder_is_the_old_one_until_the_new_one_is_complete(tmp_path):
    folder = tmp_path / "week"
    write(folder, "old")
    with replacing(folder) as new:
        (new / "file").write_text("new")
        assert (folder / "file").read_text() == "old"
    assert (folder / "file").read_text() == "new"
    assert len(names(tmp_path)) == 2, "the link and what it points to, nothing else"


def test_an_error_leaves_the_old_one_and_nothing_else(tmp_path):
    folder = tmp_path / "week"
    write(folder, "old")
    before = names(tmp_path)
    with pytest.raises(TypeError), replacing(folder) as new:
        (new / "file").write_text(None)
    assert (folder / "file").read_text() == "old"
    assert names(tmp_path) == before


def test_a_killed_writer_leaves_the_old_one_and_the_next_one_cleans_up(tmp_path):
    folder = tmp_path / "week"
    write(folder, "old")
    code = (
        "import os, pathlib, signal, sys\nfrom jobs.publish.swap import replacing\n"
        "with replacing(pathlib.Path(sys.argv[1])) as new:\n"
        "    (new / 'file').write_text('half')\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    ended = subprocess.run([sys.executable, "-c", code, str(folder)], cwd=ROOT, timeout=60)
    assert ended.returncode == -signal.SIGKILL
    assert (folder / "file").read_text() == "old"
    assert len(names(tmp_path)) == 3
    write(folder, "new")
    assert (folder / "file").read_text() == "new"
    assert len(names(tmp_path)) == 2


def test_a_folder_that_somebody_else_made_is_not_touched(tmp_path):
    folder = tmp_path / "week"
    folder.mkdir()
    (folder / "mine").touch()
    with pytest.raises(UserError, match="move it away"):
        write(folder, "new")
    assert names(folder) == ["mine"]


def test_the_folder_can_be_moved_with_all_it_holds(tmp_path):
    (tmp_path / "output").mkdir()
    write(tmp_path / "output" / "week", "here")
    os.rename(tmp_path / "output", tmp_path / "elsewhere")
    assert (tmp_path / "elsewhere" / "week" / "file").read_text() == "here"


def test_what_others_write_into_the_folder_is_carried_over(tmp_path):
    folder = tmp_path / "week"
    (folder / "audio").mkdir(parents=True)
    (folder / "audio" / "filters.svg").write_text("<svg/>")
    for content in ("first", "second"):
        with replacing(folder, carried="audio") as new:
            (new / "file").write_text(content)
        assert (folder / "file").read_text() == content
        assert (folder / "audio" / "filters.svg").read_text() == "<svg/>"
    assert len(names(tmp_path)) == 2


def test_the_newest_weeks_stay_and_the_one_just_written(tmp_path):
    weeks = ["2026-11-02", "2026-11-09", "2026-11-16", "2026-11-23"]
    for week in weeks:
        write(tmp_path / week, week)
    write(tmp_path / "reports", "reports")
    (tmp_path / "2026-10-26").mkdir()  # made by somebody else
    assert keep_newest(tmp_path, 2, date(2026, 11, 2)) == ["2026-11-09"]
    left = [name for name in names(tmp_path) if not name.startswith(".")]
    assert left == ["2026-10-26", "2026-11-02", "2026-11-16", "2026-11-23", "reports"]
    assert len(names(tmp_path)) == 9, "four links with what they point to, and the folder of somebody else"


def test_a_text_is_replaced_as_a_whole(tmp_path):
    replace_text(tmp_path / "index.html", "old")
    with pytest.raises(UnicodeEncodeError):
        replace_text(tmp_path / "index.html", "\ud800")
    assert (tmp_path / "index.html").read_text() == "old"
    assert names(tmp_path) == ["index.html"]
