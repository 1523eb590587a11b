"""Settings: defaults, then the file, then the environment; a wrong one stops the job and is named."""

import os
import subprocess
import sys

import pytest
from pydantic import ValidationError

from jobs.settings import Settings

SAY = "import argparse; from jobs import cli; cli.run(argparse.ArgumentParser(), lambda: print('ran'))"


def test_the_environment_wins_over_the_file_and_the_file_over_the_defaults(tmp_path, monkeypatch):
    (tmp_path / "d.toml").write_text(
        'seed = 3\n[collaborative]\nfactors = 8\nhalf_life_weeks = 4\n[spark]\nmaster="a"\n'
    )
    monkeypatch.setenv("DISCOVER_CONFIG", str(tmp_path / "d.toml"))
    monkeypatch.setenv("DISCOVER_COLLABORATIVE_HALF_LIFE_WEEKS", "5")
    monkeypatch.setenv("DISCOVER_SPARK_MASTER", "spark://there:7077")
    settings = Settings()
    assert (settings.seed, settings.collaborative.factors) == (3, 8)
    assert settings.collaborative.half_life_weeks == 5
    assert settings.spark.master == "spark://there:7077"
    assert settings.spark.shuffle_partitions == Settings.model_fields["spark"].default.shuffle_partitions


def test_an_unknown_setting_is_refused(monkeypatch):
    monkeypatch.setenv("DISCOVER_SPARK_MASTR", "x")
    with pytest.raises(ValidationError, match="mastr"):
        Settings()


def test_a_wrong_setting_ends_a_job_with_one_line_that_names_it():
    environment = {**os.environ, "DISCOVER_RANKING_EPSILON": "2"}
    ended = subprocess.run([sys.executable, "-c", SAY], env=environment, capture_output=True, text=True, timeout=60)
    assert ended.returncode == 2
    assert "setting DISCOVER_RANKING_EPSILON: Input should be less than or equal to 1" in ended.stderr
    assert "Traceback" not in ended.stderr
    assert "ran" not in ended.stdout


@pytest.mark.parametrize("stage", ["java", "lake", "ingest", "sample", "scrape", "culture", "collaborative", "audio",
                                   "cold_start", "ranking", "publish", "query"])  # fmt: skip
def test_help_teaches_without_the_heavy_libraries(stage):
    code = (
        "import runpy, sys\n"
        f"sys.argv = ['x', '--help']\n"
        "try:\n"
        f"    runpy.run_module('jobs.{stage}', run_name='__main__')\n"
        "except SystemExit as end:\n"
        "    assert end.code == 0\n"
        "print([m for m in ('pyspark', 'tensorflow', 'librosa', 'nltk', 'airflow') if m in sys.modules])"
    )
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert shown.returncode == 0, shown.stderr
    assert f"python -m jobs.{stage}" in shown.stdout
    assert "example" in shown.stdout.lower() or stage == "java"
    assert shown.stdout.rstrip().endswith("[]"), "heavy libraries on the way to --help"
