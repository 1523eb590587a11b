"""The web server: real requests on loopback."""

import http.client
import os
import signal
import socket
import subprocess
import sys
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs.cli import UserError
from jobs.sample.serve import find_file, serve, serving
from jobs.settings import ROOT


@pytest.fixture
def site(tmp_path):
    folder = tmp_path / "site"
    (folder / "news").mkdir(parents=True)
    (folder / "index.html").write_text("<h1>start</h1>")
    (folder / "news" / "index.html").write_text("<h1>news</h1>")
    (folder / "news" / "a b.html").write_text("ä")
    (folder / "feed.xml").write_text("<rss/>")
    (tmp_path / "truth.json").write_text("secret")
    (folder / "way-out").symlink_to(tmp_path / "truth.json")
    return folder


def ask(port, path, method="GET", **headers):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request(method, path, headers=headers)
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    return answer.status, answer.headers, body


def test_pages_come_with_their_type_length_and_date(site):
    with serving(site, 0) as port:
        status, headers, body = ask(port, "/news/a%20b.html?utm=1#top")
        assert (status, body.decode()) == (200, "ä")
        assert headers["Content-Type"] == "text/html; charset=utf-8"
        assert headers["Content-Length"] == "2"
        assert headers["Last-Modified"].endswith("GMT")
        assert ask(port, "/feed.xml")[1]["Content-Type"].startswith("application/rss+xml")
        assert ask(port, "/news/")[2] == b"<h1>news</h1>"
        status, headers, body = ask(port, "/", "HEAD")
        assert (status, headers["Content-Length"], body) == (200, "14", b"")


def test_what_has_not_changed_is_not_sent_again(site):
    with serving(site, 0) as port:
        headers = ask(port, "/")[1]
        assert ask(port, "/", **{"If-None-Match": headers["ETag"]})[0] == 304
        assert ask(port, "/", **{"If-None-Match": '"other"'})[0] == 200
        assert ask(port, "/", **{"If-Modified-Since": headers["Last-Modified"]})[0] == 304
        assert ask(port, "/", **{"If-Modified-Since": "Thu, 01 Jan 1970 00:00:00 GMT"})[0] == 200
        assert ask(port, "/", **{"If-Modified-Since": "yesterday"})[0] == 200


@pytest.mark.parametrize(
    "path",
    ["/../truth.json", "/..%2ftruth.json", "/%2e%2e/truth.json", "/news/../../truth.json", "/..%5ctruth.json",
     "//truth.json", "/way-out", "/%00", "/news", "/nothing.html", "/" + "x" * 5000, "http://other/../truth.json"],
)  # fmt: skip
def test_nothing_outside_the_folder_is_served(site, path):
    with serving(site, 0) as port:
        status, _, body = ask(port, path)
        assert status == 404
        assert b"secret" not in body


@given(st.text(alphabet="./\\%2eEfFcC5\0ab", max_size=30))
def test_no_path_leads_out(tmp_path_factory, path):
    folder = tmp_path_factory.getbasetemp() / "inside"
    folder.mkdir(exist_ok=True)
    (folder / "a").write_text("inside")
    (folder.parent / "b").write_text("outside")
    found = find_file(folder, "/" + path)
    assert found is None or found.read_text() == "inside"


def test_a_taken_port_is_told_in_one_line(site):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(UserError, match=f"port {port} on 127.0.0.1 is taken"):
            serve(site, port, [])


CHILD = """
import os, sys, urllib.request
page = urllib.request.urlopen(f"http://127.0.0.1:{os.environ['PORT']}/").read()
assert page == b"<h1>start</h1>" and os.environ["DISCOVER_SCRAPE_ALLOW_PRIVATE_ADDRESSES"] == "true"
sys.exit(7)
"""
RUN = "import sys; from pathlib import Path; from jobs.sample.serve import serve; "


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def run(site, port, command):
    code = RUN + f"sys.exit(serve(Path({str(site)!r}), {port}, {command!r}))"
    environment = {**os.environ, "PORT": str(port)}
    return subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True)


def test_a_command_reads_the_site_and_its_exit_status_is_passed_on(site):
    process = run(site, free_port(), [sys.executable, "-c", CHILD])
    assert process.wait(60) == 7


def test_a_signal_reaches_the_command_and_the_status_says_so(site):
    child = "import time; print('up', flush=True); time.sleep(60)"
    process = run(site, free_port(), [sys.executable, "-c", child])
    assert process.stdout.readline() == "up\n"
    process.send_signal(signal.SIGTERM)
    started = time.monotonic()
    assert process.wait(30) == 128 + signal.SIGTERM
    assert time.monotonic() - started < 30


def test_a_command_that_does_not_exist_is_told(site):
    with pytest.raises(UserError, match="cannot run no-such-command"):
        serve(site, free_port(), ["no-such-command"])
