# One command to start, one to test. Everything lives in .venv, made on first use.

VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
TEST_WORKERS ?= 3

.PHONY: run test check pictures bench faults fuzz wheels setup
.DEFAULT_GOAL := run

## run: open the arena; where standard output is no terminal, run the sample headless and print the ranks
run: $(READY)
	@if [ -t 1 ]; then exec $(BIN)/genearena; fi; \
	exec $(BIN)/genearena run --rank

# Without compiled files pytest would rewrite every assertion again in each worker (4 s of processor time).
test check pictures faults: export PYTHONDONTWRITEBYTECODE =

## test: every test but the slow ones and those that need a GPU
test: $(READY)
	@$(BIN)/python -m pytest -n $(TEST_WORKERS)

## check: style, types, import contracts, pictures and tests
check: $(READY)
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/python tools/pictures.py --check
	@$(BIN)/python -m pytest -n $(TEST_WORKERS)

## pictures: the pictures of README and docs and the tour, made anew (a minute); look at them before a commit
pictures: $(READY)
	@$(BIN)/python tools/pictures.py

## bench: all benchmarks, or `make bench ONLY=name`
bench: $(READY)
	@$(BIN)/python -m benchmarks $(ONLY)

## faults: the long form of the fault injection (the short form is part of `make test`)
faults: $(READY)
	@GENEARENA_PROGRAMS=20000 GENEARENA_KILLS=500 GENEARENA_UNREAD=600 GENEARENA_READING=30 GENEARENA_HOLDING=400 \
	  $(BIN)/python -m pytest tests/faults tests/store/test_state_machine.py -m faults --timeout 14400

## fuzz: coverage-guided fuzzing of the parsers, SECONDS for each (60 unless told)
fuzz: $(READY)
	@$(BIN)/python -m pip install -qq --disable-pip-version-check -c constraints.txt -e '.[fuzz]'
	@$(BIN)/python tests/fuzz/coverage_guided.py $(or $(SECONDS),60)

## wheels: a folder of wheels (wheels/) that installs genearena where there is no network; see docs/installing.md
wheels: $(READY)
	@$(BIN)/python -m pip wheel -qq --disable-pip-version-check -c constraints.txt -w wheels '.[sample,gpu,serve,figures]'
	@echo "pip install --no-index --find-links wheels 'genearena[sample,figures]'" >&2

## setup: make or refresh .venv
setup: $(READY)

$(READY): pyproject.toml constraints.txt
	@echo "Setting up $(VENV) with the tested versions (a few minutes the first time)." >&2
	@if ! $(BIN)/python -c "import sys" 2>/dev/null; then \
	  for python in python3 python3.13 python3.12 python3.11; do \
	    if $$python -c "import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))" 2>/dev/null; then \
	      found=$$python; break; \
	    fi; \
	  done; \
	  if [ -z "$$found" ]; then echo "genearena needs Python 3.11, 3.12 or 3.13 on the PATH." >&2; exit 2; fi; \
	  $$found -m venv --clear $(VENV); \
	fi
	@$(BIN)/python -m pip install -qq --disable-pip-version-check -c constraints.txt -e '.[dev]'
	@$(BIN)/python -m compileall -q engine store tui
	@touch $@
