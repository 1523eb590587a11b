"""A track: an artist's way of playing a style, composed and mixed.

Style, artist and song each leave their mark: the artist chooses tempo, patterns, colours and room within the styles,
the song chooses key, chord sequence and melody, the version only the mix.
"""

from dataclasses import dataclass, replace

import numpy as np
from scipy.signal import butter, sosfilt

from jobs.sample.instruments import SAMPLE_RATE, drum, note
from jobs.sample.styles import STYLES, Harmony, Part, Rhythm, Room, Style

BARS = 4  # a section; it is repeated with other instruments
STEPS = 16  # sixteenths of a bar
HIT = {"x": 1.0, "o": 0.45}  # loudness of a stroke


@dataclass(frozen=True)
class Manner:
    """How an artist plays: a style of their own, put together from one or two, narrowed to what they always do."""

    rhythm: Rhythm
    harmony: Harmony
    parts: tuple[Part, Part, Part]
    room: Room
    colour: float  # of the instruments, see `instruments.note`
    kit: float  # tuning of the drums
    key: int  # semitones above C around which their songs stay


def manner(style: int, second: int, lean: float, random: np.random.Generator) -> Manner:
    """An artist of `style` who takes each of rhythm, harmony, parts and room from the style `second` with the
    chance `lean`."""

    def of() -> Style:
        return STYLES[second if random.random() < lean else style]

    rhythm, bass, chords, lead = of().rhythm, of().bass, of().chords, of().lead
    slow, fast = rhythm.tempo
    middle = random.uniform(slow, fast)
    rhythm = replace(
        rhythm,
        tempo=(max(slow, 0.96 * middle), min(fast, 1.04 * middle)),
        swing=float(np.clip(rhythm.swing + random.normal(0, 0.04), 0, 0.7)),
        loudness=rhythm.loudness * random.uniform(0.7, 1.2),
        **{part: _two(getattr(rhythm, part), random) for part in ("kick", "snare", "hat")},
    )
    harmony = of().harmony
    own, other = STYLES[style].room, STYLES[second].room
    share = lean * random.random()
    mixed = {name: value + share * (getattr(other, name) - value) for name, value in vars(own).items()}
    room = Room(**{name: value * random.uniform(0.75, 1.3) for name, value in mixed.items()})
    parts = tuple(
        replace(part, rhythms=_two(part.rhythms, random), loudness=part.loudness * random.uniform(0.6, 1.3))
        for part in (bass, chords, lead)
    )
    return Manner(
        rhythm,
        replace(harmony, progressions=_two(harmony.progressions, random)),
        parts,
        room,
        colour=float(random.normal(0, 0.2)),
        kit=float(random.uniform(0.8, 1.25)),
        key=int(random.integers(12)),
    )


def render(manner: Manner, seconds: float, song: np.random.Generator, version: np.random.Generator) -> np.ndarray:
    """The audio of one track.

    song : draws what all versions share; version : draws the mix.
    Returns np.ndarray [shape=(seconds * SAMPLE_RATE,), dtype=float32], peak 0.9.
    """
    step = 60 / song.uniform(*manner.rhythm.tempo) / 4
    tonic = (manner.key + int(song.choice([0, 0, 2, 5, 7])) + 6) % 12 - 6
    degrees = manner.harmony.progressions[song.integers(len(manner.harmony.progressions))]
    layers = [_drums(manner, step, song)]
    layers += [_part(part, manner, step, tonic, degrees, song) for part in manner.parts]
    mixed = _arrange(layers, step, int(seconds * SAMPLE_RATE), song, version)
    return _master(mixed, manner.room, step, version)


def _drums(manner: Manner, step: float, random: np.random.Generator) -> np.ndarray:
    rhythm = manner.rhythm
    sounds = {"kick": "kick", "snare": rhythm.snare_sound, "hat": rhythm.hat_sound}
    levels = {"kick": 1.0, "snare": 0.7, "hat": 0.35}
    out = _section(step)
    for name, sound in sounds.items():
        pattern = str(random.choice(getattr(rhythm, name)))
        strokes = [drum(sound, manner.kit, random) for _ in range(2)]
        for bar in range(BARS):
            for at, mark in enumerate(pattern):
                if mark in HIT and (bar < BARS - 1 or at < 14 or random.random() < 0.6):
                    loudness = rhythm.loudness * levels[name] * HIT[mark] * random.uniform(0.85, 1)
                    _put(out, strokes[random.integers(2)] * loudness, _when(bar, at, step, rhythm, random))
    return out


def _part(
    part: Part, manner: Manner, step: float, tonic: int, degrees: tuple[int, ...], random: np.random.Generator
) -> np.ndarray:
    pattern = str(random.choice(part.rhythms))
    marks = [at for at, mark in enumerate(pattern) if mark in HIT]
    lengths = np.diff([*marks, STEPS]) * step
    # A melody wanders; its second half repeats the first over other chords, as tunes do.
    walk = np.cumsum(random.integers(-2, 3, (2, max(1, len(marks)))), axis=1)
    out, notes = _section(step), {}

    def play(degree: int, seconds: float, at: int) -> None:
        octave, within = divmod(degree, len(manner.harmony.scale))
        semitones = tonic + manner.harmony.scale[within] + 12 * (octave + part.octave - 4)
        seconds = round(min(seconds, 4.0), 3)
        if (semitones, seconds) not in notes:
            frequency = 261.63 * 2 ** (semitones / 12)
            notes[semitones, seconds] = note(part.instrument, frequency, 0.95 * seconds, manner.colour, random)
        _put(out, notes[semitones, seconds] * np.float32(part.loudness * random.uniform(0.8, 1)), at)

    for bar, root in enumerate(degrees[:BARS]):
        for i, (at, seconds) in enumerate(zip(marks, lengths, strict=True)):
            when = _when(bar, at, step, manner.rhythm, random)
            if part.together:
                for above in manner.harmony.stack:
                    play(root + above, seconds, when + int(random.integers(0, 200)))
            elif part.melody:
                half = part.melody // 2
                play(root + int(np.clip(walk[bar % 2, i], -half, half)), seconds, when)
            else:
                play(root + manner.harmony.stack[i % len(manner.harmony.stack)], seconds, when)
    return out


def _arrange(
    layers: list[np.ndarray], step: float, samples: int, song: np.random.Generator, version: np.random.Generator
) -> np.ndarray:
    """Lay the section end to end; now and then an instrument rests for half of it."""
    half = len(layers[0]) // 2
    out = np.zeros(samples + half, np.float32)
    levels = version.uniform(0.85, 1.15, len(layers))
    first_half = int(song.integers(2))
    for number, at in enumerate(range(0, samples, half)):
        rests = song.random(len(layers)) < (0.45 if number == 0 else 0.12)
        rests[2] = False  # the chords always play
        side = (first_half + number) % 2 * half
        for layer, level, rest in zip(layers, levels, rests, strict=True):
            if not rest:
                piece = layer[side : side + half]
                out[at : at + len(piece)] += np.float32(level) * piece
    return out[:samples]


def _master(mixed: np.ndarray, room: Room, step: float, random: np.random.Generator) -> np.ndarray:
    """Drive, tone, echo, reverb and noise floor."""
    wave = mixed / max(1e-6, float(np.abs(mixed).max()))
    wave = np.tanh(room.drive * wave) / np.tanh(room.drive)
    wave = _delayed(wave, 3 * step, 0.5, 4, room.echo)
    for seconds in (0.0297, 0.0411) if room.reverb > 0.02 else ():
        wave = _delayed(wave, seconds * random.uniform(0.95, 1.05), 0.72, 9, 0.5 * room.reverb)
    corner = min(0.45 * SAMPLE_RATE, room.brightness * random.uniform(0.9, 1.1))
    wave = sosfilt(butter(2, corner, fs=SAMPLE_RATE, output="sos").astype(np.float32), wave.astype(np.float32))
    wave += room.hiss * random.standard_normal(len(wave), np.float32)
    fade = np.linspace(0, 1, min(len(wave) // 2, int(0.02 * SAMPLE_RATE)), dtype=np.float32)
    wave[: len(fade)] *= fade
    wave[len(wave) - len(fade) :] *= fade[::-1]
    return wave * np.float32(0.9 / max(1e-6, float(np.abs(wave).max())))


def _delayed(wave: np.ndarray, seconds: float, feedback: float, times: int, wet: float) -> np.ndarray:
    """The wave with `times` echoes of itself, each `feedback` of the one before."""
    delay, out = max(1, int(seconds * SAMPLE_RATE)), wave.copy()
    for n in range(1, times + 1):
        if n * delay < len(wave):
            out[n * delay :] += np.float32(wet * feedback ** (n - 1)) * wave[: -n * delay]
    return out


def _two(choices: tuple, random: np.random.Generator) -> tuple:
    """One or two of the choices: what an artist keeps to."""
    picked = random.permutation(len(choices))[: random.integers(1, 3)]
    return tuple(choices[i] for i in picked)


def _section(step: float) -> np.ndarray:
    return np.zeros(int(BARS * STEPS * step * SAMPLE_RATE), np.float32)


def _when(bar: int, at: int, step: float, rhythm: Rhythm, random: np.random.Generator) -> int:
    late = rhythm.swing * (at % 4 == 2) + rhythm.sloppiness * random.normal()
    return max(0, int((bar * STEPS + at + late) * step * SAMPLE_RATE))


def _put(out: np.ndarray, sound: np.ndarray, at: int) -> None:
    """Add a sound; what hangs over the end of the section rings on at its beginning."""
    end = min(len(out), at + len(sound))
    if at < end:
        out[at:end] += sound[: end - at]
        rest = sound[end - at : end - at + len(out)]
        out[: len(rest)] += rest
