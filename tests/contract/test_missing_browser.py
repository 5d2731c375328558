"""Without a browser the tests in one do not exist, and the run says so; where one is required, the run fails."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def collect(tmp_path: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Collect the tests in a browser on a machine that has none."""
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "--collect-only", "-p", "no:cacheprovider", "tests/browser"],
        cwd=ROOT,
        env=os.environ | {"PATH": str(tmp_path)} | environment,
        capture_output=True,
        text=True,
        check=False,
    )


def test_missing_browser_is_stated_and_nothing_is_collected(tmp_path):
    run = collect(tmp_path, BROWSER="")
    assert run.returncode == pytest.ExitCode.NO_TESTS_COLLECTED
    assert run.stdout.count("make browser") == 1
    assert "skipped" not in run.stdout


def test_missing_browser_is_a_failure_where_it_is_required(tmp_path):
    run = collect(tmp_path, BROWSER="required")
    assert run.returncode == pytest.ExitCode.USAGE_ERROR
    assert "make browser" in run.stderr


def test_continuous_integration_installs_the_browser_and_requires_it():
    commands = (ROOT / ".ci" / "run").read_text().splitlines()
    assert commands[-2:] == ["make browser", "BROWSER=required exec make test"]
