"""What holds for every page: valid HTML, nothing from elsewhere, links that lead somewhere."""

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote, urlsplit

import html5lib

NAMESPACE = "{http://www.w3.org/1999/xhtml}"
FETCHED = {"src", "href", "srcset", "data", "poster", "action", "formaction", "background"}


def parse(page: str):
    """The tree of a page. Raises html5lib's ParseError where it is not valid."""
    return html5lib.HTMLParser(strict=True).parse(page)


def texts(page: str, name: str, **attributes: str) -> list[str]:
    """The text of each element of a name, with white space folded."""
    found = (e for e in parse(page).iter(f"{NAMESPACE}{name}"))
    return [
        " ".join("".join(e.itertext()).split())
        for e in found
        if all(e.get(key.rstrip("_")) == value for key, value in attributes.items())
    ]


def references(page: str) -> Iterator[tuple[str, str, str]]:
    """Each (element, attribute, address) that a browser may follow."""
    for element in parse(page).iter():
        for attribute, value in element.attrib.items():
            if attribute in FETCHED:
                yield str(element.tag).removeprefix(NAMESPACE), attribute, value


def check(file: Path) -> None:
    """Assert that a page is valid, asks nothing of anybody, has unique ids and names what it shows, and that its links
    lead to files that are there."""
    page = file.read_text(encoding="utf-8")
    tree = parse(page)
    ids = [e.get("id") for e in tree.iter() if e.get("id")]
    assert len(ids) == len(set(ids)), f"{file}: an id occurs twice"
    assert len(texts(page, "h1")) == 1
    assert texts(page, "title") != [""]
    for element, attribute, address in references(page):
        if (element, attribute, address) == ("link", "href", "data:,"):  # no icon is asked for
            continue
        parts = urlsplit(address)
        assert not parts.scheme, f"{file}: <{element} {attribute}={address!r}> leads elsewhere"
        assert not parts.netloc, f"{file}: <{element} {attribute}={address!r}> leads elsewhere"
        target = (file.parent / unquote(parts.path)) if parts.path else file
        assert target.exists(), f"{file}: <{element} {attribute}={address!r}> leads nowhere"
        if parts.fragment and target == file:
            assert parts.fragment in ids, f"{file}: there is no #{parts.fragment}"
    assert not re.search(r"\son\w+=", page), f"{file}: a script in an attribute"
    for element in tree.iter(f"{NAMESPACE}img"):
        assert element.get("alt") is not None, f"{file}: a picture without words"
