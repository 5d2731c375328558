"""Write a folder of the SDK that is generated from other modules."""

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def replace_package(folder: Path, modules: Mapping[str, str]) -> None:
    """Replace the folder with these modules, formatted. If a step fails, the folder stays as it is."""
    ruff = Path(sys.executable).parent / "ruff"  # not resolved: the one of the virtual environment
    with tempfile.TemporaryDirectory() as temporary:
        package = Path(temporary) / "work_health" / folder.name
        package.mkdir(parents=True)
        for name, text in modules.items():
            (package / name).write_text(text)
        style = ["--config", ROOT / "pyproject.toml", "--no-cache", "--quiet", package]
        subprocess.run([ruff, "check", "--select=I", "--fix-only", *style], check=True)
        subprocess.run([ruff, "format", *style], check=True)
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(package, folder)
