"""Artists and tracks as points: a sparse vector over all terms, and a short dense one for retrieval.

The dense vector is latent semantic analysis (Deerwester and others 1990): the truncated singular value decomposition
of the artists' sparse vectors at unit length, less their mean. Words that stand for the same music fall together in
it, so that artists can be alike who share no word; what is said of one artist alone is lost, and the sparse vector
has it. Tracks are folded into the space of the artists.
"""

from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy import sparse
from scipy.sparse.linalg import LinearOperator, svds

from jobs.culture.lexicon import GENRES

# Every text about an artist names the artist: with this term in the vector, who is mentioned in somebody's texts is
# similar to them, and not only who is mentioned in the same places.
OWN_NAME = 0.3

# How much a term counts beside its weight. Noun phrases and adjectives are there as words, too; styles of music tell
# best who sounds alike.
KIND_EMPHASIS = {"word": 1.0, "bigram": 1.0, "artist": 1.0, "noun_phrase": 0.5, "adjective": 0.5}
GENRE_EMPHASIS = 1.5

SPECTRUM = 1.5  # power of the singular values: above 1, what many artists share counts more than the details
MAX_DIMENSIONS = 128
NOTHING = 1e-6  # beside the unit length of a row: what is smaller comes from rounding


class Space(NamedTuple):
    """The artists of a library, in rows, and what it takes to put others beside them."""

    artists: np.ndarray  # ids, str, sorted
    keys: pd.Index  # "kind:term" of each column of `sparse`
    sparse: sparse.csr_matrix  # float64, shape=(artists, terms), rows of unit length (0 without a term in common)
    dense: np.ndarray  # float32, shape=(artists, dimensions), rows of unit length
    projection: np.ndarray  # float64, shape=(terms, dimensions): dense = unit(sparse @ projection - shift)
    shift: np.ndarray  # float64, shape=(dimensions,)

    def place(self, vectors: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
        """Ids and dense vectors, float32 of unit length, of others than the artists, from the same columns."""
        ids, rows = np.unique(vectors["entity_id"].to_numpy(str), return_inverse=True)
        columns = self.keys.get_indexer(_keys(vectors))
        known = columns >= 0
        values = _emphasised(vectors)[known]
        matrix = sparse.csr_matrix((values, (rows[known], columns[known])), shape=(len(ids), len(self.keys)))
        return ids, _dense(unit(matrix), self.projection, self.shift)


def space(vectors: pd.DataFrame) -> Space:
    """The space of all artists.

    vectors: their rows of cultural_vectors, with columns entity_id, kind, term, weight; not empty.
    """
    artists, rows = np.unique(vectors["entity_id"].to_numpy(str), return_inverse=True)
    every = np.concatenate([_keys(vectors), "artist:" + artists.astype(object)])
    values = np.concatenate([_emphasised(vectors), np.full(len(artists), OWN_NAME)])
    columns, keys = pd.factorize(every, sort=True)
    at = np.concatenate([rows, np.arange(len(artists))])
    matrix = sparse.csr_matrix((values, (at, columns)), shape=(len(artists), len(keys)))
    # What is said of one artist alone makes nobody similar; it would only shrink the cosines of who has long articles.
    used = np.bincount(matrix.indices, minlength=len(keys)) > 1
    matrix, keys = unit(matrix[:, used]), pd.Index(keys[used])
    projection, shift = _decompose(matrix)
    return Space(artists, keys, matrix, _dense(matrix, projection, shift), projection, shift)


def dimensions(artists: int, terms: int) -> int:
    """How long the dense vectors are: the square root of the number of artists, as far as the matrix has the rank."""
    return max(0, min(round(artists**0.5), MAX_DIMENSIONS, artists - 1, terms - 1))


def unit(matrix: sparse.csr_matrix) -> sparse.csr_matrix:
    """Rows at length 1; a row of zeros stays."""
    length = np.sqrt(np.asarray(matrix.multiply(matrix).sum(axis=1)).ravel())
    length[length == 0] = 1.0
    return (sparse.diags(1 / length) @ matrix).tocsr()


def _decompose(matrix: sparse.csr_matrix) -> tuple[np.ndarray, np.ndarray]:
    """Projection and shift of the truncated SVD of the centred matrix, with the spectrum raised."""
    wanted = dimensions(*matrix.shape)
    if not wanted:
        return np.zeros((matrix.shape[1], 0)), np.zeros(0)
    mean = np.asarray(matrix.mean(axis=0)).ravel()
    if matrix.multiply(matrix).sum() - matrix.shape[0] * mean @ mean < NOTHING**2:  # all rows are alike
        return np.zeros((matrix.shape[1], 0)), np.zeros(0)
    centred = LinearOperator(
        matrix.shape,
        matvec=lambda x: matrix @ x.ravel() - mean @ x.ravel(),
        rmatvec=lambda y: matrix.T @ y.ravel() - mean * y.sum(),
        dtype=np.float64,
    )
    start = np.full(min(matrix.shape), 1.0)
    start[::2] = 0.5  # the constant vector lies in the null space of what is centred
    _, values, directions = svds(centred, k=wanted, v0=start, solver="arpack")
    order = np.argsort(-values)
    order = order[values[order] > NOTHING]
    values, directions = values[order], directions[order]
    signs = np.sign(directions[np.arange(len(order)), np.abs(directions).argmax(axis=1)])
    projection = (directions * signs[:, None]).T * values ** (SPECTRUM - 1)
    return projection, mean @ projection


def _dense(matrix: sparse.csr_matrix, projection: np.ndarray, shift: np.ndarray) -> np.ndarray:
    placed = matrix @ projection - shift
    length = np.linalg.norm(placed, axis=1, keepdims=True)
    return (np.where(length > NOTHING, placed, 0) / np.maximum(length, NOTHING)).astype(np.float32)


def _keys(vectors: pd.DataFrame) -> np.ndarray:
    return (vectors["kind"].astype(object) + ":" + vectors["term"].astype(object)).to_numpy(object)


def _emphasised(vectors: pd.DataFrame) -> np.ndarray:
    kinds = vectors["kind"].astype(object)
    terms = pd.Categorical(vectors["term"])
    genre = np.array([not GENRES.isdisjoint(str(t).replace("-", " ").split()) or t in GENRES for t in terms.categories])
    of_genre = (kinds != "artist").to_numpy() & genre[terms.codes] if len(vectors) else np.zeros(0, bool)
    return (
        vectors["weight"].to_numpy(float)
        * kinds.map(KIND_EMPHASIS).to_numpy(float)
        * np.where(of_genre, GENRE_EMPHASIS, 1.0)
    )
