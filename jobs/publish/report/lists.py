"""Sections about the lists: coverage, where tracks came from, novelty and popularity."""

from jobs.publish.pages import REASONS
from jobs.publish.report import plots
from jobs.publish.report.parts import Facts, Plot, Section, Table, numbers, short

# A row for each week that has lists. Popularity is the number of listeners who had heard a track before the week.
BY_WEEK = """
    WITH heard AS (SELECT track_id, user_id, min(listened_at) AS first FROM listens GROUP BY ALL),
    weeks AS (SELECT DISTINCT week FROM discover_weekly WHERE week BETWEEN $first AND $week),
    audience AS (SELECT week, track_id, count(*) AS listeners FROM heard JOIN weeks
        ON first < CAST(week AS TIMESTAMP) GROUP BY ALL),
    everybody AS (SELECT week, count(DISTINCT user_id) AS listeners FROM heard JOIN weeks
        ON first < CAST(week AS TIMESTAMP) GROUP BY ALL)
    SELECT d.week, count(DISTINCT d.user_id) AS lists, any_value(e.listeners) AS listeners, count(*) AS places,
        count(DISTINCT d.track_id) AS tracks, count(DISTINCT t.artist_id) AS artists,
        avg(coalesce(t.released_at >= d.week - $days, false)::INT) AS new_share,
        avg(d.explored::INT) AS explored_share, avg((t.path IS NOT NULL)::INT) AS playable_share,
        round(avg(d.score), 6) AS expected,
        round(avg(-log2(greatest(coalesce(a.listeners, 0), 0.5) / greatest(e.listeners, 1))), 6) AS novelty,
        median(coalesce(a.listeners, 0)) AS audience, avg((a.listeners IS NULL)::INT) AS unheard_share
    FROM discover_weekly d LEFT JOIN tracks t USING (track_id)
    LEFT JOIN audience a ON a.week = d.week AND a.track_id = d.track_id LEFT JOIN everybody e ON e.week = d.week
    WHERE d.week BETWEEN $first AND $week GROUP BY d.week ORDER BY d.week
"""
CATALOGUE = "SELECT count(*), count(DISTINCT artist_id) FROM tracks WHERE released_at IS NULL OR released_at < $week"
REASON_SHARES = """
    SELECT explanation_kind, week, count(*) / sum(count(*)) OVER (PARTITION BY week) FROM discover_weekly
    WHERE week = $week OR week = $before GROUP BY explanation_kind, week
"""
# Places and catalogue by how many listeners had heard the track before the week.
BANDS = """
    WITH audience AS (SELECT track_id, count(DISTINCT user_id) AS listeners FROM listens
        WHERE listened_at < CAST($week AS TIMESTAMP) GROUP BY ALL),
    known AS (SELECT track_id, coalesce(listeners, 0) AS listeners FROM tracks LEFT JOIN audience USING (track_id)
        WHERE released_at IS NULL OR released_at < $week),
    bands AS (SELECT track_id, CASE WHEN listeners = 0 THEN 0 ELSE 1 + floor(log10(listeners) * 2)::INT END AS band
        FROM known)
    SELECT band, coalesce(places, 0)::BIGINT, tracks FROM (SELECT band, count(*) AS tracks FROM bands GROUP BY band)
    LEFT JOIN (SELECT band, count(*) AS places FROM discover_weekly JOIN bands USING (track_id) WHERE week = $week
        GROUP BY band) USING (band) ORDER BY band
"""


def lists(facts: Facts) -> list[Section]:
    """The sections about the lists; empty when the week has none."""
    rows = facts.rows(BY_WEEK)
    if not rows or rows[-1][0] != facts.week:
        return []
    return [_coverage(facts, rows), _sources(facts), _novelty(facts, rows)]


def _coverage(facts: Facts, rows: list[tuple]) -> Section:
    ((tracks, artists),) = facts.rows(CATALOGUE)
    now, then = rows[-1], rows[-2] if len(rows) > 1 else None
    told = []
    for name, value, percent in (
        ("Listeners with a list", lambda r: r[1], False),
        ("of those who have listened to something", lambda r: r[1] / r[2] if r[2] else None, True),
        ("Tracks offered, different ones", lambda r: r[4], False),
        ("of the catalogue", lambda r: r[4] / max(tracks, 1), True),
        ("Artists reached", lambda r: r[5], False),
        ("of all artists", lambda r: r[5] / max(artists, 1), True),
        ("Places with a new release", lambda r: r[6], True),
        ("Places that explore", lambda r: r[7], True),
        ("Places with audio at hand", lambda r: r[8], True),
        ("Expected streams a place", lambda r: r[9], True),
    ):
        told.append((name, *numbers([value(row) for row in (now, then) if row], percent)))
    parts: list[Table | Plot] = [Table("The week", ["", short(now[0]), *([short(then[0])] if then else [])], told)]
    if len(rows) > 1:
        curves = {"New releases": 6, "Explored": 7, "Expected streams": 9}
        parts.append(_by_week(facts, "Shares of places", curves, rows, percent=True))
        parts.append(_by_week(facts, "Tracks and artists reached", {"Tracks": 4, "Artists": 5}, rows))
    return Section("lists", "The lists", [], parts)


def _sources(facts: Facts) -> Section:
    shares: dict[str, list[float]] = {kind: [0.0, 0.0] for kind in REASONS}
    for kind, week, share in facts.rows(REASON_SHARES):
        shares[kind][week != facts.week] = share
    order = sorted((kind for kind in shares if sum(shares[kind])), key=lambda kind: -shares[kind][0])
    width = 2 if facts.before else 1
    shown = {REASONS[kind]: shares[kind][:width] for kind in order}
    names = [short(week) for week in (facts.week, facts.before) if week]
    table = Table("Share of places", ["Reason", *names], [(k, *numbers(v, True)) for k, v in shown.items()])
    title = "Where the tracks came from"
    plot = Plot(title, plots.bars(title, shown, percent=True), table, names if width > 1 else ())
    return Section("sources", title, ["By the reason that each place of the lists has."], [plot])


def _novelty(facts: Facts, rows: list[tuple]) -> Section:
    bands = facts.rows(BANDS)
    places, tracks = (max(sum(row[at] for row in bands), 1) for at in (1, 2))
    shown = {_band(band): [p / places, t / tracks] for band, p, t in bands}
    title = "Listeners who had heard the track before"
    names = ["Places of the lists", "Tracks of the catalogue"]
    table = Table("Shares", ["Listeners", *names], [(k, *numbers(v, True)) for k, v in shown.items()])
    parts: list[Table | Plot] = [Plot(title, plots.bars(title, shown, percent=True), table, names)]
    head = ["Week", "Novelty, bits", "Median listeners of a track offered", "Nobody had heard it"]
    history = [(short(r[0]), *numbers([round(r[10], 2), r[11]]), *numbers([r[12]], True)) for r in reversed(rows)]
    parts.append(Table("By week", head, history))
    explained = (
        "Novelty is the mean of −log₂ of the share of listeners who had heard a track (for one that nobody had heard: "
        "of half a listener). Every place is new to the listener it is for."
    )
    return Section("novelty", "Novelty and popularity", [explained], parts)


def _band(number: int) -> str:
    """The listeners of a band, two bands to a power of ten: 1–3, 4–9, 10–31, ..."""
    if number == 0:
        return "nobody"
    first, last = -int(-(10 ** ((number - 1) / 2)) // 1), -int(-(10 ** (number / 2)) // 1) - 1
    return f"{first:,}–{last:,}" if last > first else f"{first:,}"


def _by_week(facts: Facts, title: str, curves: dict[str, int], rows: list[tuple], percent: bool = False) -> Plot:
    place = {week: at for at, week in enumerate(facts.weeks)}
    drawn = {
        name: [plots.Point(place[row[0]], row[column]) for row in rows if row[column] is not None]
        for name, column in curves.items()
    }
    table = Table(
        title,
        ["Week", *curves],
        [(short(row[0]), *numbers([row[column] for column in curves.values()], percent)) for row in reversed(rows)],
    )
    return Plot(title, plots.lines(title, facts.labels(), drawn, percent), table, list(curves))
