"""What is known about one artist, for people: the top terms by kind, what has changed since the week before, similar
artists, and sentences to judge it by."""

import difflib
from collections import Counter
from datetime import date, timedelta
from typing import TYPE_CHECKING

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from jobs.cli import UserError
from jobs.culture.mentions import IN_TITLE
from jobs.culture.text import fold, sentence_at, sentences
from jobs.settings import settings

if TYPE_CHECKING:
    from jobs.lake import Lake

KINDS = {
    "adjective": "adjectives",
    "noun_phrase": "noun phrases",
    "bigram": "bigrams",
    "word": "words",
    "artist": "artists named with them",
}
TOP_TERMS = 12
TOP_SIMILAR = 10
LEAST_CHANGE = 0.01  # of a weight, to be worth telling
EXAMPLES = 5


def show(lake: "Lake", week: date, artist: str, console: Console | None = None) -> None:
    """Print what the week's vectors say about an artist. Raises UserError if there is no such artist or vector."""
    console = console or Console()
    names = dict(zip(*lake.arrow("artists", columns=["artist_id", "name"]).to_pydict().values(), strict=True))
    for artist_id in resolve(artist, names):
        week_shown = _week_with_vectors(lake, week, artist_id, names[artist_id])
        console.print(f"[bold]{escape(names[artist_id])}[/bold]  {artist_id}  week of {week_shown}")
        console.print(_terms(lake, week_shown, artist_id, names))
        for line in changes(lake, week_shown, artist_id, names):
            console.print(escape(line))
        console.print(_similar(lake, week_shown, artist_id, names))
        for sentence, title, source in examples(lake, week_shown, artist_id):
            console.print(f"  “{escape(sentence)}”  [dim]{escape(title or '')}, {escape(source)}[/dim]")


def resolve(artist: str, names: dict[str, str]) -> list[str]:
    """The ids of the artists with this id or name. Raises UserError that names the closest ones there are."""
    if artist in names:
        return [artist]
    folded = {artist_id: fold(name).lower for artist_id, name in names.items()}
    wanted = fold(artist).lower
    found = sorted(artist_id for artist_id, name in folded.items() if wanted in (name, name.removeprefix("the ")))
    if not found:
        close = difflib.get_close_matches(wanted, sorted(set(folded.values())), n=5)
        shown = sorted({names[a] for a, name in folded.items() if name in close})
        raise UserError(f"no artist named {artist!r}" + (f"; did you mean {', '.join(shown)}?" if shown else ""))
    return found


def _week_with_vectors(lake: "Lake", week: date, artist_id: str, name: str) -> date:
    """The given week, if it has a vector of the artist. Raises UserError that says which week has one."""
    query = "SELECT DISTINCT week FROM cultural_vectors WHERE entity_kind = 'artist' AND entity_id = ? ORDER BY week"
    there = lake.sql(query, [artist_id]).column("week").to_pylist()
    if week not in there:
        newest = f"the newest week that has is {there[-1]}" if there else "no week has"
        raise UserError(f"no article from before {week} gave words about {name}; {newest}")
    return week


def _terms(lake: "Lake", week: date, artist_id: str, names: dict[str, str]) -> Table:
    rows = lake.sql(
        "SELECT kind, term, weight FROM cultural_vectors WHERE week = ? AND entity_kind = 'artist' AND entity_id = ? "
        "QUALIFY row_number() OVER (PARTITION BY kind ORDER BY weight DESC, term) <= ? "
        "ORDER BY kind, weight DESC, term",
        [week, artist_id, TOP_TERMS],
    ).to_pylist()
    table = Table(title="terms, and the chance that a text about them uses it", title_justify="left")
    columns = []
    for kind, heading in KINDS.items():
        table.add_column(heading)
        shown = [(names.get(r["term"], r["term"]), r["weight"]) for r in rows if r["kind"] == kind]
        columns.append([f"{escape(term)} [dim]{weight:.2f}[/dim]" for term, weight in shown])
    for place in range(max(map(len, columns))):
        table.add_row(*(column[place] if place < len(column) else "" for column in columns))
    return table


def changes(lake: "Lake", week: date, artist_id: str, names: dict[str, str]) -> list[str]:
    """Lines that say which terms are new since the week before, and which weigh more and less than then."""
    before = week - timedelta(weeks=1)
    vectors = "SELECT * FROM cultural_vectors WHERE week = ? AND entity_kind = 'artist' AND entity_id = ?"
    rows = lake.sql(
        f"SELECT kind, term, coalesce(n.weight, 0) - coalesce(b.weight, 0) AS change, n.since >= ? AS is_new "
        f"FROM ({vectors}) n FULL JOIN ({vectors}) b USING (kind, term) WHERE abs(change) >= ? "
        "ORDER BY abs(change) DESC, term",
        [before, week, artist_id, before, artist_id, LEAST_CHANGE],
    ).to_pylist()
    if lake.is_empty("cultural_vectors", {"week": before}):
        return ["nothing is known of the week before"]
    told = {
        "new this week": [r for r in rows if r["is_new"]],
        "rising": [r for r in rows if r["change"] > 0 and not r["is_new"]],
        "falling": [r for r in rows if r["change"] < 0],
    }
    lines = []
    for heading, changed in told.items():
        # A word and an adjective may be the same term: the first says it.
        terms = dict.fromkeys(names.get(r["term"], r["term"]) for r in changed)
        if terms:
            lines.append(f"{heading}: {', '.join(list(terms)[:TOP_TERMS])}")
    return lines or ["as in the week before"]


def _similar(lake: "Lake", week: date, artist_id: str, names: dict[str, str]) -> Table:
    rows = lake.sql(
        "SELECT similar_artist_id, similarity, shared_terms FROM similar_artists WHERE week = ? AND artist_id = ? "
        "ORDER BY rank LIMIT ?",
        [week, artist_id, TOP_SIMILAR],
    ).to_pylist()
    table = Table("artist", "cosine", "shared terms", title="similar artists", title_justify="left")
    for row in rows:
        name = names.get(row["similar_artist_id"], row["similar_artist_id"])
        table.add_row(escape(name), f"{row['similarity']:.2f}", escape(", ".join(row["shared_terms"])))
    return table


def examples(lake: "Lake", week: date, artist_id: str) -> list[tuple[str, str | None, str]]:
    """Sentences that name the artist, with the title and address of the article: those that use the most of the
    artist's heaviest words, at most one of each article."""
    rows = lake.sql(
        "SELECT m.article_id, m.start, a.title, a.url, a.text FROM mentions m JOIN articles a USING (article_id) "
        "WHERE m.week = ? AND m.entity_kind = 'artist' AND m.entity_id = ? AND m.confidence >= ? AND m.start > ? "
        "ORDER BY m.confidence DESC, m.article_id, m.start LIMIT 500",
        [week, artist_id, settings().culture.min_confidence, IN_TITLE],
    ).to_pylist()
    words = lake.sql(
        "SELECT term, weight FROM cultural_vectors WHERE week = ? AND entity_kind = 'artist' AND entity_id = ? "
        "AND kind = 'word'",
        [week, artist_id],
    )
    weights = Counter(dict(zip(*words.to_pydict().values(), strict=True)))
    best: dict[str, tuple[float, tuple[str, str | None, str]]] = {}
    for row in rows:
        spans = sentences(row["text"])
        span = spans[sentence_at(spans, row["start"])]
        sentence = row["text"][span.start : span.end]
        score = sum(weights[word] for word in set(sentence.lower().split()))
        if row["article_id"] not in best or score > best[row["article_id"]][0]:
            best[row["article_id"]] = (score, (" ".join(sentence.split()), row["title"], row["url"]))
    ranked = sorted(best.items(), key=lambda item: (-item[1][0], item[0]))
    return [example for _, (_, example) in ranked[:EXAMPLES]]
