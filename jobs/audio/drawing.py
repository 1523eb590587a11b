"""Pictures without a drawing library: spectrograms as PNG, a map of the catalogue as SVG."""

import struct
import zlib
from collections.abc import Sequence
from html import escape

import numpy as np

from jobs.audio.constants import LEVELS

# From silence to the loudest value: black, violet, orange, pale yellow, with even steps of lightness.
COLOUR_STOPS = np.array([(0, 0, 4), (60, 15, 112), (140, 41, 129), (222, 73, 104), (254, 159, 109), (252, 253, 191)])
COLOURS = ("#1f77b4", "#ff7f0e", "#2ca02c", "#d62728", "#9467bd", "#8c564b", "#e377c2", "#17becf", "#bcbd22", "#000000")
OTHERS = "#c7c7c7"
WIDTH, HEIGHT, LEGEND = 760, 560, 200  # pixels


def palette() -> np.ndarray:
    """The colour of each stored level: uint8 (LEVELS + 1, 3)."""
    at = np.linspace(0, len(COLOUR_STOPS) - 1, LEVELS + 1)
    channels = [np.interp(at, range(len(COLOUR_STOPS)), channel) for channel in COLOUR_STOPS.T]
    return np.rint(np.stack(channels, axis=1)).astype(np.uint8)


def spectrogram_png(levels: np.ndarray, scale: int = 2) -> bytes:
    """A spectrogram as a PNG file, time to the right, low bands at the bottom.

    levels : np.ndarray [shape=(frames, bands), dtype=uint8]
    scale : pixels of a band; a frame is one pixel
    """
    picture = np.repeat(levels.T[::-1], scale, axis=0)
    height, width = picture.shape
    rows = np.concatenate([np.zeros((height, 1), np.uint8), picture], axis=1)  # each row begins with its filter: none
    chunks = [
        (b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)),  # 8 bits, by palette
        (b"PLTE", palette().tobytes()),
        (b"IDAT", zlib.compress(rows.tobytes(), 9)),
        (b"IEND", b""),
    ]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in chunks
    )


def side_by_side(windows: Sequence[np.ndarray], gap: int = 6) -> np.ndarray:
    """Windows of spectrograms in one picture, with silence between them: [shape=(frames, bands), dtype=uint8]."""
    parts: list[np.ndarray] = []
    for window in windows:
        parts += [window, np.zeros((gap, window.shape[1]), np.uint8)]
    return np.concatenate(parts[:-1])


def map_svg(title: str, points: np.ndarray, labels: Sequence[str], names: Sequence[str]) -> str:
    """Points with names as an SVG document, coloured by label; names show where the pointer rests.

    points : np.ndarray [shape=(n, 2)], n > 0
    labels : what the colour of each point means; those beyond the most frequent ones are grey, as is ""
    names : of each point
    """
    kinds, counts = np.unique([label for label in labels if label], return_counts=True)
    shown = [str(kind) for kind in kinds[np.lexsort((kinds, -counts))][: len(COLOURS)]]
    colour = dict(zip(shown, COLOURS, strict=False))
    low, size = points.min(axis=0), np.maximum(np.ptp(points, axis=0), 1e-9)
    places = 24 + (points - low) / size * [WIDTH - LEGEND - 48, HEIGHT - 72] + [0, 24]
    order = np.argsort([label in colour for label in labels], kind="stable")  # grey ones lie below
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{HEIGHT}" font-family="sans-serif" '
        f'font-size="12"><rect width="100%" height="100%" fill="white"/>',
        f'<text x="24" y="22" font-size="14">{escape(title)}</text>',
    ]
    for n in order:
        parts.append(
            f'<circle cx="{places[n, 0]:.1f}" cy="{places[n, 1]:.1f}" r="3.5" fill="{colour.get(labels[n], OTHERS)}" '
            f'fill-opacity="0.8"><title>{escape(_printable(names[n]))}</title></circle>'
        )
    for number, kind in enumerate(shown):
        top = 44 + 18 * number
        parts.append(
            f'<circle cx="{WIDTH - LEGEND + 16}" cy="{top - 4}" r="5" fill="{colour[kind]}"/>'
            f'<text x="{WIDTH - LEGEND + 28}" y="{top}">{escape(_printable(kind[:28]))}</text>'
        )
    return "\n".join([*parts, "</svg>", ""])


def _printable(text: str) -> str:
    """Without the control characters that XML forbids."""
    return "".join(c for c in text if c.isprintable())
