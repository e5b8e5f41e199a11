PYTHON ?= python3
VENV ?= .venv
RUN = $(VENV)/bin/

.PHONY: demo test check bench torture clean

demo: $(VENV)/installed
	$(RUN)paperround demo $(ARGS)

test: $(VENV)/ready
	$(RUN)pytest -n 2 --dist worksteal $(ARGS)

check: $(VENV)/ready
	$(RUN)ruff check .
	$(RUN)ruff format --check .
	$(RUN)mypy
	$(RUN)pytest -q tests/test_imports.py

torture: $(VENV)/ready
	PAPERROUND_TORTURE=1 $(RUN)pytest -n 2 tests/domain tests/matching tests/sources \
		tests/pipeline/test_ledger_invariants.py tests/store/test_any_order.py \
		tests/faults/test_killed.py $(ARGS)

bench: $(VENV)/ready
	$(RUN)python -m tests.bench $(ARGS)

$(VENV)/installed: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(RUN)pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable .
	touch $@

$(VENV)/ready: $(VENV)/installed
	$(RUN)pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev]'
	touch $@

clean:
	rm -rf $(VENV) build dist
