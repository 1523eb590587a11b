"""What a page says about itself in the vocabulary of schema.org, as JSON-LD or microdata.

A thing is a dict: "@type" and properties, whose values are texts, numbers, things, or lists of these. Microdata comes
in the same form (https://html.spec.whatwg.org/multipage/microdata.html, section 5.4). What is malformed is left out.
"""

import html
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from lxml.html import HtmlElement

from jobs.scrape.text import clean_line
from jobs.scrape.tree import words

MAX_THINGS = 1000  # of a page, and as many properties in microdata
MAX_DEPTH = 20  # of things in things
NESTED = ("@graph", "mainEntity", "mainEntityOfPage", "review", "hasPart")  # where a thing that counts may be
# Microdata marks whole texts as properties, too: only these are read.
PROPERTIES = {"name", "headline", "author", "creator", "byArtist", "datePublished", "dateModified", "keywords",
              "review", "articleSection", "inLanguage", "url", "mainEntityOfPage", "itemReviewed", "reviewRating",
              "ratingValue", "bestRating", "worstRating"}  # fmt: skip
# Types of schema.org that are articles; every other type that ends in "Article" or "Posting" is one too.
ARTICLE_TYPES = frozenset({"Report"})
VALUES = {"a": "href", "link": "href", "img": "src", "time": "datetime"}  # attributes that are an element's value
# What hides a script from browsers of the last century.
_WRAPPING = re.compile(
    r"^\s*(?:<!--|(?://|/\*)?\s*<!\[CDATA\[(?:\s*\*/)?)|(?:-->|(?://|/\*)?\s*\]\]>(?:\s*\*/)?|;)\s*$"
)


@dataclass
class LinkedData:
    """The things of a page in its order, and those with an @id by it."""

    things: list[dict] = field(default_factory=list)
    by_id: dict[str, dict] = field(default_factory=dict)

    def resolve(self, value: object) -> object:
        """The thing that a reference ({"@id": ...} and no more) stands for; any other value as it is."""
        if isinstance(value, dict) and isinstance(value.get("@id"), str) and len(value) <= 2 and "name" not in value:
            return self.by_id.get(value["@id"], value)
        return value

    def values(self, thing: dict, name: str) -> list[object]:
        """The values of a property, references resolved; an empty list when it has none."""
        value = thing.get(name)
        several = value if isinstance(value, list) else [value]
        return [self.resolve(one) for one in several[:MAX_THINGS] if one is not None]

    def text(self, thing: dict, name: str) -> str | None:
        """The first value of a property that is a text, or has a name that is one; clean, as one line."""
        return next(filter(None, map(self.name, self.values(thing, name))), None)

    def name(self, value: object) -> str | None:
        """A value that is a text, or the name of one that is a thing."""
        if isinstance(value, dict):
            value = next((name for name in self.values(value, "name") if isinstance(name, str)), None)
        return clean_line(html.unescape(value)) if isinstance(value, str) else None


def linked_data(tree: HtmlElement) -> LinkedData:
    """All that a page describes, JSON-LD first."""
    data = LinkedData()
    for script in tree.iter("script"):
        if (script.get("type") or "").split(";")[0].strip().lower() == "application/ld+json":
            _collect(_json(script.text or ""), data)
    for thing in _microdata(tree):
        _collect(thing, data)
    return data


def types(thing: dict) -> set[str]:
    """The names of a thing's types, without the vocabulary's address."""
    kinds = thing.get("@type")
    kinds = kinds if isinstance(kinds, list) else [kinds]
    return {re.split(r"[/#:]", kind)[-1] for kind in kinds if isinstance(kind, str)}


def is_review(thing: dict) -> bool:
    """Whether a thing is a review: schema.org's type, or one of those below it."""
    return any(kind.endswith("Review") for kind in types(thing))


def is_article(thing: dict) -> bool:
    """Whether a thing is an article, a post or a review."""
    return is_review(thing) or any(k in ARTICLE_TYPES or k.endswith(("Article", "Posting")) for k in types(thing))


def _json(text: str) -> object:
    """The value of a JSON-LD block; None when it is broken."""
    try:
        return json.loads(_WRAPPING.sub("", text), strict=False)
    except (ValueError, RecursionError):
        return None


def _collect(value: object, data: LinkedData) -> None:
    """Add the things at the top of a value and in what may hold some."""
    waiting = [(value, 0)]
    while waiting and len(data.things) < MAX_THINGS:
        value, depth = waiting.pop(0)
        if isinstance(value, list):
            waiting += [(one, depth + 1) for one in value[:MAX_THINGS] if depth < MAX_DEPTH]
        elif isinstance(value, dict):
            if "@type" in value:
                data.things.append(value)
                if isinstance(value.get("@id"), str):
                    data.by_id.setdefault(value["@id"], value)
            waiting += [(value[key], depth + 1) for key in NESTED if key in value and depth < MAX_DEPTH]


def _microdata(tree: HtmlElement) -> Iterator[dict]:
    """The things that are no property of another."""
    things: dict[HtmlElement, dict] = {}
    marked = tree.xpath("//*[@itemscope or @itemprop]")[:MAX_THINGS]
    for element in marked:
        if element.get("itemscope") is not None:
            things[element] = {"@type": (element.get("itemtype") or "").split()}
    for element in marked:
        owner = next((things[above] for above in element.iterancestors() if above in things), None)
        names = [name for name in (element.get("itemprop") or "").split() if name in PROPERTIES]
        if owner is not None:
            for name in names:
                owner.setdefault(name, []).append(things.get(element) or _value(element))
        if not names and element in things:
            yield things[element]


def _value(element: HtmlElement) -> str:
    """The value of an element that is a property and no thing."""
    return element.get("content") or element.get(VALUES.get(element.tag, "content")) or words(element)
