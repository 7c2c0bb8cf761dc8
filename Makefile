# `make help` lists what can be done.
SHELL := /bin/bash
.DEFAULT_GOAL := help
VENV ?= .venv
BIN := $(VENV)/bin
PORT ?= 8000
JOBS ?= 4
export VENV
# Compiled once for the many processes of the tests, whatever the shell says.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help run test suite lint types check soak bench lighthouse lock clean bootstrap bootstrap-dev bootstrap-test

help: ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

run: bootstrap ## the demo: migrate, seed, serve web and worker on 127.0.0.1 (PORT=8000)
	@PORT=$(PORT) bin/run.sh

test: bootstrap-dev ## every check and every test, within 15 minutes on 2 cores
	@# Types take one core a while; what the tests need is fetched and started beside them.
	@$(MAKE) --no-print-directory -j 2 check suite

suite: bootstrap-test ## the tests alone
	$(BIN)/python -m pytest -n $(JOBS) --dist loadgroup -m "not soak"

check: lint types ## style, types, imports, security lint
	$(BIN)/lint-imports --no-logo
	@# Findings of low severity are ruff's, which knows the exceptions written in the source.
	$(BIN)/bandit -q -ll -c pyproject.toml -r marketplace search

lint: bootstrap-dev ## ruff: rules and format
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: bootstrap-dev ## mypy, strict
	$(BIN)/mypy

soak: bootstrap-test ## the tests at their full counts (long)
	SOAK=1 $(BIN)/python -m pytest -n $(JOBS) --dist loadgroup --timeout 7200

bench: bootstrap-test ## benchmark ratios against bare libraries and peers
	@bin/bootstrap.sh bench
	@set -e; for file in tests/bench/*_bench.py; do \
	  $(BIN)/python -m "tests.bench.$$(basename "$$file" .py)"; \
	done

lighthouse: bootstrap-test ## Lighthouse and CSP evaluator on the main pages (needs Node.js)
	@bin/node-packages.sh
	$(BIN)/python -m tests.browser.lighthouse

lock: bootstrap ## pin the dependencies again (UPGRADE=1 takes newer versions)
	@bin/lock.sh $(if $(UPGRADE),--upgrade)

clean: ## remove the environment and caches; the data under var/ stays
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache build *.egg-info tests/browser/node_modules
	find . -name __pycache__ -type d -not -path './var/*' -prune -exec rm -rf {} +

bootstrap:
	@bin/bootstrap.sh runtime

bootstrap-dev:
	@bin/bootstrap.sh dev

bootstrap-test: bootstrap-dev
	@bin/test-packages.sh
