"""The step `train`: the week's network, and how well it does on artists that it has never heard."""

import json
import logging
from datetime import date

import numpy as np
import pyarrow as pa

from jobs import cli
from jobs.audio.library import recipe
from jobs.audio.windows import Store, stream
from jobs.lake import Lake
from jobs.progress import bar, step
from jobs.settings import settings

log = logging.getLogger("discover")


def main(lake: Lake, week: date) -> None:
    """Train on the tracks that have both a spectrogram and enough listeners; publish the model and what it reached."""
    config = settings().audio
    known = lake.sql(
        "SELECT f.track_id, t.artist_id, f.factors FROM track_factors f JOIN tracks t USING (track_id) "
        "JOIN spectrograms s USING (track_id) WHERE f.week = $week AND f.origin = 'collaborative' "
        "AND f.listeners >= $listeners AND s.error IS NULL AND s.recipe = $recipe ORDER BY f.track_id",
        {"week": week, "listeners": config.min_listeners, "recipe": recipe(config.max_seconds, config.stretches)},
    )
    artists = len(known["artist_id"].unique())
    if len(known) < config.min_tracks or artists < 2:
        log.warning(
            "no network for %s: %d tracks of %d artists have both a spectrogram and at least %d listeners; "
            "%d tracks of 2 artists are needed",
            *(week, len(known), artists, config.min_listeners, config.min_tracks),
        )
        lake.publish("models", [], {"week": week, "kind": "audio"})
        lake.record(week, "audio.train", [("tracks", "split=train", 0), ("tracks", "split=validation", 0)])
        return
    model, metrics = _train(lake, week, known)
    lake.publish("models", pa.Table.from_pylist([model]), {"week": week, "kind": "audio"})
    lake.record(week, "audio.train", metrics)


def _train(lake: Lake, week: date, known: pa.Table) -> tuple[dict[str, object], list[tuple[str, str, float]]]:
    """The row of `models` and the metrics of a network for tracks with the columns track_id, artist_id, factors."""
    from jobs.audio.evaluation import validation_cosines  # TensorFlow takes seconds to load
    from jobs.audio.model_files import save
    from jobs.audio.training import Examples, fit, held_out_artists, unit

    config, seed = settings().audio, cli.job_seed(week, "audio.train")
    track_ids, artist_ids = known["track_id"].to_numpy(), known["artist_id"].to_numpy()
    factors = np.array(known["factors"].to_pylist(), np.float32)
    held_out = held_out_artists(artist_ids, config.validation_share, seed)
    training = Examples(track_ids[~held_out].tolist(), unit(factors[~held_out]))
    validation = Examples(track_ids[held_out].tolist(), unit(factors[held_out]))
    with step(f"reading {len(track_ids)} spectrograms"):
        store = Store(
            settings().home / "tmp", stream(lake, recipe(config.max_seconds, config.stretches), set(track_ids))
        )
    with bar("training", config.epochs, "epochs") as progress:

        def on_epoch(loss: float, val_loss: float) -> None:
            progress.advance(1, f"loss {loss:.3f}, on held-out artists {val_loss:.3f}")

        fitted = fit(store, training, validation, config, seed, on_epoch)
    cosines = validation_cosines(store, training, validation, fitted.model)
    log.info(
        "cosine with the factors of %d tracks by held-out artists: network %.3f, ridge on mean bands %.3f, "
        "mean vector %.3f (best of %d epochs: %d)",
        *(len(validation.targets), *cosines.values(), len(fitted.val_losses), fitted.best_epoch),
    )
    version, path, sha256 = save(fitted.model, settings().home / "models", week)
    model = {
        "version": version,
        "path": path,
        "sha256": sha256,
        "factor_norm": float(np.median(np.linalg.norm(factors, axis=1))),
        "settings": json.dumps(config.model_dump() | {"seed": seed}),
        "metrics": json.dumps({f"val_cosine_{name}": round(value, 6) for name, value in cosines.items()}),
    }
    metrics = [
        ("tracks", "split=train", len(training.targets)),
        ("tracks", "split=validation", len(validation.targets)),
        ("best_epoch", "", fitted.best_epoch),
        *(("val_cosine", f"model={name}", value) for name, value in cosines.items()),
        *(("train_loss", f"epoch={n}", loss) for n, loss in enumerate(fitted.train_losses, start=1)),
        *(("val_loss", f"epoch={n}", loss) for n, loss in enumerate(fitted.val_losses, start=1)),
    ]
    return model, metrics
