# `make demo` and `make test` set up what they need: a virtual environment in .venv, and the package in it.
PYTHON ?= python3
VENV := .venv
PIP := $(VENV)/bin/pip --quiet --disable-pip-version-check
export MPLBACKEND := Agg

.PHONY: demo test lint setup dev clean

demo: setup
	$(VENV)/bin/melisma demo --out out/demo

test: dev
	$(VENV)/bin/ruff check .
	$(VENV)/bin/python core/build.py
	$(VENV)/bin/python -m pytest

lint: dev
	$(VENV)/bin/ruff check .

# to play: the package alone, its core compiled
setup: $(VENV)/.ready

$(VENV)/.ready: pyproject.toml hatch_build.py
	test -x $(VENV)/bin/python || $(PYTHON) -m venv $(VENV)
	$(PIP) install -e .
	touch $@

# to train and to test: PyTorch and the rest
dev: $(VENV)/.dev

$(VENV)/.dev: $(VENV)/.ready requirements-dev.txt
	$(PIP) install -r requirements-dev.txt
	touch $@

clean:
	rm -rf $(VENV) out dist
