from jobs.scrape.links import is_listing, page_links, text_links
from jobs.scrape.tree import parse


def links(markup: str) -> list[str]:
    return [link.url for link in page_links(parse(markup), "http://example.org/a/")]


def test_links_of_a_page_are_resolved_and_each_is_there_once():
    assert links("<a href='b#x'>1</a><a href='b'>2</a><a href='/c'>3</a><a href='mailto:x'>4</a><a>5</a>") == [
        "http://example.org/a/b",
        "http://example.org/c",
    ]
    assert links("<base href='//example.org/z/'><a href='b'>1</a>") == ["http://example.org/z/b"]
    assert links("<a rel='nofollow ugc' href='b'>1</a>") == []


HEADLINES = "".join(f"<h3><a href='/{n}'>Headline of number {n}</a></h3>" for n in range(5))


def listing(markup: str, text: str) -> bool:
    links = page_links(parse(markup), "http://example.org/")
    return is_listing(links, "http://example.org/", text, 250)


def test_a_page_whose_text_is_headlines_is_a_listing():
    teasers = "\n".join(f"Headline of number {n}\n" + "One more sentence of a teaser. " * 4 for n in range(5))
    assert listing(HEADLINES, teasers)
    assert listing(HEADLINES, "Welcome to our news.")


def test_an_article_with_headlines_around_it_is_none():
    paragraphs = "One more sentence about the record. " * 5 + "\n" + "And one more about the band. " * 5
    assert not listing(HEADLINES, paragraphs)
    assert not listing(f"<nav>{HEADLINES}</nav>", "Short.")
    assert not listing(HEADLINES.replace("'/", "'http://elsewhere.test/"), "Short.")
    assert not listing("<a href='/1'>Two words</a>" * 5, "Short.")


def test_the_links_of_the_main_text_are_those_in_its_paragraphs():
    page = parse(
        "<nav><p><a href='/home'>Home</a></p></nav>"
        "<p>The <a href='/record'>new&nbsp;record</a> is out on <b><a href='//label.test/#top'>their label</a></b>.</p>"
        "<ul><li>Also: <a href='/record'>again</a></li><li><a href='/other'>Something else</a></li></ul>"
    )
    text = "The new record is out on their label.\nAlso: again"
    assert text_links(page, "http://example.org/a", text) == ["http://example.org/record", "http://label.test/"]
