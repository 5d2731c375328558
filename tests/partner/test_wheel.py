"""The wheel as a partner installs it: beside nothing but what it says it needs, and there typed and used."""

import json
import os
import shutil
import subprocess
import sys
import venv
import zipfile
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from tests.fixtures.server_process import ROOT, RunningServer, run_server

SCRIPT = "tests/consumer/quarter.py"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    uv = Path(sys.executable).parent / "uv"
    build = [uv, "build", "--offline", "--no-build-isolation", "--quiet", "--wheel", "--out-dir", folder, ROOT / "sdk"]
    subprocess.run(build, check=True, env=os.environ | {"VIRTUAL_ENV": sys.prefix})
    [made] = folder.glob("*.whl")
    return made


@pytest.fixture(scope="module")
def empty(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment with the wheel and the packages that it requires, which are copied, as no index is needed."""
    folder = tmp_path_factory.mktemp("empty") / "env"
    venv.create(folder, symlinks=True)
    [site] = folder.glob("lib/python*/site-packages")
    uv = Path(sys.executable).parent / "uv"
    install = [uv, "pip", "install", "--offline", "--no-deps", "--quiet", "--python", folder / "bin" / "python", wheel]
    subprocess.run(install, check=True)
    for name in needed(wheel):
        for file in metadata.files(name) or ():
            if ".." not in file.parts:
                (site / file).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(file.locate(), site / file)
    return folder


def needed(wheel: Path) -> set[str]:
    """The names of everything that the wheel requires without extras, and that those require."""
    with zipfile.ZipFile(wheel) as archive:
        [described] = [name for name in archive.namelist() if name.endswith(".dist-info/METADATA")]
        lines = archive.read(described).decode().split("\n\n")[0].splitlines()
    waiting = [line.removeprefix("Requires-Dist: ") for line in lines if line.startswith("Requires-Dist: ")]
    names: set[str] = set()
    for requirement in map(Requirement, waiting):
        if (requirement.marker is None or requirement.marker.evaluate({"extra": ""})) and requirement.name not in names:
            names.add(requirement.name)
            waiting += metadata.requires(requirement.name) or []
    return names


@pytest.fixture(scope="module")
def running() -> Iterator[RunningServer]:
    with run_server() as found:
        yield found


def script_of_the_last_tag() -> str:
    """As it was at the last tag; as it is, until there is one."""
    git = ["git", "describe", "--tags", "--abbrev=0"]
    tag = subprocess.run(git, cwd=ROOT, capture_output=True, text=True, check=False).stdout.strip()
    if not tag:
        return (ROOT / SCRIPT).read_text()
    shown = subprocess.run(["git", "show", f"{tag}:{SCRIPT}"], cwd=ROOT, capture_output=True, text=True, check=True)
    return shown.stdout


def test_it_needs_few_packages(wheel):
    few = {"httpx2", "attrs", "python-dateutil"}
    beneath = "httpcore2 anyio idna h11 truststore typing_extensions typing-extensions tzdata six"
    assert few <= needed(wheel) <= few | set(beneath.split())


def test_it_holds_the_package_alone(wheel):
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
    assert {name.partition("/")[0] for name in names} == {"work_health", "work_health-0.1.0.dist-info"}
    assert "work_health/py.typed" in names
    assert "work_health/_generated/models/report.py" in names


def test_a_script_runs_there(empty, running):
    environment = {"WORK_HEALTH_URL": running.address, "WORK_HEALTH_KEY": running.key, "PATH": os.environ["PATH"]}
    command = [empty / "bin" / "python", "-I", "-W", "error", "-c", script_of_the_last_tag()]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, cwd="/")
    assert (done.returncode, done.stdout, done.stderr) == (0, "accepted unchanged\n", "")


def strictly(script: str, empty: Path, folder: Path) -> list[str]:
    """What pyright, as strict as it can be, has against a script."""
    (folder / "script.py").write_text(script)
    settings = {"include": ["script.py"], "typeCheckingMode": "strict", "pythonVersion": "3.11"}
    settings |= {"venvPath": str(empty.parent), "venv": empty.name}
    (folder / "pyrightconfig.json").write_text(json.dumps(settings))
    checker = Path(sys.executable).parent / "basedpyright"
    done = subprocess.run([checker, "--outputjson", "-p", folder], capture_output=True, text=True, check=False)
    return [one["rule"] for one in json.loads(done.stdout)["generalDiagnostics"]]


def test_a_script_is_typed_to_the_last_field(empty, tmp_path):
    assert strictly(script_of_the_last_tag(), empty, tmp_path) == []


def test_a_slip_in_a_script_is_seen(empty, tmp_path):
    slip = "from work_health import WorkHealth\nprint(WorkHealth().get_me().grants[0].organization)\n"
    assert "reportAttributeAccessIssue" in strictly(slip, empty, tmp_path)


def test_the_command_line_says_what_it_lacks(empty):
    done = subprocess.run([empty / "bin" / "work-health", "whoami"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert 'pip install "work-health[cli]"' in done.stderr


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("client.outcomes(preview=True, programme='p')", ""),
        ("client.submit('a.xlsx', programme='p')", "install `work-health[excel]`"),
    ],
)
def test_an_extra_that_is_not_there_is_named(empty, tmp_path, code, told):
    (tmp_path / "a.xlsx").write_bytes(b"")
    lines = f"""
from work_health import WorkHealth, WorkHealthError
client = WorkHealth()
try:
    {code}
except WorkHealthError as error:
    print(error)
"""
    command = [empty / "bin" / "python", "-c", lines]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=tmp_path)
    assert told in done.stdout
