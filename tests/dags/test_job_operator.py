"""The operator that runs a job: what its end means, and that no process outlives its task."""

import os
import signal
import subprocess
import sys
import threading

import pytest

from jobs.settings import ROOT


@pytest.fixture
def job(tmp_path, monkeypatch):
    """Writes a module, and returns the operator that runs it with some arguments."""
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))

    def make(code, *arguments):
        from job_operator import JobOperator

        (tmp_path / "small_job.py").write_text("import os, signal, subprocess, sys, time\n" + code)
        return JobOperator(task_id="small", module="small_job", arguments=arguments)

    return make


@pytest.fixture
def alive(tmp_path):
    """A named pipe that a job and its children hold open: reading it ends when the last of them has ended."""
    path = tmp_path / "alive"
    os.mkfifo(path)
    return path


# Holds the pipe whose name is the first argument, tells that it runs, and hangs.
HANG = "pipe = os.open(sys.argv[1], os.O_WRONLY); os.set_inheritable(pipe, True)\n"
HANG_ALONE = HANG + "os.write(pipe, b'up'); time.sleep(600)\n"
HANG_WITH_A_CHILD_THAT_IGNORES_SIGTERM = (
    HANG + "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
    "subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'], close_fds=False)\n"
    "os.write(pipe, b'up'); time.sleep(600)\n"
)


def test_the_output_of_a_job_is_logged_as_it_is(job, monkeypatch):
    operator = job("print('Motörhead'); sys.stdout.buffer.write(b'\\xff\\n'); print('end', file=sys.stderr)")
    lines = []
    monkeypatch.setattr(operator.log, "info", lambda form, *values: lines.append(form % values))
    operator.execute({})
    assert lines[0] == "----- python -m small_job"
    assert {"Motörhead", "\\xff", "end"} <= set(lines)
    assert lines[-1].startswith("----- done after")


def test_arguments_reach_the_job_as_they_are_and_no_shell_reads_them(job, tmp_path):
    hostile = ["$(touch pwned); `id`", "'; exit 0; #", "a\nb", ""]
    job(f"open({str(tmp_path / 'got')!r}, 'w').write(repr(sys.argv[1:]))", *hostile).execute({})
    assert (tmp_path / "got").read_text() == repr(hostile)


def test_a_job_runs_where_the_project_is(job, tmp_path):
    job(f"open({str(tmp_path / 'got')!r}, 'w').write(os.getcwd())").execute({})
    assert (tmp_path / "got").read_text() == str(ROOT)


@pytest.mark.parametrize(
    ("code", "message", "retried"),
    [
        ("sys.exit(1)", "small_job --week x ended with status 1", True),
        ("sys.exit(99)", "ended with status 99", True),
        ("os.kill(os.getpid(), signal.SIGKILL)", "was killed by SIGKILL", True),  # as when memory runs out
        ("sys.exit(2)", "ended with status 2", False),  # nothing that another try would change
    ],
)
def test_a_failed_job_fails_the_task_and_only_what_may_pass_is_tried_again(job, code, message, retried):
    from airflow.sdk.exceptions import AirflowException, AirflowFailException

    with pytest.raises(AirflowException, match=message) as failure:
        job(code, "--week", "x").execute({})
    assert isinstance(failure.value, AirflowFailException) is not retried


def test_killing_the_task_ends_the_job_and_its_children(job, alive):
    from airflow.sdk.exceptions import AirflowException

    operator, failures = job(HANG_WITH_A_CHILD_THAT_IGNORES_SIGTERM, str(alive)), []

    def run():
        try:
            operator.execute({})
        except AirflowException as failure:
            failures.append(str(failure))

    task = threading.Thread(target=run)
    task.start()
    with open(alive, "rb") as pipe:
        assert pipe.read(2) == b"up"
        operator.on_kill()
        assert pipe.read() == b""  # nobody is left
    task.join(30)
    assert failures == [f"small_job {alive} was killed by SIGKILL"]


@pytest.mark.parametrize("ended_by", [signal.SIGINT, signal.SIGKILL])
def test_a_job_does_not_outlive_the_process_of_its_task(job, alive, ended_by):
    job(HANG_ALONE)
    code = (
        "import sys; sys.path.insert(0, 'dags'); from job_operator import JobOperator\n"
        f"JobOperator(task_id='small', module='small_job', arguments=[{str(alive)!r}]).execute({{}})\n"
        "print('went on')"
    )
    with subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE) as task:
        with open(alive, "rb") as pipe:
            assert pipe.read(2) == b"up"
            task.send_signal(ended_by)
            assert pipe.read() == b""
        assert task.wait(60) == -ended_by
        assert b"went on" not in task.stdout.read()


def test_a_failure_is_told_in_one_line(caplog):
    import stages
    from airflow.sdk.exceptions import AirflowException

    class Instance:
        dag_id, task_id, try_number, log_url = "discover_weekly", "audio.train", 2, "http://localhost:8080/there"

    error = AirflowException("jobs.audio train --week 2026-11-23 was killed by SIGKILL")
    stages.tell_failure({"ti": Instance, "params": {"week": "2026-11-23"}, "exception": error})
    stages.tell_failure({"ti": Instance, "params": {"week": "someday"}, "exception": error})
    assert caplog.messages[0] == (
        "FAILED: DAG discover_weekly, task audio.train, week 2026-11-23, try 2: jobs.audio train --week 2026-11-23 "
        "was killed by SIGKILL; log: http://localhost:8080/there"
    )
    assert any("someday" in message for message in caplog.messages)
