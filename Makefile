# make report   the example's reports, in data/processed/example/reports
# make test     everything that CI runs: style, types and all tests, on two cores
# make check    style, types, and the tests of what has changed since main, within a minute
# make soak     the long simulations whole, ten minutes of nights of reports among them, and many
#               more examples of each property: forty minutes
#
# Each builds .venv on its first run, and again when the packages it needs have changed. Another
# Python: `make report PYTHON=python3.12`.

PYTHON ?= python3
BIN = .venv/bin
# Each worker takes the next whole file; tests/conftest.py puts the longest first. Four workers fill
# two cores, as many tests wait: for a limit of time, a browser or a process to end.
PYTEST = $(BIN)/pytest -n 4 --dist loadfile --no-loadscope-reorder

# What is compiled is kept: each of the hundreds of processes that tests start would compile it anew.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: report test check whole quick soak style clean

report: .venv/ready-report
	$(BIN)/qi-analysis report

# Style and types are checked while the tests run: each leaves a core idle at times.
test: .venv/ready-test
	@$(MAKE) --no-print-directory --jobs 2 style whole

check: .venv/ready-test
	@$(MAKE) --no-print-directory --jobs 2 style quick

whole:
	$(PYTEST)

quick:
	$(PYTEST) -m "not soak" $$($(BIN)/python tests/changed.py)

soak: .venv/ready-test
	QI_SOAK=1 $(PYTEST) -m "soak or hypothesis" tests

style: .venv/ready-test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/basedpyright

clean:
	rm -rf .venv

.venv/ready-report: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' || \
		{ echo "qi-analysis needs Python 3.11, 3.12 or 3.13: make $(MAKECMDGOALS) PYTHON=python3.12"; exit 1; }
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -e .
	@touch $@

.venv/ready-test: .venv/ready-report
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[test]'
	@touch $@
