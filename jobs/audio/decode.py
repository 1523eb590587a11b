"""An audio file as a mono signal, or an error that says what is wrong with it."""

import hashlib
import os
import stat
from dataclasses import dataclass
from typing import BinaryIO

import numpy as np
import soundfile
import soxr

from jobs.audio import ffmpeg
from jobs.audio.constants import MIN_SECONDS, SAMPLE_RATE, SILENCE, TRIM_DB, TRUNCATED_SHARE

TRIM_SAMPLES = 512  # what is judged at once when silent ends are cut: 23 ms
BLOCK_SAMPLES = 1 << 16  # samples of each channel decoded at a time, so that memory does not grow with the file


class Undecodable(Exception):
    """There is no music to be had from this file; the message says why."""


@dataclass(frozen=True)
class Audio:
    """What was decoded.

    signal : np.ndarray [shape=(samples,), dtype=float32], mono, at SAMPLE_RATE
    seconds : length of the whole file
    """

    signal: np.ndarray
    seconds: float


def open_file(path: str) -> BinaryIO:
    """Open a regular file for reading, unbuffered. Raises Undecodable for anything else: a FIFO would block for ever, a
    device never end."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    except (OSError, ValueError) as error:
        raise Undecodable(reason_of(error)) from None
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise Undecodable("not a regular file")
    return os.fdopen(descriptor, "rb", buffering=0)


def reason_of(error: Exception) -> str:
    """An operating system's error in a few words, without the path."""
    return (getattr(error, "strerror", None) or str(error)).lower()


def sha256(file: BinaryIO) -> str:
    """SHA-256 of the whole file, in hex; leaves the position at its beginning."""
    digest = hashlib.file_digest(file, "sha256").hexdigest()
    file.seek(0)
    return digest


def decode(file: BinaryIO, max_seconds: float, stretches: int = 1) -> Audio:
    """The middle `max_seconds` of an audio file, or as much from several places, without silence at the ends.

    The middle, because beginnings and ends are often intros, fades and applause. libsndfile reads WAV, AIFF, FLAC, MP3,
    Ogg Vorbis, Opus and more, ffmpeg what `jobs.audio.ffmpeg` knows; soxr resamples, as librosa has it do.

    file : as `open_file` opens it, at its beginning
    stretches : how many equal stretches, one in the middle of each equal part of the file
    Raises Undecodable: not audio, too short, truncated, damaged, silent.
    """
    try:
        # By its descriptor: called back for each piece, libsndfile takes a fifth longer.
        audio = soundfile.SoundFile(file.fileno(), closefd=False)
    except soundfile.LibsndfileError as error:
        kind = ffmpeg.format_of(file)
        if kind is None:
            raise Undecodable(f"not decodable: {error.error_string.rstrip('.')}") from None
        seconds, signal = _by_ffmpeg(file, *kind, max_seconds, stretches)
    else:
        with audio:
            seconds, signal = _by_libsndfile(audio, max_seconds, stretches)
    if np.abs(signal).max() < SILENCE:  # looked at only here, because dither noise lies mostly above 11 kHz
        raise Undecodable("silent")
    return Audio(_without_silent_ends(signal), seconds)


def _without_silent_ends(signal: np.ndarray) -> np.ndarray:
    """From the first block that is within TRIM_DB of the loudest one to the last."""
    whole = len(signal) // TRIM_SAMPLES * TRIM_SAMPLES
    blocks = signal[:whole].reshape(-1, TRIM_SAMPLES)
    power = np.einsum("ij,ij->i", blocks, blocks)
    loud = np.flatnonzero(power >= power.max() * 10 ** (-TRIM_DB / 10))
    first, last = loud[0], loud[-1] + 1
    return signal[first * TRIM_SAMPLES : len(signal) if last == len(blocks) else last * TRIM_SAMPLES]


def _by_libsndfile(audio: soundfile.SoundFile, max_seconds: float, stretches: int) -> tuple[float, np.ndarray]:
    """Length in seconds, and the signal of the stretches at SAMPLE_RATE."""
    length, rate = audio.frames, audio.samplerate
    signals = []
    for start, seconds in _places(length / rate, max_seconds, stretches):
        try:
            audio.seek(int(start * rate))
            mono = _read(audio, min(round(seconds * rate), length))
        except soundfile.LibsndfileError as error:
            raise Undecodable(f"damaged or truncated: {error.error_string.rstrip('.')}") from None
        signals.append(_checked(mono, rate, seconds))
    return length / rate, soxr.resample(np.concatenate(signals), rate, SAMPLE_RATE)


def _read(audio: soundfile.SoundFile, wanted: int) -> np.ndarray:
    """The next `wanted` samples, the mean of the channels; fewer where the file ends."""
    blocks, read = [np.zeros(0, np.float32)], 0
    weights = np.full(audio.channels, 1 / audio.channels, np.float32)
    while read < wanted:
        block = audio.read(min(BLOCK_SAMPLES, wanted - read), dtype="float32", always_2d=True)
        if not len(block):
            break
        blocks.append(block @ weights)  # the mean; numpy's own is slow over so short an axis
        read += len(block)
    return np.concatenate(blocks)


def _by_ffmpeg(file: BinaryIO, demuxer: str, name: str, max_seconds: float, stretches: int) -> tuple[float, np.ndarray]:
    try:
        length = ffmpeg.seconds_of(file, demuxer)
        signals = [
            _checked(ffmpeg.stretch(file, demuxer, start, seconds), SAMPLE_RATE, seconds)
            for start, seconds in _places(length, max_seconds, stretches)
        ]
    except ffmpeg.NotRead as error:
        raise Undecodable(f"not decodable: {name}: {error}") from None
    return length, np.concatenate(signals)


def _places(length: float, max_seconds: float, stretches: int) -> list[tuple[float, float]]:
    """(start, seconds) of each stretch of a file, in seconds."""
    if not length >= MIN_SECONDS:
        raise Undecodable(f"too short: {length:.2f} s, at least {MIN_SECONDS:g} s are needed")
    if length <= max_seconds:
        return [(0.0, length)]
    part, seconds = length / stretches, max_seconds / stretches
    return [(number * part + (part - seconds) / 2, seconds) for number in range(stretches)]


def _checked(signal: np.ndarray, rate: int, seconds: float) -> np.ndarray:
    """A stretch, if it is all there and sound."""
    found = len(signal) / rate
    if found < (1 - TRUNCATED_SHARE) * seconds:
        raise Undecodable(f"damaged or truncated: of {seconds:.1f} s only {found:.1f} s are there")
    if not np.isfinite(signal).all():
        raise Undecodable("damaged: samples that are not finite")
    return signal
