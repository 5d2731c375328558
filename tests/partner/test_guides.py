"""The examples of the guides run in order against a real server, and print the output that the guide shows."""

import contextlib
import io
import os
import re
import subprocess
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import pytest

from api.docs.guides import FILES, GUIDE_NAMES
from tests.fixtures.operator_terminal import OperatorTerminal, install_programs, is_shown, open_terminal
from tests.fixtures.server_process import ROOT, RunningServer, run_server
from work_health import WorkHealth
from work_health.cli.exit_codes import EXIT_CODE_MEANINGS, ExitCode

BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
PAIN = re.compile(r"^\| (\d+) \| (.+) \| (.+) \| (.+) \|$", re.MULTILINE)
PREPARATIONS = {
    "backing-up": """
export DATABASE_OWNER_URL=postgresql://work_health_owner@db/work_health
python -m api migrate
""",
}
"""Steps before the guide, in the database that docs/reference/settings.md creates."""
INSTALLATION = re.compile(
    r"python3 -m venv \.venv|\. \.venv/bin/activate"
    r"|pip install \"work-health\[[a-z,]+\] @ http://127\.0\.0\.1:8000/sdk/work_health\.tar\.gz\""
    r"|pip install [a-z0-9 ]+"
    r"|export WORK_HEALTH_(URL=http://127\.0\.0\.1:8000|KEY=wh_sandbox_…)"
)
TEST = re.compile(r"`(tests/[\w/]+\.py)::(test_\w+)`")


@pytest.fixture(scope="module")
def server() -> Iterator[RunningServer]:
    with run_server() as running_server:
        yield running_server


@pytest.fixture(scope="module")
def keys(server: RunningServer) -> dict[str, str]:
    return {
        "REVIEWER_KEY": server.issue_key("ohid", "review"),
        "OWNER_KEY": server.issue_key("work-money-health-coordination-group", "admin"),
        "PUBLISHER_KEY": server.issue_key("nottingham-city-council", "publish"),
        "COLLEAGUE_KEY": server.issue_key("nhs-nottingham-nottinghamshire-icb", "review"),
    }


@pytest.fixture
def folder(server: RunningServer, keys: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a reader who has the sandbox's key, two reviewers' keys and a publisher's key."""
    monkeypatch.setenv("WORK_HEALTH_URL", server.address)
    monkeypatch.setenv("WORK_HEALTH_KEY", server.key)
    for name, key in keys.items():
        monkeypatch.setenv(name, key)
    monkeypatch.setenv("PATH", f"{install_programs(tmp_path)}:{os.environ['PATH']}")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "schema").mkdir()
    (tmp_path / "schema" / "plans").symlink_to(ROOT / "schema" / "plans")  # an operator works in the checkout
    return tmp_path


@pytest.fixture
def get_terminal(folder: Path) -> Iterator[Callable[[], OperatorTerminal]]:
    """Yield a function that returns the terminal of this guide's operator. The first call opens it."""
    with contextlib.ExitStack() as stack:
        yield cache(lambda: stack.enter_context(open_terminal(folder)))


@pytest.fixture
def names() -> Iterator[dict[str, object]]:
    """The names that the blocks of a guide have defined so far."""
    namespace: dict[str, object] = {"__name__": "__main__"}
    yield namespace
    for value in namespace.values():
        if isinstance(value, WorkHealth):
            value.close()


@pytest.mark.filterwarnings("ignore:Shouldn't use this function:DeprecationWarning")  # pyjstat calls its own
# The other guides show a sandbox without a release.
@pytest.mark.parametrize("name", sorted(GUIDE_NAMES, key=("first-release", "publishing").__contains__))
def test_examples_of_a_guide_print_the_output_shown(
    folder: Path, names: dict[str, object], get_terminal: Callable[[], OperatorTerminal], name: str
) -> None:
    if name in PREPARATIONS:
        [statements] = [block for language, block in BLOCK.findall(FILES["settings"].read_text()) if language == "sql"]
        get_terminal().run_sql(statements)
        get_terminal().run(PREPARATIONS[name], "preparation")
    printed = None
    for number, (language, block) in enumerate(BLOCK.findall(FILES[name].read_text()), 1):
        where = f"{FILES[name]}, block {number}"
        if language == "text":
            assert printed is not None, f"{where}: nothing was run"
            assert is_shown(block, printed), f"{where}:\n{printed}"
            printed = None
        elif language == "python":
            output = io.StringIO()
            with contextlib.redirect_stdout(output):
                exec(compile(block, where, "exec"), names)  # noqa: S102  readers of the guide run it too
            printed = output.getvalue()
        elif language == "sh":
            completed = subprocess.run(["/bin/sh", "-ec", block], capture_output=True, text=True, check=False)
            assert completed.returncode == 0, f"{where}: {completed.stderr}"
            printed = completed.stdout
        elif language == "bash":  # the operator's commands
            printed = get_terminal().run(block, where)
        elif language == "sql":
            get_terminal().run_sql(block)
        elif language == "shell":  # needs a package index; `test_sdk_archive.py` installs from the same address
            assert all(INSTALLATION.fullmatch(line) for line in block.splitlines()), where
        else:
            assert language in {"csv", "toml", "yaml"}, f"{where}: blocks of {language or 'no language'} are not run"
            (folder / f"{name}.{language}").write_text(block)


def test_each_pain_has_a_test() -> None:
    rows = PAIN.findall(FILES["pains"].read_text())
    assert [int(number) for number, *_ in rows] == list(range(1, 16))
    for number, _, _, evidence in rows:
        tests = TEST.findall(evidence)
        assert tests, f"pain {number} names no test"
        for file, test in tests:
            assert re.search(rf"^(?:async )?def {test}\(", (ROOT / file).read_text(), re.MULTILINE), f"{file}::{test}"


def test_guide_lists_every_exit_code() -> None:
    rows = re.findall(r"^\| (\d) \| (.+) \|$", FILES["command-line"].read_text(), re.MULTILINE)
    assert {ExitCode(int(code)): meaning for code, meaning in rows} == EXIT_CODE_MEANINGS
