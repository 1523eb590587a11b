from pyiceberg.types import BooleanType, DateType, DoubleType, IntegerType, StringType

from schemas.contract import Audit, Column, Table, map_of

# Fragments of the audits below. A listen counts as playing a track only when it is a stream; any listen counts as
# having heard it. All compare with the first moment of the week, UTC.
BEFORE = "CAST(s.week AS TIMESTAMP) AT TIME ZONE 'UTC'"
STREAM = (
    "(l.ms_played IS NULL OR l.ms_played >= coalesce(least(30000, 0.9 * nullif(p.duration_ms, 0)), 30000)) "
    f"AND l.listened_at < {BEFORE}"
)
COUNTED = "c.plays > 0 AND (c.as_of IS NULL OR c.as_of < s.week)"


def personal(rule: str, kinds: str, named: str) -> Audit:
    """Rows with a reason of these kinds that names nothing, or something that the listener has not played.

    `named` joins `p`, the played track, to what `s.explanation_of` names.
    """
    rows = f"SELECT DISTINCT week, user_id, explanation_of FROM staged WHERE explanation_kind IN ({kinds})"
    return Audit(
        rule,
        f"WITH s AS ({rows}), p AS (SELECT track_id, duration_ms, "
        "unnest(list_append(coalesce(featured_artist_ids, []), artist_id)) AS credit_id FROM tracks) "
        "SELECT * FROM s ANTI JOIN (SELECT DISTINCT s.week, s.user_id, s.explanation_of FROM s JOIN listens l "
        f"USING (user_id) JOIN p ON p.track_id = l.track_id WHERE {named} AND {STREAM} "
        "UNION SELECT DISTINCT s.week, s.user_id, s.explanation_of FROM s JOIN play_counts c USING (user_id) "
        f"JOIN p ON p.track_id = c.track_id WHERE {named} AND {COUNTED}) USING (week, user_id, explanation_of)",
    )


def near(rule: str, kind: str, origin: str) -> Audit:
    """Rows with a reason of this kind whose track is not near the named one by the factors of this origin."""
    return Audit(
        rule,
        "WITH pairs AS (SELECT DISTINCT week, track_id, explanation_of FROM staged "
        f"WHERE explanation_kind = '{kind}'), known AS (SELECT week, track_id, factors FROM track_factors "
        f"WHERE origin = '{origin}' AND week IN (SELECT week FROM pairs)) "
        "SELECT p.* FROM pairs p LEFT JOIN known a USING (week, track_id) "
        "LEFT JOIN known b ON b.week = p.week AND b.track_id = p.explanation_of "
        "WHERE a.factors IS NULL OR b.factors IS NULL OR list_cosine_similarity(a.factors, b.factors) < -1e-6",
    )


TABLE = Table(
    name="discover_weekly",
    doc="The playlists: thirty tracks for each listener and week, each with its reason. The analysts' table and the "
    "bandit's log at once.",
    columns=[
        Column("week", DateType(), "Monday of the list", required=True),
        Column("user_id", StringType(), "The listener", required=True),
        Column("rank", IntegerType(), "Place in the list, 1 to 30", required=True, minimum=1, maximum=30),
        Column("track_id", StringType(), "The track", required=True, references="tracks.track_id"),
        Column(
            "explanation_kind",
            StringType(),
            "because_you_listened: near a track you play; sounds_like: near one by sound; described_as: critics use "
            "the same words for an artist you play; playlist_neighbour: people put it next to a track you play; "
            "new_release: new, by or near an artist you play; popular: so many play it; first_listener: nobody has "
            "played it yet, and no other reason holds",
            required=True,
            allowed=(
                "because_you_listened",
                "sounds_like",
                "described_as",
                "playlist_neighbour",
                "new_release",
                "popular",
                "first_listener",
            ),
        ),
        Column("explanation", StringType(), "The reason as a sentence", required=True),
        Column("explanation_of", StringType(), "The track_id or artist_id that the reason names; null: it names none"),
        Column(
            "score",
            DoubleType(),
            "Chance of a stream of at least 30 s, as the policy sees it",
            required=True,
            minimum=0.0,
            maximum=1.0,
        ),
        Column(
            "propensity",
            DoubleType(),
            "Probability with which the policy chose this track and reason for this place, given the places above it",
            required=True,
            minimum=1e-12,
            maximum=1.0,
        ),
        Column(
            "explored",
            BooleanType(),
            "Whether this place holds another choice than the one that the policy thought best",
            required=True,
        ),
        Column("policy_version", StringType(), "The policy that chose it; baseline: nothing learned", required=True),
        Column(
            "features_version",
            IntegerType(),
            "Version of what the features mean; null: older than versions",
            minimum=1,
        ),
        Column(
            "features",
            map_of(StringType(), DoubleType()),
            "What the policy knew about this choice, by name, each between -1 and 1; what is not there is 0",
            required=True,
        ),
    ],
    key=("week", "user_id", "rank"),
    partition=("week",),
    audits=[
        Audit(
            "ranks run from 1 without a gap",
            "SELECT week, user_id, count(*) AS rows, max(rank) AS last FROM staged GROUP BY ALL HAVING rows <> last",
        ),
        Audit(
            "no track twice in a list",
            "SELECT week, user_id, track_id, count(*) AS times FROM staged GROUP BY ALL HAVING times > 1",
        ),
        Audit(
            "no song twice in a list",
            "SELECT week, user_id, work_id, count(*) AS times FROM staged JOIN tracks USING (track_id) "
            "GROUP BY ALL HAVING times > 1",
        ),
        Audit(
            "nothing that an earlier list offered, in any version",
            "WITH works AS (SELECT s.week, s.user_id, s.track_id, t.work_id FROM staged s JOIN tracks t "
            "USING (track_id)) SELECT w.week, w.user_id, w.track_id, min(d.week) AS offered FROM works w "
            "JOIN discover_weekly d USING (user_id) JOIN tracks t ON t.track_id = d.track_id AND t.work_id = w.work_id "
            "WHERE d.week < w.week GROUP BY ALL",
        ),
        Audit(
            "nothing that the listener has heard before the week, in any version",
            "SELECT DISTINCT s.week, s.user_id, s.track_id FROM staged s JOIN tracks t USING (track_id) "
            "JOIN tracks v USING (work_id) JOIN listens l ON l.user_id = s.user_id AND l.track_id = v.track_id "
            f"WHERE l.listened_at < {BEFORE} "
            "UNION SELECT DISTINCT s.week, s.user_id, s.track_id FROM staged s JOIN tracks t USING (track_id) "
            "JOIN tracks v USING (work_id) JOIN play_counts c ON c.user_id = s.user_id AND c.track_id = v.track_id "
            f"WHERE {COUNTED}",
        ),
        Audit(
            "nothing that the listener has excluded",
            "SELECT s.week, s.user_id, s.track_id, e.kind FROM staged s JOIN tracks t USING (track_id) "
            "JOIN exclusions e USING (user_id) LEFT JOIN tracks b ON e.kind = 'track' AND b.track_id = e.excluded_id "
            "WHERE (e.since IS NULL OR e.since < s.week) AND (e.kind = 'opt_out' OR (e.kind = 'track' AND "
            "(e.excluded_id = s.track_id OR b.work_id = t.work_id)) OR (e.kind = 'artist' AND (e.excluded_id = "
            "t.artist_id OR list_contains(t.featured_artist_ids, e.excluded_id))))",
        ),
        Audit(
            "nothing on a playlist of the listener's own, in any version",
            "SELECT DISTINCT s.week, s.user_id, s.track_id FROM staged s JOIN tracks t USING (track_id) "
            "JOIN tracks v USING (work_id) JOIN playlists p ON p.user_id = s.user_id AND p.track_id = v.track_id "
            "WHERE p.updated_at IS NULL OR p.updated_at < s.week",
        ),
        Audit(
            "nothing is tried out with who does not want it",
            "SELECT s.week, s.user_id, s.rank FROM staged s JOIN exclusions e USING (user_id) "
            "WHERE e.kind = 'exploration' AND (e.since IS NULL OR e.since < s.week) AND (explored OR propensity < 1)",
        ),
        Audit(
            "nothing that is not out yet",
            "SELECT s.week, s.track_id, t.released_at FROM staged s JOIN tracks t USING (track_id) "
            "WHERE t.released_at >= s.week",
        ),
        # Looks at the first thousand short lists: enough to find a fault, and no product of all users and tracks.
        Audit(
            "a list is shorter than others only if there is nothing left to offer",
            "WITH RECURSIVE lists AS (SELECT week, user_id, count(*) AS places FROM staged GROUP BY ALL), "
            "short AS (SELECT * FROM lists WHERE places < (SELECT max(places) FROM lists) "
            "ORDER BY user_id LIMIT 1000), "
            "told AS (SELECT user_id, work_id FROM short s JOIN listens l USING (user_id) "
            "JOIN tracks USING (track_id) "
            f"WHERE l.listened_at < {BEFORE} "
            "UNION SELECT user_id, work_id FROM short s JOIN play_counts c USING (user_id) JOIN tracks "
            f"USING (track_id) WHERE {COUNTED} "
            "UNION SELECT user_id, work_id FROM short s JOIN discover_weekly d USING (user_id) JOIN tracks "
            "USING (track_id) WHERE d.week < s.week "
            "UNION SELECT user_id, work_id FROM short s JOIN playlists p USING (user_id) JOIN tracks USING (track_id) "
            "WHERE p.updated_at IS NULL OR p.updated_at < s.week "
            "UNION SELECT user_id, work_id FROM staged SEMI JOIN short USING (user_id) JOIN tracks USING (track_id) "
            "UNION SELECT user_id, work_id FROM short s JOIN exclusions e USING (user_id) JOIN tracks t "
            "ON e.kind = 'track' AND t.track_id = e.excluded_id WHERE e.since IS NULL OR e.since < s.week), "
            # Works that are one recording are one song (`jobs.works`).
            "alike AS (SELECT recording_id, work_id FROM recordings JOIN tracks USING (track_id)), "
            "gone AS (SELECT user_id, work_id FROM told UNION SELECT g.user_id, b.work_id FROM gone g "
            "JOIN alike a USING (work_id) JOIN alike b USING (recording_id)), "
            "banned AS (SELECT user_id, track_id FROM short s JOIN exclusions e USING (user_id) JOIN tracks t "
            "ON e.kind = 'artist' AND (e.excluded_id = t.artist_id OR list_contains(t.featured_artist_ids, "
            "e.excluded_id)) WHERE e.since IS NULL OR e.since < s.week) "
            "SELECT s.week, s.user_id, s.places, count(DISTINCT work_id) AS works_left FROM short s JOIN tracks t "
            "ON t.released_at IS NULL OR t.released_at < s.week ANTI JOIN gone USING (user_id, work_id) "
            "ANTI JOIN banned USING (user_id, track_id) GROUP BY ALL",
        ),
        personal(
            "a reason names a track that the listener has played",
            "'because_you_listened', 'sounds_like', 'playlist_neighbour'",
            "p.track_id = s.explanation_of",
        ),
        personal(
            "a reason names an artist that the listener has played",
            "'described_as', 'new_release'",
            "p.credit_id = s.explanation_of",
        ),
        near("what is near a played track is near it", "because_you_listened", "collaborative"),
        near("what sounds like a played track sounds like it", "sounds_like", "audio"),
        Audit(
            "what is popular has been streamed, and what nobody has played has not",
            "WITH offers AS (SELECT DISTINCT week, track_id, explanation_kind AS kind FROM staged "
            "WHERE explanation_kind IN ('popular', 'first_listener')), "
            "streamed AS (SELECT DISTINCT s.week, s.track_id FROM offers s JOIN tracks p USING (track_id) "
            f"JOIN listens l USING (track_id) WHERE {STREAM} UNION SELECT DISTINCT s.week, s.track_id FROM offers s "
            f"JOIN play_counts c USING (track_id) WHERE {COUNTED}) "
            "SELECT o.* FROM offers o LEFT JOIN streamed USING (week, track_id) "
            "WHERE (kind = 'popular') <> (streamed.track_id IS NOT NULL)",
        ),
        Audit(
            "artists described alike share a term",
            "WITH pairs AS (SELECT DISTINCT s.week, t.artist_id, s.explanation_of FROM staged s "
            "JOIN tracks t USING (track_id) WHERE explanation_kind = 'described_as'), "
            "terms AS (SELECT week, entity_id, kind, term FROM cultural_vectors WHERE entity_kind = 'artist' "
            "AND week IN (SELECT week FROM pairs)) "
            "SELECT * FROM pairs p WHERE p.artist_id = p.explanation_of OR NOT EXISTS (SELECT 1 FROM terms a "
            "JOIN terms b USING (week, kind, term) WHERE a.week = p.week AND a.entity_id = p.artist_id "
            "AND b.entity_id = p.explanation_of)",
        ),
        Audit(
            "playlist neighbours are on one playlist",
            "WITH pairs AS (SELECT DISTINCT week, track_id, explanation_of FROM staged "
            "WHERE explanation_kind = 'playlist_neighbour') "
            "SELECT * FROM pairs ANTI JOIN (SELECT DISTINCT p.week, p.track_id, p.explanation_of FROM pairs p "
            "JOIN playlists a USING (track_id) JOIN playlists b ON b.playlist_id = a.playlist_id "
            "AND b.track_id = p.explanation_of WHERE a.updated_at IS NULL OR a.updated_at < p.week) "
            "USING (week, track_id, explanation_of)",
        ),
        Audit(
            "a new release is out since less than half a year",
            "SELECT s.week, s.track_id, t.released_at FROM staged s JOIN tracks t USING (track_id) "
            "WHERE explanation_kind = 'new_release' AND (t.released_at IS NULL OR t.released_at < s.week - 26 * 7)",
        ),
        Audit(
            "a new release is by the named artist, near them in words, or sounds like a track of theirs",
            "WITH pairs AS (SELECT DISTINCT s.week, s.track_id, s.explanation_of AS named, t.artist_id FROM staged s "
            "JOIN tracks t USING (track_id) WHERE explanation_kind = 'new_release' AND s.explanation_of <> t.artist_id "
            "AND NOT list_contains(coalesce(t.featured_artist_ids, []), s.explanation_of)), "
            "unlike AS (SELECT * FROM pairs p ANTI JOIN (SELECT week, artist_id, similar_artist_id AS named FROM "
            "similar_artists UNION SELECT week, similar_artist_id, artist_id FROM similar_artists) "
            "USING (week, artist_id, named)), "
            "sound AS (SELECT week, track_id, factors FROM track_factors WHERE origin = 'audio' "
            "AND week IN (SELECT week FROM unlike)) "
            "SELECT u.week, u.track_id, u.named FROM unlike u LEFT JOIN sound a USING (week, track_id) "
            "LEFT JOIN tracks t ON t.artist_id = u.named "
            "LEFT JOIN sound b ON b.week = u.week AND b.track_id = t.track_id "
            "GROUP BY ALL HAVING NOT bool_or(coalesce(list_cosine_similarity(a.factors, b.factors) > -1e-6, false))",
        ),
    ],
)
