"""The examples of the guides run in order against a real server, and print the output that the guide shows."""

import contextlib
import re
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import pytest

from api.docs.guides import FILES, GUIDE_NAMES
from tests.fixtures.guide_examples import (
    BLOCK,
    issue_reader_keys,
    open_namespace,
    prepare_reader,
    run_guide,
    run_printed_commands,
    run_readme_example,
)
from tests.fixtures.operator_terminal import OperatorTerminal, open_terminal
from tests.fixtures.server_process import ROOT, RunningServer, run_server
from work_health.cli.exit_codes import EXIT_CODE_MEANINGS, ExitCode

PAIN = re.compile(r"^\| (\d+) \| (.+) \| (.+) \| (.+) \|$", re.MULTILINE)
PREPARATIONS = {
    "backing-up": """
export DATABASE_OWNER_URL=postgresql://work_health_owner@db/work_health
python -m api migrate
""",
}
"""Steps before the guide, in the database that docs/reference/settings.md creates."""
TEST = re.compile(r"`(tests/[\w/]+\.py)::(test_\w+)`")


@pytest.fixture(scope="module")
def server() -> Iterator[RunningServer]:
    with run_server() as running_server:
        yield running_server


@pytest.fixture(scope="module")
def keys(server: RunningServer) -> dict[str, str]:
    return issue_reader_keys(server)


@pytest.fixture
def folder(server: RunningServer, keys: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a reader who has what the server printed, two reviewers' keys, a publisher's and the owner's."""
    prepare_reader(tmp_path, server.variables | keys, monkeypatch)
    return tmp_path


@pytest.fixture
def get_terminal(folder: Path) -> Iterator[Callable[[], OperatorTerminal]]:
    """Yield a function that returns the terminal of this guide's operator. The first call opens it."""
    with contextlib.ExitStack() as stack:
        yield cache(lambda: stack.enter_context(open_terminal(folder)))


def test_printed_commands_and_readme_examples_come_before_the_guides(server: RunningServer) -> None:
    """The guides follow on the same server, in the order of the index."""
    assert '"value":140' in run_printed_commands(server)
    assert re.match(
        r"accepted [0-9a-f-]{36}\n140\.?0? referrals from 1 of 8 returns", run_readme_example("example", server)
    )
    printed = run_readme_example("file", server)
    assert "sum-exceeds-total" in printed
    assert printed.endswith("\naccepted 4 cells\n")


@pytest.mark.filterwarnings("ignore:Shouldn't use this function:DeprecationWarning")  # pyjstat calls its own
@pytest.mark.parametrize("name", GUIDE_NAMES)
def test_examples_of_a_guide_print_the_output_shown(
    folder: Path, get_terminal: Callable[[], OperatorTerminal], name: str
) -> None:
    if name in PREPARATIONS:
        [statements] = [block for language, block in BLOCK.findall(FILES["settings"].read_text()) if language == "sql"]
        get_terminal().run_sql(statements)
        get_terminal().run(PREPARATIONS[name], "preparation")
    with open_namespace() as names:
        run_guide(name, folder, names, get_terminal)


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
