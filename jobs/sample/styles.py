"""The eight styles of the sample world, as sound: rhythm, harmony and timbre.

Neighbours overlap on purpose: an artist takes some of these from a second style. Rhythms are written in sixteenths,
one character each: x struck, o softly struck, - silent. Degrees count the steps of the scale from 0.
"""

from dataclasses import dataclass

MAJOR = (0, 2, 4, 5, 7, 9, 11)
LYDIAN = (0, 2, 4, 6, 7, 9, 11)
MIXOLYDIAN = (0, 2, 4, 5, 7, 9, 10)
DORIAN = (0, 2, 3, 5, 7, 9, 10)
MINOR = (0, 2, 3, 5, 7, 8, 10)
HARMONIC_MINOR = (0, 2, 3, 5, 7, 8, 11)
PHRYGIAN = (0, 1, 3, 5, 7, 8, 10)


@dataclass(frozen=True)
class Rhythm:
    """tempo : slowest and fastest, beats a minute; swing : share of a sixteenth by which every second one is late;
    sloppiness : standard deviation of a stroke's time, sixteenths; kick, snare, hat : patterns to choose from, of one
    bar; snare_sound : "snare", "rim" or "brush"; hat_sound : "hat", "shaker" or "ride"; loudness : of the drums.
    """

    tempo: tuple[float, float]
    swing: float
    sloppiness: float
    kick: tuple[str, ...]
    snare: tuple[str, ...]
    hat: tuple[str, ...]
    snare_sound: str
    hat_sound: str
    loudness: float


@dataclass(frozen=True)
class Harmony:
    """scale : semitones; progressions : one degree a bar; stack : scale steps of a chord above its root."""

    scale: tuple[int, ...]
    progressions: tuple[tuple[int, ...], ...]
    stack: tuple[int, ...]


@dataclass(frozen=True)
class Part:
    """What one instrument does. instrument : see `jobs.sample.instruments`; rhythms : of one bar; octave : of the
    tonic, 4 is that of middle C; melody : steps of the scale that it wanders over (0: it keeps to the chord);
    together : whether the chord's notes sound at once; loudness : in the mix.
    """

    instrument: str
    rhythms: tuple[str, ...]
    octave: int
    melody: int = 0
    together: bool = False
    loudness: float = 0.5


@dataclass(frozen=True)
class Room:
    """brightness : corner of the low-pass over all, Hz; drive : gain into a soft clipper; echo, reverb : share of the
    wet signal; hiss : loudness of the noise floor."""

    brightness: float
    drive: float
    echo: float
    reverb: float
    hiss: float


@dataclass(frozen=True)
class Style:
    """A style. neighbours : names of the styles that artists lean towards."""

    name: str
    neighbours: tuple[str, str]
    rhythm: Rhythm
    harmony: Harmony
    bass: Part
    chords: Part
    lead: Part
    room: Room


NONE = ("----------------",)
FOUR_ON_THE_FLOOR = ("x---x---x---x---", "x---x---x---x-o-")

STYLES = (
    Style(
        "drift",
        ("chamber", "dub"),
        Rhythm((60, 76), 0.0, 0.08, NONE, NONE, (*NONE, "----o-------o---"), "brush", "shaker", 0.2),
        Harmony(LYDIAN, ((0, 0, 1, 1), (0, 4, 1, 0), (3, 3, 0, 0)), (0, 2, 4, 6, 8)),
        Part("sine", ("x---------------",), 2, loudness=0.35),
        Part("pad", ("x---------------",), 4, together=True, loudness=0.9),
        Part("bell", ("------x---------", "--x---------x---", "----------x-----"), 5, melody=9, loudness=0.25),
        Room(2600, 1.0, 0.3, 0.6, 0.012),
    ),
    Style(
        "machine",
        ("neon", "dub"),
        Rhythm(
            (124, 138),
            0.0,
            0.0,
            FOUR_ON_THE_FLOOR,
            ("----x-------x---", "------------x--o"),
            ("--x---x---x---x-", "o-x-o-x-o-x-o-x-", "xoxoxoxoxoxoxoxo"),
            "snare",
            "hat",
            1.0,
        ),
        Harmony(MINOR, ((0, 0, 0, 0), (0, 0, 5, 5), (0, 0, 0, 6)), (0, 2, 4)),
        Part("acid", ("x-xx-x-xx-xx-x-x", "--x---x---x---x-", "xxx-xxx-xxx-xx-x"), 2, melody=3, loudness=0.7),
        Part("stab", ("---x------x-----", "x-----x-----x---"), 4, together=True, loudness=0.35),
        Part("saw", ("x--x--x---x-----",), 4, melody=5, loudness=0.2),
        Room(7500, 1.6, 0.2, 0.15, 0.004),
    ),
    Style(
        "hearth",
        ("chamber", "smoke"),
        Rhythm(
            (86, 112),
            0.06,
            0.12,
            (*NONE, "x-------o-------"),
            NONE,
            ("o-o-o-o-o-o-o-o-", *NONE),
            "brush",
            "shaker",
            0.3,
        ),
        Harmony(MAJOR, ((0, 3, 4, 0), (0, 5, 3, 4), (0, 4, 5, 3), (0, 3, 0, 4)), (0, 2, 4)),
        Part("pluck", ("x-------x-------", "x-----x-x-------"), 2, loudness=0.6),
        Part("pluck", ("x-x-x-x-x-x-x-x-", "x-xxx-x-x-xxx-x-", "x--x--x-x--x--x-"), 4, loudness=0.8),
        Part("voice", ("x---x-x---x-----", "--x---x-x-------"), 4, melody=7, loudness=0.4),
        Room(5500, 1.0, 0.0, 0.2, 0.006),
    ),
    Style(
        "dub",
        ("drift", "machine"),
        Rhythm(
            (68, 82),
            0.1,
            0.05,
            ("--------x-------", "x-------x-------"),
            ("--------x-------", "--------x-----o-"),
            ("x-x-x-x-x-x-x-x-", "--x---x---x---xo"),
            "rim",
            "hat",
            0.75,
        ),
        Harmony(MINOR, ((0, 0, 3, 3), (0, 3, 0, 4), (0, 6, 0, 6)), (0, 2, 4)),
        Part("sine", ("x--x--x---x-x---", "x-----x-x--x----", "x---x-x-----x-x-"), 1, melody=4, loudness=1.0),
        Part("stab", ("----x-------x---", "----x-x-----x-x-"), 4, together=True, loudness=0.5),
        Part("reed", ("----------x-x---", "x-x-------------"), 4, melody=5, loudness=0.25),
        Room(3600, 1.2, 0.5, 0.3, 0.008),
    ),
    Style(
        "rust",
        ("machine", "neon"),
        Rhythm(
            (144, 172),
            0.0,
            0.06,
            ("x-x---x-x-x---x-", "x--x--x-x-xx--x-", "xxxxxxxxxxxxxxxx"),
            ("----x-------x---", "----x--x----x-x-"),
            ("x-x-x-x-x-x-x-x-", "x---x---x---x---"),
            "snare",
            "ride",
            1.0,
        ),
        Harmony(PHRYGIAN, ((0, 0, 1, 0), (0, 5, 1, 1), (0, 3, 1, 0)), (0, 4, 7)),
        Part("saw", ("x-x-x-x-x-x-x-x-", "xxx-xxx-xxx-xxx-"), 2, loudness=0.6),
        Part("fuzz", ("x-xxx-xxx-xxx-xx", "x---x-x-x---x-x-", "xxx-xxx-xxx-xxx-"), 3, together=True, loudness=0.9),
        Part("fuzz", ("x---x---x-x-----", *NONE), 5, melody=5, loudness=0.3),
        Room(8500, 3.5, 0.0, 0.1, 0.012),
    ),
    Style(
        "smoke",
        ("hearth", "dub"),
        Rhythm(
            (104, 142),
            0.55,
            0.1,
            (*NONE, "x-------------o-"),
            ("----o-------o---", "------o---o---o-"),
            ("x---x-o-x---x-o-", "x---x--ox---x--o"),
            "brush",
            "ride",
            0.55,
        ),
        Harmony(DORIAN, ((1, 4, 0, 0), (0, 3, 1, 4), (2, 5, 1, 4)), (0, 2, 4, 6, 8)),
        Part("upright", ("x---x---x---x---", "x---x---x---x-x-"), 2, melody=6, loudness=0.8),
        Part("keys", ("--x-----x-------", "x-----x---------", "------x-------x-"), 4, together=True, loudness=0.6),
        Part("reed", ("x-xx-x--x-x-----", "--x-x-xxx---x---"), 4, melody=9, loudness=0.45),
        Room(5200, 1.0, 0.0, 0.25, 0.006),
    ),
    Style(
        "neon",
        ("machine", "rust"),
        Rhythm(
            (108, 126),
            0.0,
            0.0,
            (FOUR_ON_THE_FLOOR[0], "x-----x-x-------"),
            ("----x-------x---",),
            ("x-x-x-x-x-x-x-x-", "xxxxxxxxxxxxxxxx"),
            "snare",
            "hat",
            0.8,
        ),
        Harmony(MAJOR, ((0, 4, 5, 3), (5, 3, 0, 4), (3, 4, 5, 5)), (0, 2, 4)),
        Part("saw", ("x-x-x-x-x-x-x-x-", "--x---x---x---x-"), 2, loudness=0.6),
        Part("square", ("xxxxxxxxxxxxxxxx", "x-xxx-xxx-xxx-xx"), 5, loudness=0.35),
        Part("square", ("x-----x---x-x---", "x--x--x---x-----"), 5, melody=7, loudness=0.5),
        Room(9500, 1.3, 0.25, 0.15, 0.002),
    ),
    Style(
        "chamber",
        ("drift", "hearth"),
        Rhythm((64, 92), 0.0, 0.1, NONE, NONE, NONE, "brush", "shaker", 0.15),
        Harmony(HARMONIC_MINOR, ((0, 5, 3, 4), (0, 3, 4, 0), (0, 6, 5, 4)), (0, 2, 4)),
        Part("strings", ("x-------x-------", "x---------------"), 2, loudness=0.6),
        Part("strings", ("x---------------", "x-------x-------"), 4, together=True, loudness=0.6),
        Part("piano", ("x-x-x-x-x-x-x-x-", "x---x-x-x---x-x-", "x-xxx-xxx-xxx-xx"), 4, melody=8, loudness=0.7),
        Room(6500, 1.0, 0.0, 0.4, 0.003),
    ),
)
INDEX = {style.name: number for number, style in enumerate(STYLES)}
