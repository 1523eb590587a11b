"""`python -m jobs.scrape sources`: what is read. Sources come from a file, `sources.yaml`, or one by one."""

import argparse
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jobs import cli
from jobs.settings import settings

if TYPE_CHECKING:
    from jobs.scrape.check import Findings

EXAMPLE = """\
sources.yaml is a list; only url is needed, the rest is told from the page or left to the settings:

  - url: https://example.org/reviews/feed.xml
    kind: feed                # feed, sitemap or site (a page whose links are followed)
    name: Example Reviews
    language: en              # ISO 639-1
    tags: [reviews, jazz]
    delay_seconds: 5          # between two requests
    max_pages: 100            # in a run
  - url: https://example.com/music/
    kind: site
    max_depth: 2              # links from this page
    path: /music/             # that its pages begin with

examples:
  python -m jobs.scrape sources check https://example.com/music/
  python -m jobs.scrape sources add https://example.com/music/ --kind site --max-depth 1 --tags reviews
  python -m jobs.scrape sources add sources.yaml
  python -m jobs.scrape sources list
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what this step takes to its own parser."""
    parser.description = "Add sources, list them, or try whether a site can be read."
    parser.epilog, parser.formatter_class = EXAMPLE, argparse.RawDescriptionHelpFormatter
    steps = parser.add_subparsers(dest="action", required=True, metavar="add|list|check")
    add = steps.add_parser("add", help="add or change sources", description="Add a source, or those in a file.")
    add.add_argument("what", metavar="URL|FILE.yaml", help="address of a feed, sitemap or page; or a file of sources")
    add.add_argument("--kind", choices=_contract().column("kind").allowed, help="default: what it turns out to be")
    add.add_argument("--name", help="as it is shown to people")
    add.add_argument("--language", metavar="CODE", help="that it writes in, ISO 639-1")
    add.add_argument("--tags", nargs="+", metavar="TAG", help="words to group sources by")
    add.add_argument("--delay-seconds", type=float, metavar="SECONDS", help="least time between two requests")
    add.add_argument("--max-pages", type=int, metavar="N", help="most pages to fetch in a run")
    add.add_argument("--max-depth", type=int, metavar="N", help="links followed from the first page of a site")
    add.add_argument("--path", help="that the pages of a site or sitemap begin with, such as /music/")
    steps.add_parser("list", help="all sources, with what came of each")
    check = steps.add_parser("check", help="try a site: feeds, sitemaps, robots.txt, and three articles")
    check.add_argument("what", metavar="URL", help="address of a feed, sitemap or page")


def main(week: date, action: str, what: str = "", **given: Any) -> None:
    """Add, list or check."""
    if action == "list":
        show_list()
    elif action == "check":
        show_check(what)
    elif what.endswith((".yaml", ".yml")):
        if any(value is not None for value in given.values()):
            raise cli.UserError(f"options are for one address: put them into {what}")
        add(read_file(Path(what)))
    else:
        entry = {"url": what, **{name: value for name, value in given.items() if value is not None}}
        for problem in _problems(entry):
            raise cli.UserError(problem)
        add([entry])


def add(rows: list[dict[str, Any]]) -> None:
    """Put sources into the lake; where one does not say its kind, its address is looked at. What is not given keeps its
    earlier value."""
    import pandas as pd

    from jobs.lake import Lake
    from jobs.scrape import urls

    lake = Lake()
    for row in rows:
        address = urls.normalise(row["url"])
        if address is None:
            raise cli.UserError(f"{row['url']} is not the address of a web page: https://example.org/ is one")
        row["url"] = address
        if "kind" not in row and lake.is_empty("sources", {"url": address}):
            row["kind"] = _look(address).kind
    added = changed = 0
    for row in rows:  # one by one: they do not give the same columns
        merged = lake.merge("sources", pd.DataFrame([row]))
        added, changed = added + merged.added, changed + merged.changed
    print(f"{added} added, {changed} changed, {len(rows) - added - changed} as they were")


def read_file(path: Path) -> list[dict[str, Any]]:
    """The sources in a YAML file. Raises UserError that names the entry that is wrong, and what is wrong with it."""
    import yaml

    try:
        entries = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise cli.UserError(f"{path}: {error.strerror}") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise cli.UserError(f"{path} is not YAML: {error}") from None
    if not isinstance(entries, list):
        raise cli.UserError(f"{path}: there should be a list of sources, each beginning with - url:")
    for number, entry in enumerate(entries, start=1):
        for problem in _problems(entry):
            raise cli.UserError(f"{path}, source {number}: {problem}")
    return entries


def _problems(entry: object) -> Iterator[str]:
    columns = {column.name: column for column in _contract().columns}
    if not isinstance(entry, dict) or not isinstance(entry.get("url"), str):
        yield "it has no url"
        return
    types = {"delay_seconds": (int, float), "max_pages": int, "max_depth": int, "tags": list}
    for name, value in entry.items():
        column = columns.get(name)
        if column is None:
            yield f"there is no {name}; there are {', '.join(columns)}"
        elif not isinstance(value, types.get(name, str)) or isinstance(value, bool):
            yield f"{name} cannot be {value!r}"
        elif column.allowed and value not in column.allowed:
            yield f"{name} is one of {', '.join(column.allowed)}, not {value!r}"
        elif column.minimum is not None and value < column.minimum:
            yield f"{name} is at least {column.minimum:g}, not {value!r}"
        elif name == "tags" and not all(isinstance(tag, str) for tag in value):
            yield f"tags are words, not {value!r}"


def show_list() -> None:
    """All sources, each with what it is, what it gave and how the last look at it ended."""
    from rich.console import Console
    from rich.markup import escape

    from jobs.lake import Lake

    rows = (
        Lake()
        .sql(
            "SELECT s.url, s.name, s.kind, s.language, s.tags, count(DISTINCT a.url) AS articles, "
            "max(a.fetched_at) AS newest, max(l.fetched_at) AS looked_at, "
            "arg_max(l.outcome || coalesce(': ' || l.reason, ''), l.fetched_at) AS last "
            "FROM sources s LEFT JOIN articles a ON a.source_url = s.url LEFT JOIN "
            "(SELECT * FROM crawl_log WHERE url = source_url) l ON l.url = s.url GROUP BY ALL ORDER BY s.url"
        )
        .to_pylist()
    )
    if not rows:
        print("no sources yet: python -m jobs.scrape sources add URL")
        return
    console = Console(highlight=False)
    for row in rows:
        about = ", ".join(filter(None, (row["name"], row["kind"], row["language"], *(row["tags"] or ()))))
        count = f"{row['articles']} article{'' if row['articles'] == 1 else 's'}"
        newest = f", the newest read on {row['newest']:%Y-%m-%d %H:%M}" if row["newest"] else ""
        look = (
            f"last looked at on {row['looked_at']:%Y-%m-%d %H:%M}, {row['last']}"
            if row["last"]
            else "not looked at yet"
        )
        console.print(f"[bold]{escape(row['url'])}[/bold]", soft_wrap=True)
        console.print(f"  {escape(about)}; {count}{newest}; {escape(look)}", soft_wrap=True)


def show_check(url: str) -> None:
    """What a site offers and forbids, and three of its articles."""
    from rich.console import Console
    from rich.markup import escape

    found = _look(url)
    console = Console(highlight=False)
    pages = f"{found.pages} pages" + (f" in the first of {found.maps} sitemaps" if found.maps else "")
    console.print(f"[bold]{escape(found.url)}[/bold]: {found.kind}, {pages}")
    console.print(f"robots.txt: {escape(found.robots)}")
    for name, addresses in (("feeds", found.feeds), ("sitemaps", found.sitemaps)):
        console.print(f"{name}: {escape(', '.join(addresses)) or 'none'}")
    for address, article in found.articles.items():
        console.print(f"\n[bold]{escape(article.title or '(no title)')}[/bold]")
        published = f"{article.published_at:%Y-%m-%d %H:%M}" if article.published_at else "no date"
        console.print(f"{escape(', '.join(article.authors) or 'no author')}, {published}, {article.language}")
        console.print(escape(address), style="dim")
        console.print(escape(article.text[:400] + ("..." if len(article.text) > 400 else "")))
    for address, reason in found.troubles.items():
        console.print(f"\nno article in {escape(address)}: {escape(reason)}")
    if not found.articles:
        raise cli.UserError(f"{url}: no article could be read")
    console.print(f"\nto read it: python -m jobs.scrape sources add {escape(found.url)}", soft_wrap=True)
    for feed in found.feeds[:1]:
        console.print(f"or its feed, which tells what is new: {escape(feed)}", soft_wrap=True)


def _look(url: str) -> "Findings":
    from jobs.scrape.check import look

    return look(url, settings().scrape, settings().home)


def _contract() -> Any:
    import schemas

    return schemas.table("sources")
