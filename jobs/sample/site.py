"""The web site of the sample world: several publications under one host, as files."""

import re
import unicodedata
from datetime import date, timedelta
from pathlib import Path

import numpy as np

from jobs.sample import pages, sentences
from jobs.sample.catalogue import Catalogue
from jobs.sample.options import Options
from jobs.sample.pages import Publication
from jobs.sample.prose import Article, Desk

PUBLICATIONS = {
    p.folder: p
    for p in (
        Publication("sidelong", "Sidelong Magazine", "en", "feed", pages.magazine),
        Publication("daily-tone", "The Daily Tone", "en", "feed", pages.magazine),
        Publication("groove-ledger", "Groove Ledger", "en", "site", pages.blog),
        Publication("north-room", "North Room Reviews", "en", "site", pages.plain),
        Publication("klangkiste", "Klangkiste", "de", "site", pages.plain),
        Publication("microsillon", "Le Microsillon", "fr", "site", pages.blog),
        Publication("evening-post", "Evening Post", "en", "feed", pages.magazine),
        Publication("press", "Label Press Room", "en", "site", pages.undated),
    )
}
WEEKS = 20  # articles are not older
HUGE = {"a-z": ("All songs from A to Z", 4_000), "everything": ("Everything we ever filed", 130_000)}  # lines; > 5 MB
PRIVATE = ("drafts", "charts", "staff")  # pages of each publication that robots.txt forbids
ROBOTS = "User-agent: *\nDisallow: /*/private/\nDisallow: /search\n"


class Site:
    """Collects pages, then writes them."""

    def __init__(self, options: Options, catalogue: Catalogue):
        self.options, self.catalogue = options, catalogue
        self.random = options.random("site")
        self.desk = Desk(catalogue, options)
        self.home = f"http://127.0.0.1:{options.port}"
        self.articles: list[tuple[Publication, Article, str]] = []

    def add(self, folder: str, article: Article) -> None:
        """Put an article into a publication."""
        number = len(self.articles)
        path = f"/{folder}/{article.day:%Y/%m}/{slug(article.headline)}-{number}.html"
        self.articles.append((PUBLICATIONS[folder], article, path))

    def write(self, folder: Path) -> None:
        """Write all pages below `folder`."""
        for number, (publication, article, path) in enumerate(self.articles):
            html = publication.page(publication, article, self.home + path, self._links(number))
            _save(folder, path, pages.broken(html) if number % 23 == 7 else html)
        for publication in PUBLICATIONS.values():
            self._write_front(folder, publication)
            self._write_private(folder, publication)
        self._write_huge(folder, PUBLICATIONS["north-room"])
        self._write_rest(folder, PUBLICATIONS["press"])

    def _links(self, number: int) -> list[tuple[str, str]]:
        """What an article page links to: other articles; each tenth one leads into the forbidden part as well, each
        fifteenth to where nothing is any more."""
        publication, _, path = self.articles[number]
        others = [(a.headline, where) for p, a, where in self.articles if p is publication and where != path]
        picked = [others[i] for i in self.random.permutation(len(others))[:5]]
        if number % 10 == 3:
            picked.append(("Unfinished drafts", f"/{publication.folder}/private/drafts.html"))
        if number % 15 == 4:
            picked.append(("From the archive", f"/{publication.folder}/2019/gone-{number}.html"))
        return picked

    def _write_front(self, folder: Path, publication: Publication) -> None:
        """The start page of a publication, and its feed, if it has one."""
        mine = [(a, where) for p, a, where in self.articles if p is publication]
        extra = [(name.title(), f"/{publication.folder}/private/{name}.html") for name in PRIVATE]
        if publication.folder == "north-room":
            extra += [(text, f"/north-room/{name}.html") for name, (text, _) in HUGE.items()]
        front = pages.index(publication, [(a.headline, where) for a, where in mine], pages.link_list(extra))
        _save(folder, f"/{publication.folder}/index.html", front)
        if publication.kind == "feed":
            items = [(a, self.home + where) for a, where in mine]
            home = f"{self.home}/{publication.folder}/"
            _save(folder, f"/{publication.folder}/feed.xml", pages.feed(publication, home, items))

    def _write_private(self, folder: Path, publication: Publication) -> None:
        day = self.options.week - timedelta(days=30)
        for name in PRIVATE:
            draft = self.desk.review(int(self.random.integers(len(self.catalogue.artists))), day)
            path = f"/{publication.folder}/private/{name}.html"
            _save(folder, path, publication.page(publication, draft, self.home + path, []))

    def _write_huge(self, folder: Path, publication: Publication) -> None:
        """Lists of hundreds of names."""
        names = [f"{t.title} – {self.catalogue.artists[t.artist].name}" for t in self.catalogue.tracks]
        for name, (headline, lines) in HUGE.items():
            repeated = [f"{n + 1}. {names[n % len(names)]}" for n in range(lines)]
            article = Article(headline, repeated, "Staff", self.options.week - timedelta(days=60), ())
            path = f"/{publication.folder}/{name}.html"
            _save(folder, path, publication.page(publication, article, self.home + path, []))

    def _write_rest(self, folder: Path, publication: Publication) -> None:
        """robots.txt, the start page of the host, and the pages that every site has."""
        _save(folder, "/robots.txt", ROBOTS)
        _save(
            folder, "/index.html", pages.index(publication, [(p.name, f"/{p.folder}/") for p in PUBLICATIONS.values()])
        )
        for name in ("imprint", "privacy", "cookies"):
            text = [f"This is the {name} page of the sites on this host.", "Nothing is stored, nothing is sold."]
            note = Article(name.title(), text, "Staff", self.options.week, ())
            _save(folder, f"/{name}.html", pages.undated(publication, note, f"{self.home}/{name}.html", []))


def site(options: Options, catalogue: Catalogue) -> Site:
    """Write the articles of all publications: each artist is written about, popular ones more often, and so is each
    new release."""
    made = Site(options, catalogue)
    random, desk = made.random, made.desk
    old = [n for n, artist in enumerate(catalogue.artists) if not artist.is_new]
    popularity = np.sqrt([catalogue.artists[n].popularity for n in old])
    english = ("sidelong", "daily-tone", "groove-ledger", "north-room")
    extra = random.choice(old, max(4, len(old) // 3), p=popularity / popularity.sum())
    for number, artist in enumerate([*random.permutation(old), *extra]):
        kind = (desk.review, desk.review, desk.interview, desk.news)[number % 4]
        made.add(str(random.choice(english)), kind(int(artist), _day(options, random)))
    _add_new_releases(made, english)
    tracks = random.permutation(np.flatnonzero(~catalogue.is_new))
    for number in range(max(2, len(old) // 12)):
        about = [int(t) for t in tracks[6 * number : 6 * number + 6]]
        day = _day(options, random)
        if about:
            made.add(
                str(random.choice(english)), desk.roundup(about, day, f"Six songs for {day:%B}, part {number + 1}")
            )
    _add_foreign(made, old)
    for number, subject in enumerate(list(sentences.OTHER_SUBJECTS) * 2):
        article = desk.something_else(subject, _day(options, random))
        if number < len(sentences.OTHER_SUBJECTS):
            made.add("evening-post", article)
        elif number % 2:
            made.add("groove-ledger", article)
    return made


def source_rows(options: Options) -> list[dict[str, object]]:
    """The rows of sources.csv: feeds and start pages."""
    home = f"http://127.0.0.1:{options.port}"
    return [
        {
            "url": f"{home}/{p.folder}/" + ("feed.xml" if p.kind == "feed" else ""),
            "kind": p.kind,
            "name": p.name,
            "language": p.language if p.language != "fr" else None,
            "delay_seconds": 0,
        }
        for p in PUBLICATIONS.values()
    ]


def slug(headline: str) -> str:
    """The headline as part of an address: ASCII letters, digits and dashes."""
    plain = unicodedata.normalize("NFKD", headline).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", plain.lower()).strip("-")[:50] or "page"


def _add_new_releases(made: Site, english: tuple[str, ...]) -> None:
    """A review of each new record; one press release that three publications print word for word."""
    catalogue, desk, random = made.catalogue, made.desk, made.random
    records: dict[tuple[int, str], int] = {}
    for number in np.flatnonzero(catalogue.is_new):
        records.setdefault((catalogue.tracks[number].artist, catalogue.tracks[number].album), int(number))
    last = made.options.week - timedelta(days=1)
    for (artist, _), track in records.items():
        day = min(last, catalogue.tracks[track].released_at + timedelta(days=int(random.integers(0, 4))))
        made.add(str(random.choice(english)), desk.review(artist, day, track))
    for number, track in enumerate(list(records.values())[:2]):
        released_at = catalogue.tracks[track].released_at
        release = desk.press_release(int(catalogue.artist[track]), released_at, track)
        for folder in ("press", "sidelong", "groove-ledger")[: 3 if number == 0 else 1]:
            made.add(folder, release)
    new = [int(t) for t in records.values()]
    for part in range(0, len(new), 8):
        made.add(
            "daily-tone", desk.roundup(new[part : part + 8], last, f"Out now: {len(new[part : part + 8])} new songs")
        )


def _add_foreign(made: Site, old: list[int]) -> None:
    """Reviews in German and French, the latter partly in an English magazine."""
    random = made.random
    for number in range(max(3, len(old) // 8)):
        language = "fr" if number % 3 == 2 else "de"
        article = made.desk.foreign(int(random.choice(old)), _day(made.options, random), language)
        made.add({"de": "klangkiste", "fr": "microsillon"}[language] if number != 5 else "sidelong", article)


def _day(options: Options, random: np.random.Generator) -> date:
    return options.week - timedelta(days=int(random.integers(1, 7 * WEEKS)))


def _save(folder: Path, path: str, text: str) -> None:
    file = folder / path.lstrip("/")
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")
