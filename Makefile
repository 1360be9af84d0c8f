# Everything a developer or a newcomer does. Needs Python 3.11+ and make; the rest is installed here.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.ready
OUT    ?= netpos-demo
#: Tests of the numbers and of reading, without browser, wheel and golden files.
CORE   := tests/graph tests/indicators tests/ingest tests/analysis
NUMERIC := tests/graph tests/indicators tests/oracle tests/analysis \
           netpos/graph netpos/indicators netpos/analysis

.DEFAULT_GOAL := help
.PHONY: help setup demo test check browser bench fuzz golden clean \
        bench-organisations licences spark floors coverage mutants calibrate

help:  ## list the targets
	@awk -F':.*## ' '/^[a-z-]+:.*## /{printf "  %-19s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(STAMP)  ## build .venv with netpos in it; nothing happens when nothing changed

$(STAMP): pyproject.toml constraints.txt hatch_build.py \
          netpos/ingest/native/lens_scan.c netpos/graph/native/sums.c netpos/indicators/native/draws.c
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[fetch,test,dev]'
	$(BIN)/python -m compileall -q netpos  # kept also where Python itself may not
	@touch $@

demo: setup  ## run the main job on the bundled input and say which page to open
	$(BIN)/netpos demo --out $(OUT)
	$(BIN)/netpos science data/demo_synthetic_works.jsonl.gz \
	  --technologies data/demo_synthetic_topics.toml --out $(OUT)/science
	$(BIN)/netpos run data/demo_synthetic_citing.jsonl.gz --papers data/demo_synthetic_works.jsonl.gz \
	  --draws 100 --no-sensitivity --out $(OUT)/papers
	$(BIN)/netpos companies data/demo_synthetic_companies.csv --out $(OUT)/companies
	$(BIN)/netpos chain --science $(OUT)/science --patents $(OUT) --companies $(OUT)/companies \
	  --out $(OUT)/chain
	$(BIN)/netpos intensity data/demo_synthetic_sectors.csv --benchmark DE,SE,BE --out $(OUT)/intensity
	$(BIN)/netpos complexity data/demo_synthetic_trade.csv --focal NL --out $(OUT)/complexity

browser: setup
	@$(BIN)/python scripts/ensure_chromium.py

test: setup browser  ## all tests
	$(BIN)/python -m pytest -n auto --dist loadfile --no-loadscope-reorder

check: setup  ## format, lint, types, import directions, licences
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python scripts/licences.py --check

golden: setup  ## renew the golden files; read the diff before committing
	$(BIN)/python -m pytest tests/golden --golden-update

fuzz: setup  ## damage 5,000 files at random and see that nothing is lost
	$(BIN)/python -m tests.fuzz.run --files 5000

bench: setup  ## compare with a peer script in the same run; BENCH=--quick for a short one
	$(BIN)/python benchmarks/run.py $(BENCH) --into docs/performance.md

bench-organisations: setup  ## half a million organisations, eight million links, in 4 GiB
	@mkdir -p benchmarks/results
	$(BIN)/python benchmarks/organisations.py > benchmarks/results/.organisations.md
	mv benchmarks/results/.organisations.md benchmarks/results/organisations.md

licences: setup  ## list and check the licences of all libraries
	$(BIN)/python scripts/licences.py

spark: setup  ## the same links and sums from DuckDB, Spark and netpos; needs Java
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[spark]'
	$(BIN)/python -m pytest tests/analysis/test_engines.py tests/analysis/test_aggregates.py

floors: setup  ## core tests with the lowest versions that pyproject.toml allows
	test -x .venv-floors/bin/python || $(PYTHON) -m venv .venv-floors
	$(BIN)/python scripts/floors.py > .venv-floors/floors.txt
	.venv-floors/bin/python -m pip install --quiet --disable-pip-version-check \
	    -c .venv-floors/floors.txt -e '.[test]'
	.venv-floors/bin/python -m pytest $(CORE)

mutants: setup  ## change the numeric code in small ways; the tests must notice
	$(BIN)/python -m scripts.mutants --sample 150

calibrate: setup  ## how often intervals hold the truth, into docs/methods.md; goes on where it stopped
	OPENBLAS_NUM_THREADS=1 POLARS_MAX_THREADS=1 $(BIN)/python scripts/calibrate.py

coverage: setup  ## lines of the numeric modules that their tests run: 95 % at least
	$(BIN)/python -m pytest -q $(NUMERIC) -n auto --dist loadfile \
	    --cov=netpos.graph --cov=netpos.indicators --cov=netpos.analysis \
	    --cov-report=term-missing:skip-covered --cov-fail-under=95

bench-maps: setup browser  ## how soon maps, and the pages of `make demo`, can be read in Chromium
	$(BIN)/python benchmarks/maps.py $(wildcard $(OUT)/index.html $(OUT)/dependence.html)

bench-located: setup  ## publications and bulk tables as sources, at two sizes each
	$(BIN)/python benchmarks/located.py --into docs/performance.md

bench-world: setup  ## worlds of up to ten million records: hours, 40 GB of disk; BENCH=--quick: minutes
	$(BIN)/python benchmarks/world_bench.py $(BENCH) --into docs/performance.md

clean:  ## remove what the targets above made
	rm -rf $(VENV) .venv-floors $(OUT) build dist .pytest_cache .mypy_cache .ruff_cache

.PHONY: bench-maps bench-located bench-world crash hostile release

release: setup  ## wheels for every system and the source distribution into dist/, checked
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[release]'
	$(BIN)/python scripts/release.py --into dist

crash: setup  ## kill commands 200 times and see that the next run ends as if nothing was
	$(BIN)/python -m tests.crash.run --kills 200

hostile: setup  ## read bombs of 10 GB and lines of 1 GB, and say what they cost
	$(BIN)/python -m tests.hostile.bombs
