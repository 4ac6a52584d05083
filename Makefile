# The harness. `make help` lists the targets; every one sets up what it needs.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# Tests and scenarios use the real data set where it is at hand.
export MAMMOGRAPHY_DATA ?= $(wildcard $(abspath ../shared/data/mammographic_masses.data))

LOCK := uv pip compile --universal --generate-hashes --no-emit-index-url --no-header --python-version 3.11 --quiet

.DEFAULT_GOAL := help
.PHONY: help setup test check lint types imports scenarios bench lock clean

help: ## List the targets
	@grep -hE '^[a-z%-]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-20s %s\n", $$1, $$2}'
	@echo "  scenarios:"; for s in scenarios/*.py; do n=$$(basename $$s .py); grep -q "^def scenario_$$n" $$s && echo "    make scenario-$$n" | tr _ - ; done; true

setup: $(VENV)/.ready ## Make .venv with everything pinned (once; the only step that needs a network)

$(VENV)/.ready: requirements.txt requirements-uv.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "error: Python 3.11 or newer is needed; name one with make PYTHON=python3.12")'
	@echo "setting up $(VENV), once"
	@$(PYTHON) -m venv --clear $(VENV)
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-uv.txt
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes -r requirements.txt \
		|| $(BIN)/pip install --disable-pip-version-check --require-hashes -r requirements.txt
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --offline --no-build-isolation --no-deps -e .
	@$(BIN)/python -m compileall -q harness fake_accounts images pipelines scenarios
	@touch $@

scenario-%: $(VENV)/.ready ## Run one scenario, e.g. make scenario-outliers
	@$(BIN)/harness scenario $* --report reports/$*.html $(if $(IAM),--iam $(IAM))

scenarios: $(VENV)/.ready ## Run every scenario
	@$(BIN)/pytest scenarios -s

test: $(VENV)/.ready ## Run every test, and the scenarios with them
	@$(BIN)/pytest tests/unit -n 2 --dist loadfile
	@$(BIN)/pytest tests/e2e scenarios

check: lint types imports test ## What CI runs: lint, types, import contracts, tests and scenarios

lint: $(VENV)/.ready
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .

types: $(VENV)/.ready
	@$(BIN)/mypy

imports: $(VENV)/.ready
	@$(BIN)/lint-imports --no-cache

bench: $(VENV)/.ready ## Measure; prints the table of the README
	@$(BIN)/python -m bench

lock: ## Renew requirements.txt from pyproject.toml (needs uv)
	$(LOCK) pyproject.toml --extra dev -o requirements.txt
	echo uv | $(LOCK) - -o requirements-uv.txt

clean: ## Remove what the targets made
	rm -rf $(VENV) .harness reports .pytest_cache .mypy_cache .ruff_cache .hypothesis *.egg-info
