"""Pure modules reach no database, no HTTP, no clock and no settings: found by their names, not by a list."""

from pathlib import Path

import pytest

from tools.pure_modules import ROOT, forbidden_imports, is_pure, pure_modules

MODULES = pure_modules()


@pytest.mark.parametrize("path", MODULES, ids=str)
def test_pure_module_reaches_no_io(path: Path):
    assert forbidden_imports(path) == []


@pytest.mark.parametrize(
    ("path", "pure"),
    [
        ("api/statistics/intervals.py", True),
        ("api/submissions/reading/csv_reader.py", True),
        ("api/releases/queries_jobs.py", False),
        ("api/outcomes/routes_released.py", False),
        ("api/releases/job.py", False),
        ("api/http/problems.py", False),
        ("api/app.py", False),
    ],
)
def test_rule_reads_the_name_of_a_module(path: str, *, pure: bool):
    assert is_pure(Path(path)) is pure


def test_test_finds_what_it_looks_for():
    [chain, *_] = forbidden_imports(Path("api/plan/queries.py"))
    assert chain.startswith("api.plan.queries -> ")
    assert (ROOT / "api/plan/queries.py").is_file()


def test_most_modules_are_pure():
    assert len(MODULES) > 60
