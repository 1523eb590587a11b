"""The stage on a real lake."""

from datetime import date, timedelta

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from jobs.cold_start.__main__ import main
from jobs.lake import ALL
from jobs.vectors import matrix, unit

WEEK = date(2026, 11, 23)
ARTISTS = [f"a{n:02}" for n in range(40)]
IDS = [f"{artist}-{n}" for artist in ARTISTS for n in range(4)]  # of each artist nobody has heard the last one
HEARD = [name for name in IDS if not name.endswith("3")]


@pytest.fixture
def centres(lake):
    """A lake with a catalogue and collaborative factors of length 2; returns the direction of each artist."""
    generator = np.random.default_rng(0)
    found = dict(zip(ARTISTS, unit(generator.normal(size=(40, 6))), strict=True))
    lake.publish("artists", pd.DataFrame({"artist_id": ARTISTS, "name": ARTISTS}), ALL)
    tracks = [{"track_id": t, "artist_id": t[:3], "title": t, "work_id": t, "released_at": None} for t in IDS]
    tracks.append(tracks[0] | {"track_id": "later", "work_id": "later", "released_at": WEEK + timedelta(days=1)})
    lake.publish("tracks", pa.Table.from_pylist(tracks), ALL)
    near = unit(np.stack([found[name[:3]] for name in HEARD]) + generator.normal(0, 0.1, (len(HEARD), 6)))
    publish(lake, "collaborative", HEARD, 2 * near)
    return found


def publish(lake, origin, names, factors):
    rows = {"track_id": names, "factors": list(factors.astype("f4")), "listeners": 5 * (origin == "collaborative")}
    lake.publish("track_factors", pd.DataFrame(rows), {"week": WEEK, "origin": origin})


def found(lake):
    rows = lake.arrow("track_factors", {"week": WEEK, "origin": "content"})
    return dict(zip(rows["track_id"].to_pylist(), matrix(rows["factors"]), strict=True))


def told(lake):
    rows = lake.pandas("metrics", {"week": WEEK, "stage": "cold_start"})
    return {(row.metric, row.dimension): row.value for row in rows.itertuples()}


def test_unheard_tracks_get_a_place_of_the_usual_length_near_their_artist(lake, centres):
    generator = np.random.default_rng(1)
    sound = unit(np.stack([centres[name[:3]] for name in IDS]) + generator.normal(0, 0.3, (len(IDS), 6)))
    publish(lake, "audio", IDS, 9 * sound)
    words = [list((centres[a] + generator.normal(0, 0.2, 6)).astype("f4")) for a in ARTISTS[:30]]
    rows = {"entity_kind": "artist", "entity_id": ARTISTS[:30], "vector": words, "inherited": False}
    lake.publish("cultural_embeddings", pd.DataFrame(rows), {"week": WEEK})
    main(WEEK)
    places = found(lake)
    assert sorted(places) == IDS  # what is not out yet has none
    np.testing.assert_allclose([np.linalg.norm(of) for of in places.values()], 2, rtol=1e-5)
    assert np.mean([places[a + "-3"] @ centres[a] / 2 for a in ARTISTS]) > 0.95
    metrics = told(lake)
    assert metrics["tracks", ""] == len(IDS)
    assert sum(metrics["tracks", f"split={part}"] for part in ("train", "stop", "test")) == len(HEARD)
    models = {"sound", "words", "sound_and_words", "artist", "content", "mean_vector"}
    assert {d for m, d in metrics if m == "test_cosine"} == {f"model={name}" for name in models}
    assert metrics["test_cosine", "model=content"] > metrics["test_cosine", "model=sound"]
    again = found(lake)
    main(WEEK)
    assert all((again[name] == of).all() for name, of in found(lake).items())


def test_without_audio_and_articles_the_artist_places_and_the_log_says_what_is_missing(lake, centres, caplog):
    caplog.set_level("INFO")
    main(WEEK)
    assert np.mean([found(lake)[a + "-3"] @ centres[a] / 2 for a in ARTISTS]) > 0.95
    assert "no factors from sound" in caplog.text
    assert "no words about artists" in caplog.text
    assert ("worth", "") not in told(lake)


def test_too_few_tracks_leave_nothing_and_say_so(lake, centres, caplog):
    main(WEEK)
    publish(lake, "collaborative", HEARD[:6], np.ones((6, 6)))
    main(WEEK)
    assert lake.is_empty("track_factors", {"week": WEEK, "origin": "content"})
    assert "6 tracks of 2 artists have collaborative factors and at least 3 listeners" in caplog.text
    assert told(lake) == {("tracks", ""): 0}
