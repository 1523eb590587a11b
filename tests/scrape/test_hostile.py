"""A server that means harm: nothing hangs, nothing leads inside, each trouble is named, and the other pages come."""

import gzip
import socket
import ssl
import threading
import time
from datetime import UTC, date, datetime, timedelta

import pandas as pd
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from jobs.lake import ALL, Lake
from jobs.scrape import connection
from jobs.scrape.__main__ import main
from jobs.scrape.public import is_public
from jobs.settings import settings
from tests.scrape.conftest import article
from tests.scrape.server import Server, endless, feed, redirect, respond

HTML = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n"
LIMITS = {"timeout_seconds": 2, "max_bytes": 1_000_000, "retries": 0, "max_failures": 50}

PAGES = {
    "slow drip": (endless(HTML, b"x", pause=0.05), "failed", "timeout"),
    "endless body": (endless(HTML, b"x" * 100_000), "failed", "too large"),
    "zip bomb": (respond(gzip.compress(b"\0" * 50_000_000, 1), Content_Encoding="gzip"), "failed", "too large"),
    "redirect loop": (redirect("redirect-loop"), "failed", "too many redirects"),
    "10 MB in one line": (respond(b"<p>" + b"x" * 10_000_000), "failed", "too large"),
    "a megabyte in one line": (respond(b"<p>" + b"word " * 190_000 + b"</p>"), "article", ""),
    "lying content type": (
        respond(b"\x89PNG\r\n\x1a\n" + b"\0" * 1000, kind="text/html"),
        "rejected",
        "not text",
    ),
    "no page": (respond(b"%PDF-1.7 " + b"text " * 1000, kind="application/pdf"), "rejected", "content type"),
    "deep nesting": (respond(b"<div>" * 100_000 + b"text " * 500), "rejected", "nested too deep"),
    "100,000 links": (respond(b"<a href=/>" * 99_999), "rejected", "too many elements"),
    "charset UTF-16": (respond(article("Nico").encode(), kind="text/html; charset=utf-16"), "article", ""),
    "no such charset": (respond(article("Björk").encode(), kind="text/html; charset=no-such"), "article", ""),
    "charset idna": (respond(article("Sigur Rós").encode(), kind="text/html; charset=idna"), "article", ""),
    "endless charset": (respond(article("Múm").encode(), kind="text/html; charset=" + "x" * 5000), "article", ""),
    "headers without end": (endless(b"HTTP/1.1 200 OK\r\n", b"X-A: b\r\n" * 100), "failed", "broken answer"),
    "no HTTP": (endless(b"\x16\x03\x01\r\n", b"\r\n", pause=0.05), "failed", "broken answer"),
}


def path(name: str) -> str:
    return "/" + name.replace(" ", "-").replace(",", "")


@pytest.fixture(scope="module")
def harmed(tmp_path_factory):
    """One run over all of them, with a good page after each; gives outcome and reason by path, and the articles."""
    server, home = Server(), tmp_path_factory.mktemp("hostile")
    server.pages = {path(name): page for name, (page, _, _) in PAGES.items()}
    server.pages |= {f"{where}/good": article(f"Band {where}") for where in list(server.pages)}
    server.pages["/feed"] = feed(*(f"{path(name)}{end}" for name in PAGES for end in ("", "/good")))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DISCOVER_HOME", str(home))
        patch.setenv("DISCOVER_CONFIG", str(home / "none.toml"))
        for name, value in {**LIMITS, "allow_private_addresses": "true", "delay_seconds": 0, "backoff_seconds": 0,
                            "pace": 0}.items():  # fmt: skip
            patch.setenv(f"DISCOVER_SCRAPE_{name.upper()}", str(value))
        settings.cache_clear()
        lake = Lake()
        lake.publish("sources", pd.DataFrame([{"kind": "feed", "url": server.url("/feed")}]), ALL)
        began = time.monotonic()
        main(date(2026, 11, 23))
        seconds = time.monotonic() - began
        log = {"/" + row["url"].split("/", 3)[3]: row for row in lake.arrow("crawl_log").to_pylist()}
        titles = {"/" + row["url"].split("/", 3)[3]: row["title"] for row in lake.arrow("articles").to_pylist()}
    settings.cache_clear()
    server.stop()
    return log, titles, seconds


@pytest.mark.parametrize("name", PAGES)
def test_a_page_that_is_hostile_costs_itself_and_is_named(harmed, name):
    log, titles, _ = harmed
    _, outcome, reason = PAGES[name]
    row = log[path(name)]
    assert row["outcome"] == outcome or not outcome
    assert (row["reason"] or "").startswith(reason)
    assert row["bytes"] < 2_000_000
    assert row["seconds"] < 4
    assert titles[f"{path(name)}/good"] == f"Band {path(name)}: the review"


def test_nothing_hangs_and_no_letter_is_lost(harmed):
    _, titles, seconds = harmed
    assert seconds < 90
    for name, subject in (("no such charset", "Björk"), ("charset idna", "Sigur Rós"), ("endless charset", "Múm")):
        assert titles[path(name)] == f"{subject}: the review"


def test_of_many_links_a_bounded_number_is_considered(web, read):
    web.pages = {"/": "".join(f"<a href='/{n}'>Page</a> " for n in range(30_000))}
    log = read(("site", web.url("/"), {"max_pages": 5, "max_depth": 1}))
    assert len(web.requests) <= 6
    assert len(log) <= 20 * 5 + 3
    assert ("skipped", "address limit and all others that this source leads to") in log.values()


def test_a_feed_with_entity_bombs_gives_its_entries(web, read):
    bomb = "<!DOCTYPE r [<!ENTITY a 'xxxxxxxxxx'>" + "".join(
        f"<!ENTITY {chr(98 + n)} '{f'&{chr(97 + n)};' * 10}'>" for n in range(15)
    )
    entries = "<rss version='2.0'><channel><item><link>/1</link><title>&p;</title></item></channel></rss>"
    web.pages = {"/feed": respond(f"{bomb}]>{entries}".encode(), kind="text/xml"), "/1": article("Low")}
    assert read(("feed", web.url("/feed")), **LIMITS) == {"/feed": ("index", "1 entries"), "/1": ("article", None)}


def test_of_a_robots_txt_of_ten_megabytes_the_beginning_counts(web, read):
    rules = b"User-agent: *\nDisallow: /1\n" + b"Disallow: /x\n" * 800_000 + b"Disallow: /2\n"
    web.pages = {"/robots.txt": respond(rules), "/feed": feed("/1", "/2"), "/1": article("Low"), "/2": article("Can")}
    log = read(("feed", web.url("/feed")), **{**LIMITS, "timeout_seconds": 10})
    assert log["/1"] == ("skipped", "robots.txt")
    assert log["/2"] == ("article", None)


def test_no_redirect_leads_inside(web, other_web, read, monkeypatch):
    port, targets = web.server_port, [
        "http://127.0.0.1:{}/inside", "http://169.254.169.254/latest/meta-data/", "http://[::ffff:7f00:1]:{}/inside",
        "http://2130706433:{}/inside", "http://0x7f.1:{}/inside", "http://0177.0.0.1:{}/inside", "http://[::1]:{}/inside",
        "http://[64:ff9b::7f00:1]/inside", "http://[2002:7f00:1::]/inside", "http://localhost:{}/inside",
        "http://0.0.0.0:{}/inside",
    ]  # fmt: skip
    monkeypatch.setattr(connection, "is_public", lambda address: address == "127.0.0.2" or is_public(address))
    web.pages["/inside"] = article("secret")
    other_web.pages = {f"/{n}": redirect(target.format(port)) for n, target in enumerate(targets)}
    other_web.pages |= {"/feed": feed(*other_web.pages, "/good"), "/good": article("Low")}
    log = read(("feed", other_web.url("/feed")), **LIMITS, allow_private_addresses="false")
    assert log["/good"] == ("article", None)
    for number, target in enumerate(targets):
        assert log[f"/{number}"][0] == "skipped", target
        assert "private address" in log[f"/{number}"][1], target
    assert web.requests == []


def test_a_name_that_changes_its_address_does_not_lead_inside(web, other_web, read, monkeypatch):
    answers = iter(["127.0.0.2"] * 2 + ["127.0.0.1"] * 10)  # public for robots.txt and the first page

    def resolve(host, port, **options):
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (next(answers), port))]

    def once(answer):
        def close(handler):
            answer(handler)
            handler.close_connection = True

        return close

    monkeypatch.setattr(connection, "is_public", lambda address: address == "127.0.0.2" or is_public(address))
    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    inside = Server("127.0.0.2", web.server_port)  # the same port at the public address
    inside.pages = {
        "/robots.txt": once(respond(b"", Connection="close")),
        "/feed": once(feed(f"http://rebinding.test:{web.server_port}/inside")),
    }
    try:
        log = read(("feed", f"http://rebinding.test:{web.server_port}/feed"), **LIMITS, allow_private_addresses="false")
    finally:
        inside.stop()
    assert log["/feed"] == ("index", "1 entries")
    assert log["/inside"] == ("skipped", "private address 127.0.0.1")
    assert web.requests == []


@pytest.mark.parametrize("speaks_tls", [True, False], ids=["a certificate of its own", "no TLS"])
def test_tls_that_fails_is_named_and_nothing_is_asked(lake, read, tmp_path, speaks_tls):
    with socket.create_server(("127.0.0.1", 0)) as listening:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self_signed(tmp_path / "certificate.pem"))
        heard = []

        def serve():
            while True:
                try:
                    opened = listening.accept()[0]
                except OSError:
                    return
                try:
                    opened = context.wrap_socket(opened, server_side=True) if speaks_tls else opened
                    heard.append(opened.recv(1000))
                    opened.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
                except OSError:
                    continue
                finally:
                    opened.close()

        threading.Thread(target=serve, daemon=True).start()
        log = read(("site", f"https://127.0.0.1:{listening.getsockname()[1]}/page"), **LIMITS)
        listening.shutdown(socket.SHUT_RDWR)
    assert log["/page"][0] == "skipped"
    assert log["/page"][1].startswith("robots.txt closed no secure connection")
    assert not any(line.startswith(b"GET") for line in heard)


def self_signed(file) -> str:
    """A key and a certificate for 127.0.0.1 that nobody vouches for, in one file."""
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    plain = serialization.NoEncryption()
    file.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    return str(file)
