"""The pages in a real Chromium, on a phone and on a desktop, in light and in dark."""

import wave

import pytest

from jobs.publish.__main__ import main
from tests.publish.browser import CONTRAST, SMALL, chromium
from tests.publish.test_report import WEEK, filled

pytestmark = pytest.mark.slow
PHONE, DESKTOP = 390, 1280  # pixels


@pytest.fixture
def pages(lake, home, tmp_path):
    """The pages of a small world, one of its tracks with audio, and pictures of the audio model."""
    filled(lake, home)
    file = tmp_path / "t2 #1.wav"
    with wave.open(str(file), "wb") as audio:
        audio.setparams((1, 2, 8000, 0, "NONE", ""))
        audio.writeframes(b"\0\0" * 800)
    tracks = lake.pandas("tracks", {"track_id": "t2"})
    lake.merge(
        "tracks", tracks.assign(path=str(file), title="A title as long as titles are on some albums of some bands")
    )
    main("write", WEEK)
    output = home / "output"
    week = output / f"{WEEK}"
    report = output / "reports" / f"{WEEK}" / "index.html"
    return [
        output / "index.html",
        week / "index.html",
        week / "index" / "1.html",
        week / "listeners" / "ann.html",
        report,
    ]


def test_pages_fit_the_screen_can_be_read_and_ask_nothing_of_anybody(pages):
    with chromium() as page:
        for file in pages:
            for width in (PHONE, DESKTOP):
                for dark in (False, True):
                    page.open(file, width, dark)
                    where = f"{file.name}, {width} px, {'dark' if dark else 'light'}"
                    assert page.value("document.documentElement.scrollWidth") <= width, f"{where}: too wide"
                    assert page.value(CONTRAST) == [], where
                    assert page.value(SMALL) == [], where
                    assert page.errors == [], where
                    outside = [url for url in page.requests if not url.startswith(("file:", "data:"))]
                    assert outside == [], where


def test_a_track_plays_where_its_file_is_at_hand(pages):
    with chromium() as page:
        page.open(pages[3], DESKTOP, dark=False)
        assert page.value("document.querySelectorAll('audio').length") == 1
        assert not [url for url in page.requests if url.endswith(".wav")], "nothing is loaded before it is wanted"
        page.value("document.querySelector('audio').load()")
        page.call(
            "Runtime.evaluate",
            awaitPromise=True,
            expression="new Promise((done) => { const a = document.querySelector('audio'); a.preload = 'auto'; "
            "a.oncanplay = done; a.onerror = done; a.load(); })",
        )
        assert page.value("document.querySelector('audio').error") is None
        assert page.value("document.querySelector('audio').duration") == pytest.approx(0.1, abs=0.01)


def test_what_is_measured_can_fail(tmp_path):
    poor = tmp_path / "poor.html"
    poor.write_text(
        "<!DOCTYPE html><body style='background:#fff'><p style='color:#999;width:2000px'>grey</p>"
        "<ul><a href='x'>x</a></ul><img src='http://127.0.0.1:1/x.png'><script>null.x</script>"
    )
    with chromium() as page:
        page.open(poor, PHONE, dark=False)
        assert page.value("document.documentElement.scrollWidth") > PHONE
        assert page.value(CONTRAST) == ["2.85: grey"]
        assert page.value(SMALL) == ["x"]
        assert page.errors
        assert "http://127.0.0.1:1/x.png" in page.requests
