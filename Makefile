# Every target sets up what it needs: on a fresh machine Python 3.11+ and make are enough.
PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
PIP    := $(BIN)/python -m pip --disable-pip-version-check
RUN    := $(VENV)/.runtime
DEV    := $(VENV)/.dev
DEMO   ?= build/demo

.PHONY: help demo test check bench calibration figures demo-data fonts docs build clean

help:            ## list the targets
	@grep -E '^[a-z-]+: .*##' $(MAKEFILE_LIST) | sed 's/:.*##/  -/'

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "netgen needs Python 3.11 or newer; found $$($(PYTHON) --version). Set PYTHON=/path/to/python3.11"; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(RUN): $(BIN)/python requirements/runtime.txt pyproject.toml
	$(PIP) install --quiet -r requirements/runtime.txt
	$(PIP) install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

$(DEV): $(RUN) requirements/dev.txt
	$(PIP) install --quiet -r requirements/dev.txt
	@touch $@

demo: $(RUN)     ## analyse the embedded cohort and say where the results are
	$(BIN)/netgen associate demo --out $(DEMO) --force

test: $(DEV)     ## run the tests with branch coverage
	$(BIN)/python -m pytest -n auto --dist worksteal --cov=netgen --cov-report=term:skip-covered --cov-fail-under=95

check: $(DEV)    ## format, lint, types, import contracts, docstrings
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python tests/check_docstrings.py

bench: $(DEV)    ## time the yardsticks against R and Python peers, in one run, and write docs/benchmarks.md
	$(BIN)/python -m benchmarks --write docs/benchmarks.md

calibration: $(DEV) ## simulate level, coverage and power, and write docs/calibration.md with its figures
	$(BIN)/python -m benchmarks.calibration

figures: $(RUN)  ## draw the figures of the README
	$(BIN)/netgen associate demo --out build/figures --force
	$(BIN)/netgen oncoprint demo --out build/oncoprint --force
	cp build/figures/figures/km_os_ATRX.png build/figures/figures/forest_os.png build/oncoprint/oncoprint.png docs/figures/

demo-data: $(RUN) ## write the embedded cohort again from its table
	$(BIN)/python -m netgen.data.make_demo netgen/data/demo

fonts: $(RUN)    ## write the small fonts of the figures again from DejaVu Sans
	$(BIN)/python -m netgen.plots.make_fonts netgen/data/fonts

docs: $(DEV)     ## write the reference pages, run the tutorial, draw the gallery, build the site in build/docs
	$(BIN)/python -m netgen.report.reference docs/reference
	$(BIN)/python docs/build.py build/docs

build: $(DEV)    ## wheel and source distribution
	$(BIN)/python -m build --no-isolation

clean:           ## remove what the other targets made
	rm -rf $(VENV) build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis .coverage*
