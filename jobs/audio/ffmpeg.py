"""The formats that libsndfile does not read, by ffmpeg where it is installed.

ffmpeg reads lists of other files and addresses, too, so it is never left to guess: the first bytes of a file say which
demuxer it gets, and it may open nothing but that file.
"""

import shutil
import subprocess
from typing import BinaryIO

import numpy as np

from jobs.audio.constants import SAMPLE_RATE

SIGNATURES = (  # offset, bytes there, the demuxer, what people call it
    (4, b"ftyp", "mov", "MPEG-4 audio (M4A, ALAC)"),
    (0, b"\xff\xf1", "aac", "AAC"),
    (0, b"\xff\xf9", "aac", "AAC"),
    (0, b"0&\xb2u\x8ef\xcf\x11", "asf", "Windows Media Audio"),
    (0, b"\x1aE\xdf\xa3", "matroska", "Matroska or WebM"),
    (0, b"wvpk", "wv", "WavPack"),
    (0, b"MAC ", "ape", "Monkey's Audio"),
)
PROCESSOR_SECONDS = 60  # most processor time of a call


class NotRead(Exception):
    """ffmpeg could not read it, or is not installed; the message says why."""


def format_of(file: BinaryIO) -> tuple[str, str] | None:
    """The demuxer for a file and its name for people; None: it is nothing that ffmpeg is asked to read."""
    file.seek(0)
    head = file.read(16)
    file.seek(0)
    for offset, signature, demuxer, name in SIGNATURES:
        if head[offset:].startswith(signature):
            return demuxer, name
    return None


def seconds_of(file: BinaryIO, demuxer: str) -> float:
    """Length of the audio, seconds. Raises NotRead."""
    said = _run(file, "ffprobe", "-f", demuxer, "-show_entries", "format=duration", "-of", "csv=p=0")
    try:
        return float(said)
    except ValueError:
        raise NotRead("ffmpeg finds no length in it") from None


def stretch(file: BinaryIO, demuxer: str, start: float, seconds: float) -> np.ndarray:
    """A stretch of the first audio stream, float32 (samples,), mono, at SAMPLE_RATE. Raises NotRead.

    start, seconds : where it begins and how long it is at most
    """
    before = ("-f", demuxer, "-ss", f"{start:.3f}", "-t", f"{seconds:.3f}")
    after = ("-map", "0:a:0", "-ac", "1", "-ar", str(SAMPLE_RATE), "-f", "f32le", "pipe:1")
    limits = ("-nostdin", "-timelimit", str(PROCESSOR_SECONDS), "-threads", "1")
    return np.frombuffer(_run(file, "ffmpeg", *limits, *before, after=after), np.float32)


def _run(file: BinaryIO, program: str, *options: str, after: tuple[str, ...] = ()) -> bytes:
    found = shutil.which(program)
    if found is None:
        raise NotRead("ffmpeg is not installed")
    number = file.fileno()
    source = ("-protocol_whitelist", "file", "-i", f"file:/dev/fd/{number}")
    command = [found, "-hide_banner", "-v", "error", *options, *source, *after]
    done = subprocess.run(command, pass_fds=[number], stdin=subprocess.DEVNULL, capture_output=True, check=False)
    if done.returncode:
        words = done.stderr.decode(errors="replace").replace(f"file:/dev/fd/{number}: ", "").split("\n")
        raise NotRead(f"{program}: {words[0][:200] or f'exit status {done.returncode}'}")
    return done.stdout
