# Everything a newcomer types. `make demo` and `make test` need Python 3.11, pip, make and apt.
VENV := .venv
PYTHON := $(VENV)/bin/python
PIP := $(PYTHON) -m pip install --quiet --disable-pip-version-check

.DEFAULT_GOAL := help
.PHONY: help install demo test faults check lint types walls conventions browser bench docs lock clean

help:
	@echo "make demo    start everything with a recorded demo tenant"
	@echo "make test    every test, on real servers"
	@echo "make check   lint, types, walls between rooms, conventions"
	@echo "make faults  every row of the fault matrix, on real processes"
	@echo "make bench   figures, side by side"

$(VENV)/run: requirements/run.txt pyproject.toml
	python3 -m venv $(VENV) || { apt-get update -qq && apt-get install -y -qq python3-venv && python3 -m venv $(VENV); }
	$(PIP) --require-hashes -r requirements/run.txt
	$(PIP) --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/dev: $(VENV)/run requirements/dev.txt
	$(PIP) --require-hashes -r requirements/dev.txt
	@touch $@

install: $(VENV)/run

demo: $(VENV)/run
	@exec $(VENV)/bin/assay demo

browser:
	@command -v chromium >/dev/null || { apt-get update -qq && apt-get install -y -qq chromium; }

test: $(VENV)/dev browser
	$(PYTHON) -m pytest -n 3 --dist loadgroup

lint: $(VENV)/dev
	$(PYTHON) -m ruff check .
	$(PYTHON) -m ruff format --check .

types: $(VENV)/dev
	$(PYTHON) -m mypy

walls: $(VENV)/dev
	$(VENV)/bin/lint-imports --no-cache

conventions: $(VENV)/dev
	$(PYTHON) -m pytest tests/conventions

check: lint types walls conventions

# The whole fault matrix on real processes, each row SEEDS times: make faults SEEDS=3
SEEDS := 1
faults: $(VENV)/dev
	@mkdir -p var && rm -f var/faults.jsonl
	FAULTS_FIGURES=$(CURDIR)/var/faults.jsonl $(PYTHON) -m pytest tests/faults -m "faults or smoke" \
		--seeds $(SEEDS) --junitxml=var/faults.xml $(FAULTS); code=$$?; \
		$(PYTHON) -m tests.faults.harness.report var/faults.xml var/faults.jsonl; exit $$code

bench: $(VENV)/dev
	$(PYTHON) -m bench

docs: $(VENV)/dev
	$(PYTHON) -m assay.documents

# The lists hold names, versions and hashes, nothing of where they came from.
lock:
	uv pip compile requirements/run.in -o requirements/run.txt $(LOCK)
	uv pip compile requirements/dev.in -o requirements/dev.txt $(LOCK)

LOCK := --universal --python-version 3.11 --generate-hashes --no-header --no-emit-index-url --no-annotate --quiet

clean:
	rm -rf $(VENV) var dist
