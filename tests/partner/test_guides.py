"""What the guides show works: each block is run in order, against a real server, and prints what stands below it."""

import contextlib
import io
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from api.docs.guides import FILES, GUIDE_NAMES
from tests.fixtures.server_process import ROOT, RunningServer, run_server
from work_health import WorkHealth
from work_health.cli.exit_codes import EXIT_CODE_MEANINGS, ExitCode

BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
PAIN = re.compile(r"^\| (\d+) \| (.+) \| (.+) \| (.+) \|$", re.MULTILINE)
TEST = re.compile(r"`(tests/[\w/]+\.py)::(test_\w+)`")


@pytest.fixture(scope="module")
def running() -> Iterator[RunningServer]:
    with run_server() as found:
        yield found


@pytest.fixture(scope="module")
def keys(running: RunningServer) -> dict[str, str]:
    return {
        "REVIEWER_KEY": running.issue_key("ohid", "review", "admin"),
        "PUBLISHER_KEY": running.issue_key("nottingham-city-council", "publish"),
        "COLLEAGUE_KEY": running.issue_key("nhs-nottingham-nottinghamshire-icb", "review"),
    }


@pytest.fixture
def here(running: RunningServer, keys: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Whoever reads the guide has the sandbox's key, and two reviewers' to look over their shoulders."""
    monkeypatch.setenv("WORK_HEALTH_URL", running.address)
    monkeypatch.setenv("WORK_HEALTH_KEY", running.key)
    for name, key in keys.items():
        monkeypatch.setenv(name, key)
    monkeypatch.setenv("PATH", f"{with_the_command_line(tmp_path)}:{os.environ['PATH']}")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def with_the_command_line(folder: Path) -> Path:
    """`work-health` of this checkout, whatever is installed."""
    program = folder / "bin" / "work-health"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nPYTHONPATH={ROOT / "sdk"} exec {sys.executable} -m work_health.cli "$@"\n')
    program.chmod(0o755)
    return program.parent


@pytest.fixture
def names() -> Iterator[dict[str, object]]:
    """What the blocks of a guide have named so far."""
    found: dict[str, object] = {"__name__": "__main__"}
    yield found
    for one in found.values():
        if isinstance(one, WorkHealth):
            one.close()


@pytest.mark.filterwarnings("ignore:Shouldn't use this function:DeprecationWarning")  # pyjstat calls its own
# The others show a sandbox without a release.
@pytest.mark.parametrize("name", sorted(GUIDE_NAMES, key=("first-release", "publishing").__contains__))
def test_a_guide_does_what_it_says(here: Path, names: dict[str, object], name: str) -> None:
    printed = None
    for number, (language, block) in enumerate(BLOCK.findall(FILES[name].read_text()), 1):
        where = f"{FILES[name]}, block {number}"
        if language == "text":
            assert printed is not None, f"{where}: nothing was run"
            assert printed.splitlines() == [line.rstrip() for line in block.splitlines()], where
            printed = None
        elif language == "python":
            said = io.StringIO()
            with contextlib.redirect_stdout(said):
                exec(compile(block, where, "exec"), names)  # noqa: S102  it is what the guide tells its reader to do
            printed = said.getvalue()
        elif language == "sh":
            done = subprocess.run(["/bin/sh", "-ec", block], capture_output=True, text=True, check=False)
            assert done.returncode == 0, f"{where}: {done.stderr}"
            printed = done.stdout
        else:
            assert language in {"csv", "toml"}, f"{where}: {language or 'a block of no language'} is not run"
            (here / f"{name}.{language}").write_text(block)


def test_the_fifteen_pains_are_each_held_by_a_test() -> None:
    rows = PAIN.findall(FILES["pains"].read_text())
    assert [int(number) for number, *_ in rows] == list(range(1, 16))
    for number, _, _, held in rows:
        tests = TEST.findall(held)
        assert tests, f"pain {number} names no test"
        for file, test in tests:
            assert re.search(rf"^(?:async )?def {test}\(", (ROOT / file).read_text(), re.MULTILINE), f"{file}::{test}"


def test_the_guide_names_every_way_that_a_command_ends() -> None:
    told = re.findall(r"^\| (\d) \| (.+) \|$", FILES["command-line"].read_text(), re.MULTILINE)
    assert {ExitCode(int(code)): meaning for code, meaning in told} == EXIT_CODE_MEANINGS
