"""Forgetting a listener: the name is in no table, snapshot, or file, and no import brings it back."""

import gzip
import json
import zipfile
from datetime import UTC, date, datetime

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs.cli import UserError
from jobs.ingest.forget import forget, lift
from jobs.ingest.forgotten import Forgotten, digest
from jobs.ingest.kinds import KINDS, history_kind
from jobs.ingest.load import load_files
from jobs.ingest.search import Name, search
from jobs.publish.names import file_name
from jobs.publish.pages import Index
from jobs.publish.swap import replacing
from tests.ingest.test_exports import listen, zipped

GONE, STAYS = "alice@home", "alice@home-2"  # a name within another one: only the first may go


@pytest.fixture
def world(lake, tmp_path):
    """A lake in which both listeners have left something everywhere, old snapshots included."""
    home = lake.config.home
    lake.merge("artists", pa.table({"artist_id": ["a"], "name": ["Air"]}))
    lake.merge("tracks", pa.table({"track_id": ["t"], "artist_id": ["a"], "title": ["Sexy Boy"], "work_id": ["w"]}))
    for user in (GONE, STAYS):
        archive = zipped(
            tmp_path / f"listenbrainz_{user}_17640.zip",
            **{
                "user.json": json.dumps({"username": user}),
                "listens/2024/1.jsonl": listen(1704100000, "Air", "Sexy Boy") + "\n" + listen(1704100100, "B", "C"),
                "listens/2024/2.jsonl": listen("never", "Air", "Sexy Boy") + "\n{broken " + user,
            },
        )
        load(lake, history_kind("listenbrainz", None), archive)
        (tmp_path / "e.csv").write_text(f"user_id,kind,excluded_id\n{user},track,t\n{user},nonsense,t\n")
        load(lake, KINDS["exclusions"], tmp_path / "e.csv")
        lake.merge("play_counts", pa.table({"user_id": [user], "track_id": ["t"], "plays": [3]}))
        with (home / "sample-listens.csv").open("a") as file:
            file.write(f"{user},2026-01-05,t\n")
    lake.publish(
        "playlists",
        pa.table(
            {
                "playlist_id": ["p", "q"],
                "position": pa.array([1, 1], pa.int32()),
                "track_id": ["t"] * 2,
                "user_id": [GONE, STAYS],
            }
        ),
        None,
    )
    week = date(2026, 1, 5)
    factors = {"user_id": [GONE, STAYS], "factors": [[1.0]] * 2, "tracks_heard": pa.array([1, 1], pa.int32())}
    lake.publish("user_factors", pa.table(factors), {"week": week})
    _publish_lists(home / "output" / "2026-01-05")
    (home / "tmp" / "als").mkdir(parents=True, exist_ok=True)
    np.savez_compressed(home / "tmp" / "als" / "rows.npz", ids=np.array([GONE, STAYS]))
    return lake


def _publish_lists(target):
    """Playlists, pages and index as jobs.publish leaves them."""
    with replacing(target) as folder:
        for name in ("playlists", "listeners"):
            (folder / name).mkdir()
        index = Index("Discover Weekly", date(2026, 1, 5), folder, 2)
        with (folder / "index.jsonl").open("w") as lines:
            for user in (GONE, STAYS):
                for suffix in (".m3u8", ".xspf", ".jspf"):
                    (folder / "playlists" / file_name(user, suffix)).write_text(f"For {user}")
                (folder / "listeners" / file_name(user, ".html")).write_text(f"For {user}")
                entry = {"user_id": user, "page": file_name(user, ".html"), "tracks": 30}
                lines.write(json.dumps(entry) + "\n")
                index.add(*entry.values())
        index.close()


def load(lake, kind, *paths):
    return load_files(lake, kind.table, kind, list(paths), strict=False, batch_rows=10)


def raw_bytes(home):
    """Everything under a folder, unpacked by hand, in one piece."""
    data = []
    for path in sorted(home.rglob("*")):
        data.append(str(path.relative_to(home)).encode())
        if not path.is_file():
            continue
        data.append(path.read_bytes())
        if path.suffix == ".parquet":
            data.append(json.dumps(pq.read_table(path).to_pylist(), default=str).encode())
    return b"\n".join(data)


def test_nothing_is_left_of_a_listener_and_nothing_is_lost_of_another(world, home, tmp_path):
    assert GONE.encode() in raw_bytes(home).replace(STAYS.encode(), b"")
    manifests = home / "warehouse" / "discover" / "exclusions" / "metadata"
    assert any(hit.path.suffix == ".avro" for hit in search(manifests, GONE))  # the bounds of user_id, compressed
    assert not any(GONE.encode() in path.read_bytes() for path in manifests.glob("*.avro"))
    forget(world, GONE)
    left = raw_bytes(home)
    assert GONE.encode() not in left.replace(STAYS.encode(), b"")
    assert list(search(home, GONE)) == []
    for table in ("listens", "play_counts", "playlists", "exclusions", "user_factors"):
        assert world.arrow(table)["user_id"].to_pylist() == [STAYS], table
        assert len(world.snapshots(table)) == 1
    assert len(world.arrow("history")) == 2
    published = home / "output" / "2026-01-05"
    assert [p.name for p in sorted(published.rglob("*~*"))] == sorted(
        file_name(STAYS, suffix) for suffix in (".html", ".jspf", ".m3u8", ".xspf")
    )
    assert STAYS in (published / "index" / "1.html").read_text()
    world.merge("play_counts", pa.table({"user_id": ["bob"], "track_id": ["t"], "plays": [1]}))  # tables still work
    assert len(world.arrow("play_counts")) == 2
    (row,) = world.arrow("forgotten").to_pylist()
    assert (row["since"], len(row["user_hash"])) == (datetime.now(UTC).date(), 64)
    forget(world, GONE)  # once more does no harm, nor does somebody whom nobody knows
    forget(world, "nobody at all")
    assert len(world.arrow("play_counts")) == 2


def test_a_later_import_leaves_the_listener_out_until_that_is_lifted(world, home, tmp_path):
    forget(world, GONE)
    archive = tmp_path / f"listenbrainz_{GONE}_17640.zip"
    table = tmp_path / "again.csv"
    table.write_text(f"user_id,listened_at,track_id\n{GONE},2026-01-06,t\n{GONE},never,t\nbob,2026-01-06,t\n")
    assert load(world, history_kind("listenbrainz", None), archive).forgotten == 2
    assert load(world, KINDS["listens"], table).forgotten == 1
    assert sorted(set(world.arrow("listens")["user_id"].to_pylist())) == [STAYS, "bob"]
    assert GONE.encode() not in raw_bytes(home).replace(STAYS.encode(), b"")
    lift(world, GONE)
    assert load(world, KINDS["listens"], table).added == 1


def test_what_is_left_is_named(lake, home):
    (home / "models").mkdir(parents=True)
    (home / "models" / "strange.bin").write_bytes(b"\0\1" + GONE.encode() + b"\0")
    with pytest.raises(UserError, match=r"still in 1 places.*\n.*strange\.bin"):
        forget(lake, GONE)


def test_a_word_of_the_catalogue_is_no_listener(lake, home):
    lake.merge("artists", pa.table({"artist_id": ["a"], "name": ["alice"]}))
    forget(lake, "alice")
    assert lake.arrow("artists")["name"].to_pylist() == ["alice"]


# The search


def test_the_search_looks_into_what_is_compressed(tmp_path):
    (tmp_path / "sub").mkdir()
    pq.write_table(pa.table({"x": [["other"], ["needle"]]}), tmp_path / "list.parquet", compression="zstd")
    pq.write_table(
        pa.table({"m": pa.array([[("k", "a needle, b")]], pa.map_(pa.string(), pa.string()))}), tmp_path / "map.parquet"
    )
    (tmp_path / "a.gz").write_bytes(gzip.compress(b"x needle"))
    with zipfile.ZipFile(tmp_path / "b.keras", "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("inner", "needle")
    (tmp_path / "sub" / "needle.txt").write_text("")
    (tmp_path / "plain").write_bytes(b"\xff\0needle\0")
    (tmp_path / "not.parquet").write_bytes(b"needle")
    (tmp_path / "word").write_text("needles needle2 xneedle needle-work")
    assert {hit.path.name for hit in search(tmp_path, "needle")} == {
        "list.parquet", "map.parquet", "a.gz", "b.keras", "needle.txt", "plain", "not.parquet"
    }  # fmt: skip


def test_the_search_finds_a_name_across_the_parts_that_it_reads(tmp_path, monkeypatch):
    monkeypatch.setattr("jobs.ingest.search.CHUNK", 10)
    (tmp_path / "x").write_bytes(b"0123456 needle and more")
    assert [hit.path.name for hit in search(tmp_path, "needle")] == ["x"]


@given(st.text(min_size=4, max_size=12).filter(str.strip), st.sampled_from([json.dumps, str]))
def test_a_name_is_found_as_text_and_as_json_writes_it(text, write):
    data = write(text).encode(errors="surrogatepass")
    assert Name(text).is_in(b'{"user": ' + data + b"}")


@given(st.lists(st.text(st.characters(exclude_characters="/"), min_size=1, max_size=5), min_size=1, max_size=4))
def test_masking_takes_out_the_name_and_nothing_else(words):
    name = "bob smith"
    forgotten = Forgotten("s", frozenset([digest("s", name)]))
    text = "/".join(words)
    assert forgotten.masked(f"{text}/{name}/{text}").count("(forgotten)") >= 1
    assert forgotten.masked(text) == text or name in text
