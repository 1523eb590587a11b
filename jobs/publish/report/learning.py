"""Sections about what was learned: reward of past weeks, off-policy estimates, accuracy of the models."""

import re
from collections.abc import Mapping
from datetime import date

from jobs.publish.pages import REASONS
from jobs.publish.report import plots
from jobs.publish.report.parts import Facts, Plot, Section, Table, numbers, short, words

# The share of examined places that were streamed, with the standard error of a ratio over listeners: a listener's
# places are not independent of each other.
REWARD = """
    WITH judged AS (SELECT o.week, o.user_id, o.rank, o.reward, d.explored, d.policy_version, d.explanation_kind
        FROM outcomes o JOIN discover_weekly d USING (week, user_id, rank)
        WHERE reward IS NOT NULL AND week >= $first AND week < $week),
    by_listener AS (SELECT week, {group} AS part, user_id, sum(reward) AS streams, count(*) AS places FROM judged
        GROUP BY ALL),
    sums AS (SELECT week, part, sum(streams) / sum(places) AS reward, sum(places) AS places, count(*) AS listeners
        FROM by_listener GROUP BY ALL)
    SELECT week, part, round(any_value(reward), 9), any_value(sums.places)::BIGINT, any_value(listeners),
        round(sqrt(sum((streams - reward * by_listener.places) ** 2) * any_value(listeners)
            / greatest(any_value(listeners) - 1, 1)) / any_value(sums.places), 9)
    FROM by_listener JOIN sums USING (week, part) GROUP BY week, part ORDER BY week, part
"""
NORMAL = 1.96  # standard errors on each side of a 95 % interval
ESTIMATE = re.compile(r"policy=(.*), estimator=(.*?)(?:, (low|high))?")
# What to follow over the weeks: title, stage, metric.
ACCURACY = (
    ("Collaborative: recall at 30, weeks held out", "collaborative.evaluate", "recall_at_30"),
    ("Collaborative: NDCG at 30, weeks held out", "collaborative.evaluate", "ndcg_at_30"),
    ("Sound: cosine between predicted and learned factors, artists held out", "audio.train", "test_cosine"),
    ("Bandit: log loss on listeners held out", "ranking.learn", "held_out_log_loss"),
)


def reward(facts: Facts) -> Section:
    """Reward of past weeks, with intervals."""
    weekly = _reward(facts, "CASE WHEN policy_version = 'baseline' THEN 'Baseline' ELSE 'Bandit' END")
    title = "Reward of past weeks"
    if not weekly:
        return Section("reward", title, ["No list has been judged yet."], [])
    said = "The share of examined places that were streamed, with 95 % intervals over listeners."
    parts: list[Table | Plot] = [_curves(facts, "Streams an examined place", weekly)]
    explored = _reward(facts, "CASE WHEN explored THEN 'Explored' ELSE 'Not explored' END")
    parts.append(_curves(facts, "What exploration costs", explored))
    last = max(row[0] for row in weekly)
    reasons = sorted((row for row in _reward(facts, "explanation_kind") if row[0] == last), key=lambda row: -row[2])
    rows = [(REASONS[part], *_interval(value, error), f"{places:,}") for _, part, value, places, _, error in reasons]
    parts.append(Table(f"By reason, lists of {short(last)}", ["Reason", "Reward", "95 % interval", "Places"], rows))
    return Section("reward", title, [said], parts)


def off_policy(facts: Facts) -> Section | None:
    """What other policies would have earned, where that has been estimated, and why this week's policy ranks."""
    decisions = facts.rows(
        "SELECT week, policy_version, training_rows, decision FROM policies WHERE week BETWEEN $first AND $week "
        "ORDER BY week DESC"
    )
    found: dict[str, dict[str, dict[str, float]]] = {}
    for dimension, by_week in facts.metric("ranking.evaluate", "reward_a_place").items():
        match = ESTIMATE.fullmatch(dimension)
        if match and facts.week in by_week:
            found.setdefault(match[1], {}).setdefault(match[2], {})[match[3] or "value"] = by_week[facts.week]
    parts = []
    if found:
        estimators = sorted({name for by_name in found.values() for name in by_name})
        rows = [(policy, *(_estimate(by_name.get(name)) for name in estimators)) for policy, by_name in found.items()]
        parts.append(Table("Reward a place, estimated", ["Policy", *map(words, estimators)], rows))
    if decisions:
        rows = [(short(week), version, why or "", f"{learned:,}") for week, version, learned, why in decisions]
        parts.append(Table("Policies", ["Week", "Policy", "Why it ranks", "Judgements learned from"], rows, words=3))
    said = [] if found else ["`python -m jobs.ranking evaluate` has not been run for this week."]
    return Section("policies", "Policies and off-policy estimates", said, parts) if parts else None


def accuracy(facts: Facts) -> Section | None:
    """How good the models were, week by week, each beside what is trivial."""
    parts = []
    for title, stage, metric in ACCURACY:
        found = {_named(k): v for k, v in facts.metric(stage, metric).items() if "standard_error" not in k}
        if not found:
            continue
        newest = {name: max(values) for name, values in found.items()}
        order = sorted(found, key=lambda name: (newest[name] != facts.week, name))
        parts.append(_series(facts, title, {name: found[name] for name in order}))
    return Section("accuracy", "Accuracy of the models", [], parts) if parts else None


def _reward(facts: Facts, group: str) -> list[tuple]:
    return facts.rows(REWARD.format(group=group))


def _interval(value: float, error: float) -> tuple[str, str]:
    return f"{value:.3f}", f"{max(value - NORMAL * error, 0):.3f} to {min(value + NORMAL * error, 1):.3f}"


def _estimate(bounds: Mapping[str, float] | None) -> str:
    if not bounds or "value" not in bounds:
        return "–"
    interval = f" ({bounds['low']:.3f} to {bounds['high']:.3f})" if {"low", "high"} <= bounds.keys() else ""
    return f"{bounds['value']:.3f}{interval}"


def _curves(facts: Facts, title: str, rows: list[tuple]) -> Plot:
    weeks = sorted({row[0] for row in rows})
    parts = sorted({row[1] for row in rows})
    curves = {
        part: [
            plots.Point(weeks.index(week), value, max(value - NORMAL * error, 0), min(value + NORMAL * error, 1))
            for week, of, value, _, _, error in rows
            if of == part
        ]
        for part in parts
    }
    told = [
        (short(week), part, *_interval(value, error), f"{places:,}", f"{listeners:,}")
        for week, part, value, places, listeners, error in sorted(rows, key=lambda row: (row[0], row[1]), reverse=True)
    ]
    head = ["Lists of", "", "Reward", "95 % interval", "Places", "Listeners"]
    drawn = plots.lines(title, [short(week) for week in weeks], curves)
    return Plot(title, drawn, Table(title, head, told, words=2), parts)


def _series(facts: Facts, title: str, found: dict[str, dict[date, float]]) -> Plot:
    place = {week: at for at, week in enumerate(facts.weeks)}
    shown = dict(list(found.items())[: len(plots.SERIES)])
    curves = {
        name: [plots.Point(place[week], value) for week, value in sorted(values.items()) if week in place]
        for name, values in shown.items()
    }
    weeks = [week for week in reversed(facts.weeks) if any(week in values for values in found.values())]
    rows = [(short(week), *numbers([v.get(week) for v in found.values()])) for week in weeks]
    drawn = plots.lines(title, facts.labels(), curves)
    return Plot(title, drawn, Table(title, ["Week", *found], rows), list(shown))


def _named(dimension: str) -> str:
    return dimension.removeprefix("model=") or "all"
