"""The step `embed`: factors from sound for every track that has a spectrogram, heard by anybody or not."""

import logging
from datetime import date

import pyarrow as pa
from pyiceberg.expressions import And, EqualTo, In, NotIn, Or

from jobs import weeks
from jobs.audio import derived
from jobs.audio.library import recipe
from jobs.lake import Lake
from jobs.progress import step
from jobs.settings import settings
from jobs.vectors import matrix, unit

log = logging.getLogger("discover")


def main(lake: Lake, week: date) -> None:
    """Publish `track_factors` of origin audio for the week, predicted by the week's network.

    What the network makes of a track is kept in `sound_vectors`: only new sound, or a new network, costs work. From
    there it is arithmetic. A network of an earlier week predicts that week's factors: they are turned into this week's
    coordinates. A prediction gives the direction; its length is the median length of the collaborative factors that the
    network learned from, so that a listener's dot products with both are of one scale, as if each track were of median
    popularity.
    """
    where = {"week": week, "origin": "audio"}
    models = lake.arrow("models", {"week": week, "kind": "audio"}).to_pylist()
    if not models:
        log.warning("no factors from sound for %s: the week has no network (python -m jobs.audio train)", week)
        lake.publish("track_factors", [], where)
        lake.record(week, "audio.embed", [("tracks", "", 0)])
        return
    (model,) = models
    predicted = bring_up_to_date(lake, model)
    factors = _factors(lake, week, model)
    lake.publish("track_factors", factors, where)
    lake.record(week, "audio.embed", [("tracks", "", len(factors)), ("predicted", "", predicted)])
    log.info("factors from sound for %d tracks, %d of them new, by model %s", len(factors), predicted, model["version"])


def bring_up_to_date(lake: Lake, model: dict[str, object]) -> int:
    """Put what a network (a row of `models`) makes of new spectrograms into `sound_vectors`, and take out what no
    longer holds; return how many are new."""
    from jobs.audio.embedding import SCHEMA, predictions

    version, wanted = model["version"], recipe(settings().audio.max_seconds, settings().audio.stretches)
    new, old = derived.out_of_date(lake, "sound_vectors", wanted, version)
    if not new and not old:
        return 0
    in_use = lake.arrow("models", columns=["version"])["version"].unique().to_pylist()
    replaced = NotIn("version", in_use)  # what no week uses any more
    if old:
        replaced = Or(replaced, And(EqualTo("version", version), In("track_id", old)))
    rows = pa.table({"track_id": pa.array([], pa.string())})
    if new:
        read = predictions(settings().home / "models", model["path"], model["sha256"])
        with step(f"{len(new)} tracks through the network"):
            rows = derived.computed(lake, "discover audio embed", new, read, SCHEMA)
    rows = rows.append_column("version", pa.repeat(version, len(rows)))
    lake.publish("sound_vectors", rows, replaced)
    return len(new)


def _factors(lake: Lake, week: date, model: dict[str, object]) -> pa.Table:
    """Rows of `track_factors`, without week and origin, of the tracks that are out by then."""
    from jobs.audio.alignment import from_week

    rows = lake.sql(
        "SELECT track_id, vector FROM sound_vectors JOIN tracks USING (track_id) "
        "WHERE version = $version AND (released_at IS NULL OR released_at < $day) ORDER BY track_id",
        {"version": model["version"], "day": weeks.start(week).date()},
    )
    predicted = matrix(rows["vector"])
    if model["trained_on"] != week and len(rows):
        predicted = predicted @ from_week(lake, model["trained_on"], week)
    factors = pa.array(list(unit(predicted) * model["factor_norm"]), pa.list_(pa.float32()))
    listeners = pa.repeat(pa.scalar(0, pa.int32()), len(rows))
    return pa.table({"track_id": rows["track_id"], "factors": factors, "listeners": listeners})
