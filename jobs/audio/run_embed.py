"""The step `embed`: factors from sound for every track that has a spectrogram, heard by anybody or not."""

import logging
from collections.abc import Iterator
from datetime import date

import pyarrow as pa

from jobs import weeks
from jobs.audio.library import recipe
from jobs.audio.windows import spectrograms, stream
from jobs.lake import Lake
from jobs.progress import bar
from jobs.settings import settings

log = logging.getLogger("discover")


def main(lake: Lake, week: date) -> None:
    """Publish `track_factors` of origin audio for the week, predicted by the week's network.

    A prediction gives the direction; its length is the median length of the collaborative factors that the network
    learned from, so that a listener's dot products with both are of one scale, as if each track were of median
    popularity. A network of an earlier week predicts that week's factors: they are turned into this week's coordinates.
    The network runs in this process: TensorFlow uses all cores by itself, and a copy of it in every Spark
    worker would cost half a GiB each.
    """
    config, where = settings().audio, {"week": week, "origin": "audio"}
    models = lake.arrow("models", {"week": week, "kind": "audio"}).to_pylist()
    if not models:
        log.warning("no factors from sound for %s: the week has no network (python -m jobs.audio train)", week)
        lake.publish("track_factors", [], where)
        lake.record(week, "audio.embed", [("tracks", "", 0)])
        return
    from jobs.audio.alignment import from_week
    from jobs.audio.model_files import load  # TensorFlow takes seconds to load: only when there is work for it
    from jobs.audio.training import predict, unit

    (model_row,) = models
    model = load(settings().home / "models", model_row["path"], model_row["sha256"])
    turn = None if model_row["trained_on"] == week else from_week(lake, model_row["trained_on"], week)
    released = f"released_at is null or released_at < '{weeks.start(week).date().isoformat()}'"
    wanted = set(lake.arrow("tracks", released, ["track_id"])["track_id"].to_pylist())

    def rows() -> Iterator[pa.Table]:
        with bar("factors from sound", None, "tracks") as progress:
            for batch in stream(lake, recipe(config.max_seconds, config.stretches), wanted):
                predicted = predict(model, spectrograms(batch))
                factors = unit(predicted if turn is None else predicted @ turn) * model_row["factor_norm"]
                progress.advance(len(factors))
                yield pa.table(
                    {
                        "track_id": batch.column("track_id"),
                        "factors": list(factors),
                        "listeners": pa.repeat(pa.scalar(0, pa.int32()), len(factors)),
                    }
                )

    published = lake.publish("track_factors", rows(), where)
    lake.record(week, "audio.embed", [("tracks", "", published.rows)])
    log.info("factors from sound for %d tracks, by model %s", published.rows, model_row["version"])
