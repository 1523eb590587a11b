"""The web site: what a reader of the web meets, and what it may not learn."""

import json
import re
from collections import Counter
from datetime import UTC, datetime, timedelta

import feedparser
import pytest
from bs4 import BeautifulSoup
from protego import Protego

from jobs.sample.catalogue import catalogue
from jobs.sample.options import Options
from jobs.sample.prose import Desk
from jobs.sample.site import PUBLICATIONS, site, slug
from jobs.sample.styles import STYLES
from jobs.sample.vocabulary import LEXICONS
from tests.sample.conftest import TINY

FULL = Options(TINY.week)


@pytest.fixture(scope="module")
def full():
    return site(FULL, catalogue(FULL))


def pages(tiny):
    return {
        f"/{file.relative_to(tiny.folder / 'site')}": file.read_text() for file in tiny.folder.glob("site/**/*.html")
    }


def test_there_are_enough_articles_and_every_artist_is_written_about(full):
    assert 150 <= len(full.articles) <= 250
    about = Counter(artist for _, article, _ in full.articles for artist in article.artists)
    assert set(about) == set(range(FULL.artists))
    assert {article.language for _, article, _ in full.articles} == {"en", "de", "fr"}
    assert sum(not article.artists for _, article, _ in full.articles) >= 6
    assert len({path for _, _, path in full.articles}) == len(full.articles)


def test_articles_are_from_before_the_week_and_new_releases_are_reviewed_when_they_are_out(full):
    days = [article.day for _, article, _ in full.articles]
    assert FULL.week - timedelta(weeks=20) <= min(days)
    assert max(days) < FULL.week
    catalogue = full.catalogue
    for number, artist in enumerate(catalogue.artists):
        if artist.is_new:
            first = min(t.released_at for t in catalogue.tracks if t.artist == number)
            assert all(article.day >= first for _, article, _ in full.articles if article.artists == (number,))


def test_artists_of_one_style_share_words_and_those_of_different_styles_fewer(full):
    desk, styles = Desk(full.catalogue, FULL), [artist.style for artist in full.catalogue.artists]
    words = [{*image.adjectives, *image.nouns} for image in desk.images]
    shared = {True: [], False: []}
    for a in range(len(words)):
        for b in range(a):
            shared[styles[a] == styles[b]].append(len(words[a] & words[b]) / len(words[a] | words[b]))
    within, across = (sum(values) / len(values) for values in (shared[True], shared[False]))
    assert within > 3 * across > 0


def test_no_template_is_left_open(full):
    for _, article, _ in full.articles:
        assert not re.search(r"[{}]", " ".join([article.headline, *article.paragraphs]))


def test_one_press_release_is_printed_word_for_word_three_times(full):
    texts = Counter(tuple(article.paragraphs) for _, article, _ in full.articles)
    assert sorted(texts.values())[-1] == 3
    assert list(texts.values()).count(3) == 1


def test_every_lexicon_overlaps_with_a_neighbours():
    for style in STYLES:
        own = LEXICONS[style.name]
        assert len(own.adjectives) == len(set(own.adjectives))
        assert len(own.phrases) >= 8
        others = {
            word for s in STYLES if s is not style for word in (*LEXICONS[s.name].adjectives, *LEXICONS[s.name].nouns)
        }
        assert {*own.adjectives, *own.nouns} & others


def test_feeds_are_valid_and_dated_and_their_links_lead_to_pages(tiny):
    known = pages(tiny)
    for publication in PUBLICATIONS.values():
        if publication.kind != "feed":
            continue
        feed = feedparser.parse((tiny.folder / "site" / publication.folder / "feed.xml").read_bytes())
        assert not feed.bozo
        assert feed.feed.title == publication.name
        for entry in feed.entries:
            day = datetime(*entry.published_parsed[:6], tzinfo=UTC)
            assert datetime(2026, 6, 1, tzinfo=UTC) < day < datetime(2026, 11, 16, tzinfo=UTC)
            assert entry.link.removeprefix("http://127.0.0.1:8799") in known


def test_links_lead_to_pages_except_where_they_are_meant_to_be_dead(tiny):
    known, dead = pages(tiny), []
    for page in known.values():
        for link in re.findall(r'href="(/[^"]*)"', page):
            path = link + "index.html" if link.endswith("/") else link
            if path not in known and not path.endswith(("feed.xml", "everything.html")):
                dead.append(path)
    assert dead
    assert all("/gone-" in path for path in dead)


def test_robots_txt_forbids_pages_that_others_link_to(tiny):
    robots = Protego.parse((tiny.folder / "site" / "robots.txt").read_text())
    forbidden = [path for path in pages(tiny) if not robots.can_fetch(f"http://127.0.0.1:8799{path}", "Bot")]
    assert len(forbidden) == 3 * len(PUBLICATIONS)
    assert any(forbidden[0] in page for path, page in pages(tiny).items() if path not in forbidden)


def test_dates_stand_in_metadata_in_text_or_nowhere(tiny):
    ways = Counter()
    for page in pages(tiny).values():
        soup = BeautifulSoup(page, "lxml")
        linked = soup.find("script", type="application/ld+json")
        if linked:
            assert datetime.fromisoformat(json.loads(linked.string)["datePublished"]).tzinfo
        stated = soup.find("meta", property="article:published_time")
        ways["linked data" if linked else "meta" if stated else "text" if "Posted on" in page else "none"] += 1
    assert set(ways) == {"linked data", "meta", "text", "none"}


def test_some_pages_are_broken_and_one_is_larger_than_a_reader_should_take(tiny):
    assert any(page.rstrip().endswith("<div") for page in pages(tiny).values())
    assert (tiny.folder / "site" / "north-room" / "everything.html").stat().st_size > 5_000_000


def test_names_of_styles_stand_nowhere_but_in_the_truth(tiny):
    """A style's own name would give it away; "machine", "smoke" and "rust" are words that people use."""
    for file in [*tiny.folder.glob("*.csv"), *tiny.folder.glob("*.jsonl")]:
        assert not re.search(r"\bstyle\b", file.read_text().splitlines()[0])
    for page in pages(tiny).values():
        assert not re.search(r'(class|id|name|content)="[^"]*\b(drift|hearth|neon|chamber)\b', page)


def test_a_headline_becomes_a_plain_address():
    assert slug("Łucja Żak & the Über-Foxes: “Où?”") == "ucja-zak-the-uber-foxes-ou"
    assert slug("«»") == "page"
