"""A real server process over a socket: the README's example, the operator's commands, a body that is cut off."""

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

from api import sandbox
from tests.fixtures.server_process import SANDBOX_PROGRAMME, run_server
from work_health import Withdrawal, WorkHealth

ROOT = Path(__file__).parent.parent.parent
README = (ROOT / "README.md").read_text()
FOURTH_QUARTER = {
    "organisation": "nottingham-city-council",
    "measure": "ips-primary-care-referrals",
    "series": "headline",
    "service": "main",
    "period": "FY2025-26-Q4",
}


@pytest.fixture(scope="module")
def running() -> Iterator[tuple[str, str]]:
    with run_server() as found:
        yield found.address, found.key


def printed_by(example: str, running: tuple[str, str]) -> str:
    """What an example of the README prints."""
    address, key = running
    [code] = re.findall(rf"<!-- test: {example} -->\n```python\n(.*?)```", README, re.DOTALL)
    environment = os.environ | {"WORK_HEALTH_KEY": key, "WORK_HEALTH_URL": address, "PYTHONPATH": str(ROOT / "sdk")}
    return subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True, cwd="/"
    ).stdout


def test_the_readmes_example_runs(running):
    printed = printed_by("example", running)
    assert re.match(r"accepted [0-9a-f-]{36}\n377\.?0? referrals from 3 of 4 quarters", printed), printed


def test_the_readmes_file_is_refused_mended_and_taken(running):
    printed = printed_by("file", running)
    assert "sum-exceeds-total" in printed
    assert printed.endswith("\naccepted 4 cells\n")
    address, key = running
    with WorkHealth(key, base_url=address) as client:
        reason = Withdrawal(reason="The other examples count three quarters.")
        client.withdraw_return(SANDBOX_PROGRAMME, **FOURTH_QUARTER, withdrawal=reason)


def test_the_sandbox_has_example_returns_and_the_real_programme_none(running):
    address, key = running
    with WorkHealth(key, base_url=address) as client:
        slugs = {programme.slug: programme.sandbox for programme in client.list_programmes().items}
        assert slugs == {"work-and-health-2025-2028": False, "work-and-health-2025-2028-sandbox": True}
        assert len(client.list_returns("work-and-health-2025-2028-sandbox").items) >= 3
        assert [grant.programme for grant in client.get_me().grants] == ["work-and-health-2025-2028-sandbox"]


def test_the_printed_example_is_two_calls_with_curl(running):
    address, key = running
    greeting = sandbox.format_greeting(address, key, embedded=True)
    commands = "\n".join(line.strip() for line in greeting.splitlines() if line.startswith("  "))
    done = subprocess.run(["/bin/sh", "-ec", commands], capture_output=True, text=True, check=True)
    assert '"outcome":' in done.stdout
    assert '"value":377' in done.stdout


def test_a_body_that_is_cut_off_is_nobodys_fault_of_ours(running):
    address, key = running
    host, port = address.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port))) as connection:
        connection.sendall(
            b"POST /v1/programmes/work-and-health-2025-2028-sandbox/submissions HTTP/1.1\r\nHost: x\r\n"
            b"Content-Type: application/json\r\nContent-Length: 1000\r\n"
            b"Authorization: Bearer " + key.encode() + b'\r\n\r\n{"returns": ['
        )
    with WorkHealth(key, base_url=address) as client:
        assert client.get_me().client == "Sandbox"


def test_the_docs_are_there(running):
    address, _ = running
    with httpx2.Client(base_url=address) as http:
        assert http.get("/docs").status_code == 200
        assert http.get("/openapi.yaml").text == (ROOT / "openapi.yaml").read_text()
        assert http.get("/errors/rejected").status_code == 200


def api(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "api", *arguments],
        cwd=ROOT,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_operators_commands(database_url):
    plan = str(ROOT / "schema" / "plans" / "work-and-health-2025-2028.yaml")
    on_this = {"DATABASE_URL": database_url}
    assert api("migrate", **on_this).returncode == 0
    again = api("load-plan", plan, **on_this)
    assert (again.returncode, "version 1" in again.stdout, "added" in again.stdout) == (0, True, False)
    assert "added programme" in api("load-plan", plan, "--sandbox", **on_this).stdout
    issue = ["issue-key", "Script", "--programme", "work-and-health-2025-2028", "--scope", "submit"]
    issued = api(*issue, "--organisation", "nottingham-city-council", **on_this)
    assert issued.stdout.startswith("wh_live_")
    assert "shown this once" in issued.stderr
    key_id = issued.stdout.split("_")[2]
    assert api("revoke-key", key_id, **on_this).stdout == f"{key_id} is revoked.\n"
    again = api("revoke-key", key_id, **on_this)
    assert (again.returncode, f"'{key_id}'" in again.stderr) == (1, True)
    unknown = api(*issue, "--organisation", "nobody", **on_this)
    assert (unknown.returncode, "'nobody'" in unknown.stderr) == (1, True)


def test_a_setting_that_cannot_be_understood_is_named():
    done = api("migrate", WORK_HEALTH_PORT="eighty")
    assert (done.returncode, done.stderr) == (1, "WORK_HEALTH_PORT: Expected `int`, got `str`\n")


def test_nothing_of_ours_is_installed():
    installed = metadata.packages_distributions()
    assert not {"api", "schema", "migrations", "tests"} & installed.keys()


def test_several_processes_know_the_same(monkeypatch):
    """Each request may be answered by another: what one has taken all of them tell."""
    monkeypatch.setenv("WORK_HEALTH_WORKERS", "3")
    with run_server() as found:
        file = "measure,period,area,value\nips-primary-care-referrals,FY2025-26-Q4,E06000018,151\n"
        with WorkHealth(found.key, base_url=found.address) as client:
            client.create_submission_csv(SANDBOX_PROGRAMME, file)
        headers = {"Authorization": f"Bearer {found.key}"}
        path = f"{found.address}/v1/programmes/{SANDBOX_PROGRAMME}/returns?period=FY2025-26-Q4"
        told = [httpx2.get(path, headers=headers, timeout=30).json()["items"] for _ in range(12)]
        assert len(told[0]) == 1
        assert all(one == told[0] for one in told)
