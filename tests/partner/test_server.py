"""A real server process: its programmes, the operator's commands, an incomplete body."""

import os
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

import httpx2
import pytest

from tests.fixtures.server_process import SANDBOX_PROGRAMME, run_command, run_server
from work_health import WorkHealth

ROOT = Path(__file__).parent.parent.parent


@pytest.fixture(scope="module")
def server_and_key() -> Iterator[tuple[str, str]]:
    with run_server() as server:
        yield server.address, server.key


def test_only_the_sandbox_has_example_returns(server_and_key):
    address, key = server_and_key
    with WorkHealth(key, base_url=address) as client:
        slugs = {programme.slug: programme.sandbox for programme in client.list_programmes().items}
        assert slugs == {"work-and-health-2025-2028": False, SANDBOX_PROGRAMME: True}
        assert len(client.list_returns(SANDBOX_PROGRAMME).items) >= 3
        assert [grant.programme for grant in client.get_me().grants] == [SANDBOX_PROGRAMME]


def test_server_answers_after_an_incomplete_body(server_and_key):
    address, key = server_and_key
    host, port = address.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port))) as connection:
        connection.sendall(
            b"POST /v1/programmes/work-and-health-2025-2028-sandbox/submissions HTTP/1.1\r\nHost: x\r\n"
            b"Content-Type: application/json\r\nContent-Length: 1000\r\n"
            b"Authorization: Bearer " + key.encode() + b'\r\n\r\n{"returns": ['
        )
    with WorkHealth(key, base_url=address) as client:
        assert client.get_me().client == "Sandbox"


def test_documentation_is_served(server_and_key):
    address, _ = server_and_key
    with httpx2.Client(base_url=address) as http:
        assert http.get("/docs").status_code == 200
        assert http.get("/openapi.yaml").text == (ROOT / "openapi.yaml").read_text()
        assert http.get("/errors/rejected").status_code == 200


def test_commands_of_the_operator_work(database_url):
    plan = str(ROOT / "schema" / "plans" / "work-and-health-2025-2028.yaml")
    environment = {"DATABASE_URL": database_url}
    assert run_command("migrate", **environment).returncode == 0
    repeat = run_command("load-plan", plan, **environment)
    assert (repeat.returncode, "version 1" in repeat.stdout, "added" in repeat.stdout) == (0, True, False)
    assert "added programme" in run_command("load-plan", plan, "--sandbox", **environment).stdout
    issue = ["issue-key", "Script", "--person", "ann", "--programme", "work-and-health-2025-2028", "--scope", "submit"]
    issued = run_command(*issue, "--organisation", "nottingham-city-council", **environment)
    assert issued.stdout.startswith("wh_live_")
    assert "once" in issued.stderr
    key_id = issued.stdout.split("_")[2]
    assert f" {key_id}," in issued.stderr
    for invalid in (
        ["--days", "0"],
        ["--days", "731"],
        ["--person", " "],
        ["--person", "a\nb"],
        ["--person", "a" * 101],
    ):
        refused = run_command(*issue, "--organisation", "nottingham-city-council", *invalid, **environment)
        assert (refused.returncode, invalid[0] in refused.stderr, refused.stdout) == (2, True, "")
    assert run_command("revoke-key", key_id, **environment).stdout == f"{key_id} is revoked.\n"
    repeat = run_command("revoke-key", key_id, **environment)
    assert (repeat.returncode, f"'{key_id}'" in repeat.stderr) == (1, True)
    unknown = run_command(*issue, "--organisation", "nobody", **environment)
    assert (unknown.returncode, "'nobody'" in unknown.stderr) == (1, True)


def test_plan_is_checked_and_rehearsed_before_it_is_loaded(database_url, tmp_path):
    bundled = (ROOT / "schema" / "plans" / "work-and-health-2025-2028.yaml").read_text()
    environment = {"DATABASE_URL": database_url, "WORK_HEALTH_DATA": str(tmp_path / "data")}
    file = tmp_path / "plan.yaml"
    file.write_text(bundled.replace("theme: theme-3", "theme: theme-4").replace("kind: stock", "kind: stocks"))
    for command in (["check-plan"], ["load-plan", "--dry-run"], ["load-plan"]):
        refused = run_command(*command, str(file), **environment)
        assert (refused.returncode, refused.stdout) == (1, "")
        assert len(re.findall(r"plan\.yaml:\d+: measure [\w-]+: kind: 'stocks'.*stock", refused.stderr)) == 5
        assert len(re.findall(r"plan\.yaml:\d+: measure [\w-]+: theme: 'theme-4'.*theme-3", refused.stderr)) == 7
    file.write_text(bundled.replace("title: Promote good work", "title: Good work"))
    for command in (["check-plan"], ["load-plan", "--dry-run"]):
        rehearsed = run_command(*command, str(file), **environment)
        assert (rehearsed.returncode, "version 2" in rehearsed.stdout) == (0, True), rehearsed.stderr
        assert rehearsed.stdout.splitlines()[-1] == "  changed theme: theme-3 (title)"
    loaded = run_command("load-plan", str(file), "--all", **environment)
    assert "version 2" in loaded.stdout
    assert loaded.stdout.splitlines()[-1] == "  changed theme theme-3: title"
    without_database = {"DATABASE_URL": "", "WORK_HEALTH_DATA": str(tmp_path / "nothing")}
    assert run_command("check-plan", str(file), **without_database).returncode == 0
    missing = run_command("check-plan", str(tmp_path / "missing.yaml"), **without_database)
    assert (missing.returncode, missing.stderr.count("\n")) == (1, 1)


def test_invalid_setting_is_named():
    result = run_command("migrate", WORK_HEALTH_PORT="eighty")
    assert (result.returncode, result.stderr) == (1, "WORK_HEALTH_PORT: Expected `int`, got `str`\n")


def test_no_package_of_the_project_is_installed():
    installed = metadata.packages_distributions()
    assert not {"api", "schema", "migrations", "tests"} & installed.keys()


def test_all_processes_read_an_accepted_return(monkeypatch):
    """Check that every process reads a return that one of them accepted."""
    monkeypatch.setenv("WORK_HEALTH_WORKERS", "3")
    with run_server() as server:
        file = "measure,period,area,value\nips-primary-care-referrals,FY2025-26-Q4,E06000018,151\n"
        with WorkHealth(server.key, base_url=server.address) as client:
            client.create_submission_csv(SANDBOX_PROGRAMME, file)
        headers = {"Authorization": f"Bearer {server.key}"}
        path = f"{server.address}/v1/programmes/{SANDBOX_PROGRAMME}/returns?period=FY2025-26-Q4"
        answers = [httpx2.get(path, headers=headers, timeout=30).json()["items"] for _ in range(12)]
        assert len(answers[0]) == 1
        assert all(returns == answers[0] for returns in answers)


def test_output_that_nobody_reads_is_no_error():
    """As in `python -m api check-plan FILE | head`: the reader has gone before the first line."""
    read_end, write_end = os.pipe()
    os.close(read_end)
    command = [sys.executable, "-m", "api", "check-plan", "schema/plans/work-and-health-2025-2028.yaml"]
    done = subprocess.run(command, cwd=ROOT, stdout=write_end, stderr=subprocess.PIPE, check=False)
    os.close(write_end)
    assert (done.returncode, done.stderr) == (1, b"")
