"""The operator that runs a job, `python -m jobs...`, as a process of its own."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from airflow.sdk import BaseOperator
from airflow.sdk.exceptions import AirflowException, AirflowFailException

from jobs import weeks

ROOT = Path(weeks.__file__).resolve().parent.parent  # the top of the project, where `python -m jobs` works
CANNOT_SUCCEED = 2  # exit status for wrong settings, broken contracts and the caller's errors: no retry mends them
SECONDS_TO_STOP = 3  # between SIGTERM and SIGKILL; Airflow gives the task itself 5
# Where the task is killed outright, it cannot end the job any more; the kernel does (util-linux, Linux only).
DIE_WITH_TASK = ["setpriv", "--pdeathsig", "KILL"] if shutil.which("setpriv") else []


class JobOperator(BaseOperator):
    """Run `python -m MODULE ARGUMENTS...` with the Python that runs Airflow, and show its output as it comes.

    The command is a list, no shell reads it. Exit status 2 fails the task at once, any other one but 0 is worth a
    retry. Whatever ends the task (a kill, the timeout, Ctrl-C) ends the job and the processes it has started.

    module: such as "jobs.audio".
    arguments: rendered by Jinja.
    mapped_arguments: follow them as they are; what tasks are mapped over.
    """

    template_fields: Sequence[str] = ("arguments",)
    ui_color = "#e5f3ec"

    def __init__(
        self, *, module: str, arguments: Sequence[str] = (), mapped_arguments: Sequence[str] = (), **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.module = module
        self.arguments = list(arguments)
        self.mapped_arguments = list(mapped_arguments)
        self._process: subprocess.Popen[str] | None = None

    def execute(self, context: Any) -> None:
        """Run the job to its end. Raises AirflowFailException or AirflowException when it fails."""
        arguments = [self.module, *self.arguments, *self.mapped_arguments]
        command, shown = [sys.executable, "-m", *arguments], " ".join(arguments)
        self.log.info("----- python -m %s", shown)
        started = time.monotonic()
        self._process = subprocess.Popen(
            [*DIE_WITH_TASK, *command],
            cwd=ROOT,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
            errors="backslashreplace",
            start_new_session=True,  # a process group of its own, to be ended as one
        )
        try:
            for line in self._process.stdout:
                self.log.info("%s", line.rstrip())
            status = self._process.wait()
        except KeyboardInterrupt:  # `airflow dags test` would take it for this task's failure, and go on
            self.on_kill()
            signal.signal(signal.SIGINT, signal.SIG_DFL)
            signal.raise_signal(signal.SIGINT)
        finally:
            self.on_kill()
        self.log.info("----- %s after %.1f s", "done" if status == 0 else "failed", time.monotonic() - started)
        if status == CANNOT_SUCCEED:
            raise AirflowFailException(f"{shown} ended with status 2: what is wrong is said above; no retry")
        if status:
            how = f"was killed by {signal.Signals(-status).name}" if status < 0 else f"ended with status {status}"
            raise AirflowException(f"{shown} {how}")

    def on_kill(self) -> None:
        """End the job and the processes it has started."""
        process = self._process
        if process is None or process.poll() is not None:
            return
        os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(SECONDS_TO_STOP)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
