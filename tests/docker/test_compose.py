"""docker-compose.yml and its image: valid, no secret in them, nothing open to the network, everything checked."""

import os
import re
import shutil
import subprocess

import pytest
import yaml

from jobs.settings import ROOT

COMPOSE = ROOT / "docker-compose.yml"
ONCE = {"init", "ingest"}  # services that do something and end
SECRETS = {"POSTGRES_PASSWORD", "AIRFLOW_ADMIN_PASSWORD", "AIRFLOW_JWT_SECRET", "AIRFLOW_SECRET_KEY",
           "AIRFLOW_FERNET_KEY"}  # fmt: skip


@pytest.fixture(scope="module")
def services():
    return yaml.safe_load(COMPOSE.read_text())["services"]


def compose_client():
    """The command of Docker's own client, which needs no daemon to check a file; None where it is not installed."""
    for command in (["docker", "compose"], ["docker-compose"]):
        if shutil.which(command[0]) and subprocess.run([*command, "version"], capture_output=True).returncode == 0:
            return command
    return None


CLIENT = compose_client()
needs_client = pytest.mark.skipif(CLIENT is None, reason="no docker compose on this machine")


def config(folder, **environment):
    """The file as Docker understands it, with these variables alone."""
    empty = folder / "empty.env"
    empty.touch()
    command = [*CLIENT, "--file", str(COMPOSE), "--env-file", str(empty), "config"]
    keep = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    return subprocess.run(command, env=keep | environment, capture_output=True, text=True, timeout=60)


@needs_client
def test_docker_takes_the_file_and_every_address_has_its_password(tmp_path):
    given = {name: f"{name.lower()}-value" for name in SECRETS} | {"DISCOVER_SCRAPE_USER_AGENT": "Bot (+mailto:a@b.c)"}
    shown = config(tmp_path, **given)
    assert shown.returncode == 0, shown.stderr
    scheduler = yaml.safe_load(shown.stdout)["services"]["scheduler"]["environment"]
    assert scheduler["DISCOVER_CATALOG_URI"] == "postgresql+psycopg2://discover:postgres_password-value@postgres/lake"


@needs_client
@pytest.mark.parametrize("missing", sorted(SECRETS))
def test_nothing_starts_without_a_secret(missing, tmp_path):
    given = dict.fromkeys(SECRETS - {missing}, "x") | {"DISCOVER_SCRAPE_USER_AGENT": "x"}
    shown = config(tmp_path, **given)
    assert shown.returncode != 0
    assert missing in shown.stderr
    assert ".env.example" in shown.stderr


def test_every_service_of_the_plan_is_there(services):
    assert set(services) == {
        "postgres", "init", "api-server", "scheduler", "dag-processor", "triggerer", "spark-master", "spark-worker",
        "ingest",
    }  # fmt: skip


def test_all_services_are_of_one_image_and_bounded(services):
    assert {service["image"] for service in services.values()} == {"discover-weekly"}
    for service in services.values():
        assert service["mem_limit"]
        assert service["cap_drop"] == ["ALL"]


def test_services_are_checked_and_restarted(services):
    for name in set(services) - ONCE:
        assert services[name]["healthcheck"]["test"][0] == "CMD", name
        assert services[name]["restart"] == "unless-stopped", name


def test_a_spark_master_that_was_restarted_knows_what_runs(services):
    assert "recoveryMode=FILESYSTEM" in services["spark-master"]["environment"]["SPARK_MASTER_OPTS"]


def test_ports_are_open_to_this_machine_only(services):
    published = [port for service in services.values() for port in service.get("ports", [])]
    assert published
    assert all(port.startswith("127.0.0.1:") for port in published)


def test_a_secret_comes_from_the_environment_and_has_no_default(services):
    for name, service in services.items():
        for variable, value in service.get("environment", {}).items():
            if re.search("PASSWORD|SECRET|KEY|CONN|URI|POSTGRES", variable):
                assert re.search(r"\$\{\w+:\?[^}]+\}", value), f"{name}: {variable}"


def test_the_example_names_every_variable_and_holds_no_secret():
    used = set(re.findall(r"\$\{(\w+)", COMPOSE.read_text()))
    example = dict(line.split("=", 1) for line in (ROOT / ".env.example").read_text().splitlines() if "=" in line
                   and not line.startswith("#"))  # fmt: skip
    assert set(example) == used
    assert {name for name, value in example.items() if not value} == SECRETS
    assert ".env" in (ROOT / ".gitignore").read_text().splitlines()


def test_a_shell_reads_the_example_as_docker_does():
    show = 'set -eu; . ./.env.example; printf %s "$DISCOVER_SCRAPE_USER_AGENT"'
    shown = subprocess.run(["bash", "-c", show], cwd=ROOT, capture_output=True, text=True)
    assert shown.returncode == 0, shown.stderr
    assert shown.stdout.endswith("#crawler)")


def test_what_services_run_is_in_the_image(services):
    dockerfile = (ROOT / "Dockerfile").read_text()
    scripts = {path.name for path in (ROOT / "docker").iterdir()}
    for service in services.values():
        program = (service.get("entrypoint") or service["command"].split())[0]
        assert program in scripts | {"airflow", "python", "spark-class"}
        assert service.get("healthcheck", {"test": ["CMD", "healthy"]})["test"][1] in scripts | {"pg_isready"}
    for script in scripts:
        assert os.access(ROOT / "docker" / script, os.X_OK)
    assert re.search("^FROM debian:bookworm-slim$", dockerfile, re.MULTILINE)
    assert re.search("^USER discover$", dockerfile, re.MULTILINE)
    allowed = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    assert set(re.findall(r"^COPY (\S+) ", dockerfile, re.MULTILINE)) == allowed
