"""`jobs.ingest check`: what is there, how far back, who has enough, and what is missing for which stage."""

import json
from datetime import UTC, datetime, timedelta

import pyarrow as pa

from jobs.ingest.overview import show, survey


def states(found):
    return {finding["stage"]: finding["state"] for finding in found["stages"]}


def test_an_empty_lake_lacks_everything_and_says_what_to_do(lake):
    found = survey(lake)
    assert set(states(found).values()) == {"missing"}
    assert all("jobs." in f["why"] for f in found["stages"] if f["stage"] in ("all", "collaborative", "scrape"))


def test_a_household_is_told_what_it_has(lake, tmp_path, capsys):
    n = 60
    (tmp_path / "there.flac").touch()
    paths = [str(tmp_path / "there.flac"), str(tmp_path / "gone.flac")] + [None] * (n - 2)
    lake.merge("artists", pa.table({"artist_id": ["a"], "name": ["Air"]}))
    tracks = {"track_id": [f"t{i}" for i in range(n)], "artist_id": ["a"] * n, "title": [f"T{i}" for i in range(n)]}
    lake.merge("tracks", pa.table(tracks | {"work_id": [f"w{i}" for i in range(n)], "path": paths}))
    start = datetime(2026, 1, 5, tzinfo=UTC)
    heard = [("ann", i) for i in range(25)] + [("bob", i) for i in range(3)]
    lake.publish(
        "listens",
        pa.table(
            {
                "listened_at": [start + timedelta(days=i) for _, i in heard],
                "user_id": [user for user, _ in heard],
                "track_id": [f"t{i}" for _, i in heard],
                "ms_played": [1000] * 7 + [None] * 21,
            }
        ),
        None,
    )
    found = survey(lake)
    assert found["listeners"] == {"listeners": 2, "enough": 1, "least": 3, "median": 14.0, "most": 25}
    assert (found["facts"]["with_path"], found["facts"]["with_audio"]) == (2, 1)
    assert states(found) == {
        "collaborative": "thin",
        "audio": "missing",  # two tracks with a path, none with three listeners
        "scrape": "missing",
        "culture": "missing",
        "ranking": "ready",  # 35 songs are left for Ann
        "new releases": "missing",
    }
    show(lake, as_json=False)
    out = capsys.readouterr().out
    assert "2026-01-05 to 2026-01-29" in " ".join(out.split())
    show(lake, as_json=True)
    assert json.loads(capsys.readouterr().out)["tables"]["tracks"] == n
