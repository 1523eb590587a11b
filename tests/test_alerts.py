"""Alerts go into the log and to a webhook, a real server on loopback."""

import json
import subprocess
import sys
import threading
from datetime import date
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from jobs import alerts
from jobs.alerts import Alert
from jobs.settings import ROOT, settings

WEEK = date(2026, 11, 23)
ALERT = Alert("reward", WEEK, "0.100 of the places were streamed")


@pytest.fixture
def webhook(monkeypatch):
    """What a webhook received; `status` is what it answers with."""
    received = []

    class Handler(BaseHTTPRequestHandler):
        status = 200

        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            received.append((self.path, self.headers["Content-Type"], json.loads(body)))
            self.send_response(Handler.status)
            self.end_headers()

        def log_message(self, *_):
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setenv("DISCOVER_ALERTS_WEBHOOK", f"http://127.0.0.1:{server.server_port}/hook/secret")
    settings.cache_clear()
    received_by = type("Webhook", (), {"received": received, "handler": Handler})
    yield received_by
    server.shutdown()
    server.server_close()


def test_an_alert_is_in_the_log_and_at_the_webhook(webhook, caplog):
    alerts.send([ALERT])
    assert "ALERT, reward, week 2026-11-23: 0.100 of the places were streamed" in caplog.text
    assert webhook.received == [
        (
            "/hook/secret",
            "application/json",
            {
                "kind": "reward",
                "week": "2026-11-23",
                "text": "Discover Weekly, reward, week 2026-11-23: 0.100 of the places were streamed",
            },
        )
    ]


def test_a_webhook_that_refuses_is_a_line_in_the_log_that_holds_no_secret(webhook, caplog):
    webhook.handler.status = 500
    alerts.send([ALERT, ALERT])
    assert len(webhook.received) == 2
    assert "did not take it: HTTPError 500" in caplog.text
    assert "secret" not in caplog.text


@pytest.mark.parametrize("address", ["http://127.0.0.1:1/secret", "nonsense secret", "ftp://127.0.0.1:1/secret"])
def test_a_webhook_that_is_not_there_is_a_line_in_the_log_that_holds_no_secret(address, caplog, monkeypatch):
    monkeypatch.setenv("DISCOVER_ALERTS_WEBHOOK", address)
    settings.cache_clear()
    alerts.send([ALERT])
    assert "did not take it" in caplog.text
    assert "secret" not in caplog.text


def test_without_a_webhook_the_log_is_all(caplog):
    alerts.send([ALERT])
    assert caplog.text.count("\n") == 1


def test_a_job_whose_audit_fails_alerts_and_ends_with_status_2(webhook, home):
    code = (
        "import argparse\nfrom jobs import cli\nfrom jobs.lake.audits import AuditFailed\n"
        "def main():\n    raise AuditFailed('table tracks: no song twice in a list: 3 rows')\n"
        "cli.run(argparse.ArgumentParser(), main)"
    )
    ended = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert ended.returncode == 2
    assert "ALERT, failed_audit" in ended.stderr
    ((_, _, told),) = webhook.received
    assert told["kind"] == "failed_audit"
    assert "no song twice in a list" in told["text"]


def test_an_alert_about_a_wrong_setting_is_in_the_log(caplog, monkeypatch):
    monkeypatch.setenv("DISCOVER_RANKING_EPSILON", "7")
    settings.cache_clear()
    alerts.send([ALERT])
    assert "ALERT, reward" in caplog.text
