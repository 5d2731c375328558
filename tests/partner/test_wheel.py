"""The wheel as a partner installs it: with its requirements only, used and type-checked there."""

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
    [path] = folder.glob("*.whl")
    return path


@pytest.fixture(scope="module")
def environment(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A virtual environment with the wheel and the packages that it requires, copied so that no index is needed."""
    folder = tmp_path_factory.mktemp("environment") / "env"
    venv.create(folder, symlinks=True)
    [site] = folder.glob("lib/python*/site-packages")
    uv = Path(sys.executable).parent / "uv"
    install = [uv, "pip", "install", "--offline", "--no-deps", "--quiet", "--python", folder / "bin" / "python", wheel]
    subprocess.run(install, check=True)
    for name in list_requirements(wheel):
        for file in metadata.files(name) or ():
            if ".." not in file.parts:
                (site / file).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(file.locate(), site / file)
    return folder


def list_requirements(wheel: Path) -> set[str]:
    """Return the names of the packages that the wheel requires without extras, directly or not."""
    with zipfile.ZipFile(wheel) as archive:
        [metadata_name] = [name for name in archive.namelist() if name.endswith(".dist-info/METADATA")]
        lines = archive.read(metadata_name).decode().split("\n\n")[0].splitlines()
    queue = [line.removeprefix("Requires-Dist: ") for line in lines if line.startswith("Requires-Dist: ")]
    names: set[str] = set()
    for requirement in map(Requirement, queue):
        if (requirement.marker is None or requirement.marker.evaluate({"extra": ""})) and requirement.name not in names:
            names.add(requirement.name)
            queue += metadata.requires(requirement.name) or []
    return names


@pytest.fixture(scope="module")
def server() -> Iterator[RunningServer]:
    with run_server() as running_server:
        yield running_server


def read_script_of_last_tag() -> str:
    """Return the script at the last tag, or the current one if there is no tag."""
    git = ["git", "describe", "--tags", "--abbrev=0"]
    tag = subprocess.run(git, cwd=ROOT, capture_output=True, text=True, check=False).stdout.strip()
    if not tag:
        return (ROOT / SCRIPT).read_text()
    shown = subprocess.run(["git", "show", f"{tag}:{SCRIPT}"], cwd=ROOT, capture_output=True, text=True, check=True)
    return shown.stdout


def test_wheel_requires_two_packages(wheel):
    direct = {"httpx2", "attrs"}
    indirect = {"httpcore2", "anyio", "idna", "h11", "truststore", "tzdata"}
    indirect |= {"typing_extensions", "typing-extensions"}
    assert direct <= list_requirements(wheel) <= direct | indirect


def test_it_holds_the_package_alone(wheel):
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
    assert {name.partition("/")[0] for name in names} == {"work_health", "work_health-0.1.0.dist-info"}
    assert "work_health/py.typed" in names
    assert "work_health/_generated/models/receipt.py" in names


def test_script_runs_with_the_wheel(environment, server):
    variables = {"WORK_HEALTH_URL": server.address, "WORK_HEALTH_KEY": server.key, "PATH": os.environ["PATH"]}
    command = [environment / "bin" / "python", "-I", "-W", "error", "-c", read_script_of_last_tag()]
    completed = subprocess.run(command, env=variables, capture_output=True, text=True, check=False, cwd="/")
    assert (completed.returncode, completed.stdout, completed.stderr) == (0, "accepted unchanged\n", "")


def check_types(script: str, environment: Path, folder: Path) -> list[str]:
    """Return the rules of pyright's strict mode that a script breaks."""
    (folder / "script.py").write_text(script)
    settings = {"include": ["script.py"], "typeCheckingMode": "strict", "pythonVersion": "3.11"}
    settings |= {"venvPath": str(environment.parent), "venv": environment.name}
    (folder / "pyrightconfig.json").write_text(json.dumps(settings))
    checker = Path(sys.executable).parent / "basedpyright"
    completed = subprocess.run([checker, "--outputjson", "-p", folder], capture_output=True, text=True, check=False)
    return [diagnostic["rule"] for diagnostic in json.loads(completed.stdout)["generalDiagnostics"]]


def test_script_passes_the_strict_type_checker(environment, tmp_path):
    assert check_types(read_script_of_last_tag(), environment, tmp_path) == []


def test_misspelt_field_in_a_script_is_reported(environment, tmp_path):
    script = "from work_health import WorkHealth\nprint(WorkHealth().get_me().grants[0].organization)\n"
    assert "reportAttributeAccessIssue" in check_types(script, environment, tmp_path)


def test_command_line_names_its_missing_extra(environment):
    completed = subprocess.run(
        [environment / "bin" / "work-health", "whoami"], capture_output=True, text=True, check=False
    )
    assert (completed.returncode, completed.stdout) == (2, "")
    assert 'pip install "work-health[cli]"' in completed.stderr


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("client.outcomes(preview=True, programme='p')", ""),
        ("client.submit('a.xlsx', programme='p')", "install `work-health[excel]`"),
    ],
)
def test_missing_extra_is_named(environment, tmp_path, code, message):
    (tmp_path / "a.xlsx").write_bytes(b"")
    lines = f"""
from work_health import WorkHealth, WorkHealthError
client = WorkHealth()
try:
    {code}
except WorkHealthError as error:
    print(error)
"""
    command = [environment / "bin" / "python", "-c", lines]
    completed = subprocess.run(command, capture_output=True, text=True, check=True, cwd=tmp_path)
    assert message in completed.stdout
