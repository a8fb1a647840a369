# Two words for a stranger: `make demo` and `make test`. Both set up .venv from the hashed lock first, and both may be run again.
SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
PY ?= python3
BIN := .venv/bin
CODE := policies connectors sync reports recordwarden sandbox

.PHONY: help venv dev demo test check unit tools campaign bench lock clean

help: ## What can be made
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 10

venv: .venv/.runtime ## The program: .venv/bin/recordwarden

.venv/bin/python:
	@$(PY) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Recordwarden needs Python 3.11 or newer; $(PY) is older. Say: make PY=python3.12 venv"; exit 1; }
	@$(PY) -m venv .venv 2>/dev/null || { rm -rf .venv; if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then echo "Installing python3-venv"; apt-get update -qq && apt-get install -y -qq python3-venv >/dev/null; else echo "Python's venv is missing. As root: apt-get install python3-venv"; exit 1; fi; $(PY) -m venv .venv; }

.venv/.runtime: requirements/runtime.txt pyproject.toml | .venv/bin/python
	@echo "Setting up .venv from requirements/runtime.txt (pinned, with hashes)"
	@$(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements/runtime.txt
	@$(BIN)/python -m pip install -q --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

.venv/.dev: requirements/dev.txt .venv/.runtime
	@echo "Adding what the tests need from requirements/dev.txt (pinned, with hashes)"
	@$(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements/dev.txt
	@touch $@

dev: .venv/.dev ## The program and everything that its tests need

demo: venv ## Tell the story: policy, two tenants, drift, repair, a lawsuit, the board's report (var/demo/)
	@$(BIN)/python -m recordwarden.drill.demo

test: dev check clients unit ## Lint, types, import contracts, then every test; .ci/run calls exactly this

.PHONY: clients
clients:
	@$(MAKE) --no-print-directory tools || echo "Clients that others wrote could not be had; what did not run for it is named in the last line."

check: dev ## Lint, types and import contracts
	@echo "== ruff";   $(BIN)/ruff check --no-cache $(CODE) tests
	@echo "== mypy --strict"; $(BIN)/mypy --no-error-summary
	@mkdir -p var; echo "== import contracts"; $(BIN)/lint-imports --no-cache --config .importlinter >var/import-contracts.txt 2>&1 || { cat var/import-contracts.txt; exit 1; }
	@echo "== duplicate code"; $(BIN)/pylint --disable=all --enable=duplicate-code --score=n --persistent=n $(CODE)

unit: dev ## Every test, in parallel
	@$(BIN)/python -m pytest -q -n auto --maxprocesses 8 --dist worksteal tests

tools: .tools/.made .tools/.node ## Clients that others wrote (GAM7, ScubaGoggles, CLI for Microsoft 365) in environments of their own, for the tests that run them against the sandbox

.tools/.made: requirements/tools.txt
	@echo "Setting up .tools/python from requirements/tools.txt (pinned, with hashes)"
	@rm -rf .tools/python && $(PY) -m venv .tools/python
	@.tools/python/bin/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements/tools.txt
	@touch $@

campaign: dev ## Two hundred seeded runs of holds and of labels with their rules in each cloud, every fault at every method, and the matrix of what was hit (ARGS="--runs N --seed S --cloud X --theatre holds")
	@$(BIN)/python -m tests.campaign.run $(ARGS)

.tools/.node: requirements/tools-node.json
	@command -v npm >/dev/null || { echo "npm is missing: CLI for Microsoft 365 is left out, and its tests will say so"; exit 0; }; \
	echo "Setting up .tools/node from requirements/tools-node.json"; \
	rm -rf .tools/node && mkdir -p .tools/node && cp requirements/tools-node.json .tools/node/package.json && \
	npm install --prefix .tools/node --no-package-lock --ignore-scripts --no-audit --no-fund --loglevel=error && touch $@

bench: dev ## Requests, wall time and peak memory of a run with nothing to do, beside a bare client (profile small; large by hand: python -m tests.bench.run --profile large)
	@$(BIN)/python -m tests.bench.run

lock: ## Pin again, with hashes and without addresses (needs uv)
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --no-annotate --no-header pyproject.toml requirements/build.in -o requirements/runtime.txt
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --no-annotate --no-header pyproject.toml requirements/build.in requirements/dev.in -o requirements/dev.txt
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --no-annotate --no-header requirements/tools.in -o requirements/tools.txt

clean: ## Forget the environment and what runs left behind
	rm -rf .venv .tools var
