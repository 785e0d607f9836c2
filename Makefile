# Every target makes the environment that it needs first; a machine with Python 3.11-3.13 is enough.
# ARGS goes to the tool inside: make test ARGS="tests/text -k offsets"

VENV := .venv
PYTHON ?= $(shell for python in python3 python3.13 python3.12 python3.11 python; do \
	$$python .ci/environment.py --check >/dev/null 2>&1 && echo $$python && break; done)
LOCKS := pyproject.toml requirements.lock pretrained.lock .ci/environment.py
RUN := $(VENV)/bin/python
ENVIRONMENT = $(or $(PYTHON),$(error no Python of the versions that pyproject.toml names was found; \
	name one with make PYTHON=...)) .ci/environment.py

# The suite runs in two processes, each file in one of them: make test WORKERS=0 for one.
# Tiny models gain nothing from more threads, over which the processes would contend.
WORKERS ?= 2
ONE_THREAD := OMP_NUM_THREADS=1 TF_NUM_INTRAOP_THREADS=1 TF_NUM_INTEROP_THREADS=1
PYTEST := -m pytest -n $(WORKERS) --dist loadfile --durations=10

export TF_CPP_MIN_LOG_LEVEL ?= 3

.DEFAULT_GOAL := help
.PHONY: help setup demo test check format bench bench-peers build test-wheel parity lock clean

help: ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(VENV)/.stamp ## make .venv with everything that development and the demo need

$(VENV)/.stamp: $(LOCKS)
	$(ENVIRONMENT) $(VENV) --editable .
	@touch $@

demo: setup ## fine-tune MiniLM on the library intents, export it, answer questions
	$(RUN) examples/quickstart.py $(ARGS)

test: setup ## run the test suite
	$(ONE_THREAD) $(RUN) $(PYTEST) $(ARGS)

check: setup ## lint, formatting, types, direction of imports
	$(RUN) -m ruff check .
	$(RUN) -m ruff format --check .
	$(RUN) -m mypy
	$(RUN) -m pytest tests/test_imports.py

format: setup ## format the code and repair what the linter can
	$(RUN) -m ruff check --fix .
	$(RUN) -m ruff format .

bench: setup ## print every table of benchmarks/, with its date
	@set -e; for file in $(or $(ARGS),$(shell grep -l __main__ benchmarks/*.py)); do echo "== $$file"; $(RUN) $$file; done

# What cannot be installed here stands in the table as missing.
bench-peers: setup ## measure beside other implementations, each in an environment of its own
	-$(RUN) benchmarks/peers/run.py --make-environments
	$(RUN) benchmarks/peers/run.py $(ARGS)

build: setup ## build the sdist and, from it, the wheel into dist/
	rm -rf dist
	$(RUN) -m build --no-isolation

test-wheel: build ## run the suite of the sdist against the wheel, away from the source
	rm -rf .venv-wheel
	$(ENVIRONMENT) .venv-wheel dist/*.whl
	rm -rf build/sdist && mkdir -p build/sdist
	tar -xzf dist/*.tar.gz -C build/sdist --strip-components=1
	rm -rf build/sdist/keras_bert
	cd build/sdist && KERAS_BERT_TESTS_EXPECT=wheel $(ONE_THREAD) ../../.venv-wheel/bin/python $(PYTEST) $(ARGS)

parity: .venv-parity/.stamp ## compare with torch, transformers and the TensorFlow Model Garden
	KERAS_BERT_SEVERAL_PROCESSES=1 .venv-parity/bin/python -m pytest --durations=10 $(or $(ARGS),tests/parity tests/hub)

.venv-parity/.stamp: $(LOCKS)
	$(ENVIRONMENT) .venv-parity --editable .
	-$(ENVIRONMENT) .venv-parity --try ".[parity]" ".[official]"
	@touch $@

# Newer TensorFlows are supported and tested in CI; development stays on the oldest.
lock: setup ## write requirements.lock anew from pyproject.toml (ARGS=--upgrade for newer versions)
	printf '%s\n' 'tensorflow~=2.20.0' 'tensorflow-text~=2.20.0' | $(RUN) -m uv pip compile --quiet \
		--universal --python-version 3.11 --generate-hashes --no-header --constraint - \
		--extra dev --output-file requirements.lock pyproject.toml $(ARGS)

clean: ## remove everything that make made
	rm -rf $(VENV) .venv-wheel .venv-parity .venv-peers build dist .pytest_cache .ruff_cache .mypy_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
