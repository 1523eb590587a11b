"""An audio file as a mono signal, or an error that says what is wrong with it."""

import hashlib
import os
import stat
from dataclasses import dataclass
from typing import BinaryIO

import librosa
import numpy as np
import soundfile

from jobs.audio.constants import MIN_SECONDS, SAMPLE_RATE, SILENCE, TRUNCATED_SHARE

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
    """Open a regular file for reading. Raises Undecodable for anything else: a FIFO would block for ever, a device
    never end."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    except (OSError, ValueError) as error:
        raise Undecodable(reason_of(error)) from None
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise Undecodable("not a regular file")
    return os.fdopen(descriptor, "rb")


def reason_of(error: Exception) -> str:
    """An operating system's error in a few words, without the path."""
    return (getattr(error, "strerror", None) or str(error)).lower()


def sha256(file: BinaryIO) -> str:
    """SHA-256 of the whole file, in hex; leaves the position at its beginning."""
    digest = hashlib.file_digest(file, "sha256").hexdigest()
    file.seek(0)
    return digest


def decode(file: BinaryIO, max_seconds: float) -> Audio:
    """The middle `max_seconds` of an audio file that libsndfile reads (WAV, AIFF, FLAC, MP3, Ogg Vorbis and Opus ...).

    The middle, because beginnings and ends are often intros, fades and applause.
    Raises Undecodable: not audio, too short, truncated, damaged, silent.
    """
    try:
        audio = soundfile.SoundFile(file)
    except soundfile.LibsndfileError as error:
        raise Undecodable(f"not decodable: {error.error_string.rstrip('.')}") from None
    with audio:
        samples, rate, mono = _middle(audio, max_seconds)
    if not np.isfinite(mono).all():
        raise Undecodable("damaged: samples that are not finite")
    signal = librosa.resample(mono, orig_sr=rate, target_sr=SAMPLE_RATE)
    if np.abs(signal).max() < SILENCE:  # looked at only here, because dither noise lies mostly above 11 kHz
        raise Undecodable("silent")
    return Audio(signal, samples / rate)


def _middle(audio: soundfile.SoundFile, max_seconds: float) -> tuple[int, int, np.ndarray]:
    """Length in samples, sample rate, and the mono samples of the middle stretch."""
    length, rate = audio.frames, audio.samplerate
    if length < MIN_SECONDS * rate:
        raise Undecodable(f"too short: {length / rate:.2f} s, at least {MIN_SECONDS:g} s are needed")
    wanted = min(length, int(max_seconds * rate))
    blocks, read = [], 0
    try:
        audio.seek((length - wanted) // 2)
        while read < wanted:
            block = audio.read(min(BLOCK_SAMPLES, wanted - read), dtype="float32", always_2d=True)
            if not len(block):
                break
            blocks.append(block.mean(axis=1))
            read += len(block)
    except soundfile.LibsndfileError as error:
        raise Undecodable(f"damaged or truncated: {error.error_string.rstrip('.')}") from None
    if read < (1 - TRUNCATED_SHARE) * wanted:
        raise Undecodable(f"damaged or truncated: of {wanted / rate:.1f} s only {read / rate:.1f} s are there")
    return length, rate, np.concatenate(blocks)
