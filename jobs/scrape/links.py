"""Where a page leads: its links, those in its main text, and whether it mostly lists other pages."""

from dataclasses import dataclass

from lxml.html import HtmlElement

from jobs.scrape import urls
from jobs.scrape.text import clean
from jobs.scrape.tree import base_url, block, words

MAX_LINKS = 2000  # of a page; whoever has more sets a trap
MAX_TEXT_LINKS = 500  # of a main text
AROUND = ("nav", "header", "footer", "aside", "menu")  # where links are the site's, not the page's
HEADLINE_WORDS = 3  # a link with as many is a headline, not a button
LEAST_HEADLINES = 3  # pages with fewer list nothing
PARAGRAPH = 80  # characters; shorter ones are captions
PARAGRAPHS_PER_HEADLINE = 2  # at most, of the teasers in a list


@dataclass(frozen=True)
class Link:
    """A link of a page. `url` is normalised; `headline` is its text when that looks like one and stands in the page's
    own part, else empty."""

    url: str
    headline: str


def page_links(tree: HtmlElement, url: str) -> list[Link]:
    """The links of a page in its order, each address once, without those that ask not to be followed."""
    home = base_url(tree, url)
    links: dict[str, Link] = {}
    around = set(_anchors(tree, f"[{' or '.join(f'ancestor::{tag}' for tag in AROUND)}]"))
    for anchor in _anchors(tree):
        followed = "nofollow" not in (anchor.get("rel") or "").lower().split()
        address = urls.normalise(anchor.get("href"), home) if followed else None
        if address is None:
            continue
        text = words(anchor)
        headline = text if text.count(" ") + 1 >= HEADLINE_WORDS and anchor not in around else ""
        links[address] = Link(address, headline or (links[address].headline if address in links else ""))
    return list(links.values())


def text_links(tree: HtmlElement, url: str, text: str) -> list[str]:
    """The addresses that the main text of a page leads to, in its order, each once: those of the links whose paragraph
    is a line of the text, or within one."""
    home, lines = base_url(tree, url), {_squeezed(line) for line in text.splitlines()}
    whole = _squeezed(text)
    found: dict[str, None] = {}
    known: dict[HtmlElement, bool] = {}
    for anchor in _anchors(tree):
        paragraph = block(anchor)
        if paragraph not in known:
            inside = _squeezed(clean(words(paragraph)))
            known[paragraph] = inside in lines or (len(inside) >= PARAGRAPH and inside in whole)
        address = urls.normalise(anchor.get("href"), home) if known[paragraph] else None
        if address is not None and words(anchor):
            found[address] = None
        if len(found) == MAX_TEXT_LINKS:
            break
    return list(found)


def is_listing(links: list[Link], url: str, text: str, min_characters: int) -> bool:
    """Whether a page mostly lists others: the headlines of other pages of its host make up its main text, or it has
    headlines and no text. Around an article there are headlines too, but they are not in its main text."""
    headlines = {link.headline for link in links if link.headline and urls.host(link.url) == urls.host(url)}
    if len(text) < min_characters:
        return len(headlines) >= LEAST_HEADLINES
    within = sum(clean(headline) in text for headline in headlines)
    paragraphs = sum(len(line) >= PARAGRAPH for line in text.splitlines())
    return within >= max(LEAST_HEADLINES, paragraphs / PARAGRAPHS_PER_HEADLINE)


def _squeezed(text: str) -> str:
    """Without white space, which extraction changes."""
    return "".join(text.split())


def _anchors(tree: HtmlElement, which: str = "") -> list[HtmlElement]:
    return tree.xpath(f"(//a[@href])[position() <= {MAX_LINKS}]{which}")
