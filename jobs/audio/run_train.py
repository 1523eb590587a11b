"""The step `train`: the week's network, and how well it does on artists that it has never heard."""

import hashlib
import json
import logging
from datetime import date

import numpy as np
import pyarrow as pa

from jobs import cli
from jobs.audio.library import recipe
from jobs.audio.parts import MIN_ARTISTS, STOP, TEST, TRAIN, split
from jobs.audio.windows import Store, stream
from jobs.lake import Lake
from jobs.progress import bar, step
from jobs.settings import settings
from jobs.vectors import matrix, unit

SPLITS = ("train", "stop", "test")

log = logging.getLogger("discover")


def main(lake: Lake, week: date) -> None:
    """Train on the tracks that have both a spectrogram and enough listeners; publish which network the week uses.

    Training starts from the weights of the network in use until now. That one stays in use where the new one is worse
    on the artists that both have never heard.
    """
    config = settings().audio
    known = lake.sql(
        "SELECT f.track_id, t.artist_id, f.factors FROM track_factors f JOIN tracks t USING (track_id) "
        "JOIN spectrograms s USING (track_id) WHERE f.week = $week AND f.origin = 'collaborative' "
        "AND f.listeners >= $listeners AND s.error IS NULL AND s.recipe = $recipe ORDER BY f.track_id",
        {"week": week, "listeners": config.min_listeners, "recipe": recipe(config.max_seconds, config.stretches)},
    )
    artists = len(known["artist_id"].unique())
    if len(known) < config.min_tracks or artists < MIN_ARTISTS:
        log.warning(
            "no network for %s: %d tracks of %d artists have both a spectrogram and at least %d listeners; "
            "%d tracks of %d artists are needed",
            *(week, len(known), artists, config.min_listeners, config.min_tracks, MIN_ARTISTS),
        )
        lake.publish("models", [], {"week": week, "kind": "audio"})
        lake.record(week, "audio.train", [("tracks", f"split={name}", 0) for name in ("train", "stop", "test")])
        return
    model, metrics = _train(lake, week, known)
    lake.publish("models", pa.Table.from_pylist([model]), {"week": week, "kind": "audio"})
    lake.record(week, "audio.train", metrics)


def _train(lake: Lake, week: date, known: pa.Table) -> tuple[dict[str, object], list[tuple[str, str, float]]]:
    """The row of `models` and the metrics of a network for tracks with the columns track_id, artist_id, factors."""
    from jobs.audio.alignment import from_week
    from jobs.audio.checkpoint import Progress
    from jobs.audio.evaluation import cosines  # TensorFlow takes seconds to load
    from jobs.audio.model_files import code_version, load, save
    from jobs.audio.training import Examples, fit

    config, seed = settings().audio, cli.job_seed(week, "audio.train")
    track_ids, artist_ids = known["track_id"].to_numpy(), known["artist_id"].to_numpy()
    factors = matrix(known["factors"])
    parts = split(artist_ids, config.held_out_share)
    training, validation, test = (
        Examples(track_ids[parts == part].tolist(), unit(factors[parts == part])) for part in (TRAIN, STOP, TEST)
    )
    wanted = recipe(config.max_seconds, config.stretches)
    with step(f"reading {len(track_ids)} spectrograms"):
        store = Store(settings().home / "tmp", stream(lake, wanted, set(track_ids)))
    in_use = _in_use(lake, week, factors.shape[1], wanted)
    start = load(settings().home / "models", in_use["path"], in_use["sha256"]) if in_use else None
    made_from = f"{week} {config} {seed} {code_version()} {in_use} {hashlib.sha256(factors.tobytes()).hexdigest()}"
    progress = Progress(settings().home / "tmp" / "audio-training.npz", made_from)
    with bar("training", config.epochs, "epochs") as shown:

        def on_epoch(loss: float, val_loss: float) -> None:
            shown.advance(1, f"loss {loss:.3f}, on held-out artists {val_loss:.3f}")

        fitted = fit(store, training, validation, config, seed, on_epoch, start, progress)
    present = (start, from_week(lake, in_use["trained_on"], week)) if in_use else None
    reached = cosines(store, training, test, fitted.model, present)
    log.info(
        "cosine with the factors of %d tracks by artists that took no part: %s (best of %d epochs: %d)",
        len(test.targets),
        ", ".join(f"{name.replace('_', ' ')} {value:.3f}" for name, value in reached.items()),
        *(len(fitted.val_losses), fitted.best_epoch),
    )
    promoted = in_use is None or reached["network"] >= reached["present"]
    if promoted:
        version, path, sha256 = save(fitted.model, settings().home / "models", week)
        model = {
            "version": version,
            "trained_on": week,
            "path": path,
            "sha256": sha256,
            "factor_norm": float(np.median(np.linalg.norm(factors, axis=1))),
            "settings": json.dumps(config.model_dump() | {"seed": seed}),
            "data": json.dumps({"recipe": wanted, "tracks": len(track_ids), "artists": len(np.unique(artist_ids))}),
            "code_version": code_version(),
            "metrics": json.dumps({f"test_cosine_{name}": round(value, 6) for name, value in reached.items()}),
        }
    else:
        log.warning("%s stays in use: the new network is worse", in_use["version"])
        model = in_use | {"week": week}
    progress.clear()
    metrics = [
        *(("tracks", f"split={n}", len(e.targets)) for n, e in zip(SPLITS, (training, validation, test), strict=True)),
        ("best_epoch", "", fitted.best_epoch),
        ("promoted", "", float(promoted)),
        *(("test_cosine", f"model={name}", value) for name, value in reached.items()),
        *(("train_loss", f"epoch={n}", loss) for n, loss in enumerate(fitted.train_losses, start=1)),
        *(("val_loss", f"epoch={n}", loss) for n, loss in enumerate(fitted.val_losses, start=1)),
    ]
    return model, metrics


def _in_use(lake: Lake, week: date, n_factors: int, wanted_recipe: str) -> dict[str, object] | None:
    """The row of `models` of the last week before, if that network hears and predicts the same; else None."""
    rows = lake.sql("SELECT * FROM models WHERE kind = 'audio' AND week < ? ORDER BY week DESC LIMIT 1", [week])
    for row in rows.to_pylist():
        length = lake.sql(
            "SELECT any_value(len(factors)) AS n FROM track_factors WHERE week = ? AND origin = 'collaborative'",
            [row["trained_on"]],
        )["n"][0].as_py()
        if length == n_factors and json.loads(row["data"])["recipe"] == wanted_recipe:
            return row
        log.info("not starting from %s: it has other factors or hears in another way", row["version"])
    return None
