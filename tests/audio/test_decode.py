import os
import shutil
import subprocess

import numpy as np
import pytest
import soundfile

from jobs.audio.constants import SAMPLE_RATE
from jobs.audio.decode import Undecodable, decode, open_file
from tests.audio.sounds import noise, tone, write


def read(path, max_seconds=90.0, stretches=1):
    with open_file(str(path)) as file:
        return decode(file, max_seconds, stretches)


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


@pytest.mark.parametrize("suffix", ["wav", "m4a"])
def test_several_stretches_come_from_the_middle_of_equal_parts(tmp_path, suffix):
    parts = [tone(3, 300), tone(2, 1000), tone(3, 300), tone(3, 300), tone(2, 2000), tone(3, 300)]
    signal = np.concatenate(parts)  # two parts of 8 s, each with 2 s of its own in the middle
    audio = read(encoded(tmp_path, signal, suffix), max_seconds=4, stretches=2)
    assert audio.seconds == pytest.approx(16, abs=0.1)
    assert len(audio.signal) == pytest.approx(4 * SAMPLE_RATE, abs=50)
    for half, hertz in zip(np.split(audio.signal[: 4 * SAMPLE_RATE - 50], 2), (1000, 2000), strict=True):
        assert np.abs(np.fft.rfft(half)).argmax() / len(half) * SAMPLE_RATE == pytest.approx(hertz, abs=2)


def test_silence_at_the_ends_is_cut_and_a_pause_stays(tmp_path):
    silence = np.zeros(3 * SAMPLE_RATE, np.float32)
    signal = np.concatenate([silence, noise(2), silence, noise(2), silence])
    audio = read(write(tmp_path / "pause.flac", signal))
    assert audio.seconds == pytest.approx(13)
    assert len(audio.signal) / SAMPLE_RATE == pytest.approx(7, abs=0.2)


needs_ffmpeg = pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="ffmpeg is not installed")


def encoded(folder, signal, suffix):
    """A file in a format that libsndfile may not write, by ffmpeg."""
    source, target = write(folder / "source.wav", signal), folder / f"encoded.{suffix}"
    if suffix == "wav":
        return source
    if shutil.which("ffmpeg") is None:
        pytest.skip("ffmpeg is not installed")
    subprocess.run(["ffmpeg", "-v", "error", "-i", source, "-vn", target], check=True)
    return target


@pytest.mark.parametrize("suffix", ["m4a", "aac", "wma", "mka", "wv"])
def test_what_libsndfile_does_not_read_is_read_by_ffmpeg(tmp_path, suffix):
    audio = read(encoded(tmp_path, tone(3, 440), suffix))
    spectrum = np.abs(np.fft.rfft(audio.signal))
    assert spectrum.argmax() * SAMPLE_RATE / len(audio.signal) == pytest.approx(440, abs=1)
    assert audio.seconds == pytest.approx(3, abs=0.5)  # a raw AAC stream has no length: it is guessed from its size


def test_without_ffmpeg_it_is_named_what_needs_it(tmp_path, monkeypatch):
    (tmp_path / "song.m4a").write_bytes(b"\0\0\0\x20ftypM4A " + bytes(1000))
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(Undecodable, match=r"not decodable: MPEG-4 audio \(M4A, ALAC\): ffmpeg is not installed"):
        read(tmp_path / "song.m4a")


@needs_ffmpeg
def test_ffmpeg_is_not_led_to_other_files(tmp_path):
    secret = write(tmp_path / "secret.wav", noise(5))
    for name, content in {
        "list.m3u8": f"#EXTM3U\n#EXT-X-TARGETDURATION:5\n#EXTINF:5,\nfile://{secret}\n#EXT-X-ENDLIST\n".encode(),
        "concat.txt": f"ffconcat version 1.0\nfile {secret}\n".encode(),
        "list.m4a": b"\0\0\0\x20ftypM4A " + f"#EXTM3U\n#EXTINF:5,\nfile://{secret}\n".encode(),
    }.items():
        (tmp_path / name).write_bytes(content)
        with pytest.raises(Undecodable, match="not decodable"):
            read(tmp_path / name)


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
