"""The examples in the SDK's docstrings do what they say, against a real server."""

import doctest
import inspect
import types
from collections.abc import Iterator

import pytest

import work_health
from tests.fixtures.server_process import SANDBOX_PROGRAMME, RunningServer, run_server
from work_health import AsyncWorkHealth, WorkHealth

FINDER = doctest.DocTestFinder(exclude_empty=True)


@pytest.fixture(scope="module")
def running() -> Iterator[RunningServer]:
    with run_server() as found:
        yield found


def written_by_hand(client: type) -> list[str]:
    """The public methods of a client that no generator made."""
    own = [name for name in vars(client) if not name.startswith("_")]
    return [name for name in own if isinstance(vars(client)[name], types.FunctionType)]


def test_each_method_that_is_written_by_hand_has_an_example():
    for name in written_by_hand(WorkHealth):
        if name != "close":
            assert ">>>" in (inspect.getdoc(getattr(WorkHealth, name)) or ""), name
    for name in written_by_hand(AsyncWorkHealth):
        assert inspect.getdoc(getattr(AsyncWorkHealth, name)), name


def examples() -> list[doctest.DocTest]:
    named = [getattr(work_health, name) for name in work_health.__all__]
    made_here = [one for one in named if getattr(one, "__module__", "").startswith("work_health.") and callable(one)]
    found = [test for one in made_here if "_generated" not in one.__module__ for test in FINDER.find(one, one.__name__)]
    return [test for test in found if test.examples]


@pytest.mark.parametrize("example", examples(), ids=lambda test: test.name)
def test_an_example_does_what_it_says(running, example, monkeypatch):
    monkeypatch.setenv("WORK_HEALTH_URL", running.address)
    monkeypatch.setenv("WORK_HEALTH_KEY", running.key)
    told: list[str] = []
    with WorkHealth() as client:
        example.globs = vars(work_health) | {"client": client, "programme": SANDBOX_PROGRAMME}
        doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE).run(example, out=told.append)
    assert told == [], "".join(told)
