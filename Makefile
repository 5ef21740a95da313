# The commands of the project. `make` lists them; everything they need is installed on the first call.
SHELL := /bin/bash
.DEFAULT_GOAL := menu
PYTHON ?= python3
BIN := .venv/bin
STARTED := $(shell date +%s)
# A stamp names the lock it was installed from, so a changed lock is installed again. What only runs needs half of it.
STAMP := .venv/.installed-$(shell cksum < requirements.lock | cut -d' ' -f1)
RUN_STAMP := .venv/.installed-run-$(shell cksum < requirements-run.lock | cut -d' ' -f1)
JINJA := --profile jinja --ignore J018,H006,H017,H030,H031

.PHONY: menu run reset test check lint types contracts templates django format lock docs screenshots

menu: ## Show this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

run: $(or $(wildcard $(STAMP)),$(RUN_STAMP)) ## Try it: shops, warehouse, workers and pages on this machine (PORT=8000)
	@$(BIN)/python -m scripts.run --follow-parent --started $(STARTED) $(if $(PORT),--port $(PORT)) $(ARGS)

reset: $(or $(wildcard $(STAMP)),$(RUN_STAMP)) ## Delete what make run has kept
	@$(BIN)/python -m scripts.reset

test: $(STAMP) ## Run every test (ARGS="tests/unit -q" for some)
	@$(BIN)/python -m scripts.run_tests $(ARGS)

check: $(STAMP) ## Everything that can be checked without running a test; all of it, whatever fails
	@$(MAKE) --no-print-directory --keep-going lint types contracts templates django

lint: $(STAMP)
	@$(BIN)/ruff format --check . && shaped=0 || shaped=1; $(BIN)/ruff check . && exit $$shaped

types: $(STAMP)
	@$(BIN)/mypy .

contracts: $(STAMP)
	@$(BIN)/lint-imports

templates: $(STAMP)
	@$(BIN)/djlint --check --lint --quiet templates && ours=0 || ours=1; \
		$(BIN)/djlint --check --lint --quiet $(JINJA) sandbox && exit $$ours

django: $(STAMP)
	@$(BIN)/python -m scripts.check_django

format: $(STAMP) ## Put code and templates into shape
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .
	-@$(BIN)/djlint --reformat --quiet templates
	-@$(BIN)/djlint --reformat --quiet $(JINJA) sandbox

lock: $(STAMP) ## Pin every dependency again, with hashes and without addresses
	@$(BIN)/python -m scripts.lock

docs: $(STAMP) ## Write the generated tables of docs/ again
	@$(BIN)/python -m scripts.write_docs

screenshots: $(STAMP) ## Take docs/screenshots again, from a running make run
	@$(BIN)/python -m scripts.screenshots $(ARGS)

$(STAMP): requirements.lock
	@$(PYTHON) scripts/make_venv.py requirements.lock
	@rm -f .venv/.installed-*
	@touch $@

$(RUN_STAMP): requirements-run.lock
	@$(PYTHON) scripts/make_venv.py requirements-run.lock
	@rm -f .venv/.installed-*
	@touch $@
