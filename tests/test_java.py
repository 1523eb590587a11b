"""Finding Java: JAVA_HOME first, then PATH, and never one that Spark cannot use."""

import os
import stat

import pytest

from jobs import cli, java


def make_java(home, version, modules="jdk.incubator.vector"):
    (home / "bin").mkdir(parents=True)
    script = home / "bin" / "java"
    script.write_text(
        f'#!/bin/sh\n[ "$1" = --list-modules ] && echo {modules} || echo \'openjdk version "{version}"\' >&2\n'
    )
    script.chmod(script.stat().st_mode | stat.S_IXUSR)
    return home


@pytest.fixture(autouse=True)
def nothing_installed(monkeypatch, tmp_path):
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.setattr(java, "INSTALLED", tmp_path / "none")
    monkeypatch.setattr(java, "SYSTEM", tmp_path / "none")
    monkeypatch.setenv("PATH", os.pathsep.join(["/usr/bin", "/bin"]))
    monkeypatch.setattr(java.shutil, "which", lambda name: None)


def test_java_home_wins_over_the_path(tmp_path, monkeypatch):
    first, second = make_java(tmp_path / "a", "17.0.1"), make_java(tmp_path / "b", "21")
    monkeypatch.setattr(java.shutil, "which", lambda name: str(second / "bin" / "java"))
    assert java.find_java() == second
    monkeypatch.setenv("JAVA_HOME", str(first))
    assert java.find_java() == first


@pytest.mark.parametrize(
    ("version", "modules"), [("1.8.0_401", ""), ("25", "jdk.incubator.vector"), ("17", "java.base")]
)
def test_a_java_that_spark_cannot_use_is_passed_over_and_named(tmp_path, monkeypatch, version, modules):
    bad = make_java(tmp_path / "bad", version, modules)
    monkeypatch.setenv("JAVA_HOME", str(bad))
    with pytest.raises(cli.UserError, match=f"JAVA_HOME: {bad}.*python -m jobs.java"):
        java.find_java()
    good = make_java(tmp_path / "good", "21.0.2")
    monkeypatch.setattr(java.shutil, "which", lambda name: str(good / "bin" / "java"))
    assert java.find_java() == good


def test_without_any_java_the_message_says_what_to_do():
    with pytest.raises(cli.UserError, match=r"none found.*Set JAVA_HOME, or run: python -m jobs\.java"):
        java.find_java()
