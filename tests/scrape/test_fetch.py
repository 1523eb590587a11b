"""The client against a real server that misbehaves."""

import gzip
import socket
import threading
import time
import zlib

import pytest

from jobs.scrape import connection
from jobs.scrape.fetch import NotFetched, Validators
from jobs.scrape.headers import robots_rules
from jobs.scrape.public import is_public
from tests.scrape.server import endless, redirect, respond

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n"


def anything(url):
    """Every address may be asked for."""


def failure(client, url) -> NotFetched:
    with pytest.raises(NotFetched) as caught:
        client.fetch(url, anything)
    return caught.value


def test_a_page_comes_with_what_the_server_says_about_it(web, make_client):
    web.pages["/a"] = respond("né".encode("latin-1"), kind="Text/HTML; charset=ISO-8859-1", X_Robots_Tag="NoIndex")
    page = make_client().fetch(web.url("/a"), anything)
    assert (page.body, page.content_type, page.charset, page.robots) == (b"n\xe9", "text/html", "ISO-8859-1", "noindex")
    assert (page.url, page.received) == (web.url("/a"), 2)
    assert web.requests[0].headers["User-Agent"] == "TestBot/1.0"


def test_a_compressed_page_is_unpacked_and_its_bytes_are_those_of_the_wire(web, make_client):
    packed = gzip.compress(b"a" * 50_000)
    web.pages["/a"] = respond(packed, Content_Encoding="gzip")
    page = make_client().fetch(web.url("/a"), anything)
    assert (len(page.body), page.received) == (50_000, len(packed))


@pytest.mark.parametrize(
    "answer",
    [
        respond(b"x" * 100_001),
        endless(HEAD + b"\r\n", b"x" * 10_000),
        endless(HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"2710\r\n" + b"x" * 10_000 + b"\r\n"),
        respond(gzip.compress(b"\0" * 100_000_000, 1), Content_Encoding="gzip"),
        respond(zlib.compress(gzip.compress(b"\0" * 100_000_000, 1)), Content_Encoding="gzip, deflate"),
    ],
    ids=["declared", "endless", "endless chunks", "gzip bomb", "bomb in a bomb"],
)
def test_a_page_that_is_too_large_is_not_taken(web, make_client, answer):
    web.pages["/bomb"] = answer
    failed = failure(make_client(timeout_seconds=20.0), web.url("/bomb"))
    assert (failed.reason, failed.status, failed.host_failed) == ("too large", 200, False)
    assert failed.received < 1_000_000


def test_only_the_start_of_a_page_is_kept_where_that_is_wanted(web, make_client):
    web.pages["/robots.txt"] = endless(HEAD + b"\r\n", b"x" * 10_000)
    assert len(make_client().fetch(web.url("/robots.txt"), anything, keep_start=1000).body) == 1000


@pytest.mark.parametrize(
    "answer",
    [
        endless(HEAD + b"Content-Length: 100\r\n\r\n", b"x", pause=0.02),
        endless(HEAD + b"\r\n", b"x", pause=0.02),
        endless(b"HTTP/1.1 200 OK\r\n", b"X-A: b\r\n", pause=0.02),
        endless(b"", b"HTTP/1.1 100 Continue\r\n\r\n", pause=0.02),
        endless(b"", b"", pause=0.02),
    ],
    ids=["body", "body without length", "headers", "answers before the answer", "silence"],
)
def test_a_page_that_drips_is_cut_off_in_time(web, make_client, answer):
    web.pages["/slow"] = answer
    began = time.monotonic()
    failed = failure(make_client(timeout_seconds=0.5), web.url("/slow"))
    assert (failed.reason, failed.host_failed) == ("timeout", True)
    assert 0.4 < time.monotonic() - began < 3


def test_a_secure_connection_that_is_never_made_is_cut_off_in_time(make_client):
    with socket.create_server(("127.0.0.1", 0)) as mute:
        failed = failure(make_client(timeout_seconds=0.5), f"https://127.0.0.1:{mute.getsockname()[1]}/")
    assert failed.reason == "timeout"
    assert failed.seconds < 3


def test_name_servers_that_do_not_answer_are_cut_off_in_time(make_client, monkeypatch):
    asked, over = [], threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda host, port, **options: asked.append(host) or over.wait(60))
    failed = failure(make_client(timeout_seconds=0.5), "http://slow-names.test/")
    over.set()
    assert (failed.reason, failed.host_failed, asked) == ("timeout", True, ["slow-names.test"])
    assert failed.seconds < 3


def test_the_time_of_a_page_is_that_of_all_its_redirects(web, make_client):
    def slow(handler):
        handler.server.stopping.wait(0.2)
        redirect(handler.path + "x")(handler)

    web.pages = {"/" + "x" * n: slow for n in range(6)}
    failed = failure(make_client(timeout_seconds=0.5), web.url("/"))
    assert failed.reason == "timeout"
    assert len(web.requests) == 3


def test_redirects_are_followed_and_each_hop_is_checked(web, make_client):
    web.pages = {"/a": redirect("b"), "/b": redirect(web.url("/c"), 301), "/c": "found"}
    checked = []
    page = make_client().fetch(web.url("/a"), checked.append)
    assert (page.url, page.body) == (web.url("/c"), b"found")
    assert checked == [web.url("/a"), web.url("/b"), web.url("/c")]


def test_a_redirect_loop_ends(web, make_client):
    web.pages = {"/a": redirect("/b"), "/b": redirect("/a")}
    assert failure(make_client(), web.url("/a")).reason == "too many redirects"
    assert len(web.requests) == 6


@pytest.mark.parametrize("target", ["file:///etc/passwd", "gopher://127.0.0.1/", "http://[::1", "http://u:p@a.test/"])
def test_a_redirect_to_what_is_no_web_address_is_not_followed(web, make_client, target):
    web.pages["/a"] = redirect(target)
    assert failure(make_client(), web.url("/a")).reason == "bad redirect"


def test_the_body_of_a_redirect_is_not_read(web, make_client):
    web.pages["/a"] = endless(b"HTTP/1.1 302 Found\r\nLocation: /b\r\n\r\n", b"x" * 100_000)
    web.pages["/b"] = "found"
    page = make_client().fetch(web.url("/a"), anything)
    assert page.body == b"found"
    assert page.seconds < 4


@pytest.mark.parametrize("host", ["127.0.0.1", "127.1", "2130706433", "0x7f.1", "0177.0.0.1", "localhost", "0.0.0.0",
                                  "[::ffff:127.0.0.1]"])  # fmt: skip
def test_private_addresses_are_not_connected_to_however_they_are_spelled(web, make_client, host):
    failed = failure(make_client(allow_private=False), f"http://{host}:{web.server_port}/")
    assert (failed.reason, failed.refused) == ("private address", True)
    assert web.requests == []


def test_a_redirect_to_a_private_address_is_not_followed(web, other_web, make_client, monkeypatch):
    monkeypatch.setattr(connection, "is_public", lambda address: address == "127.0.0.1")
    web.pages["/a"] = redirect(other_web.url("/secret"))
    failed = failure(make_client(allow_private=False), web.url("/a"))
    assert (failed.reason, failed.url) == ("private address", other_web.url("/secret"))
    assert (web.paths, other_web.requests) == (["/a"], [])


def test_a_name_that_changes_its_address_is_checked_each_time(web, make_client, monkeypatch):
    answers = iter([["127.0.0.2", "127.0.0.1"], ["127.0.0.2"]])  # of the first, only the public one is connected to

    def resolve(host, port, **options):
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in next(answers)]

    def once(handler):
        respond(b"public", Connection="close")(handler)
        handler.close_connection = True

    monkeypatch.setattr(connection, "is_public", lambda address: address == "127.0.0.1")
    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    web.pages["/a"] = once
    client = make_client(allow_private=False)
    url = f"http://rebinding.test:{web.server_port}/a"
    assert client.fetch(url, anything).body == b"public"
    assert failure(client, url).reason == "private address"


def test_a_kept_connection_stays_with_the_address_that_was_checked(web, make_client, monkeypatch):
    answers = iter([["127.0.0.1"]])  # the name is asked for once

    def resolve(host, port, **options):
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in next(answers)]

    monkeypatch.setattr(connection, "is_public", lambda address: address == "127.0.0.1")
    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    web.pages = {"/a": "a", "/b": "b"}
    client = make_client(allow_private=False)
    assert [client.fetch(f"http://kept.test:{web.server_port}{path}", anything).body for path in web.pages] == [
        b"a",
        b"b",
    ]


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("8.8.8.8", True), ("2606:4700::1111", True), ("10.1.2.3", False), ("172.16.0.1", False),
        ("192.168.1.1", False), ("100.64.0.1", False), ("169.254.169.254", False), ("0.0.0.0", False),
        ("255.255.255.255", False), ("224.0.0.1", False), ("::1", False), ("::", False), ("fe80::1%eth0", False),
        ("fc00::1", False), ("fec0::1", False), ("ff02::1", False), ("::ffff:10.0.0.1", False),
        ("64:ff9b::7f00:1", False), ("2002:7f00:1::", False), ("2001:db8::1", False),
        ("::127.0.0.1", False), ("64:ff9b:1::7f00:1", False), ("64:ff9b::808:808", True), ("2002:808:808::", True),
        ("2001:0:4136:e378:8000:63bf:80ff:fffe", False), ("2001:470::5efe:a00:1", False), ("::ffff:0:7f00:1", False),
        ("168.63.129.16", False), ("192.0.0.192", False), ("100.100.100.200", False), ("fd00:ec2::254", False),
        ("192.88.99.1", False), ("198.18.0.1", False), ("240.0.0.1", False), ("3fff::1", False), ("5f00::1", False),
    ],
)  # fmt: skip
def test_only_addresses_of_the_open_internet_are_public(address, public):
    assert is_public(address) is public


def test_hosts_that_are_not_there_fail_as_hosts(make_client):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        closed = failure(make_client(), f"http://127.0.0.1:{free.getsockname()[1]}/")
    assert (closed.reason, closed.host_failed) == ("no connection", True)
    unknown = failure(make_client(), "http://no-such-host.invalid/")
    assert (unknown.reason, unknown.host_failed) == ("unknown host", True)


@pytest.mark.parametrize(
    ("answer", "reason", "host_failed"),
    [
        (respond(status=404), "status 404", False),
        (respond(status=500), "status 500", True),
        (respond(status=304), "status 304", False),
        (respond(b"x", Content_Encoding="br"), "content encoding", False),
        (respond(b"no gzip", Content_Encoding="gzip"), "broken content encoding", False),
        (respond(b"x", length=10, Connection="close"), "broken answer", True),
        (endless(b"\x16\x03\x01 not HTTP\r\n", b"\r\n"), "broken answer", True),
    ],
)
def test_answers_that_are_no_page_say_why(web, make_client, answer, reason, host_failed):
    def once(handler):
        answer(handler)
        handler.close_connection = True

    web.pages["/a"] = once
    failed = failure(make_client(timeout_seconds=2.0), web.url("/a"))
    assert (failed.reason, failed.host_failed) == (reason, host_failed)


def test_a_busy_server_says_when_to_come_back(web, make_client):
    web.pages = {
        "/a": respond(status=429, Retry_After="7"),
        "/b": respond(status=503, Retry_After="Fri, 31 Dec 1999 23:59:59 GMT"),
        "/c": respond(status=503, Retry_After="soon"),
        "/d": respond(status=503, Retry_After="9" * 4000),
    }
    asked_for = [failure(make_client(), web.url(path)).retry_after for path in web.pages]
    assert asked_for == [7.0, 0.0, None, 30 * 86400.0], "at most a month"


def test_nothing_is_remembered_and_nothing_is_taken_from_the_environment(web, make_client, monkeypatch):
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    web.pages["/a"] = respond(b"x", Set_Cookie="id=1")
    client = make_client()
    client.fetch(web.url("/a"), anything)
    client.fetch(web.url("/a"), anything)
    assert "Cookie" not in web.requests[1].headers


def test_a_connection_is_kept_for_the_next_page_of_the_host(web, make_client):
    ports = []

    def tell(handler):
        ports.append(handler.client_address[1])
        respond(b"x", status=404 if handler.path == "/no" else 200)(handler)

    web.pages = dict.fromkeys(("/a", "/no", "/b"), tell)
    client = make_client()
    client.fetch(web.url("/a"), anything)
    failure(client, web.url("/no"))
    client.fetch(web.url("/b"), anything)
    assert len(set(ports)) == 1
    client.close()


def test_a_known_version_is_not_sent_again(web, make_client):
    def versioned(handler):
        known = handler.headers["If-None-Match"] == '"1"' and handler.headers["If-Modified-Since"] == "yesterday"
        respond(b"" if known else b"page", status=304 if known else 200, ETag='"1"', Last_Modified="yesterday")(handler)

    web.pages["/a"] = versioned
    client = make_client()
    page = client.fetch(web.url("/a"), anything)
    assert (page.status, page.etag, page.last_modified) == (200, '"1"', "yesterday")
    again = client.fetch(web.url("/a"), anything, known=Validators(page.etag, page.last_modified))
    assert (again.status, again.body, again.received) == (304, b"", 0)


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("NoIndex, nofollow", "noindex,nofollow"),
        ("otherbot: noindex", ""),
        ("otherbot: noindex, nofollow, TestBot: none", "none"),
        ("unavailable_after: 25 Jun 2030 15:00:00 PST, noindex", "unavailable_after: 25 jun 2030 15:00:00 pst,noindex"),
        ("", ""),
    ],
)
def test_rules_for_other_robots_are_not_ours(header, expected):
    assert robots_rules(header, "TestBot") == expected


def test_nothing_is_left_behind(web, make_client):
    threads = threading.active_count()
    web.pages["/a"] = "x"
    client = make_client()
    client.fetch(web.url("/a"), anything)
    assert not client._guard._limits
    client.close()
    assert threading.active_count() <= threads + 1, "that of the server"
