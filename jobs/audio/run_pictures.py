"""The step `pictures`: what the week's network hears, to look at.

`output/WEEK/audio/` under DISCOVER_HOME is replaced as a whole, and holds

- `index.json`: {"week", "version", "pictures": [{"file", "title", "text"}], "filters": [...], "losses": {...}}; the
  pictures are in the order in which a report shows them, `text` is a plain sentence below each (not HTML, to be
  escaped); `filters` has the filter's number, how many times its mean response the strongest one is, and its tracks
  [{"track_id", "name", "second"}], the most exciting first; `losses` has `train` and `validation` by epoch
- `losses.svg`: both losses by epoch
- `map.svg`: the catalogue in two dimensions, coloured by the style that is written about most, else by artist
- `spectrogram-N.png`: some spectrograms
- `filter-N.png`: for some filters, the windows of the tracks that excite each most, side by side
"""

import json
import logging
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from jobs import cli
from jobs.audio.library import recipe
from jobs.audio.windows import spectrograms, stream
from jobs.lake import Lake
from jobs.progress import step
from jobs.settings import settings
from jobs.vectors import matrix

SHOWN = 4  # spectrograms
SHOWN_FRAMES = 640  # of each: 30 s
FILTERS, FILTER_TRACKS = 6, 5
LISTENED_TO = 1000  # tracks that filters choose from
MAPPED = 3000  # tracks on the map

log = logging.getLogger("discover")


def main(lake: Lake, week: date) -> None:
    """Write the folder; says what is missing where there is no network or no embedding."""
    models = lake.arrow("models", {"week": week, "kind": "audio"}).to_pylist()
    folder = settings().home / "output" / week.isoformat() / "audio"
    index = {"week": week.isoformat(), "version": None, "pictures": [], "filters": [], "losses": {}}
    scratch = settings().home / "tmp"
    scratch.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=scratch) as made:
        new = Path(made) / "audio"
        new.mkdir()
        if models:
            index["version"] = models[0]["version"]
            with step("pictures of what the network hears"):
                _losses(lake, week, new, index)
                _map(lake, week, models[0], new, index)
                _sounds(lake, week, models[0], new, index)
        else:
            log.warning("no pictures of the sound for %s: the week has no network", week)
        (new / "index.json").write_text(json.dumps(index, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        folder.parent.mkdir(parents=True, exist_ok=True)
        if folder.exists():
            folder.rename(Path(made) / "old")
        new.rename(folder)
    log.info("%d pictures in %s", len(index["pictures"]), folder)


def _add(index: dict, folder: Path, file: str, content: str | bytes, title: str, text: str) -> None:
    data = content.encode() if isinstance(content, str) else content
    (folder / file).write_bytes(data)
    index["pictures"].append({"file": file, "title": title, "text": text})


def _losses(lake: Lake, week: date, folder: Path, index: dict) -> None:
    from jobs.ranking.chart import lines

    rows = lake.pandas("metrics", {"week": week, "stage": "audio.train"})
    for name, metric in (("train", "train_loss"), ("validation", "val_loss")):
        own = rows[rows["metric"] == metric]
        epochs = own["dimension"].str.removeprefix("epoch=").astype(int)
        index["losses"][name] = own["value"].iloc[np.argsort(epochs)].round(5).tolist()
    if index["losses"]["train"]:
        drawn = {"tracks learned from": index["losses"]["train"], "artists held out": index["losses"]["validation"]}
        chart = lines("Loss of the network", "epoch, from 0", "squared distance from the factors", drawn)
        text = (
            "The loss on artists that the network does not learn from says when to stop: the weights of its lowest "
            "point are kept. 1 is what a network would have that says nothing."
        )
        _add(index, folder, "losses.svg", chart, "How the network learned", text)


def _map(lake: Lake, week: date, model: dict, folder: Path, index: dict) -> None:
    from jobs.audio.drawing import map_svg
    from jobs.audio.listening import on_a_map, sampled

    rows = lake.sql(
        "SELECT track_id, artist_id, a.name AS artist, a.name || ' - ' || t.title AS name, vector FROM sound_vectors "
        "JOIN tracks t USING (track_id) JOIN artists a USING (artist_id) WHERE version = ? ORDER BY track_id",
        [model["version"]],
    )
    if len(rows) < 4:
        return
    seed = cli.job_seed(week, "audio.pictures") % 2**32
    rows = rows.take(list(sampled(len(rows), MAPPED, seed)))
    styles = _styles(lake, week)
    by_style = [styles.get(artist, "") for artist in rows["artist_id"].to_pylist()]
    labels, what = by_style, "style that is written about most, which the network has not read"
    if len(set(filter(None, by_style))) < 2:
        labels, what = rows["artist"].to_pylist(), "artist"
    places = on_a_map(matrix(rows["vector"]), seed)
    drawn = map_svg("The catalogue by sound", places, labels, rows["name"].to_pylist())
    text = (
        f"Tracks that the network hears alike lie close together (t-SNE of its predictions, {len(rows)} tracks). The "
        f"colour is the {what}."
    )
    _add(index, folder, "map.svg", drawn, "The catalogue by sound", text)


def _styles(lake: Lake, week: date) -> dict[str, str]:
    """The name of a style that is used most for each artist in words."""
    from jobs.culture.lexicon import GENRES

    terms = lake.sql(
        "SELECT entity_id, term FROM cultural_vectors WHERE week = ? AND entity_kind = 'artist' AND kind IN ('word', "
        "'bigram') AND list_contains(?, term) ORDER BY weight DESC, term",
        [week, sorted(GENRES)],
    ).to_pandas()
    return dict(terms.drop_duplicates("entity_id").itertuples(index=False))


def _sounds(lake: Lake, week: date, model: dict, folder: Path, index: dict) -> None:
    """Some spectrograms, and the favourites of some filters."""
    from jobs.audio.drawing import side_by_side, spectrogram_png
    from jobs.audio.listening import most_exciting, sampled
    from jobs.audio.model_files import load

    config, seed = settings().audio, cli.job_seed(week, "audio.pictures") % 2**32
    wanted = recipe(config.max_seconds, config.stretches)
    names = lake.sql(
        "SELECT track_id, a.name || ' - ' || t.title AS name FROM spectrograms s JOIN tracks t USING (track_id) "
        "JOIN artists a USING (artist_id) WHERE s.error IS NULL AND s.recipe = ? ORDER BY track_id",
        [wanted],
    ).to_pandas()
    if not len(names):
        return
    names = names.iloc[list(sampled(len(names), LISTENED_TO, seed))]
    levels = {}
    for batch in stream(lake, wanted, set(names["track_id"])):
        levels |= dict(zip(batch.column("track_id").to_pylist(), spectrograms(batch), strict=True))
    tracks = [levels[track_id] for track_id in names["track_id"]]
    name = names["name"].tolist()
    for number, track in enumerate(sampled(len(tracks), SHOWN, seed + 1), start=1):
        text = f"{name[track]}: time to the right, low notes at the bottom, bright is loud (128 mel bands, 80 dB)."
        picture = spectrogram_png(tracks[track][:SHOWN_FRAMES])
        _add(index, folder, f"spectrogram-{number}.png", picture, "What the network is given", text)
    network = load(settings().home / "models", model["path"], model["sha256"])
    for found in most_exciting(network, tracks, FILTERS, FILTER_TRACKS):
        favourites = [
            {"track_id": names["track_id"].iloc[track], "name": name[track], "second": round(second, 1)}
            for track, second in zip(found.tracks, found.seconds, strict=True)
        ]
        index["filters"].append({"filter": found.filter, "contrast": round(found.contrast, 2), "tracks": favourites})
        text = "Excited most by " + "; ".join(f"{f['name']} ({f['second']:.0f} s)" for f in favourites)
        picture = spectrogram_png(side_by_side(found.windows), 1)
        _add(index, folder, f"filter-{found.filter}.png", picture, f"What filter {found.filter} listens for", text)
