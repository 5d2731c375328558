"""The SDK that a partner installs from the address of the server."""

import io
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from api.docs import sdk_archive
from tests.fixtures.server_process import ROOT, RunningServer, run_server


@pytest.fixture(scope="module")
def server() -> Iterator[RunningServer]:
    with run_server() as running_server:
        yield running_server


def list_names(archive: bytes) -> list[str]:
    with tarfile.open(fileobj=io.BytesIO(archive)) as opened:
        return opened.getnames()


def test_archive_has_the_committed_files_of_the_package():
    listed = subprocess.run(["git", "ls-files", "sdk"], cwd=ROOT, capture_output=True, text=True, check=True)
    package = [name for name in listed.stdout.splitlines() if name.startswith("sdk/work_health/")]
    expected = {name.removeprefix("sdk/") for name in [*package, "sdk/pyproject.toml", "sdk/README.md"]}
    names = [name.removeprefix("work_health/") for name in list_names(sdk_archive.build_sdk_archive())]
    assert sorted(expected) == sorted(names)


def test_archive_is_the_same_each_time_and_names_nobody(monkeypatch):
    first = sdk_archive.build_sdk_archive()
    assert sdk_archive.build_sdk_archive.__wrapped__() == first
    with tarfile.open(fileobj=io.BytesIO(first)) as opened:
        for entry in opened:
            assert (entry.mtime, entry.uid, entry.gid, entry.uname, entry.mode) == (0, 0, 0, "", 0o644)


def test_unchanged_archive_is_not_sent_again(server):
    address = f"{server.address}/sdk/work_health.tar.gz"
    first = httpx2.get(address)
    assert (first.status_code, first.headers["content-type"]) == (200, "application/gzip")
    assert first.content == sdk_archive.build_sdk_archive()
    again = httpx2.get(address, headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_partner_installs_the_sdk_from_the_address_of_the_server(server: RunningServer, tmp_path: Path) -> None:
    requirement = f"work-health[cli] @ {server.address}/sdk/work_health.tar.gz"
    # Without a package index: the requirements of the SDK are installed here already.
    options = ["--no-index", "--no-deps", "--no-build-isolation", "--no-cache-dir", "-q"]
    install = [sys.executable, "-m", "pip", "install", *options, "--target", tmp_path, requirement]
    subprocess.run(install, check=True, cwd=tmp_path)
    script = (
        f"import sys; sys.path.insert(0, {str(tmp_path)!r})\n"
        "import work_health; print(work_health.__file__); print(work_health.WorkHealth().get_me().client)"
    )
    environment = {"WORK_HEALTH_URL": server.address, "WORK_HEALTH_KEY": server.key}
    used = subprocess.run(
        [sys.executable, "-I", "-c", script], env=environment, capture_output=True, text=True, check=True
    )
    assert used.stdout.splitlines() == [str(tmp_path / "work_health" / "__init__.py"), "Sandbox"]
    assert (tmp_path / "bin" / "work-health").exists()
