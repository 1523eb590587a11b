"""robots.txt as RFC 9309 has it, from a real server."""

import time

import pytest

from jobs.scrape.fetch import NotFetched
from jobs.scrape.politeness import Turns
from jobs.scrape.robots import CACHE_SECONDS, PARSED_BYTES, Cache, Robots
from tests.scrape.server import endless, redirect, respond


@pytest.fixture
def cache(tmp_path):
    cache = Cache(tmp_path / "robots.db")
    yield cache
    cache.close()


@pytest.fixture
def robots(cache):
    return Robots("TestBot/1.0 (+https://example.org)", Turns(0.0), 10.0, cache)


@pytest.fixture
def allowed(web, make_client, robots):
    def ask(path: str) -> bool:
        try:
            robots.check(web.url(path), make_client(timeout_seconds=1.0))
        except NotFetched as failure:
            return not failure.refused
        return True

    return ask


def test_the_most_specific_rule_of_our_own_group_counts(web, allowed, robots):
    web.pages["/robots.txt"] = (
        "User-agent: *\nDisallow: /\n\n"
        "User-agent: OtherBot\nUser-agent: testbot # us\nDisallow: /private\nAllow: /private/press$\nDisallow: /*.cgi\n"
    )
    assert robots.agent == "TestBot"
    assert [allowed(path) for path in ("/", "/private", "/private/press", "/private/press/1", "/a/b.cgi?x")] == [
        True, False, True, False, False,
    ]  # fmt: skip
    assert web.paths == ["/robots.txt"], "it is fetched once in a run"


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (respond(status=404), True),
        (respond(status=401), True),
        (respond(status=410), True),
        (respond(status=429), False),
        (respond(status=500), False),
        (respond(status=503), False),
        (redirect("/robots.txt"), True),  # section 2.3.1.2: after five redirects it counts as unavailable
        (redirect("/moved"), False),
        (redirect("http://192.0.2.1:1x/"), False),
        (endless(b"", b""), False),
        (respond(b"\xff\xfe\x00 no text at all", kind="image/png"), True),
        (respond(b""), True),
    ],
)
def test_absent_rules_allow_and_unreachable_rules_forbid(web, allowed, answer, expected):
    web.pages["/robots.txt"] = answer
    web.pages["/moved"] = "User-agent: *\nDisallow: /page"
    assert allowed("/page") is expected


def test_rules_for_one_port_say_nothing_about_another(web, other_web, make_client, robots):
    web.pages["/robots.txt"] = "User-agent: *\nDisallow: /"
    robots.check(other_web.url("/page"), make_client())
    with pytest.raises(NotFetched):
        robots.check(web.url("/page"), make_client())


def test_the_start_of_endless_rules_is_obeyed(web, allowed):
    web.pages["/robots.txt"] = respond(b"User-agent: *\nDisallow: /page\n" + b"# more\n" * (PARSED_BYTES // 4))
    assert not allowed("/page")
    assert allowed("/")


@pytest.mark.parametrize("rule", ["Crawl-delay: 3", "Request-rate: 20/1m"])
def test_a_longer_delay_is_kept(web, make_client, cache, rule):
    web.pages["/robots.txt"] = f"User-agent: *\n{rule}\n"
    turns = Turns(1.0)
    Robots("TestBot/1.0", turns, 10.0, cache).check(web.url("/"), make_client())
    with turns.turn("127.0.0.1"):
        began = time.monotonic()
    assert 2.9 < turns.free_at("127.0.0.1") - began < 3.5


def test_a_host_that_asks_for_hours_between_requests_is_not_read(web, allowed):
    web.pages["/robots.txt"] = "User-agent: *\nCrawl-delay: 3600\n"
    assert not allowed("/")


def test_rules_hold_for_a_day_also_in_the_next_run(web, make_client, cache, monkeypatch):
    web.pages["/robots.txt"] = "User-agent: *\nDisallow: /page\nCrawl-delay: 2"
    for _ in range(2):
        turns = Turns(0.0)
        robots = Robots("TestBot/1.0", turns, 10.0, cache)
        with pytest.raises(NotFetched):
            robots.check(web.url("/page"), make_client())
        with turns.turn("127.0.0.1"):
            pass
        assert turns.free_at("127.0.0.1") - time.monotonic() > 1.5, "its delay, too"
    assert web.paths == ["/robots.txt"]
    later = time.time() + CACHE_SECONDS + 1
    monkeypatch.setattr(time, "time", lambda: later)
    web.pages["/robots.txt"] = ""
    robots.check(web.url("/page"), make_client())
    assert web.paths == ["/robots.txt"] * 2


def test_rules_that_could_not_be_reached_are_asked_for_again_in_the_next_run(web, make_client, cache):
    web.pages["/robots.txt"] = respond(status=503)
    with pytest.raises(NotFetched, match="closed"):
        Robots("TestBot/1.0", Turns(0.0), 10.0, cache).check(web.url("/page"), make_client())
    web.pages["/robots.txt"] = ""
    Robots("TestBot/1.0", Turns(0.0), 10.0, cache).check(web.url("/page"), make_client())


def test_patterns_that_would_keep_a_matcher_busy_do_not(web, allowed):
    web.pages["/robots.txt"] = "User-agent: *\nDisallow: /" + "*a" * 500 + "b\n"
    began = time.monotonic()
    assert allowed("/" + "a" * 2000)
    assert time.monotonic() - began < 2
