# The two commands: `make demo` and `make test`. `make check` before every commit; `make bench` to measure.
SHELL := /bin/bash
.DEFAULT_GOAL := help
VENV := .venv
BIN := $(VENV)/bin
PACKAGES := config provision notify intake
export PYTHONUTF8 := 1

.PHONY: help demo test check format bench lock clean

help:
	@echo "make demo    the program at work on embedded defaults; leaves its results in demo-out/"
	@echo "make test    set up and run all the tests (as root, installs the servers that are missing)"
	@echo "make check   format, lint, strict types, import rules"
	@echo "make bench   measure against the bare floor"
	@echo "make lock    pin newer versions of the dependencies"
	@echo "make clean   remove what these commands made"

$(VENV)/.runtime: requirements.lock pyproject.toml .ci/make-venv
	@.ci/make-venv $(VENV) requirements.lock
	@touch $@

$(VENV)/.dev: requirements-dev.lock pyproject.toml .ci/make-venv
	@.ci/make-venv $(VENV) requirements-dev.lock
	@touch $(VENV)/.runtime $@

demo: $(VENV)/.runtime
	@$(BIN)/gestion demo --folder demo-out

test: $(VENV)/.dev
	@.ci/test

check: $(VENV)/.dev
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy $(PACKAGES) tests benchmarks
	@PATH="$(BIN):$$PATH" lint-imports

format: $(VENV)/.dev
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

bench: $(VENV)/.dev
	@.ci/install-servers
	@$(BIN)/python -m benchmarks

lock:
	@.ci/lock --upgrade

clean:
	rm -rf $(VENV) demo-out bench-out .mypy_cache .ruff_cache .hypothesis .import_linter_cache *.egg-info
