# make run: the page on http://127.0.0.1:7860   make test: all tests   make soak: those that take long   make check: ruff and mypy   make bench: times and memory   make bench-verdicts EVAL=folder: the check of sentences
PYTHON ?= python3
PORT ?= 7860
BIN := .venv/bin
PEER := tests/benchmarks/peer
PIP := python -m pip install --quiet --disable-pip-version-check

.PHONY: install run test soak check format bench bench-verdicts chromium postgresql clean

install: .venv/run.stamp

run: .venv/run.stamp
	@$(BIN)/rag serve --port $(PORT) --samples data/samples

test: .venv/dev.stamp chromium postgresql
	$(BIN)/python -m pytest -n 2

soak: .venv/dev.stamp chromium postgresql
	$(BIN)/python -m pytest -m soak --timeout=3600 -rP
	RAG_SCREENSHOTS=tests/browser/output $(BIN)/python -m pytest tests/browser

check: .venv/dev.stamp
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	MYPYPATH=docs/programs $(BIN)/mypy docs/programs

format: .venv/dev.stamp
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: .venv/dev.stamp .venv-llamaindex/run.stamp
	$(BIN)/python -m tests.benchmarks.beside_llamaindex --write
	$(BIN)/python -m tests.benchmarks.beside_llamaindex --memory 500,5000 --write
	$(BIN)/python -m tests.benchmarks.growth --write

bench-verdicts: .venv/dev.stamp
	$(BIN)/python -m tests.benchmarks.checkers $(EVAL) --write

chromium:
	@sh tests/browser/chromium.sh

postgresql:
	@sh tests/postgresql.sh

clean:
	rm -rf .venv .venv-llamaindex build *.egg-info .mypy_cache .ruff_cache .pytest_cache

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Footnote needs Python 3.11 or newer; set PYTHON=python3.11" >&2; exit 1; }
	$(PYTHON) -m venv .venv

.venv/run.stamp: pyproject.toml constraints.txt | $(BIN)/python
	@echo "Installing into .venv (some minutes, once)"
	$(BIN)/$(PIP) -c constraints.txt -e .
	@touch $@

.venv/dev.stamp: pyproject.toml constraints.txt | $(BIN)/python
	@echo "Installing into .venv (some minutes, once)"
	$(BIN)/$(PIP) -c constraints.txt -e '.[dev]'
	@touch .venv/run.stamp $@

.venv-llamaindex/run.stamp: $(PEER)/requirements.txt $(PEER)/constraints.txt
	$(PYTHON) -m venv .venv-llamaindex
	.venv-llamaindex/bin/$(PIP) -c $(PEER)/constraints.txt -r $(PEER)/requirements.txt
	@touch $@
