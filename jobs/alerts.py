"""Alerts: what a person should look at, in the log and, where one is set, to a webhook."""

import json
import logging
import urllib.error
import urllib.request
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import date

from pydantic import ValidationError

from jobs.settings import settings

TIMEOUT = 10.0  # seconds that a webhook has to answer
LONGEST = 3000  # characters of a message that goes to a webhook

log = logging.getLogger("discover")


@dataclass(frozen=True)
class Alert:
    """kind: failed_task, failed_audit, short_lists, coverage, reward or silent_source; text: a sentence."""

    kind: str
    week: date | None
    text: str


def send(alerts: Iterable[Alert]) -> None:
    """Tell about the alerts. A webhook that does not answer is one more line in the log, and no error."""
    try:
        url = settings().alerts.webhook.get_secret_value()
    except ValidationError:  # a wrong setting, which is what the alert is about
        url = ""
    for alert in alerts:
        log.error("ALERT, %s, week %s: %s", alert.kind, alert.week or "unknown", alert.text)
        if url:
            _post(url, alert)


def _post(url: str, alert: Alert) -> None:
    """POST an alert as JSON: kind, week, and text, which is what chat services show."""
    text = f"Discover Weekly, {alert.kind.replace('_', ' ')}, week {alert.week or 'unknown'}: {alert.text}"
    content = asdict(alert) | {"week": alert.week and alert.week.isoformat(), "text": text[:LONGEST]}
    try:
        request = urllib.request.Request(  # noqa: S310 - the address is a setting
            url, json.dumps(content).encode(), {"Content-Type": "application/json"}, method="POST"
        )
        with urllib.request.urlopen(request, timeout=TIMEOUT):  # noqa: S310
            pass
    except (OSError, ValueError, urllib.error.HTTPError) as error:
        # The address often holds a secret, and so may the error: only its kind is said.
        status = getattr(error, "code", None)
        log.warning("the webhook for alerts did not take it: %s %s", type(error).__name__, status or "")
