"""What all benchmarks share: contenders in processes of their own, their peak memory, a table, a JSON file."""

import argparse
import importlib
import importlib.util
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import psutil
from rich.console import Console
from rich.table import Table

COSTS = ("wall_seconds", "cpu_seconds", "peak_mib")  # what `alone` adds
SAMPLE_SECONDS = 0.2  # between two looks at the memory of a contender, at least
SAMPLE_SHARE = 0.02  # most time that the looks take, because they slow a contender down


def arg_parser(name: str, description: str) -> argparse.ArgumentParser:
    """The command line of a benchmark: --small and --json; a benchmark may add its own."""
    parser = argparse.ArgumentParser(prog=f"python -m benchmarks.{name}", description=description)
    parser.add_argument("--small", action="store_true", help="a quick look: small data, few repeats")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all measurements there, too")
    return parser


def alone(
    function: str, environment: Mapping[str, str] | None = None, python: str = sys.executable, **arguments
) -> dict:
    """Call `function` ("module:name") in a process of its own, and wait for it.

    python: the interpreter, for a peer that cannot live in this environment. arguments: what it gets, JSON. It
    returns JSON, too: a dict, which comes back with three more entries: `wall_seconds`, of the whole process;
    `cpu_seconds`, of it and all that it started, its own start included, up to the last look; and `peak_mib`, the
    largest sum of their memory (PSS). What is a number or a word of it is printed at once: the tables come at the end.
    Raises RuntimeError that names the function where the process fails; what it printed is on the terminal.
    """
    with tempfile.TemporaryDirectory() as folder:
        result = Path(folder) / "result.json"
        command = [python, "-m", "benchmarks.contest", function, json.dumps(arguments), str(result)]
        started = time.perf_counter()
        process = subprocess.Popen(command, env={**os.environ, **(environment or {})})
        peak, worked = 0.0, {}
        while process.poll() is None:
            looked = time.perf_counter()
            mib, seconds = _used(process.pid)
            peak, worked = max(peak, mib), worked | seconds  # of processes that have ended the last look counts
            time.sleep(max(SAMPLE_SECONDS, (time.perf_counter() - looked) / SAMPLE_SHARE))
        if process.returncode:
            raise RuntimeError(f"{function}: exit status {process.returncode}")
        measured = json.loads(result.read_text())
    wall = time.perf_counter() - started
    measured |= {"wall_seconds": wall, "cpu_seconds": sum(worked.values()), "peak_mib": peak}
    said = {name: value for name, value in {**arguments, **measured}.items() if isinstance(value, int | float | str)}
    print(f"{function}: {', '.join(f'{name} {_cell(value)}' for name, value in said.items())}", file=sys.stderr)
    return measured


def without_costs(measured: Mapping[str, object]) -> dict:
    """What a contender has measured itself, without what `alone` adds."""
    return {name: value for name, value in measured.items() if name not in COSTS}


def cpu_seconds() -> float:
    """Seconds of work that this process and those below it have had so far, all threads together. On a machine that
    does other things, too, it says more than the clock."""
    this = psutil.Process()
    return sum(sum(p.cpu_times()[:2]) for p in (this, *this.children(recursive=True)))


def is_installed(module: str) -> bool:
    """Whether a peer is there; says so where it is not."""
    found = importlib.util.find_spec(module) is not None
    if not found:
        print(f"{module} is not installed and left out: make benchmark-peers", file=sys.stderr)
    return found


def show(title: str, rows: Sequence[Mapping[str, object]]) -> None:
    """A table of rows that have the same keys; numbers are rounded to three digits that count."""
    table = Table(title=title)
    for index, name in enumerate(rows[0]):
        table.add_column(name, justify="right" if index else "left")
    for row in rows:
        table.add_row(*(_cell(value) for value in row.values()))
    Console(width=None if sys.stdout.isatty() else 140).print(table)


def save(path: Path | None, **measurements) -> None:
    """Write measurements and the machine that they are from as JSON; nothing without a path."""
    if path is not None:
        machine = {"machine": platform.machine(), "cores": os.cpu_count(), "python": platform.python_version()}
        path.write_text(json.dumps({"machine": machine, **measurements}, indent=1) + "\n")


def _cell(value: object) -> str:
    if value is None:
        return "-"
    if isinstance(value, float):
        return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"
    return f"{value:,}" if isinstance(value, int) else str(value)


def _used(pid: int) -> tuple[float, dict[int, float]]:
    """Memory of a process and all below it, MiB, and the CPU seconds of each so far."""
    total, seconds = 0, {}
    try:
        processes = [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]
    except psutil.NoSuchProcess:
        return 0.0, {}
    for process in processes:
        try:
            total += process.memory_full_info().pss
            seconds[process.pid] = sum(process.cpu_times()[:2])
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            continue
    return total / 2**20, seconds


if __name__ == "__main__":
    module, name = sys.argv[1].split(":")
    answer = getattr(importlib.import_module(module), name)(**json.loads(sys.argv[2]))
    Path(sys.argv[3]).write_text(json.dumps(answer))
