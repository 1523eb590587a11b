"""What the words about artists are worth: similar artists by biographies, judged by people, and top terms among the
tags of listeners.

Needs two public data sets (folders `artist-bios`: Oramas and others, "A semantic-based approach for artist similarity",
ISMIR 2015, 262 biographies and for 188 artists the ten most similar as people judged; and `lastfm-hetrec`: HetRec
2011, whose 17,632 artists are also the names that the biographies are searched for, and whose listeners and taggings
say who is alike, too). The settings of `jobs.culture` were chosen by those listeners and taggings (columns "listeners"
and "tags"), never by the judgements (P@5, P@10).
"""

import argparse
import os
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
from scipy import sparse
from sklearn.feature_extraction.text import TfidfVectorizer

from benchmarks import contest

KINDS = ("word", "bigram", "noun_phrase", "adjective", "artist")
WEEK = date(2026, 11, 23)
LEAST_CONFIDENCE = 0.65
MIN_LISTENERS = MIN_TAGGINGS = 5  # artists with fewer tell nothing about who is alike
# Whitman and Lawrence's Gaussian for a library of this size: the middle and width, in ln(artists with the term).
GAUSSIAN = (2.5, 1.5)

_LINK = re.compile(r"\[([^\]\[]*)\]\([^)]*\)|\[([^\]]*)\]\([^)]*$")


@dataclass(frozen=True)
class Data:
    """The biographies with the judgements, and what listeners do with the same artists."""

    names: dict[str, str]  # by artist, in order
    texts: dict[str, str]
    judged: dict[str, set[str]]  # of those with ten similar artists
    others: dict[str, str]  # names of artists without a biography
    listeners: sparse.csr_matrix  # artists × people, log plays
    taggings: sparse.csr_matrix  # artists × tags, log taggings
    tags: list[str]


def load(folder: Path) -> Data:
    """Read both data sets."""
    bios, hetrec = folder / "artist-bios", folder / "lastfm-hetrec"
    texts = {path.stem: _plain(path.read_text("utf-8")) for path in sorted((bios / "bios").glob("*.txt"))}
    named = dict(line.split("\t")[:2] for line in (bios / "artists.tsv").read_text("utf-8").splitlines())
    names = {artist: _as_written(named[artist], text) for artist, text in texts.items()}
    similar = dict(line.split("\t") for line in (bios / "similar_artists.tsv").read_text("utf-8").splitlines())
    judged = {artist: set(ten.split()) for artist, ten in similar.items() if len(ten.split()) == 10}

    artists = _columns(hetrec / "artists.dat", "id", "name")
    ids = {_folded(name): int(i) for i, name in reversed(artists)}
    rows = [ids.get(_folded(name), -1) for name in names.values()]
    known = {_folded(name) for name in names.values()}
    others = {f"hetrec-{i}": name for i, name in artists if _folded(name) not in known and len(name) > 2}
    tags = {int(i): tag for i, tag in _columns(hetrec / "tags.dat", "tagID", "tagValue")}
    played = np.array(_columns(hetrec / "user_artists.dat", "artistID", "userID", "weight"), float)
    tagged = np.array(_columns(hetrec / "user_taggedartists.dat", "artistID", "tagID"), float)
    return Data(
        names,
        texts,
        judged,
        others,
        _rows(rows, played[:, 0], played[:, 1], played[:, 2]),
        _rows(rows, tagged[:, 0], tagged[:, 1], np.ones(len(tagged)), len(tags) and max(tags) + 1),
        [tags.get(i, "") for i in range(max(tags) + 1)],
    )


def _plain(text: str) -> str:
    """A biography without its markup and addresses."""
    text = _LINK.sub(lambda m: m[1] or m[2] or "", text)
    return re.sub(r"[ \t]{2,}", "\n", re.sub(r"[*_]{1,3}", "", re.sub(r"https?://\S+", "", text)))


def _as_written(name: str, text: str) -> str:
    """A name with the capitals that its biography gives it."""
    found = re.search(rf"\b{re.escape(name)}\b", text, re.IGNORECASE)
    return found[0] if found else name.title()


def _folded(name: str) -> str:
    from jobs.culture.text import fold

    return fold(name).lower.removeprefix("the ").replace("&", "and")


def _columns(path: Path, *columns: str) -> list[tuple[str, ...]]:
    lines = path.read_text("utf-8", errors="replace").splitlines()
    at = [lines[0].split("\t").index(column) for column in columns]
    return [tuple(line.split("\t")[i] for i in at) for line in lines[1:]]


def _rows(wanted: list[int], rows: np.ndarray, columns: np.ndarray, values: np.ndarray, width: int | None = None):
    counts = sparse.csr_matrix((values, (rows.astype(int), columns.astype(int))), dtype=float)
    shape = (counts.shape[0] + 1, width or counts.shape[1])
    counts = sparse.csr_matrix((counts.data, counts.indices, np.r_[counts.indptr, counts.indptr[-1]]), shape=shape)
    counts.data = np.log1p(counts.data)
    return counts[[row if 0 <= row < shape[0] - 1 else shape[0] - 1 for row in wanted]]


# How well a way of finding similar artists does: similarity (artists, artists) to figures.


def figures(similarity: np.ndarray, data: Data) -> dict[str, float]:
    """Precision at 5 and 10 by the judgements, and how much of the similarity by listeners and by tags the ten nearest
    have, beside the ten that have the most of it."""
    order = _nearest(similarity)
    index = {artist: i for i, artist in enumerate(data.names)}
    hits = [
        [artist in ten for artist in np.array(list(data.names))[order[index[one], :10]]]
        for one, ten in data.judged.items()
    ]
    return {
        "P@5": float(np.mean([h[:5] for h in hits])),
        "P@10": float(np.mean(hits)),
        "listeners": _gain(similarity, _alike(data.listeners, MIN_LISTENERS)),
        "tags": _gain(similarity, _alike(data.taggings, MIN_TAGGINGS, inverse_frequency=True)),
    }


def _nearest(similarity: np.ndarray) -> np.ndarray:
    others = similarity.astype(float)
    np.fill_diagonal(others, -np.inf)
    return np.argsort(-others, axis=1, kind="stable")


def _alike(counts: sparse.csr_matrix, least: int, inverse_frequency: bool = False) -> tuple[np.ndarray, np.ndarray]:
    """The artists that enough people say something about, and their cosines."""
    who = np.flatnonzero(np.diff(counts.indptr) >= least)
    rows = counts[who].toarray()
    if inverse_frequency:
        rows *= np.log((1 + len(who)) / (1 + (rows > 0).sum(axis=0)))
    length = np.linalg.norm(rows, axis=1, keepdims=True)
    rows /= np.where(length > 0, length, 1)
    cosines = rows @ rows.T
    np.fill_diagonal(cosines, 0)
    return who, cosines


def _gain(similarity: np.ndarray, alike: tuple[np.ndarray, np.ndarray]) -> float:
    who, cosines = alike
    order = _nearest(similarity[np.ix_(who, who)])[:, :10]
    best = -np.sort(-cosines, axis=1)[:, :10]
    return float(np.mean(np.take_along_axis(cosines, order, axis=1).sum(axis=1) / best.sum(axis=1)))


# The terms of the biographies, as the stage reads them.


TOLD = ("article_id", "day", "source", "entity_kind", "entity_id", "relevance", "uses")
TOLD_TYPES = (
    "article_id string, day date, source string, entity_kind string, entity_id string, relevance double, "
    "uses array<struct<kind string, stem string, form string, amount double, share double>>"
)


def told(data: Data, linking: str) -> pd.DataFrame:
    """What the biographies say, as `jobs.culture.weights.weigh` takes it.

    linking: "none": only the words of an artist's own biography; "named": sentences that name artists with a
    biography are about these, too, and their names are terms; "all": so are names of the other artists.
    Every biography is about its artist, and by somebody else.
    """
    from jobs.culture.mentions import IN_TITLE, Mention, find
    from jobs.culture.names import names
    from jobs.culture.reader import Reader
    from jobs.culture.terms import usage

    library = [*data.names.items(), *(data.others.items() if linking == "all" else ())]
    reader = Reader.of(names(library, []), frozenset(), LEAST_CONFIDENCE)
    rows = []
    for artist, text in data.texts.items():
        own = Mention("artist", artist, IN_TITLE, data.names[artist], 1.0, is_subject=True)
        mentions = [own]
        if linking != "none":
            linked = find(data.names[artist], text, reader.index, LEAST_CONFIDENCE, tags=[data.names[artist]])
            mentions += [
                m._replace(is_subject=False)
                for m in linked
                if m.confidence >= LEAST_CONFIDENCE and m.entity_id != artist and m.start != IN_TITLE
            ]
        said = usage(data.names[artist], text, mentions, reader.artists_of, reader.names_of)
        rows += [(artist, WEEK, artist, *entity, sure, said.uses[entity]) for entity, sure in said.relevance.items()]
    return pd.DataFrame(rows, columns=TOLD)


def weighed(spark, rows: pd.DataFrame) -> pd.DataFrame:
    """The weights of the stage: entity_id, kind, term, weight."""
    from jobs.culture.weights import weigh

    frame = spark.createDataFrame(list(rows.itertuples(index=False, name=None)), TOLD_TYPES)
    vectors = weigh(frame, WEEK, 26.0, 100_000)
    return vectors.select("entity_id", "kind", "term", "weight").toPandas()


def counted(rows: pd.DataFrame) -> pd.DataFrame:
    """The plain frequencies of the same terms: entity_id, kind, term, frequency, artists (that have it)."""
    by = ["entity_id", "kind", "stem"]
    found = [
        (row.entity_id, use.kind, use.stem, use.amount) for row in rows.itertuples(index=False) for use in row.uses
    ]
    counts = pd.DataFrame(found, columns=[*by, "amount"]).groupby(by, as_index=False).agg(frequency=("amount", "sum"))
    counts["artists"] = counts.groupby(["kind", "stem"])["entity_id"].transform("nunique")
    return counts.rename(columns={"stem": "term"})


WEIGHTINGS: dict[str, Callable[[pd.DataFrame, int], np.ndarray]] = {
    "TF-IDF": lambda c, n: c.frequency * (1 + np.log((1 + n) / (1 + c.artists))),
    "Gaussian": lambda c, n: c.frequency * np.exp(-((np.log(c.artists) - GAUSSIAN[0]) ** 2) / (2 * GAUSSIAN[1] ** 2)),
}


def cosine(vectors: pd.DataFrame, artists: Iterable[str]) -> np.ndarray:
    """Cosines of the artists' weights, of terms that two artists have at least."""
    rows = pd.Index(artists).get_indexer(vectors["entity_id"])
    columns, terms = pd.factorize(vectors["kind"] + ":" + vectors["term"])
    known = rows >= 0
    matrix = sparse.csr_matrix(
        (vectors["weight"].to_numpy(float)[known], (rows[known], columns[known])), shape=(len(set(artists)), len(terms))
    )
    matrix = matrix[:, np.bincount(matrix.indices, minlength=len(terms)) > 1]
    length = np.sqrt(np.asarray(matrix.multiply(matrix).sum(axis=1)))
    matrix = sparse.diags(1 / np.where(length > 0, length, 1).ravel()) @ matrix
    return (matrix @ matrix.T).toarray()


def spoken_alike(vectors: pd.DataFrame, artists: list[str], part: str = "both") -> np.ndarray:
    """The similarity of the stage; part: "sparse" or "dense" for one of its two cosines."""
    from jobs.culture.similarity import dense_share
    from jobs.culture.space import space

    made = space(vectors[vectors["entity_id"].isin(artists)])
    share = {"both": dense_share(made), "sparse": 0.0, "dense": 1.0}[part]
    direct, dense = (made.sparse @ made.sparse.T).toarray(), made.dense.astype(float) @ made.dense.T
    at = pd.Index(made.artists).get_indexer(artists)
    similarity = np.where((at < 0)[:, None] | (at < 0), 0.0, ((1 - share) * direct + share * dense)[at][:, at])
    return similarity


# Top terms among the tags that listeners gave.


def among_tags(vectors: pd.DataFrame, data: Data, top: int = 10) -> dict[str, float]:
    """Of the top terms of each artist with taggings (words and bigrams; stemmed alike), the share that is among the
    artist's tags or a word of one."""
    tags = {
        artist: {stem for i in data.taggings[row].indices for stem in _tag_stems(data.tags[i])}
        for row, artist in enumerate(data.names)
    }
    told = vectors[vectors["kind"].isin(("word", "bigram"))].sort_values("weight", ascending=False, kind="stable")
    shares = []
    for artist, own in told.groupby("entity_id"):
        if tags.get(artist):
            terms = own["term"].head(top)
            shares.append(sum(_stemmed(term) in tags[artist] for term in terms) / top)
    return {"artists": len(shares), "among tags": float(np.mean(shares))}


def _tag_stems(tag: str) -> set[str]:
    words = tag.lower().split()
    return {_stemmed(" ".join(words)), *(_stemmed(word) for word in words)}


@cache
def _stemmed(term: str) -> str:
    from jobs.culture.terms import _stem

    return " ".join(map(_stem, term.split()))


def main(folder: Path, small: bool = False) -> dict:
    """Measure and print."""
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    from jobs.spark import session

    data = load(folder)
    artists = list(data.names)
    print(f"{len(artists)} biographies, {len(data.judged)} judged; {len(data.others)} names besides")
    plain = TfidfVectorizer().fit_transform(data.texts.values())
    rows = [{"similar artists by": "TF-IDF of words (scikit-learn)", **figures((plain @ plain.T).toarray(), data)}]
    stop = TfidfVectorizer(stop_words="english", sublinear_tf=True, min_df=2).fit_transform(data.texts.values())
    rows.append({"similar artists by": "… without stop words, log tf", **figures((stop @ stop.T).toarray(), data)})
    terms = []
    with session("culture") as spark:
        said = {linking: told(data, linking) for linking in (("all",) if small else ("all", "named", "none"))}
        own = {linking: weighed(spark, what) for linking, what in said.items()}
    counts = counted(said["all"])
    variants = {"own": own["all"]}
    for weighting, weight in WEIGHTINGS.items():
        variants[weighting] = counts.assign(weight=weight(counts, counts["entity_id"].nunique()))
    for weighting, vectors in variants.items():
        for kind in KINDS:
            alone = vectors[vectors["kind"] == kind]
            rows.append({"similar artists by": f"{kind}, {weighting}", **figures(cosine(alone, artists), data)})
        rows.append({"similar artists by": f"all kinds, {weighting}", **figures(cosine(vectors, artists), data)})
        terms.append({"top ten terms by": weighting, **among_tags(vectors[vectors["entity_id"].isin(artists)], data)})
    for linking, vectors in own.items():
        for part in ("sparse", "dense", "both"):
            label = f"jobs.culture, names {linking}, {part}"
            rows.append({"similar artists by": label, **figures(spoken_alike(vectors, artists, part), data)})
    terms.insert(0, {"top ten terms by": "TF-IDF of words (scikit-learn)", **among_tags(_tfidf_terms(data), data)})
    contest.show("similar artists", rows)
    contest.show("top ten terms among the tags of listeners", terms)
    return {"similar": rows, "terms": terms}


def _tfidf_terms(data: Data) -> pd.DataFrame:
    vectorizer = TfidfVectorizer(stop_words="english")
    matrix = vectorizer.fit_transform(data.texts.values()).tocoo()
    artists, words = np.array(list(data.texts)), vectorizer.get_feature_names_out()
    return pd.DataFrame(
        {"entity_id": artists[matrix.row], "kind": "word", "term": words[matrix.col], "weight": matrix.data}
    )


if __name__ == "__main__":
    parser = contest.arg_parser("culture", __doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument(
        "--data",
        type=Path,
        default=os.environ.get("DISCOVER_DATA_SETS"),
        required="DISCOVER_DATA_SETS" not in os.environ,
        metavar="FOLDER",
        help="the folder that holds artist-bios/ and lastfm-hetrec/ (or DISCOVER_DATA_SETS)",
    )
    arguments = parser.parse_args()
    contest.save(arguments.json, **main(Path(arguments.data), arguments.small))
