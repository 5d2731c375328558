"""The files with which an operator deploys: their linters find nothing, and what they name exists."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from api.__main__ import build_parser
from api.settings import Settings

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent
DOCKERFILE = (ROOT / "Dockerfile").read_text()
COMPOSE_TEXT = (ROOT / "compose.yaml").read_text()
COMPOSE = yaml.safe_load(COMPOSE_TEXT)
SOFTWARE = {name: service for name, service in COMPOSE["services"].items() if service["image"] == "work-and-health"}
SCRIPTS = sorted((ROOT / "deploy").rglob("*.sh"))
OURS = re.compile(r"^(WORK_HEALTH|DATABASE)_")


def list_copied_files() -> list[str]:
    """Return what the Dockerfile copies from the checkout."""
    lines = re.findall(r"^COPY (?!--from)(.+) \S+$", DOCKERFILE, re.MULTILINE)
    return [source for line in lines for source in line.split()]


@pytest.mark.parametrize(
    "command",
    [
        ["hadolint", "Dockerfile"],
        ["check-jsonschema", "--builtin-schema", "vendor.compose-spec", "compose.yaml"],
    ],
    ids=lambda command: command[0],
)
def test_linter_finds_nothing(command: list[str]) -> None:
    completed = subprocess.run([BIN / command[0], *command[1:]], cwd=ROOT, capture_output=True, text=True, check=False)
    assert completed.returncode == 0, completed.stdout + completed.stderr


def test_image_is_built_from_files_that_exist_and_are_not_ignored() -> None:
    ignored = (ROOT / ".dockerignore").read_text().splitlines()
    assert "*" in ignored
    for source in list_copied_files():
        assert (ROOT / source).exists()
        assert f"!{source}" in ignored


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_script_is_valid_and_executable(script: Path) -> None:
    assert subprocess.run(["/bin/sh", "-n", script], check=False).returncode == 0
    assert script.stat().st_mode & 0o111


def test_mounted_files_exist_and_are_read_only() -> None:
    mounts = [mount for service in COMPOSE["services"].values() for mount in service.get("volumes", ())]
    files = [mount for mount in mounts if mount.startswith("./")]
    assert len(files) == 3
    for mount in files:
        source, _, mode = mount.split(":")
        assert (ROOT / source).is_file()
        assert mode == "ro"


def test_example_environment_lists_what_compose_requires() -> None:
    example = (ROOT / "deploy" / "compose" / "env.example").read_text()
    assert set(re.findall(r"^(\w+)=", example, re.MULTILINE)) == set(re.findall(r"\$\{(\w+):\?\}", COMPOSE_TEXT))


def list_commands() -> list[list[str]]:
    """Return the arguments of `python -m api` in the image, in compose and in the units of systemd."""
    images = [yaml.safe_load(line) for line in re.findall(r"^CMD (.+)$", DOCKERFILE, re.MULTILINE)]
    services = [service["command"] for service in SOFTWARE.values()]
    units = [unit.read_text() for unit in sorted((ROOT / "deploy" / "systemd").glob("*.service"))]
    started = [re.findall(r"^ExecStart=\S+ -m api (.+)$", unit, re.MULTILINE) for unit in units]
    assert all(started)
    return [*images, *services, *(shlex.split(line) for lines in started for line in lines)]


def test_deployed_commands_exist() -> None:
    commands = list_commands()
    assert len(commands) >= 6
    for command in commands:
        build_parser().parse_args(command)


def test_deployed_settings_exist() -> None:
    names = {name for service in SOFTWARE.values() for name in service["environment"] if OURS.match(name)}
    names |= set(re.findall(r"\b(WORK_HEALTH_\w+)=", DOCKERFILE))
    assert names <= {name.upper() for name in Settings.__struct_fields__}
    assert len(names) >= 6


def test_containers_of_the_software_can_change_nothing() -> None:
    assert "\nUSER 10001\n" in DOCKERFILE
    for service in SOFTWARE.values():
        assert service["read_only"] is True
        assert service["cap_drop"] == ["ALL"]


def test_only_the_proxy_is_reachable_from_outside() -> None:
    assert [name for name, service in COMPOSE["services"].items() if "ports" in service] == ["proxy"]
    assert COMPOSE["networks"]["inside"]["internal"] is True
