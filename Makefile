# The commands of this project. Each does its own set-up: a virtual environment pinned by constraints.txt.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
# Two test processes on two cores: more threads each only get in each other's way.
TEST_ENV := OMP_NUM_THREADS=1 HF_HUB_OFFLINE=1 TOKENIZERS_PARALLELISM=false

.PHONY: bench-setup bench-data-setup setup demo test test-fast lint types contracts format clean

setup: $(STAMP)

$(STAMP): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "Luthier needs Python 3.11 or newer; name one with: make PYTHON=python3.12 ...")'
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "Installing Luthier and its pinned dependencies into $(VENV) (a few minutes the first time) ..."
	@$(BIN)/python -m pip install -qq --disable-pip-version-check -c constraints.txt -e ".[dev]"
	@touch $@

demo: setup  ## Fine-tune the embedded model on the restaurant reviews and print the scores
	@rm -rf runs/demo
	@$(BIN)/luthier run examples/restaurant_reviews/recipe.yaml --output runs/demo

test: setup  ## All tests
	@$(TEST_ENV) $(BIN)/python -m pytest -n 2 --dist worksteal

test-fast: setup  ## The tests that take no more than a moment each
	@$(TEST_ENV) $(BIN)/python -m pytest -n 2 --dist worksteal -m "not slow and not data"

lint: setup  ## Style, types and the order of rooms
	@$(BIN)/ruff check src tests
	@$(BIN)/ruff format --check src tests
	@$(MAKE) --no-print-directory types contracts

types: setup
	@$(BIN)/mypy

contracts: setup
	@$(BIN)/lint-imports

format: setup
	@$(BIN)/ruff check --fix src tests
	@$(BIN)/ruff format src tests

clean:
	rm -rf $(VENV) .venv-ci .mypy_cache .ruff_cache .pytest_cache .hypothesis build dist

BENCH := .venv-bench .venv-bench-swift .venv-bench-factory
BENCH_INSTALL := -m pip install -qq --disable-pip-version-check
TORCH = $(shell grep '^torch==' constraints.txt)

# One environment each, since the peers' ranges exclude each other's. LLaMA-Factory comes without torchvision and
# torchaudio, of which the builds for other devices break the imports, and with Luthier, whose ranges its own
# exclude, for the model and the rows alone.
bench-setup: $(BENCH:=/bin/python)  ## The peers that benchmarks/engine.py measures against
	@.venv-bench/bin/python $(BENCH_INSTALL) -c constraints.txt -e . trl==1.16.0
	@.venv-bench-swift/bin/python $(BENCH_INSTALL) $(TORCH) -e . ms-swift==4.6.0 transformers==5.19.0 peft==0.20.0
	@.venv-bench-factory/bin/python $(BENCH_INSTALL) $(TORCH) transformers==5.6.0 peft==0.18.1 trl==0.24.0 \
		accelerate==1.11.0 datasets==4.0.0 omegaconf sentencepiece scipy matplotlib 'av<=16.0.0' pydantic
	@.venv-bench-factory/bin/python $(BENCH_INSTALL) --no-deps llamafactory==0.9.5 -e .

# Data-Juicer asks for older releases of what `datasets` needs, so not beside Luthier; neither needs torch for this.
bench-data-setup: .venv-bench-data/bin/python  ## The peers that benchmarks/cleaning.py compares with
	@.venv-bench-data/bin/python $(BENCH_INSTALL) py-data-juicer==1.6.1 datatrove==0.10.1 \
		aiohttp scipy tokenizers 'xxhash<4'

$(BENCH:=/bin/python) .venv-bench-data/bin/python:
	@$(PYTHON) -m venv $(@:/bin/python=)
