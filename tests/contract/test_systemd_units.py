"""The systemd units start commands that exist, and stop them after their requests have had time to finish."""

import configparser
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from api.__main__ import build_parser
from api.settings import Settings

UNITS = sorted((Path(__file__).parents[2] / "deploy" / "systemd").glob("*.service"))


def read_service(unit: Path) -> configparser.SectionProxy:
    parser = configparser.RawConfigParser()
    parser.read(unit)
    return parser["Service"]


def test_units_start_server_and_worker():
    commands = [shlex.split(read_service(unit)["ExecStart"]) for unit in UNITS]
    assert [command[1:3] for command in commands] == [["-m", "api"]] * 2
    assert [command[3:] for command in commands] == [["serve"], ["work"]]
    for command in commands:
        build_parser().parse_args(command[3:])


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.stem)
def test_unit_restarts_its_command_and_lets_it_finish(unit, tmp_path):
    service = read_service(unit)
    assert (service["Restart"], service["KillMode"]) == ("always", "control-group")
    assert (service["NoNewPrivileges"], service["ProtectSystem"], service["PrivateTmp"]) == ("yes", "strict", "yes")
    assert service["User"] != "root"
    assert int(service["TimeoutStopSec"]) > Settings().work_health_drain
    if program := shutil.which("systemd-analyze"):  # most development machines have it, containers do not
        installed = tmp_path / unit.name
        installed.write_text(unit.read_text().replace("/opt/work-and-health/.venv/bin/python", sys.executable))
        result = subprocess.run([program, "verify", str(installed)], capture_output=True, text=True, check=False)
        assert (result.returncode, result.stdout + result.stderr) == (0, "")
