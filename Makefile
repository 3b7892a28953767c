# `make demo` and `make test` set up what they need: a virtual environment in .venv, and the package in it.
PYTHON ?= python3
VENV := .venv
PAGE := src/melisma/studio/page/index.html
PIP := $(VENV)/bin/pip --quiet --disable-pip-version-check
export MPLBACKEND := Agg

PYTHON_SOURCE := src tests runs bench core hosts studio docs hatch_build.py setup_venv.py
C_SOURCE = $(shell git ls-files '*.cpp' '*.h' '*.inl' '*.c')
# $(call untried,what): not silent, and in CI a failure
untried = { echo "NOT TRIED: $(1)" >&2; test -z "$$CI"; }

HOSTS := hosts/puredata hosts/plugin hosts/supercollider hosts/csound hosts/web

.PHONY: demo studio test page docs lint check format generate setup dev clean $(HOSTS)

demo: setup
	$(VENV)/bin/melisma demo --out out/demo

studio: setup $(PAGE)
	$(VENV)/bin/melisma studio

test: dev check
	$(VENV)/bin/python core/build.py
	$(MAKE) --no-print-directory -j2 $(HOSTS)
	$(VENV)/bin/python -m pytest -n auto --dist loadfile --no-loadscope-reorder --max-worker-restart=0  # a file is one process's, as its fixtures are
	$(MAKE) page

# two at once: much of each is one file's compiling, or a linker
$(HOSTS): hosts/%: dev
	$(VENV)/bin/python $@/build.py || $(call untried,$@)

# the studio's page: types, its document and curves, and a real browser (Debian's chromium) on a real server
page: setup $(PAGE)
	test -d studio/node_modules || $(VENV)/bin/python studio/build.py
	cd studio && npm run check && npm test
	if command -v chromium >/dev/null; then cd studio && npm run e2e; else $(call untried,the page in a browser: no chromium); fi

# what reads the source, and what commits are called, and runs nothing
lint: check
	bash .ci/subjects
	$(VENV)/bin/ruff format --check $(PYTHON_SOURCE)
	$(VENV)/bin/clang-format --dry-run -Werror $(C_SOURCE)
	test -d studio/node_modules || $(VENV)/bin/python studio/build.py
	cd studio && npm run check

check: dev
	$(VENV)/bin/ruff check $(PYTHON_SOURCE)
	$(VENV)/bin/mypy

format: dev
	$(VENV)/bin/ruff format $(PYTHON_SOURCE)
	$(VENV)/bin/clang-format -i $(C_SOURCE)

# the documentation, into out/docs
docs: dev
	$(VENV)/bin/python docs/tables.py
	$(VENV)/bin/python -m sphinx -W -q -b html docs out/docs

# the studio's page anew after a change; `setup` has built it with the package
$(PAGE): studio/build.py studio/package-lock.json studio/index.html $(shell find studio/src -type f) | setup
	$(VENV)/bin/python studio/build.py

# what C++, ctypes and JavaScript need of declarations that stand elsewhere
generate: setup
	$(VENV)/bin/python core/generate.py

# to play: the package alone, its core compiled and the studio's page built
setup: $(VENV)/.ready

$(VENV)/.ready: pyproject.toml hatch_build.py setup_venv.py
	@$(PYTHON) setup_venv.py $(VENV)
	@touch $@

# to train and to test: PyTorch and the rest
dev: $(VENV)/.dev

$(VENV)/.dev: $(VENV)/.ready requirements-dev.txt
	$(PIP) install --no-compile -r requirements-dev.txt  # what is imported is compiled then; PyTorch whole takes a minute
	touch $@

clean:
	rm -rf $(VENV) out dist
