"""The examples in the docstrings of the SDK run against a real server, for both clients."""

import ast
import asyncio
import doctest
import inspect
from collections.abc import Iterator
from pathlib import Path
from types import CodeType, FunctionType

import pytest

import work_health
from tests.fixtures.server_process import SANDBOX_PROGRAMME, RunningServer, run_server
from work_health import AsyncWorkHealth, WorkHealth

FINDER = doctest.DocTestFinder(exclude_empty=True)


# The examples of both clients submit the same returns, so each client has a server.
@pytest.fixture(scope="module")
def server() -> Iterator[RunningServer]:
    with run_server() as running_server:
        yield running_server


@pytest.fixture(scope="module")
def server_of_async_client() -> Iterator[RunningServer]:
    with run_server() as running_server:
        yield running_server


def list_own_methods(client: type) -> dict[str, FunctionType]:
    """Return the public methods of a client that do not come from the contract."""
    classes = [
        base for base in client.__mro__ if base.__module__.startswith(("work_health._sync", "work_health._async"))
    ]
    members = {name: member for base in classes for name, member in vars(base).items() if not name.startswith("_")}
    return {name: member for name, member in members.items() if isinstance(member, FunctionType)}


@pytest.mark.parametrize("client", [WorkHealth, AsyncWorkHealth])
def test_each_hand_written_method_has_an_example(client):
    methods = list_own_methods(client)
    assert {"submit", "outcomes", "iter_returns", "request"} <= methods.keys()
    for name in methods.keys() - {"close", "aclose"}:
        assert ">>>" in (inspect.getdoc(methods[name]) or ""), name


def list_examples() -> list[doctest.DocTest]:
    public = [getattr(work_health, name) for name in work_health.__all__]
    own = [value for value in public if callable(value) and value.__module__.startswith("work_health.")]
    own = [value for value in own if "_generated" not in value.__module__]
    inherited = {
        f"{client.__name__}.{name}": method
        for client in (WorkHealth, AsyncWorkHealth)
        for name, method in list_own_methods(client).items()
    }
    tests = [test for value in own for test in FINDER.find(value, value.__name__)]
    tests += [test for name, method in inherited.items() for test in FINDER.find(method, name)]
    return list({test.name: test for test in tests if test.examples}.values())


EXAMPLES = {test.name: test for test in list_examples()}


@pytest.mark.parametrize("name", [name for name in EXAMPLES if not name.startswith("Async")])
def test_example_prints_its_output(server, name, monkeypatch, tmp_path):
    use_server(server, monkeypatch, tmp_path)
    with WorkHealth() as client:
        assert run_example(EXAMPLES[name], client) == []


@pytest.mark.parametrize("name", [name for name in EXAMPLES if name.startswith("Async")])
def test_async_example_prints_its_output(server_of_async_client, name, monkeypatch, tmp_path):
    use_server(server_of_async_client, monkeypatch, tmp_path)
    with asyncio.Runner() as loop:
        client = AsyncWorkHealth()

        def execute(code: CodeType, names: dict[str, object]) -> None:
            """Run a line, which may contain `await`, as the REPL of asyncio does."""
            value = eval(code, names)  # noqa: S307  it is an example of ours
            if inspect.iscoroutine(value):
                loop.run(value)

        monkeypatch.setattr(doctest, "exec", execute, raising=False)
        assert run_example(EXAMPLES[name], client, ast.PyCF_ALLOW_TOP_LEVEL_AWAIT) == []
        loop.run(client.aclose())


def use_server(server: RunningServer, monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    """Set the variables of an example that writes its files into a folder of its own."""
    monkeypatch.chdir(folder)
    monkeypatch.setenv("WORK_HEALTH_URL", server.address)
    monkeypatch.setenv("WORK_HEALTH_KEY", server.key)


def run_example(example: doctest.DocTest, client: WorkHealth | AsyncWorkHealth, flags: int | None = None) -> list[str]:
    """Return the failures of an example."""
    example.globs = vars(work_health) | {"client": client, "programme": SANDBOX_PROGRAMME}
    failures: list[str] = []
    runner = doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE)
    runner.run(example, compileflags=flags, out=failures.append)
    return failures
