"""Instruments: one note, or one stroke, as a waveform. Mono, float32, at `SAMPLE_RATE`, peak about 1.

Pitched ones are wavetables (one period, read at the speed of the note), frequency modulation (Chowning 1973) or
plucked strings (Karplus and Strong 1983); drums are falling sines and filtered noise.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np
from scipy.signal import butter, lfilter, sosfilt

SAMPLE_RATE = 22_050  # samples a second
TABLE = 2048  # samples of a wavetable


@dataclass(frozen=True)
class Voice:
    """A wavetable instrument. partials : exponent by which the n-th partial falls; odd : only odd partials;
    attack, release : seconds; decay : seconds to fall to 1/e, 0: it is held; detune : cents between its two
    oscillators; vibrato : cents; noise : share of breath or bow."""

    partials: float
    odd: bool
    attack: float
    decay: float
    release: float
    detune: float = 0.0
    vibrato: float = 0.0
    noise: float = 0.0


VOICES = {
    "sine": Voice(4.0, False, 0.01, 1.2, 0.06),
    "pad": Voice(1.7, False, 0.9, 0.0, 0.9, detune=14),
    "acid": Voice(0.9, False, 0.003, 0.12, 0.02),
    "stab": Voice(1.1, False, 0.004, 0.11, 0.05, detune=9),
    "saw": Voice(1.0, False, 0.006, 0.5, 0.03, detune=12),
    "square": Voice(1.0, True, 0.004, 0.35, 0.02),
    "fuzz": Voice(0.6, False, 0.003, 0.9, 0.02, detune=7, noise=0.03),
    "strings": Voice(1.2, False, 0.16, 0.0, 0.2, detune=10, vibrato=9, noise=0.02),
    "reed": Voice(1.3, True, 0.035, 0.0, 0.06, vibrato=14, noise=0.05),
    "voice": Voice(1.9, False, 0.06, 0.0, 0.1, vibrato=20, noise=0.03),
}
FM = {  # ratio of the modulator, its depth, seconds to fall to 1/e
    "bell": (3.5, 2.2, 0.9),
    "keys": (1.0, 1.6, 0.45),
    "piano": (2.0, 1.1, 0.4),
}
STRINGS = {"pluck": 0.996, "upright": 0.985}  # how much of a period is left in the next


def note(instrument: str, frequency: float, seconds: float, colour: float, random: np.random.Generator) -> np.ndarray:
    """One note. colour : about -0.5 to 0.5, darker to brighter: the artist's own way with the instrument.

    Raises KeyError for an unknown instrument.
    """
    if instrument in FM:
        return _frequency_modulated(*FM[instrument], frequency, seconds, colour)
    if instrument in STRINGS:
        return _plucked(STRINGS[instrument], frequency, seconds, colour, random)
    return _wavetable(VOICES[instrument], frequency, seconds, colour, random)


def drum(name: str, tone: float, random: np.random.Generator) -> np.ndarray:
    """One stroke of kick, snare, rim, brush, hat, shaker or ride. tone : about 1, the tuning of the kit."""
    if name == "kick":
        t = _time(0.28)
        sweep = 2 * np.pi * np.cumsum(48 * tone + 130 * tone * np.exp(-t / 0.025)) / SAMPLE_RATE
        return np.sin(sweep) * np.exp(-t / 0.09)
    if name == "ride":
        t = _time(0.35)
        metal = sum(np.sin(2 * np.pi * f * tone * t + f) for f in (2843.0, 3911.0, 5217.0, 6733.0))
        return (0.12 * metal + 0.3 * _noise(t, 5000, "highpass", random)) * np.exp(-t / 0.13)
    seconds, fall, corner, kind, body = {
        "snare": (0.2, 0.055, (900, 7000), "bandpass", 0.5),
        "rim": (0.06, 0.012, (1700, 4200), "bandpass", 0.6),
        "brush": (0.25, 0.09, (1500, 6000), "bandpass", 0.0),
        "hat": (0.07, 0.018, 7000, "highpass", 0.0),
        "shaker": (0.12, 0.035, (4500, 9000), "bandpass", 0.0),
    }[name]
    t = _time(seconds)
    ring = body * np.sin(2 * np.pi * 190 * tone * t) if name == "snare" else body * np.sin(2 * np.pi * 1650 * tone * t)
    swell = np.minimum(t / 0.03, 1) if name in ("brush", "shaker") else 1
    return ((1.4 * _noise(t, corner, kind, random) + ring) * swell * np.exp(-t / fall)).astype(np.float32)


def _wavetable(
    voice: Voice, frequency: float, seconds: float, colour: float, random: np.random.Generator
) -> np.ndarray:
    t = _time(seconds + voice.release)
    table = _table(round(voice.partials - colour, 1), voice.odd, _harmonics(frequency))
    wobble = 1 + (2 ** (voice.vibrato / 1200) - 1) * np.sin(2 * np.pi * 5.3 * t) if voice.vibrato else 1
    wave = 0
    for cents in (-voice.detune / 2, voice.detune / 2) if voice.detune else (0,):
        speed = np.broadcast_to(frequency * 2 ** (cents / 1200) * TABLE / SAMPLE_RATE * wobble, t.shape)
        wave = wave + table[(random.uniform(0, TABLE) + np.cumsum(speed)).astype(np.int64) % TABLE]
    if voice.noise:
        wave = wave + voice.noise * random.standard_normal(len(t), np.float32)
    envelope = np.minimum(t / voice.attack, 1) * np.clip((seconds + voice.release - t) / voice.release, 0, 1)
    if voice.decay:
        envelope = envelope * np.exp(-t / voice.decay)
    return (0.6 * wave * envelope).astype(np.float32)


def _frequency_modulated(
    ratio: float, depth: float, fall: float, frequency: float, seconds: float, colour: float
) -> np.ndarray:
    t = _time(min(seconds + 1.2, 3.0))
    modulator = depth * (1 + colour) * np.exp(-t / (0.6 * fall)) * np.sin(2 * np.pi * frequency * ratio * t)
    envelope = np.minimum(t / 0.004, 1) * np.exp(-t / fall) * np.minimum((t[-1] - t) / 0.05, 1)
    return (np.sin(2 * np.pi * frequency * t + modulator) * envelope).astype(np.float32)


def _plucked(left: float, frequency: float, seconds: float, colour: float, random: np.random.Generator) -> np.ndarray:
    """A burst of noise that runs round a delay line of one period, averaged each time."""
    period = max(2, round(SAMPLE_RATE / frequency - 0.5))
    burst = np.zeros(int(SAMPLE_RATE * min(seconds + 0.5, 1.6)), np.float32)
    burst[:period] = lfilter([1], [1, -0.4 + 0.6 * colour], random.uniform(-1, 1, period))[: len(burst)]
    periods = -(-len(burst) // period)
    # Column k of the delay line after n rounds; each round averages two neighbours of the round before.
    rounds = np.empty((periods, period), np.float32)
    rounds[0] = burst[:period] - burst[:period].mean()
    for n in range(1, periods):
        before = rounds[n - 1]
        rounds[n] = 0.5 * left * (before + np.roll(before, 1))
    string = rounds.ravel()[: len(burst)]
    fade = np.minimum(np.arange(len(string), 0, -1) / (0.05 * SAMPLE_RATE), 1)
    return (string * fade / max(1e-6, np.abs(string).max())).astype(np.float32)


@cache
def _table(partials: float, odd: bool, harmonics: int) -> np.ndarray:
    angle = 2 * np.pi * np.arange(TABLE) / TABLE
    numbers = range(1, harmonics + 1, 2 if odd else 1)
    wave = sum(np.sin(n * angle) / n**partials for n in numbers)
    return (wave / np.abs(wave).max()).astype(np.float32)


def _harmonics(frequency: float) -> int:
    """Partials below half the sample rate; few different numbers, so that tables are used again."""
    below = int(0.45 * SAMPLE_RATE / frequency)
    return max(1, min(48, below if below < 8 else below // 8 * 8))


def _time(seconds: float) -> np.ndarray:
    return np.arange(int(seconds * SAMPLE_RATE), dtype=np.float32) / np.float32(SAMPLE_RATE)


def _noise(t: np.ndarray, corner: float | tuple[float, float], kind: str, random: np.random.Generator) -> np.ndarray:
    return sosfilt(_filter(corner, kind), random.standard_normal(len(t), np.float32)).astype(np.float32)


@cache
def _filter(corner: float | tuple[float, float], kind: str) -> np.ndarray:
    return butter(2, corner, kind, fs=SAMPLE_RATE, output="sos").astype(np.float32)
