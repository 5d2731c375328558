# `make run` serves the API, `make test` tests it; both set themselves up. Python 3.11 or later is all they need.
PYTHON ?= python3
PURE := api/statistics/*,api/*/rules.py,api/plan/catalogue.py,api/submissions/[cfirt]*.py,api/partners/keys.py
BIN := .venv/bin

.PHONY: run test check attack contract lock look

run: .venv/run.txt
	@$(BIN)/python -m api run

test: check
	$(BIN)/python -m coverage run -m pytest -q
	$(BIN)/python -m coverage report -m --fail-under=100 --include='$(PURE)'
	TEST_POSTGRES=18 $(BIN)/python -m pytest -q tests/partner tests/contract/test_migrations.py

check: .venv/dev.txt
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/basedpyright
	$(BIN)/lint-imports

attack: .venv/dev.txt
	$(BIN)/python tests/attacks/full.py

contract: .venv/dev.txt
	$(BIN)/python -m api write-contract openapi.yaml
	$(BIN)/python tools/generate_sdk.py

lock: .venv/dev.txt
	cd requirements && for file in run dev; do ../$(BIN)/uv pip compile -q --upgrade --universal --python-version 3.11 \
		--generate-hashes --custom-compile-command "make lock" $$file.in -o $$file.txt; done

look: .venv/dev.txt
	$(BIN)/python tools/look.py

.venv/run.txt: requirements/run.txt
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@$(BIN)/pip install -q --disable-pip-version-check --require-hashes -r $<
	@cp $< $@

.venv/dev.txt: requirements/dev.txt sdk/pyproject.toml
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@$(BIN)/pip install -q --disable-pip-version-check --require-hashes -r $<
	@$(BIN)/pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e ./sdk
	@cp $< $@
