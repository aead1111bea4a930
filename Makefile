# Two commands: `make report` and `make test`. Each builds .venv on its first run, and again when
# the packages it needs have changed. Another Python: `make report PYTHON=python3.12`.

PYTHON ?= python3
BIN = .venv/bin

.PHONY: report test clean

report: .venv/ready-report
	$(BIN)/qi-analysis report

test: .venv/ready-test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/pytest -n 2 --dist loadfile

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
