# The commands of the project. `make` lists them; everything they need is installed on the first call.
SHELL := /bin/bash
.DEFAULT_GOAL := menu
PYTHON ?= python3
BIN := .venv/bin
STAMP := .venv/.installed-$(shell sha256sum requirements.lock | cut -c1-12)

.PHONY: menu test check format lock reset

menu: ## Show this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

test: $(STAMP) ## Run every test
	@$(BIN)/python -m scripts.ensure_chromium
	@$(BIN)/python -m pytest $(ARGS)

check: $(STAMP) ## Everything that can be checked without running a test
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy .
	@$(BIN)/lint-imports
	@$(BIN)/djlint --check --lint --quiet templates
	@$(BIN)/djlint --check --lint --quiet --profile jinja --ignore J018,H006,H017,H030,H031 sandbox
	@$(BIN)/python -m scripts.check_django

format: $(STAMP) ## Put code and templates into shape
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .
	-@$(BIN)/djlint --reformat --quiet templates
	-@$(BIN)/djlint --reformat --quiet --profile jinja --ignore J018,H006,H017,H030,H031 sandbox

lock: $(STAMP) ## Pin every dependency again, with hashes and without addresses
	@$(BIN)/python -m scripts.lock

reset: $(STAMP) ## Delete the embedded database and all that is in it
	@$(BIN)/python -m config.postgres reset

# A virtual environment without ensurepip (Debian without python3-venv) gets its pip from a package it can install.
$(STAMP):
	@$(PYTHON) scripts/make_venv.py
	@rm -f .venv/.installed-*
	@touch $@
