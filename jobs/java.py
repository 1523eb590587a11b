"""Java 17 or 21 for Spark: JAVA_HOME, then PATH, then what `python -m jobs.java` has installed.

python -m jobs.java      find it, or install it: with apt when root on Debian or Ubuntu, else into this environment
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from jobs import cli

VERSIONS = (17, 21)  # what Spark 4 runs on
SYSTEM = Path("/usr/lib/jvm")  # where Debian's packages put theirs
INSTALLED = Path(sys.prefix) / "jdk"  # where `install` puts a JDK without apt


def find_java() -> Path:
    """The home of the first Java that Spark can use. Raises cli.UserError when there is none."""
    found = []
    for where, home in _candidates():
        version = _version(home)
        if version in VERSIONS and _has_vector_module(home):
            return home
        found.append(f"{where}: {home} is Java {version}" if version else f"{where}: {home} has no working Java")
    seen = "; ".join(found) or "none found"
    raise cli.UserError(f"Spark needs a full Java 17 or 21 ({seen}). Set JAVA_HOME, or run: python -m jobs.java")


def install() -> Path:
    """Install a JDK and return its home. Raises cli.UserError when neither way works."""
    if os.geteuid() == 0 and shutil.which("apt-get"):
        print("Java: installing openjdk-17-jre-headless with apt", flush=True)
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        # A list of packages that is out of date may still do: what counts is whether the install works.
        subprocess.run(["apt-get", "-qq", "update"], env=environment, check=False)
        command = ["apt-get", "-qq", "install", "-y", "--no-install-recommends", "openjdk-17-jre-headless"]
        if subprocess.run(command, env=environment, stdout=subprocess.DEVNULL, check=False).returncode == 0:
            return find_java()
    print(f"Java: installing a JDK 17 into {INSTALLED}", flush=True)
    import jdk

    try:
        unpacked = Path(jdk.install("17", path=str(INSTALLED)))
    except Exception as error:  # the package raises whatever its download or archive raises
        raise cli.UserError(f"Java could not be installed ({error}). Install OpenJDK 17 and set JAVA_HOME") from error
    print(f"Java: unpacked {unpacked}", flush=True)
    return find_java()


def _candidates() -> list[tuple[str, Path]]:
    candidates = []
    if os.environ.get("JAVA_HOME"):
        candidates.append(("JAVA_HOME", Path(os.environ["JAVA_HOME"])))
    on_path = shutil.which("java")
    if on_path:
        candidates.append(("PATH", Path(on_path).resolve().parent.parent))
    candidates += [("installed", java.parent.parent) for java in sorted(INSTALLED.glob("*/**/bin/java"))]
    candidates += [("apt", home) for home in sorted(SYSTEM.glob("java-*-openjdk-*"))]
    return candidates


def _version(home: Path) -> int | None:
    try:
        answer = subprocess.run([home / "bin" / "java", "-version"], capture_output=True, text=True, timeout=60)
    except (OSError, subprocess.SubprocessError):
        return None
    match = re.search(r'version "(\d+)', answer.stderr)
    return int(match[1]) if match else None


def _has_vector_module(home: Path) -> bool:
    """Spark starts its JVM with this module, which trimmed JDKs lack."""
    answer = subprocess.run([home / "bin" / "java", "--list-modules"], capture_output=True, text=True, timeout=60)
    return "jdk.incubator.vector" in answer.stdout


def arg_parser() -> argparse.ArgumentParser:
    """The command line."""
    return argparse.ArgumentParser(
        prog="python -m jobs.java", description="Find the Java that Spark needs, or install it.", epilog=__doc__
    )


def main() -> None:
    """Find Java or install it, and say which."""
    try:
        home = find_java()
    except cli.UserError as error:
        print(f"Java: {error}", flush=True)
        home = install()
    print(f"Java: {home}")


if __name__ == "__main__":
    cli.run(arg_parser(), main)
