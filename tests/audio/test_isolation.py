import ctypes
import os
import time

import pytest

from jobs.audio.isolation import Died, Isolated


def serve(what):
    """A decoder with all the faults that one may have."""
    if what == "crash":
        ctypes.string_at(0)
    if what == "hang":
        time.sleep(3600)
    if what == "exit":
        os._exit(3)
    if what == "eat":
        return len(bytearray(64 * 2**30))
    return os.getpid()


def test_one_process_serves_until_a_call_kills_it():
    with Isolated(serve, seconds=20) as isolated:
        first = isolated("work")
        assert first != os.getpid()
        assert isolated("work") == first
        with pytest.raises(Died, match="crashed: signal 11"):
            isolated("crash")
        assert isolated("work") != first


@pytest.mark.parametrize(("what", "reason"), [("exit", "exit status 3"), ("eat", "crashed"), ("hang", "too long")])
def test_every_way_to_die_is_named(what, reason):
    with Isolated(serve, seconds=0.5) as isolated, pytest.raises(Died, match=reason):
        isolated(what)


def test_the_process_ends_with_the_context():
    with Isolated(serve, seconds=20) as isolated:
        child = isolated("work")
    with pytest.raises(ProcessLookupError):
        os.kill(child, 0)
