"""The files that the image has are all that the server needs."""

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import httpx2

from tests.contract.test_deployment import list_copied_files
from tests.fixtures.server_process import ROOT, find_free_port, wait_until_listening


def copy_files_of_the_image(folder: Path) -> None:
    for source in list_copied_files():
        target = folder / Path(source).name if "requirements" in source else folder / source
        if (ROOT / source).is_dir():
            shutil.copytree(ROOT / source, target, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(ROOT / source, target)


def test_server_runs_from_the_files_of_the_image_and_writes_none(database_url: str, tmp_path: Path) -> None:
    copy_files_of_the_image(tmp_path)
    before = sorted(tmp_path.rglob("*"))
    port = find_free_port()
    environment = {"PATH": os.environ["PATH"], "PYTHONDONTWRITEBYTECODE": "1", "DATABASE_URL": database_url}
    environment |= {"WORK_HEALTH_PORT": str(port)}
    with subprocess.Popen(
        [sys.executable, "-m", "api", "serve"], cwd=tmp_path, env=environment, start_new_session=True
    ) as process:
        try:
            wait_until_listening(f"http://127.0.0.1:{port}")
            with httpx2.Client(base_url=f"http://127.0.0.1:{port}") as http:
                for path in (
                    "/healthz",
                    "/openapi.yaml",
                    "/guides",
                    "/errors",
                    "/sdk/work_health.tar.gz",
                    "/v1/programmes",
                ):
                    assert http.get(path).status_code == 200, path
        finally:
            os.killpg(process.pid, signal.SIGTERM)
    assert process.returncode == 0
    assert sorted(tmp_path.rglob("*")) == before
