"""Two weeks of the tiny world through Airflow, as `make weekly` runs them."""

from datetime import timedelta
from statistics import mean

import pytest

from jobs.lake import Lake
from jobs.sample.judge import Truth
from jobs.sample.sentences import OTHER_SUBJECTS
from jobs.sample.styles import STYLES
from jobs.sample.vocabulary import LEXICONS
from jobs.settings import ROOT, Settings
from tests.end_to_end import chain
from tests.end_to_end.chain import WEEK

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1200)]
NEXT = WEEK + timedelta(weeks=1)
OUTPUTS = ("articles", "mentions", "cultural_vectors", "cultural_embeddings", "similar_artists", "spectrograms",
           "user_factors", "track_factors", "models", "policies", "discover_weekly")  # fmt: skip


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    """The tiny world after its first weekly run, with a web site of its own port."""
    home = tmp_path_factory.mktemp("world")
    chain.run(home, "sample", "make", "--week", f"{WEEK}", "--port", "8771", *chain.TINY)
    weekly(home, WEEK)
    return home


def weekly(home, week):
    return chain.run(home, "sample", "serve", "--", str(ROOT / "dags" / "run-weekly"), f"{week}", timeout=900)


def sql(home, query):
    return Lake(Settings(home=home)).sql(query).to_pylist()


def test_every_stage_has_left_what_it_is_for(world):
    empty = [table for table in OUTPUTS if Lake(Settings(home=world)).is_empty(table)]
    assert not empty
    origins = sql(world, "SELECT DISTINCT origin FROM track_factors ORDER BY ALL")
    assert [row["origin"] for row in origins] == ["audio", "collaborative", "content"]


def test_every_listener_who_has_not_opted_out_has_a_list(world):
    missing = sql(
        world,
        f"SELECT DISTINCT user_id FROM listens WHERE listened_at < '{WEEK}' "
        "AND user_id NOT IN (SELECT user_id FROM exclusions WHERE kind = 'opt_out') "
        "AND user_id NOT IN (SELECT user_id FROM discover_weekly)",
    )
    assert missing == []
    lengths = sql(world, "SELECT count(*) AS n FROM discover_weekly GROUP BY user_id")
    # Most listeners have heard little; for a shorter list the audits made sure that nothing was left to offer.
    assert sum(row["n"] == 30 for row in lengths) > 0.8 * len(lengths)


def test_lists_are_written_as_files_that_point_to_audio(world):
    files = list((world / "output" / f"{WEEK}" / "playlists").glob("*.m3u8"))
    users = sql(world, "SELECT count(DISTINCT user_id) AS n FROM discover_weekly")[0]["n"]
    assert len(files) == users
    lines = files[0].read_text(encoding="utf-8").splitlines()
    entries = [line for line in lines if line and not line.startswith("#")]
    assert entries
    assert all((files[0].parent / entry).resolve().is_file() for entry in entries)


def test_new_releases_reach_listeners_and_reasons_differ(world):
    new = sql(
        world,
        f"SELECT count(DISTINCT track_id) AS n FROM discover_weekly JOIN tracks USING (track_id) "
        f"WHERE released_at >= DATE '{WEEK}' - 14 AND track_id NOT IN (SELECT track_id FROM listens)",
    )
    assert new[0]["n"] > 0, "tracks that nobody has heard"
    kinds = sql(world, "SELECT explanation_kind AS kind, count(*) FROM discover_weekly GROUP BY ALL")
    assert len(kinds) >= 3


def test_what_the_articles_say_comes_back_once_and_what_is_not_for_us_leaves_no_trace(world):
    truth = Truth.read(world / "sample")
    told = sql(
        world,
        "SELECT entity_id, list(term ORDER BY weight DESC, term)[:8] AS adjectives FROM cultural_vectors "
        "WHERE entity_kind = 'artist' AND kind = 'adjective' GROUP BY ALL ORDER BY ALL",
    )
    assert len(told) >= 10
    own, others = [], []
    for row in told:
        style = STYLES[truth.artist_style[row["entity_id"]]].name
        for name, lexicon in LEXICONS.items():
            share = sum(term in lexicon.adjectives for term in row["adjectives"]) / len(row["adjectives"])
            (own if name == style else others).append(share)
    assert mean(own) > 3 * mean(others), "the others are common words, or of the artist's second style"

    copies = sql(world, "SELECT story_id, count(*) AS n FROM articles GROUP BY ALL HAVING n > 1")
    assert copies, "a press release is printed by three publications"
    twice = sql(
        world,
        "SELECT week, story_id FROM mentions JOIN articles USING (article_id) GROUP BY ALL "
        "HAVING count(DISTINCT article_id) > 1 AND count(DISTINCT url) > 1",
    )
    assert twice == []
    assert sql(world, "SELECT 1 FROM articles WHERE language IN ('de', 'fr')")
    assert sql(world, "SELECT 1 FROM mentions JOIN articles USING (article_id) WHERE language <> 'en'") == []
    config = Settings(home=world).culture
    subjects = ", ".join(f"'{subject}'" for subject in OTHER_SUBJECTS)
    assert sql(world, f"SELECT 1 FROM articles WHERE title IN ({subjects})")
    counted = sql(
        world,
        f"SELECT title, surface FROM mentions JOIN articles USING (article_id) WHERE title IN ({subjects}) "
        f"AND confidence >= {config.min_confidence} AND weight >= {config.min_article_weight}",
    )
    assert counted == [], "names that are words mean the words there"


def test_running_the_week_again_changes_nothing(world):
    before = {table: chain.rows(world, table) for table in OUTPUTS}
    weekly(world, WEEK)
    for table, rows in before.items():
        assert chain.rows(world, table).equals(rows), table


def test_a_week_later_the_policy_has_learned_and_nothing_is_repeated(world):
    chain.run(world, "sample", "listen", "--week", f"{WEEK}")
    weekly(world, NEXT)
    judged = sql(
        world,
        "SELECT count(*) AS n FROM outcomes JOIN discover_weekly USING (week, user_id, rank) "
        f"WHERE week = DATE '{WEEK}' AND reward IS NOT NULL AND policy_version <> 'baseline'",
    )[0]["n"]
    assert judged > 0
    policies = sql(world, "SELECT week, training_rows, model FROM policies ORDER BY week")
    assert [row["training_rows"] for row in policies] == [0, judged]
    assert policies[0]["model"] != policies[1]["model"]
    repeated = sql(
        world,
        "SELECT user_id, work_id FROM discover_weekly JOIN tracks USING (track_id) GROUP BY ALL HAVING count(*) > 1",
    )
    assert repeated == []
    assert sql(world, f"SELECT count(*) AS n FROM discover_weekly WHERE week = DATE '{NEXT}'")[0]["n"] > 0
