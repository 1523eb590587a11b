"""Calls in a process of their own, so that a decoder that crashes, hangs or eats memory costs one file and not the
run."""

import faulthandler
import multiprocessing
import resource
import signal
from collections.abc import Callable
from multiprocessing.connection import Connection
from types import TracebackType

from jobs.audio.constants import DECODER_BYTES

CRASHES = (signal.SIGSEGV, signal.SIGBUS, signal.SIGABRT, signal.SIGFPE, signal.SIGILL)
_fork = multiprocessing.get_context("fork")  # the child starts with everything imported: some milliseconds


class Died(Exception):
    """The process ended without a result, or was ended because it took too long; the message says which."""


class Isolated:
    """`function` in a forked process of at most DECODER_BYTES of address space, which serves call after call until one
    of them kills it; the next call starts another. A context manager: the process ends with it, and when this process
    is killed.

    function : should not raise: an exception counts as a crash; arguments and result are pickled
    seconds : most time for a call
    """

    def __init__(self, function: Callable[..., object], seconds: float):
        self._function, self._seconds, self._process = function, seconds, None

    def __call__(self, *arguments: object) -> object:
        """`function(*arguments)`. Raises Died when it crashes, runs out of memory or takes too long."""
        if self._process is None:
            self._connection, childs = _fork.Pipe()
            self._process = _fork.Process(target=_serve, args=(childs, self._connection, self._function))
            self._process.start()
            childs.close()
        try:
            self._connection.send(arguments)
            if self._connection.poll(self._seconds):
                return self._connection.recv()
        except (EOFError, OSError):
            self._process.join()
            code = self._process.exitcode
            self._end()
            raise Died(f"the decoder crashed: {f'signal {-code}' if code < 0 else f'exit status {code}'}") from None
        self._end()
        raise Died(f"the decoder took too long: more than {self._seconds:g} s")

    def __enter__(self) -> "Isolated":
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, traceback: TracebackType | None) -> None:
        self._end()

    def _end(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.join()
            self._connection.close()
            self._process = None


def _serve(connection: Connection, parents: Connection, function: Callable[..., object]) -> None:
    parents.close()  # so that the pipe breaks when the parent dies
    # A crash ends this process at once: what handles it in the parent may wait for a thread that is not here.
    faulthandler.disable()
    for crash in CRASHES:
        signal.signal(crash, signal.SIG_DFL)
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    limit = DECODER_BYTES if hard == resource.RLIM_INFINITY else min(DECODER_BYTES, hard)
    resource.setrlimit(resource.RLIMIT_AS, (limit, hard))
    while True:
        try:
            arguments = connection.recv()
        except EOFError:
            return
        connection.send(function(*arguments))
