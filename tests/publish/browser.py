"""A real Chromium without a window, over its DevTools protocol (https://chromedevtools.github.io/devtools-protocol)."""

import base64
import json
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from websockets.sync.client import connect

OPTIONS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--hide-scrollbars",
    "--disable-background-networking", "--disable-component-update", "--disable-sync", "--remote-debugging-port=0",
)  # fmt: skip
STARTS_WITHIN = 60.0  # seconds

# Text that has too little contrast, as WCAG 2.1 defines it, with the colours that the browser has computed.
CONTRAST = """
(() => {
  const channel = (c) => (c /= 255) <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
  const parse = (text) => (text.match(/[\\d.]+/g) ?? []).map(Number);
  const luminance = ([r, g, b]) => 0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b);
  const behind = (element) => {
    for (; element; element = element.parentElement) {
      const colour = parse(getComputedStyle(element).backgroundColor);
      if (colour.length === 3 || colour[3] > 0) return colour;
    }
    return [255, 255, 255];
  };
  const poor = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    if (!walker.currentNode.data.trim() || !element.getClientRects().length) continue;
    const style = getComputedStyle(element);
    const text = element.closest("svg") ? style.fill : style.color;
    const [low, high] = [luminance(parse(text)), luminance(behind(element))].sort((a, b) => a - b);
    const size = parseFloat(style.fontSize), large = size >= 24 || (size >= 18.66 && style.fontWeight >= 700);
    const contrast = (high + 0.05) / (low + 0.05);
    if (contrast < (large ? 3 : 4.5)) poor.push(`${contrast.toFixed(2)}: ${walker.currentNode.data.trim()}`);
  }
  return poor;
})()
"""
# Links and buttons that are too small to hit (WCAG 2.2, 2.5.8: 24 by 24 pixels, but for links within a sentence).
SMALL = """
[...document.querySelectorAll("nav a, ul a, summary, audio")].filter((e) => e.getClientRects().length)
  .filter((e) => e.getBoundingClientRect().height < 24).map((e) => e.textContent)
"""


class Page:
    """One tab."""

    def __init__(self, socket):
        self._socket, self._numbers = socket, count(1)
        self.requests: list[str] = []  # addresses asked for since `open`
        self.errors: list[str] = []  # that scripts and the console reported

    def call(self, method: str, **parameters: Any) -> dict:
        """The answer to a command; what happens meanwhile is taken down."""
        number = next(self._numbers)
        self._socket.send(json.dumps({"id": number, "method": method, "params": parameters}))
        while True:
            message = json.loads(self._socket.recv(timeout=STARTS_WITHIN))
            if message.get("id") == number:
                assert "error" not in message, message
                return message["result"]
            self._note(message)

    def open(self, file: Path, width: int, dark: bool) -> None:
        """Load a file, and wait until it has loaded."""
        self.requests, self.errors = [], []
        self.call(
            "Emulation.setDeviceMetricsOverride", width=width, height=900, deviceScaleFactor=1, mobile=width < 600
        )
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.call("Emulation.setEmulatedMedia", features=[scheme])
        for domain in ("Network", "Page", "Runtime", "Log"):
            self.call(f"{domain}.enable")
        self.call("Page.navigate", url=file.resolve().as_uri())
        deadline = time.monotonic() + STARTS_WITHIN
        while self.value("document.readyState") != "complete" or not self.requests:
            assert time.monotonic() < deadline, f"{file} does not load"

    def value(self, script: str) -> Any:
        """What a script comes to."""
        result = self.call("Runtime.evaluate", expression=script, returnByValue=True)
        assert "exceptionDetails" not in result, result
        return result["result"].get("value")

    def picture(self, file: Path, height: int | None = None) -> None:
        """Save what is seen, or the page down to a height."""
        whole = height is not None
        size = {"x": 0, "y": 0, "width": self.value("innerWidth"), "height": height or 900, "scale": 1}
        shot = self.call("Page.captureScreenshot", captureBeyondViewport=whole, **({"clip": size} if whole else {}))
        file.write_bytes(base64.b64decode(shot["data"]))

    def _note(self, message: dict) -> None:
        method, parameters = message.get("method"), message.get("params", {})
        if method == "Network.requestWillBeSent":
            self.requests.append(parameters["request"]["url"])
        elif method == "Runtime.exceptionThrown":
            self.errors.append(str(parameters["exceptionDetails"]))
        elif method == "Log.entryAdded" and parameters["entry"]["level"] == "error":
            self.errors.append(parameters["entry"]["text"])


@contextmanager
def chromium() -> Iterator[Page]:
    """A tab of a browser that lives as long as the block; skips the test where there is no Chromium."""
    program = shutil.which("chromium") or shutil.which("google-chrome")
    if program is None:
        pytest.skip("Chromium is not installed (Debian: apt-get install chromium)")
    profile = Path(tempfile.mkdtemp(prefix="chromium-"))
    process = subprocess.Popen(
        [program, *OPTIONS, f"--user-data-dir={profile}", "about:blank"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        with connect(_address(profile, process), max_size=None) as socket:
            yield Page(socket)
    finally:
        process.kill()
        process.wait()
        shutil.rmtree(profile, ignore_errors=True)


def _address(profile: Path, process: subprocess.Popen) -> str:
    """The DevTools address of the first tab."""
    import urllib.request

    deadline = time.monotonic() + STARTS_WITHIN
    port = profile / "DevToolsActivePort"
    while time.monotonic() < deadline and process.poll() is None:
        if port.exists() and (lines := port.read_text().splitlines()):
            with urllib.request.urlopen(f"http://127.0.0.1:{lines[0]}/json/list", timeout=10) as answer:
                tabs = [tab for tab in json.load(answer) if tab["type"] == "page"]
            if tabs:
                return tabs[0]["webSocketDebuggerUrl"]
        process.poll()
        time.sleep(0.05)
    raise AssertionError("Chromium does not start")
