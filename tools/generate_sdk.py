"""Makes the generated half of the SDK from the contract: `python tools/generate_sdk.py [folder]`."""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
GENERATED = ROOT / "sdk" / "work_health" / "_generated"


def generate(folder: Path) -> None:
    """Replace `folder` as a whole, so that no file of an earlier contract stays. If it fails, nothing changes."""
    bin_folder = Path(sys.executable).parent  # not resolved: the venv's, with its generator and its ruff
    with tempfile.TemporaryDirectory() as temporary:
        generated = Path(temporary) / "_generated"
        subprocess.run(
            [
                bin_folder / "openapi-python-client",
                "generate",
                f"--path={ROOT / 'openapi.yaml'}",
                f"--config={ROOT / 'sdk' / 'openapi-python-client.yaml'}",
                f"--custom-template-path={ROOT / 'sdk' / 'templates'}",
                f"--output-path={generated}",
                "--meta=none",
                "--fail-on-warning",
            ],
            check=True,
            cwd=temporary,
            env={**os.environ, "PATH": os.pathsep.join([str(bin_folder), os.environ.get("PATH", os.defpath)])},
        )
        folder.parent.mkdir(parents=True, exist_ok=True)
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(generated, folder, ignore=shutil.ignore_patterns(".ruff_cache", "__pycache__"))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, default=GENERATED)
    generate(parser.parse_args().folder)


if __name__ == "__main__":
    main()
