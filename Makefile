# Thin on purpose: each target is a command or two that can be read here and run by hand.
PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready

.DEFAULT_GOAL := help
.PHONY: help demo serve test lint types explore clean

help: ## say what there is
	@awk -F':.*## ' '/^[a-z]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: $(READY) ## watch sessions at work, then watch two stores being judged
	@$(BIN)/python -m examples.demo

serve: $(READY) ## play with the example application in a browser
	@$(BIN)/python -m examples.app

test: $(READY) ## run every test
	$(BIN)/pytest -n 2 --dist worksteal

lint: $(READY) ## check style, types and architecture
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports
	$(BIN)/mypy
	$(BIN)/pyright
	VIRTUAL_ENV=$(CURDIR)/.venv PATH=$(CURDIR)/$(BIN):$$PATH pyright --verifytypes jwtsession --ignoreexternal

explore: $(READY) ## walk every reachable state of the rotation law, and print the table
	PYTHONPATH=tests/support $(BIN)/python -m exploration

clean: ## remove the environment and everything built
	rm -rf .venv build dist

$(READY): requirements-dev.txt constraints.txt pyproject.toml $(wildcard */pyproject.toml)
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "jwtsession needs Python 3.11 or newer; name one with: make PYTHON=python3.12 ..."; exit 1; }
	@echo "Creating the environment in .venv (a minute or two, once)"
	@$(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -r requirements-dev.txt
	@touch $(READY)
