"""How well, and how fast, the article in a page is found.

The text is compared with that of people who read 181 pages of news and blogs, by the measure of that data set
(https://github.com/scrapinghub/article-extraction-benchmark): precision and recall over shingles of four words. Titles,
dates and authors are compared with what the pages' own JSON-LD says, once that is taken out of the pages; then again
without their meta elements, so that only what readers see is left.

    python -m benchmarks.extraction --data article-extraction
"""

import argparse
import gzip
import json
import logging
import os
import re
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np

from benchmarks import contest

SHINGLE = 4  # words
SMALL = 30  # pages
MIN_CHARACTERS = 250  # as settings().scrape.min_characters
NOW = datetime(2026, 1, 1, tzinfo=UTC)  # after every page
RESAMPLES = 1000  # of the bootstrap

READERS = {
    "this project": "jobs",
    "trafilatura": "trafilatura",
    "readability-lxml": "readability",
    "BeautifulSoup get_text": "bs4",
}
FINDERS = {"this project": "jobs", "trafilatura": "trafilatura"}


def main(data: Path, small: bool = False, json_file: Path | None = None) -> None:
    """Compare, print two tables, and write the measurements to `json_file`."""
    if not (data / "ground-truth.json.gz").exists():
        print(f"skipped: the data set is not at {data}: --data FOLDER, or DISCOVER_DATA_SETS")
        return
    pages, repeats = SMALL if small else None, 1 if small else 3
    readers = [name for name, module in READERS.items() if contest.is_installed(module)]
    measured: dict[str, list[dict]] = {name: [] for name in readers}
    for _ in range(repeats):
        for name in readers:
            measured[name].append(
                contest.alone("benchmarks.extraction:read_texts", name=name, data=str(data), pages=pages)
            )
    texts = [_best(name, runs, measured["this project"]) for name, runs in measured.items()]
    contest.show("Main text", texts)
    fields = [
        row
        for name in FINDERS
        for row in contest.alone("benchmarks.extraction:read_fields", name=name, data=str(data), pages=pages)["rows"]
    ]
    contest.show("Title, date and authors: share that is as the page's JSON-LD says", fields)
    contest.save(json_file, texts=texts, fields=fields)


def _best(name: str, runs: list[dict], ours: list[dict]) -> dict:
    """A row of the table: what was found, and the fastest run, beside this project's fastest."""
    fastest, first = min(run["ms"] for run in runs), min(run["ms"] for run in ours)
    scores = {key: runs[0][key] for key in ("F1", "± (1 s.e.)", "precision", "recall", "without text")}
    peak = max(run["peak_mib"] for run in runs)
    return {"": name, **scores, "ms a page (CPU)": fastest, "x this project": fastest / first, "peak MiB": peak}


# The text


def read_texts(name: str, data: str, pages: int | None) -> dict:
    """Read all pages with one contender; in a process of its own."""
    logging.disable(logging.CRITICAL)
    read, seconds, counts, empty = _reader(name), 0.0, [], 0
    read("<html><body><p>One page to have everything imported and compiled.</p></body></html>")
    for markup, truth, _ in _pages(Path(data), pages):
        began = time.process_time()
        text = read(markup)
        seconds += time.process_time() - began
        empty += bool(truth.strip()) and not text.strip()
        counts.append(shingle_counts(truth, text))
    table = np.array(counts)
    f1, precision, recall = scores(table)
    random = np.random.default_rng(0)
    resampled = [scores(table[random.integers(0, len(table), len(table))])[0] for _ in range(RESAMPLES)]
    return {
        "F1": f1,
        "± (1 s.e.)": float(np.std(resampled)),
        "precision": precision,
        "recall": recall,
        "without text": empty,
        "ms": 1000 * seconds / len(table),
    }


def _reader(name: str) -> Callable[[str], str]:
    """A function from a page's markup to its main text."""
    if name == "this project":
        from jobs.scrape.extract import main_text
        from jobs.scrape.tree import parse

        return lambda markup: main_text(parse(markup), MIN_CHARACTERS)
    if name == "trafilatura":
        import trafilatura

        return lambda markup: trafilatura.extract(markup, include_comments=False) or ""
    if name == "readability-lxml":
        from lxml.html import fromstring
        from readability import Document

        return lambda markup: fromstring(Document(markup).summary()).text_content()
    from bs4 import BeautifulSoup

    return lambda markup: BeautifulSoup(markup, "lxml").get_text(" ")


def shingle_counts(truth: str, found: str) -> tuple[float, float, float]:
    """Shingles that are in both texts, in `found` only and in `truth` only, as shares of all; zeros for two empty
    texts. A shingle counts as often as it occurs; a text of fewer words than a shingle has is one of its own."""
    wanted, given = Counter(shingles(truth)), Counter(shingles(found))
    both = (wanted & given).total()
    counts = (both, given.total() - both, wanted.total() - both)
    return tuple(count / (sum(counts) or 1) for count in counts)


def shingles(text: str) -> Iterator[tuple[str, ...]]:
    """The shingles of a text: each `SHINGLE` words in a row."""
    words = re.findall(r"\w+", text)
    for at in range(max(1, len(words) - SHINGLE + 1) if words else 0):
        yield tuple(words[at : at + SHINGLE])


def scores(counts: np.ndarray) -> tuple[float, float, float]:
    """F1, precision and recall over pages, from an array [pages, 3] of `shingle_counts`. Precision is the mean over
    pages with any text found, recall that over pages with any text to find, and F1 their harmonic mean."""
    both, extra, missed = counts.T
    found, wanted = both + extra > 0, both + missed > 0
    precision = float(np.mean(both[found] / (both + extra)[found]))
    recall = float(np.mean(both[wanted] / (both + missed)[wanted]))
    return 2 * precision * recall / (precision + recall), precision, recall


# Title, date, authors


def read_fields(name: str, data: str, pages: int | None) -> dict:
    """Find the fields of pages whose JSON-LD says them; in a process of its own."""
    from jobs.scrape.tree import parse

    logging.disable(logging.CRITICAL)
    find = _finder(name)
    right: dict[str, dict[str, list[bool]]] = {"meta elements": {}, "what readers see": {}}
    for markup, _, url in _pages(Path(data), pages):
        truth = _stated(parse(markup), url)
        for left, outcomes in right.items() if truth else ():
            found = find(_stripped(parse(markup), metas=left == "what readers see"), url)
            for field, same in _compared(truth, found).items():
                outcomes.setdefault(field, []).append(same)
    rows = [
        {"": name, "found in": left, **{f"{field} (of {len(o)})": float(np.mean(o)) for field, o in outcomes.items()}}
        for left, outcomes in right.items()
    ]
    return {"rows": rows}


def _stated(tree, url: str) -> dict:
    """The title, days of publication and authors (persons only) in the JSON-LD of a page's article."""
    from jobs.scrape.byline import author_names
    from jobs.scrape.dates import parse_moment
    from jobs.scrape.linked_data import linked_data, types
    from jobs.scrape.metadata import article_thing

    data = linked_data(tree)
    thing = article_thing(data, {url})
    if thing is None:
        return {}
    persons = [
        one for one in data.values(thing, "author") if not (isinstance(one, dict) and "Organization" in types(one))
    ]
    authors = {_folded(name) for one in persons for name in author_names(data.name(one))}
    moment = parse_moment(data.text(thing, "datePublished"), NOW)
    # Readers see a day, which may be that of the page's own zone.
    days = {(moment.at + timedelta(minutes=offset)).date() for offset in (0, moment.offset or 0)} if moment else set()
    said = {"title": data.text(thing, "headline"), "date": days, "authors": authors}
    return {field: value for field, value in said.items() if value}


def _finder(name: str) -> Callable[..., dict]:
    """A function from a tree and its address to the fields as this contender finds them."""
    if name == "this project":
        from jobs.scrape.extract import Hints, completed
        from jobs.scrape.metadata import metadata

        def ours(tree, url: str) -> dict:
            said = completed(metadata(tree, url, NOW), tree, url, Hints(), NOW)
            return {"title": said.title, "date": said.published and said.published.at, "authors": said.authors}

        return ours
    import trafilatura

    from jobs.scrape.dates import parse_date

    def theirs(tree, url: str) -> dict:
        found = trafilatura.extract_metadata(tree, default_url=url)
        return {"title": found.title, "date": parse_date(found.date, NOW), "authors": (found.author or "").split(";")}

    return theirs


def _compared(truth: dict, found: dict) -> dict[str, bool]:
    """For each field that is known, whether it was found: the same words, the same day, the same authors."""
    same = {
        "title": lambda: _folded(found["title"] or "") == _folded(truth["title"]),
        "date": lambda: found["date"] is not None and found["date"].date() in truth["date"],
        "authors": lambda: {_folded(name) for name in found["authors"]} == truth["authors"],
    }
    return {field: same[field]() for field in truth}


def _stripped(tree, metas: bool):
    """The page without JSON-LD and microdata, and without meta elements if `metas`."""
    for element in list(tree.iter("script", *(["meta"] if metas else []))):
        element.drop_tree()
    for element in tree.iter():
        for attribute in ("itemscope", "itemtype", "itemprop"):
            element.attrib.pop(attribute, None)
    return tree


def _folded(text: str) -> str:
    return " ".join(re.findall(r"\w+", text.casefold()))


def _pages(data: Path, most: int | None) -> Iterable[tuple[str, str, str]]:
    """The pages as (markup, main text as people found it, address)."""
    from jobs.scrape.text import decode

    truth = json.loads(gzip.decompress((data / "ground-truth.json.gz").read_bytes()))
    for name in sorted(truth)[:most]:
        body = gzip.decompress((data / "html" / f"{name}.html.gz").read_bytes())
        yield decode(body, None), truth[name]["articleBody"], truth[name]["url"]


def arg_parser() -> argparse.ArgumentParser:
    """The command line."""
    parser = contest.arg_parser("extraction", "Compare how the article in a page is found: text, title, date, authors.")
    sets = os.environ.get("DISCOVER_DATA_SETS")
    parser.add_argument(
        "--data",
        type=Path,
        default=Path(sets or ".") / "article-extraction",
        metavar="FOLDER",
        help="the data set (default: article-extraction in the folder that DISCOVER_DATA_SETS names)",
    )
    return parser


if __name__ == "__main__":
    arguments = arg_parser().parse_args()
    main(arguments.data, arguments.small, arguments.json)
