from pyiceberg.types import BooleanType, DateType, DoubleType, IntegerType, StringType

from schemas.contract import Audit, Column, Table, map_of

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
            "because_you_listened: near a track you play; sounds_like: near one by sound; described_as: critics use the "
            "same words for an artist you play; playlist_neighbour: people put it next to a track you play; "
            "new_release: new, by or near an artist you play; popular: many play it",
            required=True,
            allowed=(
                "because_you_listened",
                "sounds_like",
                "described_as",
                "playlist_neighbour",
                "new_release",
                "popular",
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
        Column("explored", BooleanType(), "Whether this place was drawn at random", required=True),
        Column("policy_version", StringType(), "The policy that chose it", required=True),
        Column(
            "features",
            map_of(StringType(), DoubleType()),
            "What the policy knew about this choice, by name",
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
            "nothing that an earlier list offered",
            "SELECT s.week, s.user_id, s.track_id FROM staged s JOIN discover_weekly d USING (user_id, track_id) "
            "WHERE d.week < s.week",
        ),
        Audit(
            "nothing that the listener has heard before the week",
            "SELECT DISTINCT s.week, s.user_id, s.track_id FROM staged s JOIN tracks t USING (track_id) "
            "JOIN tracks v USING (work_id) JOIN listens l ON l.user_id = s.user_id AND l.track_id = v.track_id "
            "WHERE l.listened_at < CAST(s.week AS TIMESTAMP) AT TIME ZONE 'UTC' "
            "UNION SELECT DISTINCT s.week, s.user_id, s.track_id FROM staged s JOIN tracks t USING (track_id) "
            "JOIN tracks v USING (work_id) JOIN play_counts p ON p.user_id = s.user_id AND p.track_id = v.track_id "
            "WHERE p.plays > 0 AND (p.as_of IS NULL OR p.as_of < s.week)",
        ),
        Audit(
            "nothing that the listener has excluded",
            "SELECT s.week, s.user_id, s.track_id, e.kind FROM staged s JOIN tracks t USING (track_id) "
            "JOIN exclusions e USING (user_id) WHERE (e.since IS NULL OR e.since < s.week) AND (e.kind = 'opt_out' "
            "OR (e.kind = 'track' AND e.excluded_id = s.track_id) OR (e.kind = 'artist' AND (e.excluded_id = "
            "t.artist_id OR list_contains(t.featured_artist_ids, e.excluded_id))))",
        ),
        Audit(
            "nothing that is not out yet",
            "SELECT s.week, s.track_id, t.released_at FROM staged s JOIN tracks t USING (track_id) "
            "WHERE t.released_at >= s.week",
        ),
    ],
)
