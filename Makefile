# The harness. `make help` lists the targets; every one sets up what it needs.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
# Of this checkout, and not of the one that is installed: a CI server checks out another.
HARNESS := $(BIN)/python -m harness
# Named after what is in it: git gives files of another branch a new time.
READY := $(VENV)/.ready-$(shell cat requirements.txt requirements-uv.txt pyproject.toml | cksum | cut -d' ' -f1)
# make takes any name for a variable, and `plan=1` would deploy.
$(foreach name,plan confirm to stage account credentials endpoint runner images backend base,$(if $(findstring command,$(origin $(name))),$(error $(name)= is not known: make's \
	variables are in capitals here, PLAN=1)))
# Tests and scenarios use the real data set where it is at hand.
export MAMMOGRAPHY_DATA ?= $(wildcard $(abspath ../shared/data/mammographic_masses.data))

LOCK := uv pip compile --universal --generate-hashes --no-emit-index-url --no-header --python-version 3.11 --quiet

.DEFAULT_GOAL := help
.PHONY: help setup images localstack conformance conformance-calls test test-docker test-localstack check lint types imports scenarios bench lock clean regression notebook test-isolated test-sdk3

help: ## List the targets
	@grep -hE '^[a-z%-]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-20s %s\n", $$1, $$2}'
	@echo "  scenarios:"; for s in scenarios/*.py; do n=$$(basename $$s .py); grep -q "^def scenario_$$n" $$s && echo "    make scenario-$$n" | tr _ - ; done; true

setup: $(READY) ## Make .venv with everything pinned (once; the only step that needs a network)

$(READY):
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "error: Python 3.11 or newer is needed; name one with make PYTHON=python3.12")'
	@echo "setting up $(VENV), once"
	@$(PYTHON) -m venv --clear $(VENV)
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-uv.txt
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes -r requirements.txt \
		|| $(BIN)/pip install --disable-pip-version-check --require-hashes -r requirements.txt
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --offline --no-build-isolation --no-deps -e .
	@$(BIN)/python -m compileall -q harness fake_accounts engines images pipelines scenarios
	@touch $@

# RUNNER=docker, IMAGES=aws, BACKEND=localstack: what works behind the gateway.
ENGINES = $(if $(RUNNER),--runner $(RUNNER)) $(if $(IMAGES),--images $(IMAGES)) $(if $(BACKEND),--backend $(BACKEND))

# The harness that scenarios run on, of docker-compose.yml say; else the one that is up, or one of their own.
AT = $(if $(ENDPOINT),HARNESS_ENDPOINT=$(ENDPOINT))

scenario-%: $(READY) $(if $(filter docker,$(RUNNER)),images) ## Run one scenario, e.g. make scenario-outliers. IAM= RUNNER= IMAGES= BASE= BACKEND= ENDPOINT=
	@$(AT) $(HARNESS) scenario $* --report reports/$*.html $(if $(IAM),--iam $(IAM)) $(ENGINES)

images: $(READY) ## Build the images that RUNNER=docker runs, those that are not there yet; BASE= is what they are built on
	@$(HARNESS) images $(if $(BASE),--base $(BASE)) $(if $(IMAGES),--images $(IMAGES))

localstack: $(READY) ## A LocalStack without Docker, for BACKEND=localstack; it stays until Ctrl-C. PORT=
	@$(BIN)/python -m engines localstack $(if $(PORT),--port $(PORT))

scenarios: $(READY) $(if $(filter docker,$(RUNNER)),images) ## Run every scenario. RUNNER= IMAGES= BASE= BACKEND= ENDPOINT=
	@$(AT) HARNESS_RUNNER=$(RUNNER) HARNESS_IMAGES=$(IMAGES) HARNESS_BACKEND=$(BACKEND) $(BIN)/pytest scenarios -s

regression: $(READY) ## The clean scenario, from this checkout, on a harness of its own: what a merge has to pass
	@$(HARNESS) scenario clean --report reports/regression.html

DEPLOY = --target $* $(if $(PLAN),--plan) $(foreach s,$(STAGE),--stage $s) \
	$(foreach a,$(ACCOUNT),--account $a) $(if $(CREDENTIALS),--credentials $(CREDENTIALS)) $(if $(ENDPOINT),--endpoint $(ENDPOINT))

deploy-%: $(READY) ## deploy-aws, deploy-local: infra/, data, scripts, pipelines. PLAN=1 only shows; CONFIRM=prod TO=ref STAGE= ACCOUNT=
	@$(HARNESS) deploy $(DEPLOY) $(if $(CONFIRM),--confirm $(CONFIRM)) $(if $(TO),--to $(TO)) $(if $(MARKDOWN),--markdown $(MARKDOWN))

destroy-%: $(READY) ## destroy-aws, destroy-local: take it all back; asks on AWS
	@$(HARNESS) destroy $(DEPLOY)

terraform-%: $(READY) ## terraform-aws, terraform-local: Terraform as you type it: ARGS='plan' and ROOT= of infra/, or DIR= of your own
	@$(HARNESS) terraform --target $* $(if $(ROOT),--root $(ROOT)) $(if $(DIR),--dir $(DIR)) \
		$(if $(CREDENTIALS),--credentials $(CREDENTIALS)) $(if $(ENDPOINT),--endpoint $(ENDPOINT)) -- $(ARGS)

publish-log-%: $(READY) ## publish-log-aws, publish-log-local: a build's LOG= into CloudWatch Logs' GROUP= and STREAM= of ACCOUNT=
	@$(HARNESS) publish-log --target $* $(LOG) --group $(GROUP) --stream $(STREAM) $(if $(ACCOUNT),--account $(ACCOUNT))

test: $(READY) ## Run every test, and the scenarios with them
	@$(BIN)/pytest tests/unit -n 2 --dist loadfile
	@$(BIN)/pytest tests/e2e scenarios -n 2 --dist loadfile
	@$(BIN)/pytest tests/conformance

test-docker: $(READY) ## The docker runner, docker-compose.yml, and the conformance suite in containers; needs a Docker engine, or root to start one
	@$(BIN)/python -m engines docker -- sh -ec '$(HARNESS) images; $(BIN)/pytest tests/docker; HARNESS_RUNNER=docker $(BIN)/pytest tests/conformance'

test-localstack: $(READY) ## What is behind the gateway by URL, and the conformance suite, on a LocalStack without Docker; needs Python 3.13
	@$(BIN)/python -m engines localstack -- sh -ec '$(BIN)/pytest tests/unit/backends tests/e2e/test_backends_by_url.py; \
		HARNESS_BACKEND=localstack $(BIN)/pytest tests/conformance'

conformance: $(READY) ## What passes where: the suite on {moto, LocalStack} x {process, docker}, into docs/conformance.md
	@$(BIN)/python -m tests.conformance

conformance-calls: $(READY) ## Renew tests/conformance/calls.json, the API calls of the platform, from every scenario
	@$(BIN)/python -m tests.conformance.calls

notebook: $(READY) ## Run notebooks/dev.ipynb on the harness that is up; what it shows is in reports/dev.ipynb
	@mkdir -p reports && eval "$$($(HARNESS) env dev)" && \
		$(BIN)/jupyter-execute --output $(abspath reports/dev.ipynb) notebooks/dev.ipynb

test-sdk3: $(READY) ## The pipelines of examples/sdk_v3 beside those of pipelines/, on one harness (sagemaker 3: 1 GB, once)
	@SDK3=1 $(BIN)/pytest tests/e2e/test_sdk_v3.py

test-isolated: $(READY) ## Every test and scenario, with each packet recorded that would have left the machine
	@$(BIN)/python -m outgoing -- $(MAKE) test

check: lint types imports test test-sdk3 test-docker test-localstack ## What CI runs: lint, types, import contracts, tests and scenarios

lint: $(READY)
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .

types: $(READY)
	@$(BIN)/mypy

imports: $(READY)
	@$(BIN)/lint-imports --no-cache

bench: $(READY) ## Measure; prints the table of the README
	@$(BIN)/python -m bench

lock: ## Renew requirements.txt from pyproject.toml (needs uv)
	$(LOCK) pyproject.toml --extra dev -o requirements.txt
	for image in images/*/requirements.in; do \
		(cd $$(dirname $$image) && $(LOCK) -c ../../requirements.txt requirements.in -o requirements.txt) || exit 1; done
	cd engines && $(subst 3.11,3.13,$(LOCK)) localstack-requirements.in -o localstack-requirements.txt
	cd examples/sdk_v3 && $(LOCK) requirements.in -o requirements.txt
	echo uv | $(LOCK) - -o requirements-uv.txt

clean: ## Remove what the targets made
	@! find .harness -maxdepth 2 -name '*.tfstate' 2>/dev/null | grep . \
		|| { echo "error: that is the only state of a deployment that broke off; deploy or destroy again first"; exit 1; }
	rm -rf $(VENV) .venv-* .harness reports .pytest_cache .mypy_cache .ruff_cache .hypothesis *.egg-info
