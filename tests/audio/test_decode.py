import os

import numpy as np
import pytest
import soundfile

from jobs.audio.constants import SAMPLE_RATE
from jobs.audio.decode import Undecodable, decode, open_file
from tests.audio.sounds import noise, tone, write


def read(path, max_seconds=90.0):
    with open_file(str(path)) as file:
        return decode(file, max_seconds)


@pytest.mark.parametrize(("suffix", "rate"), [("wav", 22_050), ("flac", 44_100), ("ogg", 48_000), ("mp3", 44_100)])
def test_formats_and_sample_rates_come_out_alike(tmp_path, suffix, rate):
    audio = read(write(tmp_path / f"tone.{suffix}", tone(3, 440, rate), rate))
    spectrum = np.abs(np.fft.rfft(audio.signal))
    assert spectrum.argmax() * SAMPLE_RATE / len(audio.signal) == pytest.approx(440, abs=1)
    assert len(audio.signal) / SAMPLE_RATE == pytest.approx(audio.seconds, abs=0.01)
    assert audio.seconds == pytest.approx(3, abs=0.1)  # MP3 pads


def test_channels_are_averaged(tmp_path):
    left = noise(2)
    audio = read(write(tmp_path / "stereo.flac", np.stack([left, np.zeros_like(left)], axis=1)))
    np.testing.assert_allclose(audio.signal, left / 2, atol=1e-4)  # 16 bits


def test_of_a_long_file_the_middle_is_taken(tmp_path):
    signal = np.concatenate([tone(4, 300), tone(4, 1000), tone(4, 300)])
    audio = read(write(tmp_path / "long.wav", signal), max_seconds=4)
    assert audio.seconds == 12
    np.testing.assert_allclose(audio.signal, signal[4 * SAMPLE_RATE : 8 * SAMPLE_RATE], atol=1e-4)


def test_each_kind_of_bad_file_is_named(tmp_path):
    (tmp_path / "empty.flac").touch()
    (tmp_path / "text.mp3").write_text("this is a shopping list\n" * 100)
    whole = (write(tmp_path / "whole.flac", noise(10)), os.path.getsize(tmp_path / "whole.flac"))
    (tmp_path / "cut.flac").write_bytes((tmp_path / "whole.flac").read_bytes()[: whole[1] // 3])
    data = bytearray((tmp_path / "whole.flac").read_bytes())
    data[:4] = b"\0\0\0\0"
    (tmp_path / "headless.flac").write_bytes(data)
    write(tmp_path / "short.wav", tone(0.5, 440))
    write(tmp_path / "silent.wav", np.zeros(5 * SAMPLE_RATE, np.float32))
    inaudible = tone(3, 16_000, 44_100) * np.hanning(3 * 44_100)  # above what is kept, without a click at the ends
    write(tmp_path / "inaudible.wav", inaudible, 44_100)
    not_finite = tone(3, 440)
    not_finite[30_000] = np.nan
    soundfile.write(tmp_path / "nan.wav", not_finite, SAMPLE_RATE, subtype="FLOAT")
    os.mkfifo(tmp_path / "fifo.wav")
    (tmp_path / "folder.wav").mkdir()
    (tmp_path / "loop.wav").symlink_to(tmp_path / "loop.wav")
    expected = {
        "empty.flac": "not decodable",
        "text.mp3": "not decodable",
        "cut.flac": "damaged or truncated",
        "headless.flac": "not decodable",
        "short.wav": "too short: 0.50 s",
        "silent.wav": "silent",
        "inaudible.wav": "silent",
        "nan.wav": "damaged: samples that are not finite",
        "fifo.wav": "not a regular file",
        "folder.wav": "not a regular file",
        "loop.wav": "too many levels of symbolic links",
        "missing.wav": "no such file or directory",
        "nul\0.wav": "embedded null byte",
    }
    for name, reason in expected.items():
        with pytest.raises(Undecodable) as caught:
            read(tmp_path / name)
        assert str(caught.value).startswith(reason), name


def test_a_device_is_not_read():
    with pytest.raises(Undecodable, match="not a regular file"):
        open_file("/dev/zero")


def test_damage_in_the_middle_is_named(tmp_path):
    write(tmp_path / "whole.flac", noise(10))
    data = bytearray((tmp_path / "whole.flac").read_bytes())
    data[len(data) // 2 : len(data) // 2 + 5000] = b"\xff" * 5000
    (tmp_path / "scratched.flac").write_bytes(data)
    with pytest.raises(Undecodable, match="damaged or truncated"):
        read(tmp_path / "scratched.flac")
