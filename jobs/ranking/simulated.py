"""The sample world in arrays, as the simulation needs it: what is known of its tracks in a week, what each listener has
heard, and what they do with lists. It stands in for the stages before this one, without Spark and without files."""

from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from functools import cached_property

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from scipy.sparse import csr_matrix

from jobs import weeks
from jobs.cold_start.estimate import blend, others_of_artist
from jobs.collaborative import kernels
from jobs.ranking import catalogue as catalogues
from jobs.ranking import features, links
from jobs.ranking.catalogue import Catalogue
from jobs.ranking.clusters import clusters, main
from jobs.ranking.listeners import HALF_LIFE_WEEKS, Block, played_tracks
from jobs.sample import playlists
from jobs.sample.answers import CHANCE
from jobs.sample.listeners import KINDS
from jobs.sample.listening import Memory, World, history
from jobs.sample.options import Options
from jobs.sample.styles import STYLES
from jobs.sample.world import planted
from jobs.streams import STREAM_MS, STREAM_SHARE
from jobs.vectors import unit

FACTORS = 16
EPOCHS = 8  # of the first factors; further weeks go on from the last ones with two
UNOBSERVED = 0.1  # confidence that what was not played is not liked
RIDGE = 0.05
MIN_LISTENERS = 3  # tracks with fewer are scored by their sound and their artist
WORTH = 1.0  # tracks of its artist that what is heard in a track is worth
SOUND_NOISE = 0.15  # standard deviation of what is heard of a style's share
EPOCH = date(1970, 1, 1)
TASTE_CLUSTERS = 8


@dataclass(frozen=True)
class Planted:
    """A sample world whose new releases come out over many weeks instead of at once before the first.

    options : of the world; world : as planted; sound : float (n_tracks, n_styles), what a network would hear;
    artists_alike : csr (n_artists, n_artists) and terms, as `Catalogue` has them; neighbours : on playlists
    """

    options: Options
    world: World
    sound: np.ndarray
    artists_alike: csr_matrix
    terms: np.ndarray
    neighbours: csr_matrix

    @classmethod
    def make(cls, options: Options, n_weeks: int) -> "Planted":
        """The world of some options; the same for the same."""
        random, first = options.random("simulation"), planted(options)
        tracks, new = list(first.catalogue.tracks), np.flatnonzero(first.catalogue.is_new)
        for number in new:
            released = options.week + timedelta(days=int(random.integers(-7, max(7 * n_weeks - 28, 1))))
            tracks[number] = replace(tracks[number], released_at=released)
        world = World.of(replace(first.catalogue, tracks=tracks), first.listeners)
        style = world.catalogue.style
        alike, terms = _alike(
            world.catalogue.artist_style + random.normal(0, SOUND_NOISE, (options.artists, len(STYLES)))
        )
        return cls(
            options,
            world,
            style + random.normal(0, SOUND_NOISE, style.shape),
            alike,
            terms,
            _together(world, options),
        )

    @cached_property
    def tables(self) -> tuple[pa.Table, pa.Table]:
        """tracks and artists, as the lake would have them."""
        planted = self.world.catalogue
        tracks = [
            {
                "track_id": track.track_id,
                "artist_id": planted.artists[track.artist].artist_id,
                "title": track.title,
                "album": track.album,
                "work_id": f"w{track.song}",
                "featured_artist_ids": [planted.artists[guest].artist_id for guest in track.featured],
                "released_at": track.released_at,
            }
            for track in planted.tracks
        ]
        artists = [{"artist_id": artist.artist_id, "name": artist.name} for artist in planted.artists]
        return pa.Table.from_pylist(tracks), pa.Table.from_pylist(artists)

    def stream_ms(self) -> np.ndarray:
        """The shortest stream of each track, milliseconds, (n_tracks,)."""
        return np.minimum(STREAM_MS, STREAM_SHARE * self.world.catalogue.duration_ms)


@dataclass
class State:
    """What has happened.

    plays, last_day, heard, served : (n_listeners, n_tracks): streams, day of the last listen (days since 1970), whether
        it was heard at all, whether it was offered
    surplus, judged, played : (n_listeners, n_kinds), as `Block.answers`
    memories : what the sample world's listeners remember
    factors : of listeners and of tracks, from the last week
    """

    plays: np.ndarray
    last_day: np.ndarray
    heard: np.ndarray
    served: np.ndarray
    surplus: np.ndarray
    judged: np.ndarray
    played: np.ndarray
    memories: dict[int, Memory]
    factors: tuple[np.ndarray, np.ndarray] | None = field(default=None)

    @classmethod
    def begin(cls, planted: Planted, until: date | None = None) -> "State":
        """After the history of the world, or as it was on a day of it."""
        shape = planted.world.liking.shape
        n_tracks = shape[1]
        memories = {number: Memory.empty(n_tracks) for number in range(shape[0])}
        answers = np.zeros((3, shape[0], len(features.KINDS)))
        state = cls(np.zeros(shape), np.zeros(shape), np.zeros(shape, bool), np.zeros(shape, bool), *answers, memories)
        listens = history(planted.world, planted.options.weeks, planted.options.random("history"))
        if until is not None:
            listens = listens.filter(pc.less(listens["listened_at"], pa.scalar(weeks.start(until))))
        state.add(planted, listens, True)
        return state

    def add(self, planted: Planted, listens: pa.Table, remembered: bool) -> None:
        """Take listens in (columns as `jobs.sample.listening.SCHEMA`). remembered : whether the listeners' own
        memories have to be told, too."""
        world = planted.world
        number_of = {user: number for number, user in enumerate(world.listeners.user_ids)}
        rows = listens["user_id"].to_pandas().map(number_of).to_numpy()
        tracks = listens["track_id"].to_pandas().map(world.catalogue.number_of).to_numpy()
        ms_played = listens["ms_played"].to_numpy()
        days = listens["listened_at"].to_numpy().astype("datetime64[D]").astype(np.int64)
        np.add.at(self.plays, (rows, tracks), ms_played >= planted.stream_ms()[tracks])
        np.maximum.at(self.last_day, (rows, tracks), days)
        self.heard[rows, tracks] = True
        if remembered:
            finished = ms_played >= STREAM_SHARE * world.catalogue.duration_ms[tracks]
            for number, of in pd.Series(np.arange(len(rows))).groupby(rows):
                self.memories[int(number)].add(tracks[of], finished[of])


def known(planted: Planted, state: State, week: date) -> Catalogue:
    """The catalogue of a week with factors, neighbourhoods and words; brings `state.factors` up to date."""
    tracks, artists = planted.tables
    ids = [track.track_id for track in planted.world.catalogue.tracks]
    streamed, heard = (dict(zip(ids, of.sum(axis=0).tolist(), strict=True)) for of in (state.plays > 0, state.heard))
    bare = catalogues.make(tracks, artists, streamed, heard, week, new_release_weeks=4)
    support = (state.plays > 0).sum(axis=0)
    state.factors = _factorize(state.plays, state.factors)
    learned = np.where((support >= MIN_LISTENERS)[:, None], state.factors[1], 0).astype(np.float32)
    predicted = _from_sound(planted.sound, learned)
    have = learned.any(axis=1)
    others = others_of_artist(bare.artist, unit(learned), have)
    content = blend(unit(predicted), *others, WORTH) * np.float32(_usual_length(learned[have]))
    scoring = np.where((support >= MIN_LISTENERS)[:, None], learned, content).astype(np.float32)
    with_taste = replace(bare, factors=scoring, cluster=clusters(scoring, TASTE_CLUSTERS, 0))
    return replace(
        with_taste,
        crowds=crowds(state, with_taste, week),
        links={
            "collaborative": _nearest(bare, learned),
            "sound": _nearest(bare, predicted),
            "playlist": planted.neighbours,
        },
        similar_artists=planted.artists_alike,
        shared_terms=planted.terms,
    )


def crowds(state: State, known: Catalogue, week: date) -> np.ndarray:
    """`Catalogue.crowds` as of a week."""
    n = int(known.cluster.max(initial=-1)) + 1
    age_weeks = ((week - EPOCH).days - state.last_day) / 7
    weight = np.log1p(state.plays) * 0.5 ** (age_weeks / HALF_LIFE_WEEKS)
    in_cluster = known.cluster[:, None] == np.arange(n)
    crowd = main(weight @ in_cluster)
    return ((state.plays > 0).T.astype(np.int32) @ (crowd[:, None] == np.arange(n))).astype(np.int32)


def block(planted: Planted, state: State, known: Catalogue, week: date) -> Block:
    """All listeners who have heard something, as the ranker takes them."""
    who = np.flatnonzero(state.heard.any(axis=1))
    heard, served = state.heard[who], state.served[who]
    rows, tracks = np.nonzero(heard)
    nothing = np.zeros(0, np.int64)
    return Block(
        user_ids=np.array(planted.world.listeners.user_ids, object)[who],
        played=played_tracks(
            rows, tracks, state.plays[who][rows, tracks], state.last_day[who][rows, tracks].astype(float), week
        ),
        heard=(rows, tracks),
        kept=state.plays[who][rows, tracks] > 0,
        served=tuple(np.nonzero(served)),
        banned_tracks=(nothing, nothing),
        banned_artists=(nothing, nothing),
        explores=np.full(len(who), True),
        factors=state.factors[0][who].astype(np.float32),
        answers=(state.surplus[who], state.judged[who], state.played[who]),
    )


def _factorize(plays: np.ndarray, before: tuple[np.ndarray, np.ndarray] | None) -> tuple[np.ndarray, np.ndarray]:
    """Factors of listeners and tracks by alternating least squares for implicit feedback, float32."""
    cells = csr_matrix(np.log1p(plays).astype(np.float32))
    sides = (cells, cells.T.tocsr())
    if before is None:
        random = np.random.default_rng(0)
        before = tuple(random.normal(0, 0.1, (n, FACTORS)).astype(np.float32) for n in plays.shape)
        epochs = EPOCHS
    else:
        before, epochs = tuple(of.copy() for of in before), 2
    for _ in range(epochs):
        for this, other in ((0, 1), (1, 0)):
            of, others = sides[this], before[other]
            counts = np.diff(of.indptr) + UNOBSERVED * len(others)
            kernels.cholesky(
                of.indptr.astype(np.int64), of.indices.astype(np.int32), of.data, others,
                (UNOBSERVED * others.T @ others).astype(np.float32), (RIDGE * counts).astype(np.float32), before[this],
            )  # fmt: skip
    return before


def _from_sound(sound: np.ndarray, learned: np.ndarray) -> np.ndarray:
    """The factors that a regression hears in tracks, taught by those that have learned ones; of their usual length."""
    have = learned.any(axis=1)
    if not have.any():
        return np.zeros_like(learned)
    inputs = np.hstack([np.ones((len(sound), 1)), sound])
    weights = np.linalg.solve(inputs[have].T @ inputs[have] + np.eye(inputs.shape[1]), inputs[have].T @ learned[have])
    return unit(inputs @ weights) * np.float32(_usual_length(learned[have]))


def _usual_length(factors: np.ndarray) -> float:
    """The median length of rows; 0: there are none."""
    return float(np.median(np.linalg.norm(factors, axis=1))) if len(factors) else 0.0


def _nearest(known: Catalogue, factors: np.ndarray) -> csr_matrix:
    rows = np.flatnonzero(factors.any(axis=1) & (known.listeners > 0))
    candidates = np.flatnonzero(factors.any(axis=1) & known.available)
    near, cosines = links.nearest(unit(factors), rows, candidates, links.NEIGHBOURS)
    use = cosines.ravel() > 0
    where = np.repeat(rows, near.shape[1])[use], near.ravel()[use]
    return _sorted(csr_matrix((cosines.ravel()[use], where), shape=(len(known), len(known)), dtype=np.float32))


def _alike(heard: np.ndarray, most: int = 10) -> tuple[csr_matrix, np.ndarray]:
    """Artists whose words are alike, as `Catalogue.similar_artists` and `shared_terms`."""
    cosine = unit(heard) @ unit(heard).T
    np.fill_diagonal(cosine, 0)
    cosine[cosine < -np.sort(-cosine, axis=1)[:, [most]]] = 0
    matrix = _sorted(csr_matrix(np.maximum(cosine, 0)))
    names = np.array([style.name for style in STYLES], object)
    both = np.repeat(heard, np.diff(matrix.indptr), axis=0) + heard[matrix.indices]
    return matrix, names[both.argmax(axis=1)]


def _together(world: World, options: Options) -> csr_matrix:
    """How often playlists hold two tracks together: the cosine, of the nearest `links.NEIGHBOURS`."""
    rows = playlists.playlists(world, options)
    tracks = rows.track_id.map(world.catalogue.number_of).to_numpy()
    lists = pd.factorize(rows.playlist_id)[0]
    on = csr_matrix(
        (np.ones(len(rows), np.float32), (tracks, lists)), shape=(len(world.catalogue.tracks), lists.max() + 1)
    )
    on = unit((on > 0).toarray().astype(np.float32))
    cosine = on @ on.T
    np.fill_diagonal(cosine, 0)
    cosine[cosine < -np.sort(-cosine, axis=1)[:, [links.NEIGHBOURS]]] = 0
    return _sorted(csr_matrix(cosine))


def _sorted(matrix: csr_matrix) -> csr_matrix:
    matrix.sort_indices()
    return matrix


def true_chances(planted: Planted) -> np.ndarray:
    """The chance that a listener who gets to an offer streams it, float (n_listeners, n_tracks, n_kinds), kinds in the
    order of `features.KINDS`: that the reason persuades (as `jobs.sample.answers` has it), times that the track is let
    run (as `jobs.sample.listening.play` has it)."""
    who, catalogue = planted.world.listeners, planted.world.catalogue
    trust = who.trust[:, [KINDS.index(kind) for kind in features.KINDS]]
    fondness = who.fondness[:, catalogue.artist]
    persuaded = 1 / (1 + np.exp(-(CHANCE + trust[:, None, :] + 0.3 * fondness[:, :, None])))
    liking = planted.world.liking
    finished = 0.95 * liking + (1 - liking) * 0.55 * who.patience[:, None]
    return persuaded * finished[:, :, None]
