"""The command line against a real server: what it prints, and how it ends."""

import json
import os
import re
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.fixtures.faulty_servers import make_answer, run_faulty_server
from tests.fixtures.server_process import ROOT, SANDBOX_PROGRAMME, RunningServer, run_server
from work_health.cli import app
from work_health.cli.exit_codes import EXIT_CODE_MEANINGS, ExitCode, choose_exit_code
from work_health.errors import ApiError, CheckFailed, ConnectionFailed, WorkHealthError

MEASURE = "ips-primary-care-referrals"
FILE = f"""measure,period,area,sex,value
{MEASURE},FY2025-26-Q3,E06000018,,140
{MEASURE},FY2025-26-Q3,E06000018,female,80
{MEASURE},FY2025-26-Q3,E06000018,male,57
{MEASURE},FY2025-26-Q3,E06000018,unknown,3
"""


@pytest.fixture(scope="module")
def running() -> Iterator[RunningServer]:
    with run_server() as found:
        yield found


class Ended(NamedTuple):
    code: int
    out: str
    err: str


Command = Callable[..., Ended]


@pytest.fixture
def command(running: RunningServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsysbinary) -> Command:
    monkeypatch.setenv("WORK_HEALTH_URL", running.address)
    monkeypatch.setenv("WORK_HEALTH_KEY", running.key)
    monkeypatch.setenv("WORK_HEALTH_CONFIG", str(tmp_path / "config.toml"))
    monkeypatch.setenv("TERM", "dumb")
    monkeypatch.chdir(tmp_path)

    def run(*words: str) -> Ended:
        monkeypatch.setattr(sys, "argv", ["work-health", *words])
        monkeypatch.setattr(app, "session", app.Session())
        code = app.run()
        told = capsysbinary.readouterr()
        return Ended(int(code), told.out.decode(), told.err.decode())

    return run


def test_whoami(command):
    said = command("whoami")
    assert said.code == ExitCode.DONE
    assert "Sandbox" in said.out
    assert f"{SANDBOX_PROGRAMME}  as nottingham-city-council: submit, review" in said.out
    assert json.loads(command("whoami", "--json").out)["client"] == "Sandbox"


def test_obligations(command):
    mine = ("--organisation", "nottingham-city-council", "--state", "overdue")
    said = command("obligations", "--measure", MEASURE, *mine)
    assert re.search(rf"2026-01-31 +overdue +{MEASURE} +FY2025-26-Q3 +nottingham-city-council +submit", said.out)
    items = json.loads(command("obligations", "--measure", MEASURE, *mine, "--json").out)["items"]
    assert {one["state"] for one in items} == {"overdue"}


def test_a_template_is_never_written_over(command, tmp_path):
    said = command("template", MEASURE, "--period", "FY2025-26-Q3")
    assert (said.code, len((tmp_path / f"{MEASURE}_FY2025-26-Q3.csv").read_text().splitlines())) == (0, 392)
    assert command("template", MEASURE, "--period", "FY2025-26-Q3").code == ExitCode.USAGE
    assert command("template", MEASURE, "--period", "FY2025-26-Q3", "-o", "-").out.startswith("\ufeffmeasure,series")
    refused = command("template", MEASURE, "--period", "2025-Q3", "-o", "x.csv")
    assert (refused.code, "FY2025-26-Q3" in " ".join(refused.err.split())) == (ExitCode.REJECTED, True)


def test_a_file_is_looked_at_tried_and_sent(command, tmp_path):
    (tmp_path / "q3.csv").write_text(FILE)
    checked = command("check", "q3.csv")
    assert (checked.code, f"{MEASURE} FY2025-26-Q3" in " ".join(checked.out.split())) == (ExitCode.DONE, True)
    dry = command("submit", "q3.csv", "--dry-run")
    assert (dry.code, "accepted: 4 added" in dry.out) == (ExitCode.DONE, True)
    done = command("submit", "q3.csv", "--json")
    assert (done.code, json.loads(done.out)["outcome"]) == (ExitCode.DONE, "accepted")
    assert "unchanged" in command("submit", "q3.csv").out
    assert re.search(rf"{MEASURE} +FY2025-26-Q3 +nottingham-city-council +pending +1 +4", command("returns").out)
    assert json.loads(command("returns", "--period", "FY2025-26-Q3", "--json").out)["items"][0]["cells"] == 4
    parts = command("submit", "q3.csv", "--in-parts", "100", "--json")
    assert json.loads(parts.out)["committed"] == [f"{MEASURE} FY2025-26-Q3"]
    assert "unchanged" in command("submit", "q3.csv", "--in-parts", "100").out


def test_what_is_wrong_is_told_with_row_and_mend(command, tmp_path):
    (tmp_path / "wrong.csv").write_text(FILE.replace("female", "femal").replace("57", "n/a"))
    said = command("check", "wrong.csv")
    assert said.code == ExitCode.REJECTED
    assert re.search(r"3 +sex +femal +unknown-category +.*\bfemal\b.*\bsex\b.*\s.*\bfemale\b", said.err)
    assert re.search(r"4 +value +n/a +unclear-mark", said.err)
    (tmp_path / "wrong.csv").write_text(FILE.replace("57", "62"))
    said = command("submit", "wrong.csv", "--json")
    assert (said.code, said.out) == (ExitCode.REJECTED, "")
    assert [one["code"] for one in json.loads(said.err)["findings"]] == ["sum-exceeds-total"]
    said = command("submit", "wrong.csv", "--in-parts", "100", "--json")
    assert (said.code, json.loads(said.err)["left"]) == (ExitCode.INCOMPLETE, [f"{MEASURE} FY2025-26-Q3"])


def test_a_doubt_is_answered_on_the_command_line(command, tmp_path):
    (tmp_path / "doubt.csv").write_text(FILE.replace("Q3", "Q4").replace("57", "50"))
    doubt = command("submit", "doubt.csv", "--json")
    [finding] = json.loads(doubt.err)["findings"]
    assert f"--justify {finding['id']}=WHY" in command("submit", "doubt.csv").err
    assert command("submit", "doubt.csv", "--dry-run", "--justify", f"{finding['id']}=Forms were lost.").code == 0
    assert command("submit", "doubt.csv", "--justify", "because").code == ExitCode.USAGE


def test_outcomes(command):
    asked = ("outcomes", MEASURE, "--preview", "--period", "FY2025-26-Q1")
    assert re.search(rf"{MEASURE} +FY2025-26-Q1 +E06000018 +112 +p +1 of 1", command(*asked).out)
    assert "█" in command(*asked, "--chart").out
    assert json.loads(command(*asked, "--json").out)["items"][0]["value"] == 112
    assert command(*asked, "--csv").out.splitlines()[0].startswith("measure,series,kind")
    assert command(*asked, "--csv", "--json").code == ExitCode.USAGE
    assert command(*asked, "--release", "1").code == ExitCode.USAGE
    unreleased = command("outcomes", MEASURE)
    assert (unreleased.code, "release" in unreleased.err) == (ExitCode.OTHER, True)


def test_the_plan_is_a_tree(command):
    said = command("plan").out
    assert "├── activities\n" in said
    assert "A2.2 Launch Good Employment Hub → O2" in said
    assert "hub-job-placements Job placements" in said
    assert len(json.loads(command("plan", "--json").out)["nodes"]) == 35


def test_help_teaches(command):
    said = " ".join(re.sub(r"[│╭╮╰╯─]", " ", command("--help").out).split())
    for name in ("whoami", "obligations", "template", "check", "submit", "returns", "outcomes", "plan", "profile"):
        assert name in said
    for code, meaning in EXIT_CODE_MEANINGS.items():
        assert f"{code.value} {meaning}" in said
    assert command("submit", "--help").code == ExitCode.DONE
    assert command("--version").out == "work-health 0.1.0\n"
    assert command("submitt").code == ExitCode.USAGE


def test_a_wrong_key_and_a_server_that_is_away(command, monkeypatch):
    monkeypatch.setenv("WORK_HEALTH_KEY", "wh_live_nonsense")
    said = command("whoami")
    assert (said.code, "request req_" in said.err) == (ExitCode.NOT_ALLOWED, True)
    assert "nonsense" not in said.err
    monkeypatch.setattr("work_health._core.time.sleep", lambda _: None)
    with run_faulty_server(
        make_answer(429, {"type": "/errors/x", "title": "Busy.", "status": 429, "detail": "Later."})
    ) as server:
        assert command("--url", server.address, "whoami").code == ExitCode.TRY_LATER
    assert command("--url", server.address, "whoami").code == ExitCode.TRY_LATER
    assert command("--url", "nowhere", "whoami").code == ExitCode.USAGE


def test_a_profile_keeps_the_key_and_does_not_show_it(command, running, tmp_path, monkeypatch):
    monkeypatch.setattr("typer.prompt", lambda *_, **__: running.key)
    assert command("profile", "save", "sandbox", "--url", running.address).code == ExitCode.DONE
    config = tmp_path / "config.toml"
    assert stat.S_IMODE(config.stat().st_mode) == 0o600
    monkeypatch.delenv("WORK_HEALTH_KEY")
    monkeypatch.delenv("WORK_HEALTH_URL")
    assert "Sandbox" in command("--profile", "sandbox", "whoami").out
    monkeypatch.setenv("WORK_HEALTH_PROFILE", "sandbox")
    assert "Sandbox" in command("whoami").out
    listed = command("profile", "list")
    assert f"sandbox  {running.address}" in listed.out
    assert running.key not in listed.out + command("profile", "list", "--json").out
    assert command("--profile", "life", "whoami").code == ExitCode.USAGE
    config.write_text(config.read_text() + 'colour = "red"\n')
    said = command("whoami")
    assert (said.code, "'colour'" in " ".join(said.err.split())) == (ExitCode.USAGE, True)
    config.write_text("[")
    assert command("whoami").code == ExitCode.USAGE


def test_the_environment_comes_before_the_profile(command, running, tmp_path):
    (tmp_path / "config.toml").write_text('[default]\nurl = "http://127.0.0.1:9"\nkey = "wh_live_other"\n')
    assert "Sandbox" in command("whoami").out


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (CheckFailed("", []), ExitCode.REJECTED),
        (ApiError(404, ""), ExitCode.OTHER),
        (ConnectionFailed(), ExitCode.TRY_LATER),
        (WorkHealthError(), ExitCode.USAGE),
    ],
)
def test_an_error_has_its_code(error, code):
    assert choose_exit_code(error) is code


def test_it_is_a_program(running):
    environment = os.environ | {"WORK_HEALTH_URL": running.address, "WORK_HEALTH_KEY": running.key}
    environment["PYTHONPATH"] = str(ROOT / "sdk")
    whole = [sys.executable, "-m", "work_health.cli", "whoami"]
    done = subprocess.run(whole, env=environment, capture_output=True, text=True, check=False, cwd="/")
    assert (done.returncode, "Sandbox" in done.stdout, done.stderr) == (0, True, "")
