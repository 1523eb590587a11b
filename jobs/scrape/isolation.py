"""Calls in processes of their own: a page that crashes the parser, or makes it run for ever, costs that page only."""

import multiprocessing
import queue
import resource
import signal
from collections.abc import Callable
from multiprocessing.connection import Connection
from types import TracebackType

MEMORY = 2 * 1024**3  # bytes of address space of a process; pages of 5 MB that are all tags need a quarter of it
PATIENCE = 6.0  # times the limit of CPU that a call may last by the clock: other programs want the cores, too

# The server that children are forked from has no threads, so that no lock can be held in a child.
_context = multiprocessing.get_context("forkserver")


class Died(Exception):
    """A call took too long, or its process crashed; the message says which."""


class Processes:
    """So many processes that run calls from any number of threads. A context manager; the processes end with it, and
    when this process is killed.

    seconds : most CPU time for a call; by the clock it may last `PATIENCE` times as long
    preload : modules that each process has imported from its start
    """

    def __init__(self, count: int, seconds: float, preload: list[str]):
        _context.set_forkserver_preload(preload)
        self._idle: queue.SimpleQueue[_Process] = queue.SimpleQueue()
        self._all = [_Process(seconds) for _ in range(count)]
        for process in self._all:
            self._idle.put(process)

    def __call__(self, function: Callable[..., object], *arguments: object) -> object:
        """`function(*arguments)`, as soon as a process is free; all that is pickled.

        Raises Died when it takes too long or crashes, ValueError, MemoryError or RecursionError when the function
        does, and RuntimeError for what else it raises.
        """
        process = self._idle.get()
        try:
            return process.call(function, arguments)
        finally:
            self._idle.put(process)

    def __enter__(self) -> "Processes":
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, traceback: TracebackType | None) -> None:
        for process in self._all:
            process.end()


class _Process:
    def __init__(self, seconds: float):
        self._seconds, self._process = seconds, None

    def call(self, function: Callable[..., object], arguments: tuple) -> object:
        if self._process is None:
            self._start()
        try:
            self._connection.send((function, arguments))
            if not self._connection.poll(PATIENCE * self._seconds):
                self.end()
                raise Died(f"more than {self._seconds:g} s")
            succeeded, result = self._connection.recv()
        except (EOFError, OSError):
            self._process.join()
            code = self._process.exitcode
            self.end()
            late = code == -signal.SIGPROF
            raise Died(f"more than {self._seconds:g} s" if late else f"exit status {code}") from None
        if not succeeded:
            raise result
        return result

    def _start(self) -> None:
        self._connection, theirs = _context.Pipe()
        self._process = _context.Process(target=_serve, args=(theirs, self._seconds), daemon=True)
        self._process.start()
        theirs.close()

    def end(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.join()
            self._connection.close()
            self._process = None


def _serve(connection: Connection, seconds: float) -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, resource.getrlimit(resource.RLIMIT_AS)[1]))
    while True:
        try:
            function, arguments = connection.recv()
        except EOFError:
            return
        signal.setitimer(signal.ITIMER_PROF, seconds)  # the signal ends the process, whatever code it is in
        try:
            answer = (True, function(*arguments))
        except Exception as error:
            answer = (False, type(error)(*map(str, error.args)) if _plain(error) else RuntimeError(repr(error)[:500]))
        signal.setitimer(signal.ITIMER_PROF, 0)
        connection.send(answer)


def _plain(error: Exception) -> bool:
    """Whether the exception can be made again on the other side from its message alone."""
    return type(error) in (ValueError, MemoryError, RecursionError)
