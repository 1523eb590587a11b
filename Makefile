# The two commands are `make weekly` and `make test`; `make help` lists the rest.
SHELL := /bin/bash
.DEFAULT_GOAL := help
.SUFFIXES:

export DISCOVER_HOME := $(abspath $(or $(DISCOVER_HOME),.discover))
PYTHON ?= $(shell command -v python3.11 || command -v python3)
PY := .venv/bin/python
WEEK_OPTION = $(if $(WEEK),--week $(WEEK))

.PHONY: help
help: ## list these commands
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | while IFS=$$'\t' read -r name what; do \
	  printf '  make %-14s %s\n' "$$name" "$$what"; done
	@echo "  DISCOVER_HOME says where everything lives (now $(DISCOVER_HOME)); WEEK=YYYY-MM-DD chooses a week."

.PHONY: setup
setup: .venv/.ready ## make .venv from requirements.txt and find or install Java

.venv/.ready: requirements.txt
	@$(PYTHON) -c 'import sys; v = sys.version_info[:2]; sys.exit(v != (3, 11) and f"Python 3.11 is needed, $(PYTHON) is {v[0]}.{v[1]}: set PYTHON=/path/to/python3.11")'
	@echo "Setting up .venv (about two minutes, and 4 GB)"
	@test -x $(PY) || $(PYTHON) -m venv .venv
	@$(PY) -m pip install --quiet --disable-pip-version-check "$$(grep '^uv==' requirements.txt)"
	@.venv/bin/uv pip sync --compile-bytecode --python $(PY) requirements.txt
	@$(PY) -m jobs.java
	@$(PY) -m jobs.spark || echo "Spark's classes are not recorded: its jobs start slower, nothing else changes"
	@touch $@

# Spark's JVMs live for seconds here: compiling quickly beats compiling well (QUICK in jobs/spark.py).
QUICK_JAVA = -XX:TieredStopAtLevel=1 -Xss16m -XX:ReservedCodeCacheSize=240m

.PHONY: weekly
weekly: export DISCOVER_SPARK_JAVA_OPTIONS ?= $(QUICK_JAVA)
weekly: setup ## make the sample world, run the weekly DAG on it through Airflow, show the playlists
	@$(PY) -m jobs.sample make $(WEEK_OPTION)
	@$(PY) -m jobs.sample serve -- dags/run-weekly $(WEEK)
	@$(PY) -m jobs.publish show $(WEEK_OPTION)

# Three processes for two cores: tests wait a good part of their time, for servers, processes and delays.
.PHONY: test
test: setup ## pass the tests (all but the slow ones), on two cores
	@$(PY) -m pytest -m "not slow" -n 3 --dist loadfile $(PYTEST_ARGS)

.PHONY: test-slow
test-slow: setup ## pass the slow tests too: the real chain through Airflow
	@$(PY) -m pytest -m slow $(PYTEST_ARGS)

.PHONY: lint
lint: setup ## ruff: rules and format
	@.venv/bin/ruff check .
	@.venv/bin/ruff format --check .

.PHONY: sql
sql: setup ## ask the tables in SQL, at a prompt
	@$(PY) -m jobs.query

.PHONY: airflow
airflow: setup ## Airflow's own UI with the DAGs, on http://localhost:8080 (PORT=... for another)
	@dags/airflow-env dags/ui $(PORT)

.PHONY: docs
docs: setup ## write the data dictionary from the contracts
	@$(PY) -m schemas.dictionary

.PHONY: requirements
requirements: setup ## pin the versions of requirements.in anew
	@.venv/bin/uv pip compile --quiet --upgrade --no-header --no-annotate --python-version 3.11 requirements.in -o requirements.txt
	@.venv/bin/uv pip compile --quiet --upgrade --no-header --no-annotate --python-version 3.11 -c requirements.txt benchmarks/requirements.in -o benchmarks/requirements.txt

.PHONY: benchmark-peers
benchmark-peers: setup ## install what the benchmarks measure against (`python -m benchmarks.NAME --help`)
	@.venv/bin/uv pip install --quiet --python $(PY) -r benchmarks/requirements.txt

.PHONY: clean
clean: ## remove what `make weekly` made (not .venv)
	@rm -rf "$(DISCOVER_HOME)" .pytest_cache .ruff_cache .hypothesis
