# `make run` and `make test` do all of their own set-up; see `make help`.
#   PYTHON=python3.12    the Python that the virtual environment is made with
#   INSTALL_ARGS="..."   further arguments of pip install
#   RUN_ARGS="..."       further arguments of streamlit run
#   TEST_ARGS="..."      further arguments of pytest
#   WORKERS=3            how many processes share the tests, two of which drive a browser; 0: this one
# What is installed is what constraints.txt names: the versions that the tests passed with.

PYTHON ?= python3
WORKERS ?= 3
VENV ?= .venv
BIN = $(VENV)/bin
RUN_READY = $(VENV)/.ready-to-run
TEST_READY = $(VENV)/.ready-to-test

# An environment whose Python is gone, or which was never finished, is made anew.
ifneq ($(shell test -x $(BIN)/python && echo whole),whole)
$(shell rm -f $(RUN_READY) $(TEST_READY))
endif

.PHONY: help run test approve proof families lint format shots bench load mutants constraints lowest audit browser clean

help:
	@echo "make run     start the dashboard and open it in the browser"
	@echo "make test    check style, types, layers and sentences, and run every test"
	@echo "make approve  write anew what figures and pages show (tests/approved): read the diff"
	@echo "make proof   the long cases of tests that make test runs a shorter case of"
	@echo "make families  the library on nets of the package transformers (50 MB)"
	@echo "make lint    style, types, layers and sentences only"
	@echo "make format  put the code into its form"
	@echo "make shots   screenshots of every page into build/shots (PAGE=one_batch: of one)"
	@echo "make bench   measure speed against references, into build/bench.json"
	@echo "make load    30 visitors on one server, into build/load.json (LOAD=\"30 5 60\": 5 in Chromium, 60 s)"
	@echo "make constraints  put the newest versions that requirements*.txt allow into constraints.txt"
	@echo "make lowest       run the tests, but those in a browser, with the lowest they allow"
	@echo "make audit        look up known weaknesses of the versions in constraints.txt (needs pypi.org)"
	@echo "make mutants plant 200 faults, one at a time, and see which the tests notice: hours (MUTANTS=20)"
	@echo "make clean   remove what was built; the virtual environment and the runs stay"

run: $(RUN_READY)
	@$(BIN)/python -m streamlit run app.py $(RUN_ARGS)

test: lint browser
	@$(BIN)/python -m pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder $(TEST_ARGS)

approve: $(TEST_READY)
	@APPROVE=1 $(BIN)/python -m pytest -q $$(find tests -name test_approved.py)
	@git status --short tests/approved

proof: lint browser
	@$(BIN)/python -m pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder -m proof $(TEST_ARGS)

families: $(TEST_READY)
	@$(BIN)/python -m pip install --quiet $(INSTALL_ARGS) -c constraints.txt -r requirements-families.txt
	@HF_HUB_OFFLINE=1 $(BIN)/python -m pytest -m proof tests/test_zoo.py

lint: $(TEST_READY)
	@$(BIN)/python -m ruff check --quiet .
	@$(BIN)/python -m ruff format --quiet --check . || { echo "Some files are not in form: make format"; exit 1; }
	@$(BIN)/python -m mypy
	@$(BIN)/lint-imports --no-logo
	@$(BIN)/python -m tools.sentences

format: $(TEST_READY)
	@$(BIN)/python -m ruff check --quiet --fix-only .
	@$(BIN)/python -m ruff format .

shots: $(TEST_READY) browser
	@$(BIN)/python -m tools.shots $(PAGE)

load: $(TEST_READY) browser
	@$(BIN)/python -m tools.load $(LOAD)

bench: $(TEST_READY) browser
	@$(BIN)/python -m tools.bench $(BENCH)

# Run `make test` afterwards: only versions that pass belong there. A build of PyTorch for one kind
# of machine (2.13.0+cpu) is written as the version that every machine can have.
constraints:
	@mkdir -p build && $(PYTHON) -m venv --clear build/newest
	@build/newest/bin/python -m pip install $(INSTALL_ARGS) -r requirements-dev.txt
	@build/newest/bin/python -m pip freeze | sed 's/+.*//' > constraints.txt

lowest:
	@mkdir -p build && $(PYTHON) -m venv --clear build/lowest
	@cat requirements.txt requirements-cluster.txt requirements-postgresql.txt \
		requirements-tensorboard.txt | sed -n 's/\[.*\]//; s/>=\([^,]*\).*/==\1/p' > build/lowest.txt
	@build/lowest/bin/python -m pip install $(INSTALL_ARGS) -c build/lowest.txt -r requirements-dev.txt
	@build/lowest/bin/python -m pytest -m "not browser" -n $(WORKERS) $(TEST_ARGS)

audit:
	@mkdir -p build && $(PYTHON) -m venv --clear build/audit
	@build/audit/bin/python -m pip install --quiet $(INSTALL_ARGS) pip-audit
	@build/audit/bin/pip-audit --strict --no-deps --disable-pip -r constraints.txt

mutants: $(TEST_READY)
	@nice -n 19 $(BIN)/python -m tools.mutants $(MUTANTS)

# The browser found last time is good as long as it is there.
browser: $(TEST_READY)
	@test -x "$$(cat $(VENV)/.browser 2>/dev/null)" || $(BIN)/python -m tools.browser

clean:
	rm -rf build .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis *.egg-info
	find app.py bnviz pages tests tools -name __pycache__ -type d -prune -exec rm -rf {} +

# A stamp is touched only after everything was installed, so that what was interrupted is redone.
$(RUN_READY): requirements.txt constraints.txt
	@$(MAKE) --no-print-directory .environment
	@echo "Installing what the dashboard needs into $(VENV); the first time takes minutes."
	@$(BIN)/python -m pip install --disable-pip-version-check $(INSTALL_ARGS) -c constraints.txt -r requirements.txt
	@touch $@

$(TEST_READY): requirements.txt requirements-dev.txt constraints.txt
	@$(MAKE) --no-print-directory .environment
	@echo "Installing what the tests need into $(VENV); the first time takes minutes."
	@$(BIN)/python -m pip install --disable-pip-version-check $(INSTALL_ARGS) -c constraints.txt -r requirements-dev.txt
	@touch $(RUN_READY) $@

.PHONY: .environment
.environment:
	@$(PYTHON) -c "" 2>/dev/null || { echo "No Python at '$(PYTHON)'. Install Python 3.11 or newer, or name one: make PYTHON=/path/to/python3"; exit 1; }
	@$(PYTHON) -c "import sys; sys.exit(sys.version_info < (3, 11))" || { \
		echo "bnviz needs Python 3.11 or newer, and '$(PYTHON)' is $$($(PYTHON) --version 2>&1). Name a newer one: make PYTHON=python3.12"; exit 1; }
	@$(BIN)/python -c "import sys; sys.exit(sys.version_info < (3, 11))" 2>/dev/null || $(PYTHON) -m venv --clear $(VENV) || { \
		echo "Python could not make a virtual environment; on Debian and Ubuntu: apt-get install python3-venv"; exit 1; }
	@$(BIN)/python -m pip --version >/dev/null 2>&1 || $(BIN)/python -m ensurepip --upgrade
