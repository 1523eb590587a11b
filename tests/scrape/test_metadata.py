"""What pages say about themselves, in every way in which they do."""

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jobs.scrape.dates import Moment, parse_moment
from jobs.scrape.linked_data import linked_data
from jobs.scrape.metadata import Metadata, metadata
from jobs.scrape.reviews import Review
from jobs.scrape.tree import parse

NOW = datetime(2026, 11, 20, tzinfo=UTC)
URL = "http://example.org/reviews/1"


def said(head: str = "", body: str = "<p>Text.</p>") -> Metadata:
    return metadata(parse(f"<html><head>{head}</head><body>{body}</body></html>"), URL, NOW)


def json_ld(*things: object) -> str:
    return "".join(f'<script type="application/ld+json">{json.dumps(thing)}</script>' for thing in things)


def article(**properties) -> dict:
    return {"@context": "https://schema.org", "@type": "NewsArticle", **properties}


# schema.org


def test_everything_that_json_ld_says_is_read():
    page = said(
        json_ld(
            article(
                headline="Low: Hey What",
                author=[{"@type": "Person", "name": "Ann Other"}, "By Bo Example"],
                datePublished="2026-11-02T10:00:00+01:00",
                dateModified="2026-11-03T10:00:00Z",
                articleSection=["Reviews", "Music"],
                keywords="slowcore, Low, slowcore",
                inLanguage="en-US",
            )
        )
        + "<link rel='canonical' href='/reviews/low?utm_source=x'>"
    )
    assert (page.title, page.authors) == ("Low: Hey What", ("Ann Other", "Bo Example"))
    assert page.published == Moment(datetime(2026, 11, 2, 9, tzinfo=UTC), 60)
    assert page.modified == Moment(datetime(2026, 11, 3, 10, tzinfo=UTC), 0)
    assert (page.section, page.tags, page.language) == ("Reviews", ("slowcore", "Low"), "en")
    assert page.canonical_url == "http://example.org/reviews/low"
    assert page.is_article


@pytest.mark.parametrize(
    ("author", "names"),
    [
        ({"@type": "Person", "name": "By ANN OTHER and Bo Example, Staff Writers"}, ("ANN OTHER", "Bo Example")),
        ({"@type": "person", "name": "Analysis by Ann Other"}, ("Ann Other",)),
        ({"@type": "Person", "name": "Prince"}, ("Prince",)),
        ({"@type": "Organization", "name": "Simon and Garfunkel News, London"}, ("Simon and Garfunkel News, London",)),
        ({"name": "The Editors"}, ("The Editors",)),
        ("https://example.org/ann", ()),
    ],
)
def test_the_name_of_a_person_may_be_a_whole_byline(author, names):
    assert said(json_ld(article(author=author))).authors == names


def test_what_a_page_says_to_robots_is_for_all_of_them_or_for_us():
    wishes = {"TestBot": "NoFollow", "robots": "noindex", "otherbot": "none"}
    head = "".join(f"<meta name='{name}' content='{wish}'>" for name, wish in wishes.items())
    assert metadata(parse(head), URL, NOW, "testbot").robots == "noindex,nofollow"
    assert metadata(parse(head), URL, NOW).robots == "noindex"


def test_things_in_graphs_and_lists_are_found_and_references_followed():
    graph = {
        "@context": "https://schema.org",
        "@graph": [
            {"@type": "WebSite", "@id": "#site", "name": "The Paper"},
            {"@type": ["Article"], "@id": "#a", "headline": "In a graph", "author": {"@id": "#ann"}},
            {"@type": "Person", "@id": "#ann", "name": "Ann Other"},
        ],
    }
    assert said(json_ld(graph)).authors == ("Ann Other",)
    assert said(json_ld([[graph]])).title == "In a graph"
    assert said(json_ld({"@type": "WebPage", "mainEntity": article(headline="Inside")})).title == "Inside"


def test_of_several_articles_the_one_of_this_address_counts_and_else_the_first():
    others = [article(headline="Another", url="http://example.org/reviews/2"), article(headline="This", url=URL)]
    assert said(json_ld(*others)).title == "This"
    assert said(json_ld(article(headline="First"), article(headline="Second"))).title == "First"
    by_page = article(headline="This", mainEntityOfPage={"@type": "WebPage", "@id": URL})
    assert said(json_ld(others[0], by_page)).title == "This"


@pytest.mark.parametrize(
    "wrapped", ["<!-- {} -->", "//<![CDATA[\n{}\n//]]>", "/*<![CDATA[*/{}/*]]>*/", "{};", "\n\t{}\n"]
)
def test_what_hides_json_ld_from_old_browsers_is_taken_off(wrapped):
    block = wrapped.format(json.dumps(article(headline="Found &amp; read")))
    assert said(f"<script type='application/ld+json; charset=utf-8'>{block}</script>").title == "Found & read"


def test_microdata_says_the_same():
    page = said(
        "",
        "<div itemscope itemtype='http://schema.org/Review'><h1 itemprop='name'>Low</h1>"
        "<span itemprop='author' itemscope itemtype='http://schema.org/Person'><b itemprop='name'>Ann Other</b></span>"
        "<time itemprop='datePublished' datetime='2026-11-02'>2 Nov</time>"
        "<div itemprop='itemReviewed' itemscope itemtype='http://schema.org/MusicAlbum'><i itemprop='name'>Hey What</i>"
        "<span itemprop='byArtist' itemscope itemtype='http://schema.org/MusicGroup'>"
        "<meta itemprop='name' content='Low'></span></div>"
        "<p itemprop='reviewRating' itemscope itemtype='http://schema.org/Rating'>"
        "<span itemprop='ratingValue'>8</span>/<span itemprop='bestRating'>10</span>"
        "<meta itemprop='worstRating' content='0'></p></div>",
    )
    assert (page.title, page.authors, page.published.at) == ("Low", ("Ann Other",), datetime(2026, 11, 2, tzinfo=UTC))
    assert page.review == Review(0.8, "Hey What", "Low")


ALBUM = {"@type": "MusicAlbum", "name": "Hey What", "byArtist": {"@type": "MusicGroup", "name": "Low"}}


def test_a_review_says_its_rating_and_what_it_is_about():
    review = {"@type": "Review", "itemReviewed": ALBUM, "reviewRating": {"ratingValue": "7.5", "bestRating": "10",
              "worstRating": "0"}}  # fmt: skip
    assert said(json_ld(review)).review == Review(0.75, "Hey What", "Low")
    assert said(json_ld({**review, "@type": "CriticReview", "reviewRating": None})).review.rating is None
    inside = {"@type": "MusicAlbum", "name": "Hey What", "byArtist": [{"name": "Low"}, {"name": "Other"}],
              "review": {"@type": "Review", "reviewRating": {"ratingValue": 5}}}  # fmt: skip
    assert said(json_ld(inside)).review == Review(1.0, "Hey What", "Low")
    assert said(json_ld(article(headline="No review"))).review is None


def test_reviews_by_readers_are_not_the_authors():
    readers = [{"@type": "Review", "author": f"R{n}", "reviewRating": {"ratingValue": 1}} for n in range(3)]
    page = said(json_ld({**ALBUM, "review": readers}, article(headline="On the album", author="Ann Other")))
    assert (page.title, page.authors, page.review) == ("On the album", ("Ann Other",), None)


TEXTS = st.sampled_from(
    ["Article", "Review", "Person", "2026-11-02", "8/10", "9" * 400, "a\0b", "\ud800", "#a", "", URL]
)
NAMES = st.sampled_from(["@type", "@id", "@graph", "author", "headline", "name", "datePublished", "articleSection",
                         "keywords", "inLanguage", "review", "itemReviewed", "byArtist", "reviewRating", "ratingValue",
                         "bestRating", "mainEntity", "mainEntityOfPage", "url"])  # fmt: skip
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-1, 10) | st.floats(allow_nan=True) | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=5),
    max_leaves=20,
)


@given(st.dictionaries(NAMES, VALUES, max_size=6), st.sampled_from(["Article", "Review", ["NewsArticle", 1], "Person"]))
@settings(max_examples=300)
def test_whatever_has_the_wrong_form_is_left_out(thing, kind):
    page = said(json_ld([{**thing, "@type": kind}]))
    for text in (page.title, page.section, page.language, *page.authors, *page.tags):
        assert text is None or (text == text.strip() != "" and text.isprintable())
    if page.review and page.review.rating is not None:
        assert 0 <= page.review.rating <= 1


# Meta elements


def test_meta_elements_say_what_schema_org_does_not():
    page = said(
        "<meta property='og:title' content='Low: Hey What | The Paper'>"
        "<meta property='og:site_name' content='The Paper'>"
        "<meta property='article:published_time' content='2026-11-02T10:00:00-05:00'>"
        "<meta property='article:modified_time' content='2026-11-01T10:00:00-05:00'>"
        "<meta property='article:section' content='Reviews'><meta property='article:tag' content='Low'>"
        "<meta property='article:tag' content='slowcore'><meta name='robots' content='NoIndex'>"
        "<meta property='og:url' content='http://example.org/low'><meta property='og:locale' content='fr_FR'>"
    )
    assert (page.title, page.section, page.tags) == ("Low: Hey What", "Reviews", ("Low", "slowcore"))
    assert page.published == Moment(datetime(2026, 11, 2, 15, tzinfo=UTC), -300)
    assert page.modified is None  # before it was published
    assert (page.canonical_url, page.language, page.robots) == ("http://example.org/low", "fr", "noindex")
    assert not page.is_article


@pytest.mark.parametrize(
    ("title", "heading", "found"),
    [
        ("Low – Hey What | The Paper", "Low – Hey What", "Low – Hey What"),
        ("Opinion | Hey What", "Hey What", "Hey What"),
        ("The Paper: Low - Hey What", "", "The Paper: Low - Hey What"),
        ("Low - Hey What - Example", "", "Low - Hey What"),
    ],
)
def test_the_name_of_the_site_is_no_part_of_the_title(title, heading, found):
    head = f"<meta property='og:title' content='{title}'><meta property='og:site_name' content='Example'>"
    assert said(head, f"<h1>{heading}</h1>").title == found


# What readers see


@pytest.mark.parametrize(
    "byline",
    [
        "<p>By <a href='/staff/ann-other'>Ann Other</a>, Staff Writer</p>",
        "<div class='byline'><span>Ann Other</span><span>Music Editor</span></div>",
        "<p><small>Posted on November 3, 2026 by Ann Other</small></p>",
        "<span rel='author'>Ann Other</span><a href='/authors/ann-other'>See all posts</a>",
        "<div><span>Words by</span> <b>Ann Other</b></div>",
    ],
)
def test_the_byline_is_found_around_the_heading(byline):
    story = "<p>" + "Ada Lovelace and <a href='/people/bob-dylan'>Bob Dylan</a> met by Lake Como. " * 8 + "</p>"
    assert said("", f"<h1>Title</h1>{byline}{story}").authors == ("Ann Other",)
    assert said("", f"<h1>Title</h1>{story}").authors == ()


def test_the_date_is_found_around_the_heading_and_not_in_the_text():
    story = "<p>" + "On 3 May 2020 they met again, and it was a long night for everybody there. " * 8 + "</p>"
    dated = said("", f"<p>Today is Friday</p><h1>Title</h1><span>Updated: 9. März 2026, 14:30 CET</span>{story}")
    assert dated.published == Moment(datetime(2026, 3, 9, 13, 30, tzinfo=UTC), 60)
    assert said("", f"<h1>Title</h1>{story}").published is None


def test_of_several_headings_the_one_in_the_pages_title_counts():
    page = said("<title>Low: Hey What | The Paper</title>", "<h1>The Paper</h1><h1>Low: Hey What</h1><h1>More</h1>")
    assert page.title == "Low: Hey What"
    assert said("<title>A longer story about it - Site</title>", "<p>x</p>").title == "A longer story about it"


# Dates


@pytest.mark.parametrize(
    ("text", "at", "offset"),
    [
        ("2026-11-02", "2026-11-02T00:00", None),
        ("20261102T101500Z", "2026-11-02T10:15", 0),
        ("2026-11-02T10:15:00.123+0530", "2026-11-02T04:45", 330),
        ("Mon, 02 Nov 2026 10:15:00 -0800", "2026-11-02T18:15", -480),
        ("Sept. 3, 2026", "2026-09-03T00:00", None),
        ("03.09.2026, 23:06", "2026-09-03T23:06", None),
        ("3 janvier 2026 à 9h05", "2026-01-03T09:05", None),
        ("1º de março de 2026", "2026-03-01T00:00", None),
        ("12 de agosto de 2026", "2026-08-12T00:00", None),
        ("Published 12:05 pm, 2026/03/04", "2026-03-04T00:00", None),
        ("4 maggio 2026", "2026-05-04T00:00", None),
        ("May 4, 2026, 12:30 a.m. GMT", "2026-05-04T00:30", 0),
    ],
)
def test_dates_are_read_as_people_write_them(text, at, offset):
    found = parse_moment(text, NOW)
    assert (found.at, found.offset) == (
        datetime.fromisoformat(at).replace(tzinfo=UTC, microsecond=found.at.microsecond),
        offset,
    )


@pytest.mark.parametrize("text", ["", "soon", "31 February 2026", "version 1.2.3", "May", "Decca 12, 1999", 7, None])
def test_what_is_no_date_is_none(text):
    assert parse_moment(text, NOW) is None


# Hostile pages


@pytest.mark.parametrize(
    "thing",
    [
        {"@type": "Review", "reviewRating": {"ratingValue": {"a": []}}, "itemReviewed": [[[]]]},
        {"@type": "Review", "reviewRating": {"ratingValue": "9" * 5000}, "itemReviewed": {"name": ["x" * 9999]}},
        {"@type": "Review", "reviewRating": {"ratingValue": 3, "bestRating": 1, "worstRating": 5}},
        {"@type": "Review", "reviewRating": {"ratingValue": float("nan"), "bestRating": float("inf")}},
        {"@type": ["Article", {"x": 1}, None], "author": {"@id": {"x": 1}}, "keywords": [[1], None, {"name": [2]}]},
        {"@type": "Article", "@id": "#a", "author": {"@id": "#a"}, "mainEntityOfPage": {"@id": "#a"}},
        {"@graph": {"@graph": {"@graph": {"@type": 7}}}},
        [None, 1, "x", [], {}],
    ],
)
def test_things_that_make_no_sense_break_nothing(thing):
    page = said(json_ld(thing))
    assert page.review is None or page.review.rating is None
    assert all(len(text) <= 500 for text in (page.title or "", *page.authors, *page.tags))


def test_only_so_many_things_are_looked_at():
    many = json_ld([{"@type": "Person", "name": f"P{n}"} for n in range(5000)])
    assert len(linked_data(parse(f"<html><head>{many}</head></html>")).things) <= 1000
    marked = "<div itemscope itemtype='Article'>" + "<i itemprop='author'>A B</i>" * 5000
    assert len(said("", marked).authors) <= 20
