# Everything a developer or a newcomer does. Needs Python 3.11+ and make; the rest is installed here.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.ready
OUT    ?= netpos-demo

.DEFAULT_GOAL := help
.PHONY: help setup demo test check browser bench fuzz golden clean

help:  ## list the targets
	@awk -F':.*## ' '/^[a-z-]+:.*## /{printf "  %-9s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(STAMP)  ## build .venv with netpos in it; nothing happens when nothing changed

$(STAMP): pyproject.toml constraints.txt
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[test,dev]'
	@touch $@

demo: setup  ## run the main job on the bundled input and say which page to open
	$(BIN)/netpos demo --out $(OUT)

browser: setup
	@$(BIN)/python scripts/ensure_chromium.py

test: setup browser  ## all tests
	$(BIN)/python -m pytest -n auto --dist loadfile

check: setup  ## format, lint, types, import directions
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

golden: setup  ## renew the golden files; read the diff before committing
	$(BIN)/python -m pytest tests/golden --golden-update

fuzz: setup  ## damage 5,000 files at random and see that nothing is lost
	$(BIN)/python -m tests.fuzz.run --files 5000

bench: setup  ## compare with a peer script in the same run
	$(BIN)/python benchmarks/run.py

clean:  ## remove what the targets above made
	rm -rf $(VENV) $(OUT) build dist .pytest_cache .mypy_cache .ruff_cache

.PHONY: crash hostile

crash: setup  ## kill commands 200 times and see that the next run ends as if nothing was
	$(BIN)/python -m tests.crash.run --kills 200
