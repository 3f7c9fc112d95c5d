# One command per thing. `make setup` comes first by itself, and does nothing when nothing changed.

VENV    := .venv
STAMPS  := $(VENV)/.stamps
BIN     := $(VENV)/bin
UV      := $(shell command -v uv 2>/dev/null)
PYTHON  ?= $(shell for p in python3.13 python3.12 python3.11 python3; do \
             $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
# Two processes share the tests; whole files stay together, so each real server starts once a process.
WORKERS ?= 2
ARGS    ?=

.DEFAULT_GOAL := help
.PHONY: help setup demo test lint format bench accept-1 accept-2 accept-3 accept-4 fuzz mutants newcomer servers ui lock clean

help: ## list what can be made
	@grep -E '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

setup: $(STAMPS)/project ## install everything into .venv, with .venv/bin/escalate

$(STAMPS)/venv:
ifneq ($(UV),)
	@test -x $(BIN)/python || uv venv --quiet --no-python-downloads --python '>=3.11' $(VENV)
else
	@test -n "$(PYTHON)" || { echo "escalate needs Python 3.11 or newer; none is on the PATH" >&2; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
endif
	@mkdir -p $(STAMPS) && touch $@

$(STAMPS)/lock: requirements.lock $(STAMPS)/venv
	@echo "escalate: installing what requirements.lock pins …" >&2
ifneq ($(UV),)
	@uv pip install --python $(BIN)/python --require-hashes -r requirements.lock
else
	@$(BIN)/python -m pip --version >/dev/null 2>&1 || $(BIN)/python -m ensurepip --default-pip >/dev/null
	@$(BIN)/python -m pip install --require-hashes -r requirements.lock
endif
	@touch $@

# The build backend is pinned in the lock as well: nothing unhashed is fetched here.
$(STAMPS)/project: pyproject.toml $(STAMPS)/lock
ifneq ($(UV),)
	@uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .
else
	@$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .
endif
	@touch $@

demo: setup ## everything embedded on localhost, seeded, to play with
	@$(BIN)/escalate demo $(ARGS)

test: setup servers ## every test; real servers are installed where they may be
	@$(BIN)/pytest -n $(WORKERS) --dist loadfile $(ARGS)

servers: setup ## the real servers the tests need: Temporal, Request Tracker, mail, Postgres, Chromium
	@$(BIN)/python -m tests.servers.install

lint: setup ## rules, layout, types, layers
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

format: setup ## lay out the code
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

bench: setup ## measure the budgets of the design
	@$(BIN)/python -m bench $(ARGS)

accept-1: setup servers ## one JSON line per acceptance criterion
	@$(BIN)/python -m bench.accept_1 $(ARGS)

accept-2: setup servers ## the same for the runbook library
	@$(BIN)/python -m bench.accept_2 $(ARGS)

accept-3: setup servers ## the same for people and tickets
	@$(BIN)/python -m bench.accept_3 $(ARGS)

accept-4: setup servers ## the same for proof
	@$(BIN)/python -m bench.accept_4 $(ARGS)

fuzz: setup ## 100,000 spoilt webhooks for every verifier, against its oracle (docs/webhook-strictness.md); JSON on stdout
	@$(BIN)/python -m tests.fuzz $(ARGS)

mutants: setup ## small mistakes in the code that decides, area by area: which of them no test notices; JSON on stdout
	@$(BIN)/python -m bench.mutation $(ARGS)

newcomer: setup ## run the code blocks of README and docs, and say how long they took
	@$(BIN)/python -m bench.newcomer $(ARGS)

ui: setup ## build Temporal's own Web UI once (shown beside the demo)
	@$(BIN)/python -m deploy.build_ui

lock: ## write both locks anew from pyproject.toml (needs uv)
	uv pip compile pyproject.toml --group dev --group build --universal --python-version 3.11 \
	  --generate-hashes --no-emit-index-url --no-emit-find-links --no-header --quiet -o requirements.lock
	uv pip compile pyproject.toml --group build --universal --python-version 3.11 \
	  --generate-hashes --no-emit-index-url --no-emit-find-links --no-header --quiet \
	  -c requirements.lock -o deploy/runtime.lock

clean: ## remove everything made here; the per-user cache of built servers stays
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis build dist
