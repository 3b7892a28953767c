# `make demo` and `make test` set up what they need: a virtual environment in .venv, and the package in it.
PYTHON ?= python3
VENV := .venv
export MPLBACKEND := Agg

.PHONY: demo test lint setup clean

demo: setup
	$(VENV)/bin/melisma demo --out out/demo

test: setup
	$(VENV)/bin/ruff check src tests runs
	$(VENV)/bin/python -m pytest

lint: setup
	$(VENV)/bin/ruff check src tests runs

setup: $(VENV)/.ready

# torch first and pinned: a bare range would bring gigabytes for GPUs that may not be there
$(VENV)/.ready: pyproject.toml requirements-dev.txt
	test -x $(VENV)/bin/python || $(PYTHON) -m venv $(VENV)
	$(VENV)/bin/pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	$(VENV)/bin/pip install --quiet --disable-pip-version-check -e .
	$(VENV)/bin/python core/build.py
	touch $@

clean:
	rm -rf $(VENV) out dist
