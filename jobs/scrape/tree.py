"""A page as a tree of elements: parsed once, read by all that look for something in it."""

from lxml import etree, html
from lxml.html import HtmlElement

from jobs.scrape import urls

ELEMENTS = 100_000  # ten times as many as large pages have; each costs a tenth of a millisecond
DEPTH = 2048  # libxml2 goes no deeper, and stops there
BLOCKS = frozenset({"p", "h1", "h2", "h3", "h4", "h5", "h6", "li", "blockquote", "pre", "dd", "dt", "td", "th", "div",
                    "section", "article", "main", "figcaption", "body"})  # fmt: skip


INLINE = frozenset({"a", "abbr", "b", "bdi", "bdo", "cite", "code", "del",
                    "em", "font", "i", "ins", "mark", "q", "s", "small",
                    "span", "strong", "sub", "sup", "u", "wbr"})  # fmt: skip
UNSEEN = frozenset({"script", "style", "noscript", "template"})  # whose text no reader sees


class TooComplex(ValueError):
    """A page is not made for people; the message says how."""


def parse(markup: str) -> HtmlElement:
    """The <html> element of a page, whatever the page is; without comments.

    Raises TooComplex when it has more than `ELEMENTS` elements, or they are nested deeper than `DEPTH`.
    """
    # The parser allows long texts (huge_tree); how long a page may be is the fetcher's to say.
    parser = html.HTMLParser(huge_tree=True, remove_comments=True, remove_pis=True, collect_ids=False)
    content = markup if markup.strip() else "<html></html>"
    try:
        tree = html.document_fromstring(content, parser=parser, ensure_head_body=True)
    except etree.ParserError:  # nothing in it is an element or text
        tree = html.document_fromstring("<html></html>", parser=parser, ensure_head_body=True)
    if any(error.type_name == "ERR_RESOURCE_LIMIT" for error in parser.error_log):
        raise TooComplex("nested too deep")
    if tree.xpath("count(//*)") > ELEMENTS:
        raise TooComplex("too many elements")
    return tree


def base_url(tree: HtmlElement, url: str) -> str:
    """The address that the page's relative addresses start from; `url` is its own."""
    for base in tree.iter("base"):
        if base.get("href"):
            return urls.normalise(base.get("href"), url) or url
    return url


def words(element: HtmlElement) -> str:
    """The text in an element, as one line; what is not within a line of its own is parted by spaces."""
    parts = []
    for event, inner in etree.iterwalk(element, events=("start", "end")):
        if inner.tag not in INLINE:
            parts.append(" ")
        if event == "start" and inner.tag not in UNSEEN:
            parts.append(inner.text or "")
        elif event == "end" and inner is not element:
            parts.append(inner.tail or "")
    return " ".join("".join(parts).split())


def block(element: HtmlElement) -> HtmlElement:
    """The paragraph, list item or the like that an element stands in."""
    return next((above for above in element.iterancestors() if above.tag in BLOCKS), element)
